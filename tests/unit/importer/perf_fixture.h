// SPDX-License-Identifier: Apache-2.0
// Helpers of the importer's tests: the committed measurements, and small files made to order.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace fgx {

inline std::string example_file(const std::string& name) {
  std::ifstream file(std::string(FGX_SOURCE_DIR "/examples/data/") + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// {"shape": .., "dtype": .., "your_time": .., "cuda_time": ..} with the given JSON texts.
inline std::string yours(const std::string& shape, const std::string& dtype,
                         const std::string& time, const std::string& cuda) {
  return R"({"shape":)" + shape + R"(,"dtype":)" + dtype + R"(,"your_time":)" + time +
         R"(,"cuda_time":)" + cuda + "}";
}

inline std::string theirs(const std::string& shape, const std::string& dtype,
                          const std::string& time, const std::string& cuda) {
  return R"({"shape":)" + shape + R"(,"dtype":)" + dtype + R"(,"flaggems_time":)" + time +
         R"(,"cuda_time":)" + cuda + "}";
}

inline std::string op(const std::string& name, const std::string& configs) {
  return "\"" + name + R"(":{"configs":[)" + configs + "]}";
}

}  // namespace fgx
