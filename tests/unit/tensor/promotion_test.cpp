// SPDX-License-Identifier: Apache-2.0
// Type promotion against PyTorch's own answers (tests/tools/generate_promotion_table.py).
#include "tensor/promotion.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/json.h"

namespace fgx {
namespace {

const Json& table() {
  static const Json document = [] {
    std::ifstream file(std::string(FGX_SOURCE_DIR) + "/tests/data/promotion_table.json");
    std::stringstream text;
    text << file.rdbuf();
    return Json::parse(text.str());
  }();
  return document;
}

DType dtype_of(std::string_view name) { return dtype_from_name(name).value(); }

TEST(PromotionTest, PairsOfTypesAgreeWithPyTorch) {
  for (const DTypeInfo& a : kDTypeInfo) {
    for (const DTypeInfo& b : kDTypeInfo) {
      const DType x = dtype_of(a.name), y = dtype_of(b.name);
      EXPECT_EQ(info(promote_types(x, y)).name,
                table().at("promote_types").at(a.name).at(b.name).as_string())
          << a.name << " " << b.name;
      // PyTorch also refuses signed to unsigned, which no result here can be.
      if (b.name == "uint8") continue;
      EXPECT_EQ(can_cast(x, y), table().at("can_cast").at(a.name).at(b.name).as_bool())
          << a.name << " " << b.name;
    }
  }
}

TEST(PromotionTest, CategoriesAgreeWithPyTorch) {
  int cases = 0;
  const int64_t dims[1] = {2};
  for (const JsonView entry : table().at("result_type").elements()) {
    std::vector<TensorView> tensors;
    std::string shown;
    for (const std::string& operand : entry.at("operands").as_string_list()) {
      const size_t colon = operand.find(':');
      const std::string category = operand.substr(0, colon);
      TensorView tensor;
      tensor.dtype = dtype_of(operand.substr(colon + 1));
      tensor.ndim = category == "tensor" ? 1 : 0;
      tensor.shape = dims;
      tensor.strides = dims;
      tensor.wrapped_number = category == "number";
      tensors.push_back(tensor);
      shown += operand + " ";
    }
    EXPECT_EQ(info(result_type(tensors)).name, entry.at("result").as_string()) << shown;
    ++cases;
  }
  EXPECT_GT(cases, 1000);
}

TEST(PromotionTest, FloatFunctionsComputeIntegersInFloat32) {
  EXPECT_EQ(float_type(DType::kBool), DType::kFloat32);
  EXPECT_EQ(float_type(DType::kInt64), DType::kFloat32);
  EXPECT_EQ(float_type(DType::kFloat16), DType::kFloat16);
  EXPECT_EQ(float_type(DType::kFloat64), DType::kFloat64);
}

TEST(DTypeTest, ResolvesNames) {
  for (int i = 0; i < kDTypeCount; ++i) {
    const DTypeInfo& known = kDTypeInfo[i];
    EXPECT_EQ(dtype_from_name(known.name), static_cast<DType>(i));
    EXPECT_EQ(dtype_from_name(known.short_name), static_cast<DType>(i));
    EXPECT_EQ(dtype_from_name("torch." + std::string(known.name)), static_cast<DType>(i));
    EXPECT_EQ(from_code(known.code), static_cast<DType>(i));
  }
  EXPECT_EQ(dtype_from_name("half"), DType::kFloat16);
  EXPECT_EQ(dtype_from_name("long"), DType::kInt64);
  EXPECT_EQ(dtype_from_name("float8"), std::nullopt);
  EXPECT_EQ(dtype_from_name(""), std::nullopt);
  EXPECT_EQ(from_code({FGX_DTYPE_FLOAT, 32, 4}), std::nullopt);
}

}  // namespace
}  // namespace fgx
