// SPDX-License-Identifier: Apache-2.0
// The verify and benchmark requests as callers send them, through the C functions.
#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "base/json.h"
#include "flaggems_exp.h"

namespace fgx {
namespace {

using Request = fgx_status (*)(fgx_context*, const char*, fgx_string**);

class Requests : public ::testing::Test {
 protected:
  void SetUp() override {
    fgx_context_options options{};
    options.struct_size = sizeof options;
    options.flags = FGX_CONTEXT_IGNORE_ENVIRONMENT;
    ASSERT_EQ(fgx_context_create(&options, &context_), FGX_OK);
  }
  void TearDown() override { fgx_context_destroy(context_); }

  Json report(Request function, const std::string& request) {
    fgx_string* out = nullptr;
    const fgx_status status = function(context_, request.c_str(), &out);
    EXPECT_EQ(status, FGX_OK) << fgx_error_message(fgx_last_error());
    if (status != FGX_OK) return Json::object();
    Json document = Json::parse(std::string_view(fgx_string_data(out), fgx_string_size(out)));
    fgx_string_destroy(out);
    EXPECT_EQ(document.get_string("schema_version"), "1.0");
    return document;
  }

  // The message of a request that must be refused with `status`.
  std::string refused(Request function, const char* request, fgx_status status) {
    fgx_string* out = nullptr;
    EXPECT_EQ(function(context_, request, &out), status) << request;
    EXPECT_EQ(out, nullptr);
    return fgx_error_message(fgx_last_error());
  }

  fgx_context* context_ = nullptr;
};

TEST_F(Requests, VerifyOneCaseWithItsSeeds) {
  const Json document =
      report(fgx_context_verify,
             R"json({"case": "gelu(f32[17], approximate='tanh')", "seeds": [3, 9]})json");
  EXPECT_TRUE(document.get_bool("passed"));
  const JsonView verdict = document.at("implementations").at(size_t{0});
  EXPECT_EQ(verdict.get_string("operator"), "aten::gelu");
  EXPECT_EQ(verdict.get_int64("cases") + verdict.get_int64("skipped"), 2);
  EXPECT_TRUE(document.at("environment").has("cpu"));
}

// Seeds that full verification found: a quotient that float32 rounds up to a whole number, and float64
// values whose way to a half type leads through float32.
TEST_F(Requests, ReferencesRoundWhereKernelsDo) {
  for (
      const char* request :
      {R"json({"case": "div(f32[128,64], f32[128,64], rounding_mode='trunc')", "seeds": [0, 11]})json",
       R"json({"case": "copy(bf16[128,64], f64[128,64])", "seeds": [1, 3, 10]})json",
       R"json({"case": "copy(f16[128,64], f64[128,64])", "seeds": [4]})json"}) {
    const Json document = report(fgx_context_verify, request);
    EXPECT_TRUE(document.get_bool("passed")) << document.dump();
    EXPECT_GT(document.at("implementations").at(size_t{0}).get_int64("cases"), 0) << request;
  }
}

TEST_F(Requests, VerifyInPlaceByName) {
  const Json document =
      report(fgx_context_verify, R"json({"case": "relu_(f16[5,3])", "seeds": [4]})json");
  EXPECT_TRUE(document.get_bool("passed"));
  EXPECT_GE(document.get_int64("total"), 1);
}

TEST_F(Requests, VerifyNamesOneImplementation) {
  const Json document =
      report(fgx_context_verify,
             R"json({"implementations": ["stable.cpu.relu"], "dtypes": ["float32", "i8"]})json");
  ASSERT_EQ(document.at("implementations").size(), 1u);
  const JsonView verdict = document.at("implementations").at(size_t{0});
  EXPECT_EQ(verdict.get_string("implementation"), "stable.cpu.relu");
  for (const auto& [dtype, shapes] : verdict.at("coverage").members()) {
    EXPECT_TRUE(dtype == "float32" || dtype == "int8") << dtype;
    EXPECT_GT(shapes.size(), 3u);
  }
  EXPECT_EQ(verdict.at("coverage").size(), 2u);
}

TEST_F(Requests, BadRequestsAreRefusedWithTheirPlace) {
  const auto verify = fgx_context_verify;
  EXPECT_NE(refused(verify, "{", FGX_INVALID_ARGUMENT).find("verify request"), std::string::npos);
  refused(verify, "[]", FGX_INVALID_ARGUMENT);
  refused(verify, nullptr, FGX_INVALID_ARGUMENT);
  EXPECT_NE(refused(verify, R"json({"cases": "some"})json", FGX_INVALID_ARGUMENT).find("/cases"),
            std::string::npos);
  EXPECT_NE(refused(verify, R"json({"seeds": [1, -1]})json", FGX_INVALID_ARGUMENT).find("/seeds/1"),
            std::string::npos);
  EXPECT_NE(
      refused(verify, R"json({"dtypes": ["float33"]})json", FGX_INVALID_ARGUMENT).find("/dtypes/0"),
      std::string::npos);
  EXPECT_NE(refused(verify, R"json({"ops": ["geluu"]})json", FGX_METADATA_NOT_FOUND).find("gelu"),
            std::string::npos);
  refused(verify, R"json({"ops": ["gelu"], "implementations": ["stable.cpu.relu"]})json",
          FGX_METADATA_NOT_FOUND);
  refused(verify, R"json({"case": "gelu(f32[2], f32[2])"
})json",
          FGX_INVALID_ARGUMENT);
  refused(verify, R"json({"case": "gelu(i64[2,2)"
})json",
          FGX_INVALID_ARGUMENT);
  refused(verify, R"json({"ops": ["relu"], "case": "gelu(f32[2])"
})json",
          FGX_INVALID_ARGUMENT);
  EXPECT_NE(
      refused(verify, R"json({"ops": ["relu"], "write_evidence": true})json", FGX_INVALID_ARGUMENT)
          .find("registry"),
      std::string::npos);
  const auto benchmark = fgx_context_benchmark;
  refused(benchmark, "{}", FGX_INVALID_ARGUMENT);
  refused(benchmark, R"json({"ops": ["relu"], "warmup": 2})json", FGX_INVALID_ARGUMENT);
  refused(benchmark, R"json({"ops": ["relu"], "repeat": 9})json", FGX_INVALID_ARGUMENT);
  refused(benchmark, R"json({"ops": ["relu"], "device": "cuda:0"})json", FGX_INVALID_ARGUMENT);
  refused(benchmark, R"json({"calls": ["relu(f32[4])"], "implementations": ["no.such"]
  })json",
          FGX_METADATA_NOT_FOUND);
  refused(benchmark, R"json({"calls": ["relu(f32[4])", 3]
  })json",
          FGX_INVALID_ARGUMENT);
}

