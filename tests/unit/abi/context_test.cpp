// SPDX-License-Identifier: Apache-2.0
// Contexts, operators, plans and host functions through the C functions, on shipped operators.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "flaggems_exp.h"

namespace fgx {
namespace {

// The text that a call gave, which is destroyed. By reference: the call is among the arguments.
Json json_of(fgx_status status, fgx_string*& text) {
  EXPECT_EQ(status, FGX_OK) << fgx_error_message(fgx_last_error());
  if (text == nullptr) return Json();
  Json json = Json::parse({fgx_string_data(text), fgx_string_size(text)});
  fgx_string_destroy(text);
  return json;
}

bool last_error_says(const char* words) {
  return std::strstr(fgx_error_message(fgx_last_error()), words) != nullptr;
}

// A parsed call with its tensors, on an operator of one context.
struct ParsedCall {
  ParsedCall(fgx_context* context, const char* text) {
    EXPECT_EQ(fgx_call_parse(context, text, FGX_CALL_ALLOCATE, 1, &call), FGX_OK)
        << fgx_error_message(fgx_last_error());
    op = fgx_call_op(call);
    args = fgx_call_args(call, &nargs);
    outs = fgx_call_outs(call, &nouts);
  }
  ~ParsedCall() { fgx_call_destroy(call); }
  ParsedCall(const ParsedCall&) = delete;
  ParsedCall& operator=(const ParsedCall&) = delete;

  fgx_invocation invocation() const {
    fgx_invocation result{};
    result.struct_size = sizeof result;
    result.args = args;
    result.nargs = nargs;
    result.outs = outs;
    result.nouts = nouts;
    return result;
  }
  float* out() const { return static_cast<float*>(outs[0]->data); }
  const float* in(int i) const { return static_cast<const float*>(args[i].as.tensor->data); }

  fgx_call* call = nullptr;
  fgx_op* op = nullptr;
  const fgx_value* args = nullptr;
  fgx_tensor* const* outs = nullptr;
  int32_t nargs = 0;
  int32_t nouts = 0;
};

class ContextAbiTest : public ::testing::Test {
 protected:
  ContextAbiTest() {
    fgx_context_options options{};
    options.struct_size = sizeof options;
    options.flags = FGX_CONTEXT_IGNORE_ENVIRONMENT;
    options.on_quarantine.notify = [](void* data, const char* op, const char* implementation,
                                      const char* reason) {
      *static_cast<std::string*>(data) = std::string(op) + ' ' + implementation + ": " + reason;
    };
    options.on_quarantine.user_data = &quarantined_;
    EXPECT_EQ(fgx_context_create(&options, &context_), FGX_OK);
  }
  ~ContextAbiTest() override { fgx_context_destroy(context_); }

  std::string config(const char* key) {
    fgx_string* text = nullptr;
    if (fgx_context_get_config(context_, key, &text) != FGX_OK) return "no such key";
    std::string value = fgx_string_data(text);
    fgx_string_destroy(text);
    return value;
  }
  Json counters() {
    fgx_string* text = nullptr;
    return json_of(fgx_context_counters(context_, &text), text);
  }
  Json list(const char* filter) {
    fgx_string* text = nullptr;
    return json_of(fgx_context_list_ops(context_, filter, &text), text);
  }
  Json cache() {
    fgx_string* text = nullptr;
    return json_of(fgx_context_cache_export(context_, &text), text);
  }

