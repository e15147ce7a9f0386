// SPDX-License-Identifier: Apache-2.0
// Constraints: each kind holds and fails where it should, and says what it wants.
#include "schema/constraint.h"

#include <gtest/gtest.h>

#include <set>

#include "backend/cpu/isa.h"
#include "test_operators.h"

namespace fgx::testing {
namespace {

using Kind = Constraint::Kind;

class ConstraintTest : public ::testing::Test {
 protected:
  ConstraintTest() {
    OperatorDef op = operator_of(
        "aten::norm(Tensor self, Tensor? weight, str mode='a', int dim=-1, Tensor[] rest=[]) -> "
        "Tensor",
        infer_like_self);
    op.choices = {{"mode", {"a", "b"}}};
    catalogue_.add(std::move(op));
    bind();
  }

  void bind(bool with_weight = true) {
    args_ = {value_of(x_), with_weight ? value_of(w_) : none(), value_of("b"), value_of(1)};
    outs_ = {out_.get()};
    call_.bind(*catalogue_.find("norm"), args_, outs_);
  }
  bool holds(const Constraint& constraint) { return constraint.holds(call_); }

  Catalogue catalogue_;
  TestTensor x_{DType::kFloat16, {2, 3, 8}};
  TestTensor w_{DType::kFloat32, {8}};
  TestTensor out_{DType::kFloat16, {2, 3, 8}, {1, 2, 6}};
  Call call_;
  std::vector<fgx_value> args_;
  std::vector<fgx_tensor*> outs_;
};

TEST_F(ConstraintTest, HoldsWhereItShould) {
  const int8_t all = Constraint::kAllTensors;
  EXPECT_TRUE(holds({Kind::kDType, 0, 0, kHalfTypes}));
  EXPECT_FALSE(holds({Kind::kDType, 1, 0, kHalfTypes}));
  EXPECT_FALSE(holds({Kind::kDType, all, 0, kHalfTypes}));
  EXPECT_TRUE(holds({Kind::kDType, all, 0, kFloatTypes}));
  EXPECT_FALSE(holds({Kind::kSameDType}));
  EXPECT_TRUE(holds({Kind::kRank, 0, 0, {}, 3, 3}));
  EXPECT_FALSE(holds({Kind::kRank, 0, 0, {}, 1, 2}));
  EXPECT_TRUE(holds({Kind::kDim, 0, -1, {}, 8, 16}));
  EXPECT_FALSE(holds({Kind::kDim, 0, 1, {}, 4, 16}));
  EXPECT_FALSE(holds({Kind::kDim, 0, 3, {}, 0, 16}));
  EXPECT_FALSE(holds({Kind::kDim, 0, -4, {}, 0, 16}));
  EXPECT_TRUE(holds({Kind::kDivisible, 0, -1, {}, 4}));
  EXPECT_FALSE(holds({Kind::kDivisible, 0, 1, {}, 2}));
  EXPECT_TRUE(holds({Kind::kNumel, 0, 0, {}, 48, 48}));
  EXPECT_FALSE(holds({Kind::kNumel, 0, 0, {}, 49}));
  EXPECT_TRUE(holds({Kind::kContiguous, 0}));
  EXPECT_FALSE(holds({Kind::kContiguous, all})) << "the output is transposed";
  EXPECT_TRUE(holds({Kind::kAligned, 0, 0, {}, 2}));
  EXPECT_TRUE(holds({Kind::kChoice, 2, 0, {}, 1}));
  EXPECT_FALSE(holds({Kind::kChoice, 2, 0, {}, 0}));
  EXPECT_TRUE(holds({Kind::kInteger, 3, 0, {}, 0, 1}));
  EXPECT_FALSE(holds({Kind::kInteger, 3, 0, {}, 2, 3}));
  EXPECT_FALSE(holds({Kind::kAbsent, 1}));
  EXPECT_TRUE(holds({Kind::kRows, 0, 0, {}, 6, 6}));
  EXPECT_TRUE(holds({Kind::kRows, 1, 0, {}, 1, 1}));
  EXPECT_TRUE(holds({Kind::kCpuFeature, 0, 0, {}, 0}));
  EXPECT_TRUE(holds({Kind::kDType, 4, 0, kHalfTypes})) << "an empty list";
  bind(false);
  EXPECT_TRUE(holds({Kind::kAbsent, 1}));
  EXPECT_TRUE(holds({Kind::kSameDType}));
  EXPECT_TRUE(holds({Kind::kDType, 1, 0, {}})) << "nothing to object to when absent";
}

TEST_F(ConstraintTest, SeesAlignment) {
  x_->byte_offset = 2;
  bind();
  EXPECT_FALSE(holds({Kind::kAligned, 0, 0, {}, 4}));
  EXPECT_TRUE(holds({Kind::kAligned, 0, 0, {}, 2}));
  EXPECT_FALSE(holds({Kind::kAligned, Constraint::kAllTensors, 0, {}, 4}));
}

TEST_F(ConstraintTest, SaysWhatItWants) {
  const auto text = [&](const Constraint& constraint) { return constraint.text(call_); };
  EXPECT_EQ(text({Kind::kDType, 0, 0, kHalfTypes}), "dtype of self one of float16, bfloat16");
  EXPECT_EQ(text({Kind::kRows, 0, 0, {}, 1, 64}), "rows of self in 1..64");
  EXPECT_EQ(text({Kind::kDim, 0, -1, {}, 64}), "dimension -1 of self >= 64");
  EXPECT_EQ(text({Kind::kDivisible, 1, 0, {}, 8}), "dimension 0 of weight a multiple of 8");
  EXPECT_EQ(text({Kind::kChoice, 2, 0, {}, 1}), "mode = 'b'");
  EXPECT_EQ(text({Kind::kInteger, 3, 0, {}, 1, 1}), "dim = 1");
  EXPECT_EQ(text({Kind::kContiguous, Constraint::kAllTensors}), "every tensor contiguous");
  EXPECT_EQ(text({Kind::kAligned, 0, 0, {}, 64}), "self aligned to 64 bytes");
  EXPECT_EQ(text({Kind::kAbsent, 1}), "weight is None");
  EXPECT_EQ(text({Kind::kSameDType}), "all inputs of one dtype");
  EXPECT_EQ(text({Kind::kRank, 0, 0, {}, 2, 2}), "rank of self = 2");
  EXPECT_EQ(text({Kind::kNumel, 0, 0, {}, 0, 9}), "elements of self in 0..9");
  EXPECT_NE(text({Kind::kCpuFeature, 0, 0, {}, 2}).find(isa_name(Isa::kAvx512)), std::string::npos);
  std::set<std::string> reasons;
  for (int kind = 0; kind <= static_cast<int>(Kind::kCpuFeature); ++kind) {
    reasons.insert(Constraint{static_cast<Kind>(kind)}.reason());
  }
  EXPECT_EQ(reasons.size(), static_cast<size_t>(Kind::kCpuFeature) + 1);
  EXPECT_EQ(reasons.count("unknown"), 0u);
}

}  // namespace
}  // namespace fgx::testing