TEST_F(Requests, BenchmarkGivesEveryFigure) {
  const Json document = report(
      fgx_context_benchmark,
      R"json({"calls": ["add(f32[64,64], f32[64,64])", "mm(f32[32,48], f32[48,16])"], "repeat": 12})json");
  ASSERT_GE(document.at("rows").size(), 2u);
  bool chosen = false;
  for (const JsonView row : document.at("rows").elements()) {
    EXPECT_TRUE(row.at("error").is_null());
    EXPECT_EQ(row.get_int64("samples"), 12);
    EXPECT_GT(row.get_double("median_us"), 0);
    EXPECT_LE(row.get_double("ci_low_us"), row.get_double("median_us"));
    EXPECT_GE(row.get_double("ci_high_us"), row.get_double("median_us"));
    EXPECT_LE(row.get_double("min_us"), row.get_double("ci_low_us"));
    EXPECT_GT(row.get_double("gb_per_s"), 0);
    EXPECT_GE(row.get_double("peak_memory_mb"), row.get_double("memory_overhead_mb"));
    EXPECT_TRUE(row.at("ratio_to_stable").is_number());
    const double bytes = row.get_double("gb_per_s") * row.get_double("median_us") * 1e3;
    if (row.get_string("operator") == "aten::add") {
      EXPECT_NEAR(bytes, 3 * 64 * 64 * 4, 1);
    } else {
      EXPECT_NEAR(row.get_double("gflop_per_s") * row.get_double("median_us") * 1e3,
                  2 * 32 * 48 * 16, 1);
    }
    chosen = chosen || row.get_bool("chosen");
    if (row.get_string("implementation").rfind("stable.", 0) == 0) {
      EXPECT_EQ(row.get_double("ratio_to_stable"), 1);
    }
  }
  EXPECT_TRUE(chosen);
}

TEST_F(Requests, BenchmarkOfANamedImplementationSaysWhyItDoesNotRun) {
  const Json document = report(
      fgx_context_benchmark,
      R"json({"calls": ["relu(f32[4])"], "implementations": ["stable.cpu.gelu", "stable.cpu.relu"]})json");
  // The other operator's implementation is no candidate here.
  EXPECT_EQ(document.at("rows").size(), 1u);
}

// A host function that computes relu, but leaves NaN out.
void relu_without_nan(void*, const fgx_invocation* invocation, fgx_callback_error*) {
  const fgx_tensor& in = *invocation->args[0].as.tensor;
  const fgx_tensor& out = *invocation->outs[0];
  int64_t count = 1;
  for (int32_t d = 0; d < in.ndim; ++d) count *= in.shape[d];
  for (int64_t i = 0; i < count; ++i) {
    const float x = static_cast<const float*>(in.data)[i];
    static_cast<float*>(out.data)[i] = x > 0 ? x : 0;
  }
}

