// SPDX-License-Identifier: Apache-2.0
// Every fault of performance data is found and named by its JSON pointer.
#include "importer/perf_data.h"

#include "perf_fixture.h"

namespace fgx {
namespace {

// "code pointer" of each fault.
std::vector<std::string> faults(const std::string& text, PerfSide side = PerfSide::kYours) {
  std::vector<std::string> result;
  for (const PerfFinding& fault : read_perf_file(text, side).faults) {
    EXPECT_FALSE(fault.message.empty());
    result.push_back(fault.code + " " + fault.pointer);
  }
  return result;
}

std::vector<std::string> config_faults(const std::string& config) {
  return faults("{" + op("gelu", config) + "}");
}

using Names = std::vector<std::string>;

TEST(PerfData, ReadsTheRealMeasurements) {
  const PerfFile mine = read_perf_file(example_file("h200_your_perf_data.json"), PerfSide::kYours);
  EXPECT_TRUE(mine.valid());
  EXPECT_TRUE(mine.warnings.empty());
  EXPECT_EQ(mine.operators.size(), 22u);
  EXPECT_EQ(mine.total_configs, 330u);
  const PerfFile flaggems =
      read_perf_file(example_file("h200_flaggems_perf_data.json"), PerfSide::kFlagGems);
  EXPECT_TRUE(flaggems.valid());
  EXPECT_EQ(flaggems.operators.size(), 48u);
  EXPECT_EQ(mine.operators[0].name, "arcsinh");
  EXPECT_EQ(mine.operators[0].configs[0].shape, (std::vector<int64_t>{1, 4096}));
  EXPECT_EQ(mine.operators[0].configs[0].dtype, "float16");
  EXPECT_EQ(mine.operators[0].configs[0].time, 0.01356);
  EXPECT_EQ(mine.operators[0].configs[0].cuda_time, 0.00562);
}

TEST(PerfData, NamesTheOtherSidesTimeAsMissing) {
  const PerfFile swapped =
      read_perf_file(example_file("h200_your_perf_data.json"), PerfSide::kFlagGems);
  EXPECT_EQ(swapped.faults.size(), 330u);
  EXPECT_EQ(swapped.faults[0].code, "missing_field");
  EXPECT_EQ(swapped.faults[0].pointer, "/arcsinh/configs/0");
  EXPECT_EQ(swapped.warnings.size(), 330u);
}

TEST(PerfData, TextThatIsNoJsonHasLineAndColumn) {
  const PerfFile file = read_perf_file("{\n  \"gelu\": // comment\n}", PerfSide::kYours);
  ASSERT_EQ(file.faults.size(), 1u);
  EXPECT_EQ(file.faults[0].code, "syntax");
  EXPECT_EQ(file.faults[0].line, 2u);
  EXPECT_EQ(file.faults[0].column, 11u);
}

TEST(PerfData, RefusesWhatIsNoStrictJson) {
  const std::string valid = "{" + op("gelu", yours("[2]", "\"float32\"", "1", "1")) + "}";
  EXPECT_EQ(faults(valid), Names());
  for (const std::string& text :
       {std::string(), std::string("{"), valid + "x", valid + valid, std::string(1000000, '['),
        "{" + op("a", "") + "," + op("a", "") + "}",  // a name twice
        "{" + op("gelu", yours("[2]", "\"float32\"", "1e400", "1")) + "}",
        "{" + op("gelu", yours("[2]", "\"float32\"", "NaN", "1")) + "}",
        "{" + op("gelu", yours("[2]", "\"float32\"", "Infinity", "1")) + "}",
        "{" + op("gelu", yours("[2]", "\"float32\"", "01", "1")) + "}",
        "{" + op("gelu", yours("[1e400]", "\"float32\"", "1", "1")) + "}",
        "{" + op("gelu", yours("[2]", "\"float32\\u0000\"", "1", "1")) + "}",
        "{" + op("\xff\xfe", "") + "}", std::string("{\"a\":1}\0", 8)}) {
    const PerfFile file = read_perf_file(text, PerfSide::kYours);
    ASSERT_EQ(file.faults.size(), 1u) << text.substr(0, 80);
    EXPECT_EQ(file.faults[0].code, "syntax") << text.substr(0, 80);
  }
}

TEST(PerfData, NamesFaultsOfTheFrame) {
  EXPECT_EQ(faults("[]"), Names({"wrong_type "}));
  EXPECT_EQ(faults("3"), Names({"wrong_type "}));
  EXPECT_EQ(faults("{}"), Names({"empty "}));
  EXPECT_EQ(faults(R"({"a":[],"b":{},"c":{"configs":{}},"d":{"configs":[]},"e":{"configs":null}})"),
            Names({"wrong_type /a", "missing_field /b", "wrong_type /c/configs", "empty /d/configs",
                   "wrong_type /e/configs"}));
  EXPECT_EQ(faults(R"({"":{"configs":[3]}})"), Names({"bad_name /", "wrong_type //configs/0"}));
  EXPECT_EQ(faults("{" + op("\\u001b[2J", yours("[]", "\"bool\"", "1", "1")) + "}"),
            Names({"bad_name /\x1b[2J"}));
  EXPECT_EQ(faults("{" + op(std::string(257, 'a'), yours("[]", "\"bool\"", "1", "1")) + "}").size(),
            1u);
}

TEST(PerfData, EscapesPointers) {
  EXPECT_EQ(faults(R"({"a/b~c":7})"), Names({"wrong_type /a~1b~0c"}));
}

TEST(PerfData, NamesEveryMissingField) {
  EXPECT_EQ(config_faults("{}"),
            Names({"missing_field /gelu/configs/0", "missing_field /gelu/configs/0",
                   "missing_field /gelu/configs/0", "missing_field /gelu/configs/0"}));
}

TEST(PerfData, NamesEveryWrongTypeOfOneConfiguration) {
  EXPECT_EQ(
      config_faults(yours("\"4096\"", "32", "\"0.5\"", "null")),
      Names({"wrong_type /gelu/configs/0/shape", "wrong_type /gelu/configs/0/dtype",
             "wrong_type /gelu/configs/0/your_time", "wrong_type /gelu/configs/0/cuda_time"}));
  EXPECT_EQ(
      config_faults(yours("{}", "[]", "true", "[1]")),
      Names({"wrong_type /gelu/configs/0/shape", "wrong_type /gelu/configs/0/dtype",
             "wrong_type /gelu/configs/0/your_time", "wrong_type /gelu/configs/0/cuda_time"}));
}

TEST(PerfData, NamesEveryConfigurationNotOnlyTheFirst) {
  const std::string good = yours("[2]", "\"float32\"", "1", "1");
  const std::string text = "{" + op("a", yours("[3]", "\"float32\"", "0", "1") + ",7," + good) +
                           "," + op("b", good + "," + yours("[3]", "\"float32\"", "1", "-1")) + "}";
  EXPECT_EQ(faults(text), Names({"out_of_range /a/configs/0/your_time", "wrong_type /a/configs/1",
                                 "out_of_range /b/configs/1/cuda_time"}));
  const PerfFile file = read_perf_file(text, PerfSide::kYours);
  ASSERT_EQ(file.operators.size(), 2u);
  ASSERT_EQ(file.operators[0].configs.size(), 1u) << "the configuration without fault stays";
  EXPECT_EQ(file.operators[0].configs[0].index, 2u);
  EXPECT_EQ(file.total_configs, 5u);
}

TEST(PerfData, RefusesBadDimensions) {
  const auto dim = [](const std::string& text) {
    return config_faults(yours("[8," + text + "]", "\"float32\"", "1", "1"));
  };
  const Names range{"out_of_range /gelu/configs/0/shape/1"};
  for (const char* text : {"-1", "1.5", "4294967296", "4294967297", "9223372036854775807",
                           "18446744073709551617", "1e3", "1e300"}) {
    EXPECT_EQ(dim(text), range) << text;
  }
  for (const char* text : {"\"8\"", "true", "null", "[8]"}) {
    EXPECT_EQ(dim(text), Names{"wrong_type /gelu/configs/0/shape/1"}) << text;
  }
  for (const char* text : {"0", "1", "4294967295"}) EXPECT_EQ(dim(text), Names()) << text;
  EXPECT_EQ(config_faults(yours("[4294967295,4294967295]", "\"float32\"", "1", "1")),
            Names{"out_of_range /gelu/configs/0/shape"});
  EXPECT_EQ(config_faults(yours("[]", "\"float32\"", "1", "1")), Names()) << "0-d";
  EXPECT_EQ(config_faults(yours("[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]", "\"float32\"", "1", "1")),
            Names{"out_of_range /gelu/configs/0/shape"});
}

TEST(PerfData, RefusesBadTimes) {
  for (const char* text : {"0", "-0.0", "-1", "1e-10", "1e10", "5e-324"}) {
    EXPECT_EQ(config_faults(yours("[2]", "\"float32\"", text, "1")),
              Names{"out_of_range /gelu/configs/0/your_time"})
        << text;
    EXPECT_EQ(config_faults(yours("[2]", "\"float32\"", "1", text)),
              Names{"out_of_range /gelu/configs/0/cuda_time"})
        << text;
  }
  for (const char* text : {"1e-9", "0.00562", "3", "2.6e9"}) {
    EXPECT_EQ(config_faults(yours("[2]", "\"float32\"", text, text)), Names()) << text;
  }
}

TEST(PerfData, RefusesUnknownDTypesWithAHint) {
  for (const char* name : {"float33", "", "Float32", "float32 ", "\\u001b[2J"}) {
    EXPECT_EQ(config_faults(yours("[2]", '"' + std::string(name) + '"', "1", "1")),
              Names{"unknown_dtype /gelu/configs/0/dtype"})
        << name;
  }
  const PerfFile file = read_perf_file(
      "{" + op("gelu", yours("[2]", "\"torch.float32\"", "1", "1")) + "}", PerfSide::kYours);
  ASSERT_EQ(file.faults.size(), 1u);
  EXPECT_EQ(file.faults[0].message, "unknown dtype \"torch.float32\"; write \"float32\"");
  for (const char* name : {"bool", "uint8", "int64", "bfloat16", "float64", "float8_e4m3fn"}) {
    EXPECT_EQ(config_faults(yours("[2]", '"' + std::string(name) + '"', "1", "1")), Names())
        << name;
  }
}

TEST(PerfData, FlagsDuplicateConfigurations) {
  const std::string text = "{" +
                           op("gelu", yours("[2,3]", "\"float32\"", "1", "1") + "," +
                                          yours("[2,3]", "\"float16\"", "1", "1") + "," +
                                          yours("[23]", "\"float32\"", "1", "1") + "," +
                                          yours("[2,3]", "\"float32\"", "2", "1")) +
                           "}";
  EXPECT_EQ(faults(text), Names{"duplicate /gelu/configs/3"});
}

TEST(PerfData, WarnsOfUnknownFieldsAndGoesOn) {
  const PerfFile file = read_perf_file(
      R"({"gelu":{"note":1,"configs":[{"shape":[2],"dtype":"int8","your_time":1,"cuda_time":2,"x":3}]}})",
      PerfSide::kYours);
  EXPECT_TRUE(file.valid());
  ASSERT_EQ(file.warnings.size(), 2u);
  EXPECT_EQ(file.warnings[0].pointer, "/gelu/note");
  EXPECT_EQ(file.warnings[1].pointer, "/gelu/configs/0/x");
}

TEST(PerfData, SurvivesEveryTruncationOfARealFile) {
  const std::string text = example_file("h200_your_perf_data.json").substr(0, 1500);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(read_perf_file(text.substr(0, size), PerfSide::kYours).valid()) << size;
  }
}

}  // namespace
}  // namespace fgx
