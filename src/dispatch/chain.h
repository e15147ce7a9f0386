// SPDX-License-Identifier: Apache-2.0
// The fallback chain of one call: who was tried, and what went wrong.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "base/error.h"
#include "dispatch/context.h"

namespace fgx {

struct ChainStep {
  std::shared_ptr<Implementation> implementation;
  Error error;
  bool submitted;  // something may have been written
};

class Chain {
 public:
  Chain(fgx_op& op, const Settings& settings, const Cell& cell)
      : op_(op), settings_(settings), cell_(cell) {}

  bool empty() const { return steps_.empty(); }
  const std::vector<ChainStep>& steps() const { return steps_; }

  // Takes note of the exception that is being handled, from prepare() or from run(). Returns when the
  // next candidate may be tried; throws otherwise what the caller is to see.
  void failed_prepare(const std::shared_ptr<Implementation>& implementation);
  void failed_run(const std::shared_ptr<Implementation>& implementation);

  // A later candidate succeeded: counts and warns.
  void recovered(const Implementation& by) const;
  // All candidates are through.
  [[noreturn]] void exhausted() const;

 private:
  Error current_error() const;
  void blame(Implementation& implementation, const Error& error);
  [[noreturn]] void give_up(Error error) const;

  fgx_op& op_;
  const Settings& settings_;
  const Cell& cell_;
  std::vector<ChainStep> steps_;
};

}  // namespace fgx