TEST_F(Requests, HostFunctionsAreJudgedLikeAllOthers) {
  fgx_implementation_desc desc{};
  desc.struct_size = sizeof desc;
  desc.flags = FGX_IMPLEMENTATION_DETERMINISTIC;
  desc.op = "relu";
  desc.name = "host.relu";
  desc.constraints = R"json({"dtypes": ["float32"], "contiguous": true})json";
  desc.run = relu_without_nan;
  desc.tier = FGX_TIER_SPECIALIZED;
  const fgx_status registered = fgx_implementation_register(context_, &desc);
  ASSERT_EQ(registered, FGX_OK) << fgx_error_message(fgx_last_error());
  const Json document = report(fgx_context_verify, R"json({"ops": ["host.relu"]})json");
  EXPECT_FALSE(document.get_bool("passed"));
  const JsonView verdict = document.at("implementations").at(size_t{0});
  EXPECT_EQ(verdict.get_string("implementation"), "host.relu");
  bool nan = false;
  for (const JsonView failure : verdict.at("failures").elements()) {
    nan = nan || failure.get_string("kind") == "nan";
    // What is printed repeats the failure.
    Json again = Json::object();
    again.set("ops", Json::array({Json("host.relu")}))
        .set("case", failure.get_string("call"))
        .set("seeds", Json::array({Json(failure.at("seed"))}));
    EXPECT_EQ(report(fgx_context_verify, again.dump()).get_int64("failed"), 1);
  }
  EXPECT_TRUE(nan);
}

// Registers a function as relu's specialized implementation for contiguous float32.
void add_relu(fgx_context* context, const char* name, fgx_implementation_fn run) {
  fgx_implementation_desc desc{};
  desc.struct_size = sizeof desc;
  desc.op = "relu";
  desc.name = name;
  desc.constraints = R"json({"dtypes": ["float32"], "contiguous": true})json";
  desc.run = run;
  desc.tier = FGX_TIER_SPECIALIZED;
  ASSERT_EQ(fgx_implementation_register(context, &desc), FGX_OK)
      << fgx_error_message(fgx_last_error());
}

JsonView candidate(JsonView row, const char* name) {
  for (const JsonView entry : row.at("candidates").elements()) {
    if (entry.get_string("implementation") == name) return entry;
  }
  return {};
}

TEST_F(Requests, TuneMeasuresTheRightAndQuarantinesTheWrong) {
  add_relu(context_, "host.right", relu_without_nan);  // the tensors of a tuning hold no NaN
  add_relu(context_, "host.wrong",
           [](void*, const fgx_invocation* invocation, fgx_callback_error*) {
             const fgx_tensor& out = *invocation->outs[0];
             std::memset(out.data, 0, static_cast<size_t>(out.shape[0]) * sizeof(float));
           });
  ASSERT_EQ(fgx_context_enable(context_, nullptr), FGX_OK);
  const Json document = report(
      fgx_context_tune, R"json({"calls": ["relu(f32[3000])", "no_such_op(f32[2])", "relu_(f32[8])"],
                                "repeat": 12})json");
  EXPECT_EQ(document.get_int64("calls"), 3);
  ASSERT_EQ(document.at("rows").size(), 1u);
  const JsonView row = document.at("rows").at(size_t{0});
  const JsonView right = candidate(row, "host.right");
  const JsonView wrong = candidate(row, "host.wrong");
  const JsonView stable = candidate(row, "stable.cpu.relu");
  ASSERT_TRUE(right && wrong && stable) << document.dump_pretty();
  EXPECT_TRUE(right.get_bool("correct"));
  EXPECT_GT(right.get_double("median_us"), 0);
  EXPECT_FALSE(wrong.get_bool("correct"));
  EXPECT_EQ(wrong.get_string("verdict"), "wrong");
  EXPECT_TRUE(wrong.at("median_us").is_null());
  EXPECT_EQ(stable.get_double("ratio_to_reference"), 1);
  EXPECT_EQ(row.get_string("reference"), "stable.cpu.relu");
  const std::string after = row.get_string("chosen_after");
  EXPECT_TRUE(after == "host.right" || after == "stable.cpu.relu") << after;

  // Skipped, each with its reason.
  ASSERT_EQ(document.at("skipped").size(), 2u);
  EXPECT_NE(document.at("skipped").at(size_t{0}).get_string("reason").find("no_such_op"),
            std::string::npos);

  // The statistics hold what was right, and the wrong one runs no more.
  fgx_string* out = nullptr;
  ASSERT_EQ(fgx_context_cache_export(context_, &out), FGX_OK);
  const std::string cache(fgx_string_data(out), fgx_string_size(out));
  fgx_string_destroy(out);
  EXPECT_NE(cache.find("host.right"), std::string::npos);
  EXPECT_EQ(cache.find("host.wrong"), std::string::npos);
  ASSERT_EQ(fgx_context_get_op_info(context_, "relu", &out), FGX_OK);
  const std::string info(fgx_string_data(out), fgx_string_size(out));
  fgx_string_destroy(out);
  EXPECT_NE(info.find("differs from the stable one"), std::string::npos);
}

}  // namespace
}  // namespace fgx