  fgx_context* context_ = nullptr;
  std::string quarantined_;
};

TEST_F(ContextAbiTest, ConfigurationIsSetReadAndReset) {
  EXPECT_EQ(fgx_context_set_config(context_, "dispatch_strategy", "off"), FGX_OK);
  EXPECT_EQ(config("dispatch_strategy"), "off");
  fgx_string* all = nullptr;
  EXPECT_EQ(json_of(fgx_context_get_config(context_, nullptr, &all), all)
                .find("dispatch_strategy")
                .as_string(),
            "off");
  EXPECT_EQ(fgx_context_set_config(context_, "dispatch_strategy", "fast"), FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("aggressive"));
  EXPECT_EQ(fgx_context_set_config(context_, "dispatch_strategi", "off"), FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("dispatch_strategy"));
  EXPECT_EQ(config("dispatch_strategy"), "off");
  EXPECT_EQ(fgx_context_reload_config(context_), FGX_OK);
  EXPECT_EQ(fgx_context_enable(context_, "generated"), FGX_OK);
  EXPECT_EQ(fgx_context_enable(context_, "generated,homemade"), FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("custom"));
  EXPECT_EQ(fgx_context_disable(context_), FGX_OK);
}

TEST_F(ContextAbiTest, UnknownFlagsAreRefused) {
  fgx_context_options options{};
  options.struct_size = sizeof options;
  options.flags = 64;
  fgx_context* made = context_;
  EXPECT_EQ(fgx_context_create(&options, &made), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(made, nullptr);
}

TEST_F(ContextAbiTest, ListsByEveryFilter) {
  const size_t all = list(nullptr).view().size();
  EXPECT_GT(all, 25u);
  EXPECT_EQ(list("{}").view().size(), all);
  const Json norms = list(R"({"family": "norm"})");
  EXPECT_EQ(norms.view().size(), 3u);
  for (const JsonView op : norms.elements()) EXPECT_EQ(op.find("family").as_string(), "norm");
  // Every operator with that in its name: gelu and gelu_and_mul.
  const Json gelu = list(R"({"name": "gelu", "implementations": true})");
  ASSERT_EQ(gelu.view().size(), 2u);
  EXPECT_FALSE(gelu.view().at(0).find("implementations").empty());
  const Json without = list(R"({"name": "gelu", "implementations": false})");
  EXPECT_FALSE(without.view().at(0).has("implementations"));
  EXPECT_TRUE(list(R"({"family": "unknown"})").view().empty());
  // Only operators that have such an implementation.
  const Json generated = list(R"({"group": "generated"})");
  EXPECT_GE(generated.view().size(), 5u);
  EXPECT_LT(generated.view().size(), all);
  EXPECT_TRUE(list(R"({"status": "DEPRECATED"})").view().empty());
  fgx_string* text = nullptr;
  EXPECT_EQ(fgx_context_list_ops(context_, R"({"nam": "x"})", &text), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_context_list_ops(context_, "[", &text), FGX_INVALID_ARGUMENT);
}

TEST_F(ContextAbiTest, DescribesEveryOperator) {
  const Json all = list(nullptr);
  for (const JsonView op : all.elements()) {
    fgx_string* text = nullptr;
    const std::string name(op.find("name").as_string());
    const Json info = json_of(fgx_context_get_op_info(context_, name.c_str(), &text), text);
    EXPECT_EQ(info.find("name").as_string(), name);
    EXPECT_FALSE(info.find("arguments").empty());
    for (const JsonView argument : info.find("arguments").elements()) {
      EXPECT_NE(argument.find("type").as_string(), "other") << name;
    }
    EXPECT_FALSE(info.find("implementations").empty()) << name;
  }
  fgx_string* text = nullptr;
  EXPECT_EQ(fgx_context_get_op_info(context_, "gleu", &text), FGX_METADATA_NOT_FOUND);
  EXPECT_TRUE(last_error_says("gelu"));
}

TEST_F(ContextAbiTest, InfersCountThenDescriptors) {
  const ParsedCall call(context_, "topk_softmax(f32[3,8], 2)");
  int32_t count = 0;
  ASSERT_EQ(fgx_op_infer(call.op, call.args, call.nargs, nullptr, &count), FGX_OK);
  ASSERT_EQ(count, 2);
  std::array<fgx_tensor_desc, 2> descs{};
  count = 2;
  EXPECT_EQ(fgx_op_infer(call.op, call.args, call.nargs, descs.data(), &count),
            FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("struct_size"));
  for (fgx_tensor_desc& desc : descs) desc.struct_size = sizeof desc;
  count = 2;
  ASSERT_EQ(fgx_op_infer(call.op, call.args, call.nargs, descs.data(), &count), FGX_OK);
  EXPECT_EQ(descs[0].ndim, 2);
  EXPECT_EQ(descs[0].shape[1], 2);
  EXPECT_EQ(descs[0].strides[0], 2);
  EXPECT_EQ(descs[0].dtype.code, FGX_DTYPE_FLOAT);
  EXPECT_EQ(descs[1].dtype.code, FGX_DTYPE_INT);
  count = 1;
  EXPECT_EQ(fgx_op_infer(call.op, call.args, call.nargs, descs.data(), &count),
            FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("capacity"));
  count = -1;
  EXPECT_EQ(fgx_op_infer(call.op, call.args, call.nargs, descs.data(), &count),
            FGX_INVALID_ARGUMENT);
  count = 1;
  EXPECT_EQ(fgx_op_infer(call.op, call.args, call.nargs, nullptr, &count), FGX_INVALID_ARGUMENT);
}

TEST_F(ContextAbiTest, InvokesWithTheCallersWorkspace) {
  const ParsedCall call(context_, "mm(f32[40,64], f32[64,48])");
  ASSERT_EQ(fgx_op_call(call.op, call.args, call.nargs, call.outs, call.nouts, nullptr), FGX_OK);
  const std::vector<float> expected(call.out(), call.out() + 40 * 48);
  size_t size = 0;
  ASSERT_EQ(fgx_op_workspace(call.op, call.args, call.nargs, call.outs, call.nouts, &size), FGX_OK);
  std::vector<char> workspace(size + 64);
  fgx_invocation invocation = call.invocation();
  invocation.workspace = workspace.data();
  invocation.workspace_size = workspace.size();
  for (int i = 0; i < 2; ++i) {
    std::memset(call.out(), 0xff, expected.size() * sizeof(float));
    ASSERT_EQ(fgx_op_invoke(call.op, &invocation), FGX_OK);
    EXPECT_EQ(std::memcmp(call.out(), expected.data(), expected.size() * sizeof(float)), 0);
  }
  // An older caller's invocation ends before the workspace.
  invocation.struct_size = offsetof(fgx_invocation, workspace);
  EXPECT_EQ(fgx_op_invoke(call.op, &invocation), FGX_OK);
  invocation.struct_size = 2;
  EXPECT_EQ(fgx_op_invoke(call.op, &invocation), FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("struct_size"));
}

TEST_F(ContextAbiTest, PreparedCallsAreWarm) {
  const ParsedCall call(context_, "relu(f32[8])");
  ASSERT_EQ(fgx_context_prepare(context_, call.op, call.args, call.nargs, call.outs, call.nouts),
            FGX_OK);
  const int64_t before = counters().find("level1_hits").as_int64();
  ASSERT_EQ(fgx_op_call(call.op, call.args, call.nargs, call.outs, call.nouts, nullptr), FGX_OK);
  EXPECT_EQ(counters().find("level1_hits").as_int64(), before + 1);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(call.out()[i], std::max(call.in(0)[i], 0.0f));
  fgx_context* other = nullptr;
  ASSERT_EQ(fgx_context_create(nullptr, &other), FGX_OK);
  EXPECT_EQ(fgx_context_prepare(other, call.op, call.args, call.nargs, call.outs, call.nouts),
            FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("another context"));
  fgx_context_destroy(other);
}

TEST_F(ContextAbiTest, StatisticsTravelBetweenContexts) {
  ASSERT_EQ(fgx_context_set_config(context_, "selection_mode", "tune"), FGX_OK);
  ASSERT_EQ(fgx_context_set_config(context_, "min_status", "EXPERIMENTAL"), FGX_OK);
  ASSERT_EQ(fgx_context_enable(context_, nullptr), FGX_OK);
  const ParsedCall call(context_, "gelu(f32[64])");
  ASSERT_EQ(fgx_op_call(call.op, call.args, call.nargs, call.outs, call.nouts, nullptr), FGX_OK);
  const std::string document = cache().dump();
  const size_t rows = Json::parse(document).find("rows").size();
  ASSERT_GE(rows, 1u);
  fgx_string* merged = nullptr;
  const Json both = json_of(
      fgx_cache_merge(document.data(), document.size(), document.data(), document.size(), &merged),
      merged);
  EXPECT_EQ(both.find("rows").size(), rows);
  EXPECT_EQ(fgx_cache_merge("[", 1, document.data(), document.size(), &merged),
            FGX_METADATA_INVALID);

  ASSERT_EQ(fgx_context_cache_clear(context_, "relu"), FGX_OK);
  EXPECT_EQ(cache().find("rows").size(), rows);
  ASSERT_EQ(fgx_context_cache_clear(context_, "gelu"), FGX_OK);
  EXPECT_EQ(cache().find("rows").size(), 0u);
  fgx_string* text = nullptr;
  const Json report =
      json_of(fgx_context_cache_import(context_, document.data(), document.size(), &text), text);
  EXPECT_EQ(report.find("imported").as_int64(), static_cast<int64_t>(rows));
  EXPECT_EQ(cache().find("rows").size(), rows);
  ASSERT_EQ(fgx_context_cache_clear(context_, nullptr), FGX_OK);
  EXPECT_EQ(cache().find("rows").size(), 0u);
}

TEST_F(ContextAbiTest, TracesWhileAskedTo) {
  const ParsedCall call(context_, "tanh(f32[64])");
  const auto events = [&] {
    fgx_string* text = nullptr;
    return json_of(fgx_context_trace_export(context_, &text), text).find("traceEvents").size();
  };
  ASSERT_EQ(fgx_context_trace(context_, 2), FGX_OK);
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(fgx_op_call(call.op, call.args, call.nargs, call.outs, call.nouts, nullptr), FGX_OK);
  }
  EXPECT_EQ(events(), 2u);
  EXPECT_EQ(fgx_context_trace(context_, -1), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_context_trace(context_, INT32_MAX), FGX_INVALID_ARGUMENT);
  ASSERT_EQ(fgx_context_trace(context_, 0), FGX_OK);
  ASSERT_EQ(fgx_op_call(call.op, call.args, call.nargs, call.outs, call.nouts, nullptr), FGX_OK);
  EXPECT_LE(events(), 2u);
}

TEST_F(ContextAbiTest, DescribesTheEnvironment) {
  fgx_string* text = nullptr;
  const Json environment = json_of(fgx_environment_describe(&text), text);
  EXPECT_TRUE(environment.is_object());
  EXPECT_NE(environment.dump().find("openblas"), std::string::npos);
  EXPECT_EQ(fgx_environment_describe(nullptr), FGX_INVALID_ARGUMENT);
}

TEST_F(ContextAbiTest, PlansRunOnAddressesAndOnInvocations) {
  const ParsedCall call(context_, "add(f32[16], f32[16], alpha=2)");
  fgx_plan* plan = nullptr;
  ASSERT_EQ(fgx_plan_create(call.op, call.args, call.nargs, call.outs, call.nouts, &plan), FGX_OK);
  EXPECT_NE(std::string(fgx_plan_implementation(plan)), "");
  EXPECT_STREQ(fgx_plan_implementation(nullptr), "");
  size_t size = 1;
  EXPECT_EQ(fgx_plan_workspace(plan, &size), FGX_OK);
  EXPECT_EQ(size, 0u);
  std::array<void*, 3> data{call.args[0].as.tensor->data, call.args[1].as.tensor->data,
                            call.outs[0]->data};
  const auto holds = [&](float alpha) {
    for (int i = 0; i < 16; ++i) {
      if (call.out()[i] != call.in(0)[i] + alpha * call.in(1)[i]) return false;
    }
    return true;
  };
  ASSERT_EQ(fgx_plan_run(plan, data.data(), 3, nullptr), FGX_OK);
  EXPECT_TRUE(holds(2));
  EXPECT_EQ(fgx_plan_run(plan, data.data(), 2, nullptr), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_plan_run(plan, nullptr, 3, nullptr), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_plan_run(plan, data.data(), 3, &data), FGX_INVALID_ARGUMENT);
  EXPECT_TRUE(last_error_says("stream"));
  EXPECT_EQ(fgx_plan_run(nullptr, data.data(), 3, nullptr), FGX_INVALID_ARGUMENT);

  std::vector<fgx_value> args(call.args, call.args + call.nargs);
  args[2] = fgx_value_int(4);
  fgx_invocation invocation = call.invocation();
  invocation.args = args.data();
  ASSERT_EQ(fgx_plan_invoke(plan, &invocation), FGX_OK);
  EXPECT_TRUE(holds(4));
  invocation.stream = &data;
  EXPECT_EQ(fgx_plan_invoke(plan, &invocation), FGX_INVALID_ARGUMENT);
  invocation.stream = nullptr;
  invocation.flags = FGX_INVOKE_DETERMINISTIC;
  EXPECT_EQ(fgx_plan_invoke(plan, &invocation), FGX_PLAN_MISMATCH);
  invocation.flags = 0;
  invocation.nargs = -1;
  EXPECT_EQ(fgx_plan_invoke(plan, &invocation), FGX_INVALID_ARGUMENT);
  EXPECT_EQ(fgx_plan_invoke(plan, nullptr), FGX_INVALID_ARGUMENT);
  fgx_plan_destroy(plan);
  fgx_plan_destroy(nullptr);
}

TEST_F(ContextAbiTest, PlansKeepTheNumbersTheyWereMadeWith) {
  const ParsedCall call(context_, "mul(f32[16], 3)");
  fgx_plan* plan = nullptr;
  ASSERT_EQ(fgx_plan_create(call.op, call.args, call.nargs, call.outs, call.nouts, &plan), FGX_OK);
  std::array<void*, 2> data{call.args[0].as.tensor->data, call.outs[0]->data};
  ASSERT_EQ(fgx_plan_run(plan, data.data(), 2, nullptr), FGX_OK)
      << fgx_error_message(fgx_last_error());
  for (int i = 0; i < 16; ++i) EXPECT_EQ(call.out()[i], call.in(0)[i] * 3);
  EXPECT_EQ(fgx_plan_run(plan, nullptr, 2, nullptr), FGX_INVALID_ARGUMENT);
  // A tensor where there was a number.
  std::vector<fgx_value> args{call.args[0], call.args[0]};
  fgx_invocation invocation = call.invocation();
  invocation.args = args.data();
  EXPECT_EQ(fgx_plan_invoke(plan, &invocation), FGX_PLAN_MISMATCH);
  fgx_plan_destroy(plan);
}

TEST_F(ContextAbiTest, PlansUseAnyWorkspaceThatSuffices) {
  const ParsedCall call(context_, "mm(f32[40,64], f32[64,48])");
  fgx_plan* plan = nullptr;
  ASSERT_EQ(fgx_plan_create(call.op, call.args, call.nargs, call.outs, call.nouts, &plan), FGX_OK);
  size_t size = 0;
  ASSERT_EQ(fgx_plan_workspace(plan, &size), FGX_OK);
  ASSERT_GT(size, 0u);
  std::vector<char> workspace(size);
  fgx_invocation invocation = call.invocation();
  ASSERT_EQ(fgx_plan_invoke(plan, &invocation), FGX_OK);
  const std::vector<float> expected(call.out(), call.out() + 40 * 48);
  for (const size_t given : {size, size - 1}) {  // the library's own where it does not suffice
    std::memset(call.out(), 0xff, expected.size() * sizeof(float));
    invocation.workspace = workspace.data();
    invocation.workspace_size = given;
    ASSERT_EQ(fgx_plan_invoke(plan, &invocation), FGX_OK);
    EXPECT_EQ(std::memcmp(call.out(), expected.data(), expected.size() * sizeof(float)), 0);
  }
  fgx_plan_destroy(plan);
}

// What a host function was called with, as text: tags and sizes, lists with their entries.
struct Seen {
  std::string text;

