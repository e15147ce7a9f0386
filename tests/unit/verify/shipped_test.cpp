// SPDX-License-Identifier: Apache-2.0
// Every implementation that the library ships passes quick verification: one test per operator, named
// after its family, so that a failure says where to look. A failure prints the line that repeats it.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "dispatch/context.h"
#include "schema/catalogue.h"
#include "verify/requests.h"

namespace fgx {
namespace {

class Shipped : public ::testing::TestWithParam<std::string> {};

TEST_P(Shipped, PassesQuickVerification) {
  Context::Options options;
  options.read_environment = false;
  const std::shared_ptr<Context> context = Context::create(Catalogue::builtin(), options);
  Json request = Json::object();
  request.set("ops", Json::array({Json(GetParam())}));
  const Json report = verify_request(*context, nullptr, request.dump());
  EXPECT_TRUE(report.get_bool("passed"));
  EXPECT_GE(report.get_int64("total"), 20);
  for (const JsonView verdict : report.at("implementations").elements()) {
    std::string first = verdict.get_int64("cases") > 0 ? "" : "no case reached it";
    int shown = 0;
    for (const JsonView failure : verdict.at("failures").elements()) {
      if (++shown > 5) break;
      first += (shown == 1 ? "" : "\n  ") + failure.get_string("kind") + ": " +
               failure.get_string("message") + "\n    expected " + failure.at("expected").dump() +
               ", got " + failure.at("actual").dump() + "\n    " + failure.get_string("reproduce");
    }
    EXPECT_TRUE(verdict.get_bool("passed"))
        << verdict.get_string("implementation") << ": " << verdict.get_int64("failed") << " of "
        << verdict.get_int64("cases") << " cases failed\n  " << first;
  }
}

std::vector<std::string> operators() {
  std::vector<std::string> names;
  for (const auto& op : Catalogue::builtin().operators()) {
    names.push_back(op->schema.qualified_name());
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(Operators, Shipped, ::testing::ValuesIn(operators()),
                         [](const ::testing::TestParamInfo<std::string>& tested) {
                           const OperatorDef& op = *Catalogue::builtin().find(tested.param);
                           return std::string(family_name(op.family)) + "_" + op.schema.name;
                         });

}  // namespace
}  // namespace fgx
