// SPDX-License-Identifier: Apache-2.0
// How a command ends: exit codes, and the exception that carries one with its message.
#pragma once

#include <stdexcept>
#include <string>

namespace cli {

// Part of the command line's contract: scripts branch on these.
enum ExitCode : int {
  kDone = 0,
  kCheckFailed = 1,
  kUsage = 2,
  kNotFound = 3,
  kNoDevice = 4,
  kInputRefused = 5,
  kTimedOut = 6,
  kInternal = 70,
};

// Ends a command with an exit code. The message may quote input: it is escaped when printed.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

}  // namespace cli