  static void run(void* user_data, const fgx_invocation* invocation, fgx_callback_error*) {
    std::string text;
    for (int32_t i = 0; i < invocation->nargs; ++i) {
      const fgx_value& value = invocation->args[i];
      if (i > 0) text += ' ';
      switch (value.tag) {
        case FGX_TAG_TENSOR:
          text += "tensor" + std::to_string(value.as.tensor->ndim);
          break;
        case FGX_TAG_TENSOR_LIST:
          for (uint32_t k = 0; k < value.size; ++k) {
            text += (k == 0 ? "" : ",") + std::to_string(value.as.tensors[k]->shape[0]);
          }
          break;
        case FGX_TAG_INT_LIST:
          for (uint32_t k = 0; k < value.size; ++k) {
            text += (k == 0 ? "" : ",") + std::to_string(value.as.ints[k]);
          }
          break;
        case FGX_TAG_STRING:
          text += value.as.string;
          break;
        case FGX_TAG_INT:
          text += std::to_string(value.as.integer);
          break;
        case FGX_TAG_BOOL:
          text += value.as.boolean != 0 ? "true" : "false";
          break;
        case FGX_TAG_FLOAT:
          text += std::to_string(value.as.real);
          break;
        case FGX_TAG_DTYPE:
          text += "dtype" + std::to_string(value.as.dtype.bits);
          break;
        case FGX_TAG_NONE:
          text += "none";
          break;
        default:
          text += "tag" + std::to_string(value.tag);
      }
    }
    static_cast<Seen*>(user_data)->text = text;
  }
};

TEST_F(ContextAbiTest, HostFunctionsSeeEveryKindOfArgument) {
  const struct {
    const char* op;
    const char* call;
    const char* seen;
  } cases[]{
      {"cat", "cat([f32[2,3], f32[4,3]], dim=0)", "2,4 0"},
      {"sum", "sum(f32[2,3], dim=[0,1], keepdim=True, dtype=float64)", "tensor2 0,1 true dtype64"},
      {"add", "add(f32[4], 2)", "tensor1 2 1"},
      {"mul", "mul(f32[4], 2.5)", "tensor1 2.500000"},
      {"mul", "mul(f32[4], True)", "tensor1 true"},
      {"gelu", "gelu(f32[4], approximate='tanh')", "tensor1 tanh"},
      {"clamp", "clamp(f32[4], min=1)", "tensor1 1 none"},
      {"layer_norm", "layer_norm(f32[4,8], [8], f32[8])", "tensor2 8 tensor1 none 0.000010"},
  };
  for (const auto& c : cases) {
    Seen seen;
    fgx_implementation_desc desc{};
    desc.struct_size = sizeof desc;
    desc.op = c.op;
    desc.name = "custom.host.witness";
    desc.tier = FGX_TIER_SPECIALIZED;
    desc.run = &Seen::run;
    desc.user_data = &seen;
    ASSERT_EQ(fgx_context_enable(context_, "custom"), FGX_OK);
    ASSERT_EQ(fgx_implementation_register(context_, &desc), FGX_OK)
        << fgx_error_message(fgx_last_error());
    const ParsedCall call(context_, c.call);
    for (int i = 0; i < 2; ++i) {  // prepared, then warm
      seen.text.clear();
      ASSERT_EQ(fgx_op_call(call.op, call.args, call.nargs, call.outs, call.nouts, nullptr), FGX_OK)
          << fgx_error_message(fgx_last_error());
      EXPECT_EQ(seen.text.substr(0, std::strlen(c.seen)), c.seen) << c.call;
    }
    ASSERT_EQ(fgx_implementation_unregister(context_, desc.name), FGX_OK);
  }
  EXPECT_EQ(fgx_implementation_unregister(context_, "custom.host.witness"), FGX_METADATA_NOT_FOUND);
}

TEST_F(ContextAbiTest, ConstraintsOfHostFunctionsDecide) {
  const struct {
    const char* constraints;
    const char* taken;
    const char* refused;
  } cases[]{
      {R"({"arguments": {"self": {"rows": [2, 4]}}})", "sum(f32[3,8], dim=[1])",
       "sum(f32[5,8], dim=[1])"},
      {R"({"arguments": {"self": {"dims": {"-1": {"range": [8, 16], "divisible": 4}}}}})",
       "sum(f32[3,8], dim=[1])", "sum(f32[3,10], dim=[1])"},
      {R"({"arguments": {"self": {"dims": {"0": {"range": [1, 3]}}}}})", "sum(f32[3,8], dim=[1])",
       "sum(f32[4,8], dim=[1])"},
      {R"({"arguments": {"self": {"contiguous": true}}})", "sum(f32[3,8], dim=[1])",
       "sum(f32[3,8]:[1,3], dim=[1])"},
      {R"({"arguments": {"self": {"aligned": 16, "rank": [1, 2]}}})", "sum(f32[3,8], dim=[1])",
       "sum(f32[3,8,1], dim=[1])"},
      {R"({"arguments": {"keepdim": {"range": [1, 1]}}})", "sum(f32[3,8], dim=[1], keepdim=True)",
       "sum(f32[3,8], dim=[1])"},
      {R"({"arguments": {"dtype": {"absent": true}}})", "sum(f32[3,8], dim=[1])",
       "sum(f32[3,8], dim=[1], dtype=float64)"},
      {R"({"dtypes": ["float32", "int64"], "same_dtype": true, "aligned": 4})",
       "sum(f32[3,8], dim=[1])", "sum(f64[3,8], dim=[1])"},
  };
  for (const auto& c : cases) {
    Seen seen;
    fgx_implementation_desc desc{};
    desc.struct_size = sizeof desc;
    desc.op = "sum";
    desc.name = "custom.host.witness";
    desc.tier = FGX_TIER_SPECIALIZED;
    desc.constraints = c.constraints;
    desc.run = &Seen::run;
    desc.user_data = &seen;
    ASSERT_EQ(fgx_context_enable(context_, "custom"), FGX_OK);
    ASSERT_EQ(fgx_implementation_register(context_, &desc), FGX_OK)
        << fgx_error_message(fgx_last_error());
    for (const bool taken : {true, false}) {
      const ParsedCall call(context_, taken ? c.taken : c.refused);
      fgx_string* text = nullptr;
      const Json why = json_of(
          fgx_op_explain(call.op, call.args, call.nargs, call.outs, call.nouts, &text), text);
      EXPECT_EQ(why.find("chosen").as_string() == desc.name, taken) << c.constraints;
      ASSERT_EQ(fgx_op_call(call.op, call.args, call.nargs, call.outs, call.nouts, nullptr),
                FGX_OK);
      EXPECT_EQ(!seen.text.empty(), taken) << c.constraints;
      seen.text.clear();
    }
    ASSERT_EQ(fgx_implementation_unregister(context_, desc.name), FGX_OK);
  }
}

TEST_F(ContextAbiTest, IllegalConstraintsAreRefusedWithTheirPlace) {
  const struct {
    const char* constraints;
    const char* words;
  } cases[]{
      {"[]", "must be an object"},
      {R"({"shapes": []})", "/shapes"},
      {R"({"dtypes": ["float33"]})", "/dtypes/0"},
      {R"({"aligned": 24})", "power of two"},
      {R"({"arguments": {"other": {}}})", "no such argument"},
      {R"({"arguments": {"self": {"size": 1}}})", "/arguments/self/size"},
      {R"({"arguments": {"self": {"rank": [3, 1]}}})", "[low, high]"},
      {R"({"arguments": {"self": {"dims": {"first": {}}}}})", "named by integers"},
      {R"({"arguments": {"self": {"dims": {"0": {"odd": 1}}}}})", "range, divisible"},
  };
  for (const auto& c : cases) {
    fgx_implementation_desc desc{};
    desc.struct_size = sizeof desc;
    desc.op = "sum";
    desc.name = "custom.host.witness";
    desc.constraints = c.constraints;
    desc.run = &Seen::run;
    EXPECT_EQ(fgx_implementation_register(context_, &desc), FGX_INVALID_ARGUMENT) << c.constraints;
    EXPECT_TRUE(last_error_says(c.words)) << fgx_error_message(fgx_last_error());
  }
}

TEST_F(ContextAbiTest, QuarantineTellsTheHostAndMakesPlansStale) {
  const ParsedCall call(context_, "relu(f32[8])");
  fgx_plan* plan = nullptr;
  ASSERT_EQ(fgx_plan_create(call.op, call.args, call.nargs, call.outs, call.nouts, &plan), FGX_OK);
  const std::string name = fgx_plan_implementation(plan);
  Seen seen;
  fgx_implementation_desc desc{};
  desc.struct_size = sizeof desc;
  desc.op = "relu";
  desc.name = "host.relu";
  desc.run = &Seen::run;
  desc.user_data = &seen;
  ASSERT_EQ(fgx_implementation_register(context_, &desc), FGX_OK);
  ASSERT_EQ(fgx_implementation_quarantine(context_, name.c_str(), "in this test"), FGX_OK);
  EXPECT_EQ(quarantined_, "aten::relu " + name + ": in this test");
  std::array<void*, 2> data{call.args[0].as.tensor->data, call.outs[0]->data};
  EXPECT_EQ(fgx_plan_run(plan, data.data(), 2, nullptr), FGX_PLAN_STALE);
  ASSERT_EQ(fgx_plan_refresh(plan), FGX_OK) << fgx_error_message(fgx_last_error());
  EXPECT_STREQ(fgx_plan_implementation(plan), "host.relu");
  ASSERT_EQ(fgx_plan_run(plan, data.data(), 2, nullptr), FGX_OK);
  EXPECT_EQ(seen.text, "tensor1");
  EXPECT_EQ(fgx_implementation_quarantine(context_, "host.rellu", nullptr), FGX_METADATA_NOT_FOUND);
  EXPECT_TRUE(last_error_says("host.relu"));
  fgx_plan_destroy(plan);
}

}  // namespace
}  // namespace fgx
