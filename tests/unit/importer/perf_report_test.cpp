// SPDX-License-Identifier: Apache-2.0
// The validation report and the filter: ratios, pairs, thresholds, and the plan's result format.
#include "importer/perf_report.h"

#include <cmath>
#include <map>

#include "base/error.h"
#include "importer/perf_statistics.h"
#include "perf_fixture.h"

namespace fgx {
namespace {

Json validate(const std::string& mine, const std::string& flaggems) {
  const std::string_view other = flaggems;
  return validate_perf_data(mine, &other);
}

Json filter(const std::string& mine, const std::string& flaggems, const std::string& options) {
  const std::string_view other = flaggems;
  return filter_perf_data(mine, &other, options);
}

fgx_status filter_status(const std::string& mine, const std::string* flaggems,
                         const std::string& options, std::string* message = nullptr) {
  try {
    const std::string_view other = flaggems ? std::string_view(*flaggems) : std::string_view();
    filter_perf_data(mine, flaggems ? &other : nullptr, options);
  } catch (const Error& error) {
    if (message != nullptr) *message = error.message();
    return error.code();
  }
  return FGX_OK;
}

// gelu: 1.4x and 1.25x of FlagGems; tanh: unmatched; relu: slow.
const std::string kMine = "{" +
                          op("gelu", yours("[256,256]", "\"float32\"", "0.5", "1.0") + "," +
                                         yours("[512,512]", "\"float16\"", "0.8", "1.5")) +
                          "," + op("tanh", yours("[8]", "\"float32\"", "1", "2")) + "," +
                          op("relu", yours("[8]", "\"float32\"", "3", "1") + "," +
                                         yours("[9]", "\"float32\"", "1", "1")) +
                          "}";
const std::string kFlagGems = "{" +
                              op("gelu", theirs("[256,256]", "\"float32\"", "0.7", "1.0") + "," +
                                             theirs("[512,512]", "\"float16\"", "1.0", "1.5")) +
                              "," +
                              op("relu", theirs("[8]", "\"float32\"", "1.5", "1.06") + "," +
                                             theirs("[10]", "\"float32\"", "1", "1")) +
                              "," + op("exp", theirs("[8]", "\"float32\"", "1", "1")) + "}";

TEST(PerfFilter, GivesThePlansFormatInBatch1) {
  const Json result = filter(kMine, kFlagGems, R"({"batch":1})");
  EXPECT_EQ(result.dump(),
            R"({"batch":1,"threshold":1.3,"criterion":"speedup_vs_flaggems","total_operators":1,)"
            R"("total_configs":2,"operators":{"gelu":{"avg_speedup_vs_flaggems":1.325,)"
            R"("avg_relative_to_cuda":0.5166666666666666,"configs":[{"shape":[256,256],)"
            R"("dtype":"float32","your_time":0.5,"cuda_time":1,"flaggems_time":0.7,)"
            R"("speedup_vs_flaggems":1.4,"relative_to_cuda":0.5},{"shape":[512,512],)"
            R"("dtype":"float16","your_time":0.8,"cuda_time":1.5,"flaggems_time":1,)"
            R"("speedup_vs_flaggems":1.25,"relative_to_cuda":0.5333333333333333}]}}})");
}

TEST(PerfFilter, Batch2NeedsYourTimesOnly) {
  const Json result = filter_perf_data(kMine, nullptr, R"({"batch":2})");
  EXPECT_EQ(result.get_string("criterion"), "relative_to_cuda");
  EXPECT_EQ(result.get_double("threshold"), 1.25);
  EXPECT_EQ(result.get_int64("total_operators"), 2);
  EXPECT_EQ(result.get_int64("total_configs"), 3);
  EXPECT_TRUE(result.resolve("/operators/gelu"));
  EXPECT_TRUE(result.resolve("/operators/tanh/avg_speedup_vs_flaggems").is_null());
  EXPECT_TRUE(result.resolve("/operators/tanh/configs/0/flaggems_time").is_null());
  EXPECT_FALSE(result.resolve("/operators/relu")) << "mean of 3 and 1 is 2";
}

TEST(PerfFilter, ThresholdsAreInclusiveAndCanBeOverridden) {
  const auto count = [](const std::string& options) {
    return filter(kMine, kFlagGems, options).get_int64("total_operators");
  };
  EXPECT_EQ(count(R"({"batch":1,"threshold":1.325})"), 1);
  EXPECT_EQ(count(R"({"batch":1,"threshold":1.3250000000000002})"), 0);
  EXPECT_EQ(count(R"({"batch":1,"threshold":0.5})"), 2);
  EXPECT_EQ(count(R"({"batch":2,"threshold":2})"), 3);
  EXPECT_EQ(count(R"({"batch":2,"threshold":1.9999999999999998})"), 2);
}

TEST(PerfFilter, ManyEqualRatiosMeetTheirOwnThreshold) {
  std::string mine, other;
  for (int i = 1; i <= 777; ++i) {
    const std::string shape = "[" + std::to_string(i) + "]";
    mine += (i > 1 ? "," : "") + yours(shape, "\"float32\"", "1", "1");
    other += (i > 1 ? "," : "") + theirs(shape, "\"float32\"", "1.3", "1");
  }
  const Json result =
      filter("{" + op("gelu", mine) + "}", "{" + op("gelu", other) + "}", R"({"batch":1})");
  EXPECT_EQ(result.get_int64("total_operators"), 1);
  EXPECT_EQ(result.get_int64("total_configs"), 777);
}

TEST(PerfFilter, OnlyMatchedConfigurationsCountInBatch1) {
  const Json result = filter(kMine, kFlagGems, R"({"batch":1,"threshold":0.1})");
  EXPECT_EQ(result.resolve("/operators/relu/configs").size(), 1u);
  EXPECT_EQ(result.resolve("/operators/relu/avg_relative_to_cuda").as_double(), 3.0);
  EXPECT_FALSE(result.resolve("/operators/tanh"));
}

TEST(PerfFilter, RefusesBadOptions) {
  for (const char* options :
       {"", "{}", "[]", "null", R"({"batch":3})", R"({"batch":0})", R"({"batch":1.5})",
        R"({"batch":"1"})", R"({"batch":1,"threshold":0})", R"({"batch":1,"threshold":-1})",
        R"({"batch":1,"threshold":"1"})", R"({"batch":1,"threshold":1e400})", "{\"batch\":1"}) {
    EXPECT_EQ(filter_status(kMine, &kFlagGems, options), FGX_INVALID_ARGUMENT) << options;
  }
  EXPECT_EQ(filter_status(kMine, nullptr, R"({"batch":1})"), FGX_INVALID_ARGUMENT);
}

TEST(PerfFilter, RefusesFaultyFilesNamingTheFirstFault) {
  const std::string faulty = "{" + op("gelu", yours("[2]", "\"float32\"", "0", "-1")) + "}";
  std::string message;
  EXPECT_EQ(filter_status(faulty, nullptr, R"({"batch":2})", &message), FGX_METADATA_INVALID);
  EXPECT_EQ(message,
            "your performance data: /gelu/configs/0/your_time: a time must be greater than 0, is 0 "
            "(and 1 more faults)");
  EXPECT_EQ(filter_status(kMine, &faulty, R"({"batch":2})", &message), FGX_METADATA_INVALID);
  EXPECT_NE(message.find("FlagGems performance data: /gelu"), std::string::npos) << message;
  EXPECT_EQ(filter_status("{\n]", nullptr, R"({"batch":2})", &message), FGX_METADATA_INVALID);
  EXPECT_NE(message.find("line 2, column 1"), std::string::npos) << message;
}

TEST(PerfValidate, NamesPairsAndWhatHasNone) {
  const Json report = validate(kMine, kFlagGems);
  EXPECT_TRUE(report.view().get_bool("valid"));
  EXPECT_EQ(report.at("matched").size(), 3u);
  EXPECT_EQ(report.at("unmatched").dump(),
            R"({"yours_only":[{"operator":"tanh","shape":[8],"dtype":"float32"},)"
            R"({"operator":"relu","shape":[9],"dtype":"float32"}],)"
            R"("flaggems_only":[{"operator":"relu","shape":[10],"dtype":"float32"}]})");
  EXPECT_EQ(report.at("operators").dump(), R"({"yours_only":["tanh"],"flaggems_only":["exp"]})");
}

TEST(PerfValidate, WarnsWhereTheFilesDisagreeAboutCuda) {
  const Json report = validate(kMine, kFlagGems);
  ASSERT_EQ(report.at("cuda_time_differences").size(), 1u);
  const JsonView difference = report.at("cuda_time_differences").at(size_t{0});
  EXPECT_EQ(difference.get_string("operator"), "relu");
  EXPECT_EQ(difference.get_double("flaggems"), 1.06);
  EXPECT_NEAR(difference.get_double("percent"), 6.0, 1e-9);
  const auto differences = [](const std::string& a, const std::string& b) {
    return validate("{" + op("x", yours("[1]", "\"int8\"", "1", a)) + "}",
                    "{" + op("x", theirs("[1]", "\"int8\"", "1", b)) + "}")
        .at("cuda_time_differences")
        .size();
  };
  EXPECT_EQ(differences("1", "1.05"), 0u) << "exactly 5 % is no warning";
  EXPECT_EQ(differences("1", "1.0501"), 1u);
  EXPECT_EQ(differences("1.0501", "1"), 1u);
}

TEST(PerfValidate, GivesStatisticsPerOperatorAndDType) {
  const Json report = validate(kMine, kFlagGems);
  const JsonView gelu = report.at("statistics").at(size_t{0});
  EXPECT_EQ(gelu.get_string("operator"), "gelu");
  EXPECT_EQ(gelu.get_int64("configs"), 2);
  EXPECT_EQ(gelu.get_int64("matched"), 2);
  const JsonView speedup = gelu.at("speedup_vs_flaggems");
  EXPECT_EQ(speedup.get_double("min"), 1.25);
  EXPECT_EQ(speedup.get_double("max"), 1.4);
  EXPECT_EQ(speedup.get_double("mean"), 1.325);
  EXPECT_EQ(speedup.get_double("median"), 1.325);
  EXPECT_NEAR(speedup.get_double("geomean"), std::sqrt(1.25 * 1.4), 1e-12);
  ASSERT_EQ(gelu.at("dtypes").size(), 2u);
  EXPECT_EQ(gelu.at("dtypes").at(size_t{0}).get_string("dtype"), "float16");
  EXPECT_EQ(gelu.at("dtypes").at(size_t{0}).at("relative_to_cuda").get_int64("count"), 1);
  EXPECT_TRUE(report.at("statistics").at(1).at("speedup_vs_flaggems").is_null());
}

TEST(PerfValidate, FaultsAreAReportNotAnError) {
  const Json report = validate("{" + op("gelu", yours("[2]", "\"float32\"", "0", "1")) + "}", "[");
  EXPECT_FALSE(report.view().get_bool("valid"));
  EXPECT_EQ(report.resolve("/files/yours/faults/0/pointer").as_string(),
            "/gelu/configs/0/your_time");
  EXPECT_EQ(report.resolve("/files/flaggems/faults/0/line").as_int64(), 1);
  EXPECT_TRUE(report.resolve("/files/flaggems/faults/0/column"));
}

TEST(PerfValidate, TheRealFilesMatchCompletely) {
  const Json report = validate(example_file("h200_your_perf_data.json"),
                               example_file("h200_flaggems_perf_data.json"));
  EXPECT_TRUE(report.view().get_bool("valid"));
  EXPECT_EQ(report.at("matched").size(), 330u);
  EXPECT_EQ(report.resolve("/unmatched/yours_only").size(), 0u);
  EXPECT_EQ(report.resolve("/operators/flaggems_only").size(), 26u);
  EXPECT_EQ(report.at("cuda_time_differences").size(), 0u);
}

// One of these two gives wrong numbers on its device, and its speed alone would select it: the
// filter judges speed, verification judges numbers.
TEST(PerfFilter, TheRealFilesSelectByMeanSpeed) {
  const Json result = filter(example_file("h200_your_perf_data.json"),
                             example_file("h200_flaggems_perf_data.json"), R"({"batch":1})");
  EXPECT_EQ(result.get_int64("total_configs"), 15 * result.get_int64("total_operators"));
  EXPECT_EQ(static_cast<size_t>(result.get_int64("total_operators")),
            result.at("operators").size());
  EXPECT_GT(result.get_int64("total_operators"), 0);
  EXPECT_LE(result.get_int64("total_operators"), 22);
  for (const auto [name, entry] : result.at("operators").members()) {
    EXPECT_GE(entry.get_double("avg_speedup_vs_flaggems"), 1.3) << name;
  }
}

TEST(PerfStatistics, MedianOfEvenAndOddCounts) {
  EXPECT_EQ(summarize({3, 1, 2}).median, 2);
  EXPECT_EQ(summarize({4, 1, 2, 3}).median, 2.5);
  EXPECT_EQ(summarize({5}).geomean, 5);
  EXPECT_FALSE(arithmetic_mean({}).has_value());
}

}  // namespace
}  // namespace fgx
