// SPDX-License-Identifier: Apache-2.0
// The runs that a case consists of, and the checks after each.
#include "verify/judge.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/strings.h"
#include "verify/honesty.h"
#include "verify/oracle_run.h"

namespace fgx {
namespace {

// Output strides: contiguous, or with gaps behind each row (behind each element of a vector).
std::vector<int64_t> output_strides(const std::vector<int64_t>& shape, bool loose) {
  if (!loose || shape.empty()) return contiguous_strides(shape);
  std::vector<int64_t> stored = shape;
  if (shape.size() == 1) return {2};
  stored.back() += 3;
  return contiguous_strides(stored);
}

CaseFailure failure(Fault fault, int output, std::string message) {
  CaseFailure result;
  result.fault = fault;
  result.output = output;
  result.message = std::move(message);
  return result;
}

}  // namespace

// Inputs of one seed and the oracle's answer to them.
struct CaseJudge::Expectation {
  std::vector<GuardedTensor> inputs;
  std::vector<OracleTensor> outputs;
  std::vector<ErrorModel> models;
};

// What one run works on.
struct CaseJudge::Memory {
  std::vector<GuardedTensor> inputs;
  std::vector<GuardedTensor> outputs;  // output 0 of an in-place call is empty
  int aliased = -1;                    // index in `inputs` of what output 0 is
  std::vector<fgx_tensor> descriptors;
  std::vector<fgx_tensor*> pointers;

  Memory(const VerifyCase& verify_case, const BoundValues& values, const Expectation& expectation,
         int generation, fgx_device device) {
    const int64_t skew = has_loose_storage(verify_case.seed) ? 1 : 0;
    for (const GuardedTensor& source : expectation.inputs) {
      inputs.emplace_back(source.dtype(), source.shape(), source.strides(), skew, generation,
                          device);
    }
    if (verify_case.spec.in_place) {
      const int argument = in_place_argument(*verify_case.spec.op);
      for (size_t i = 0; i < values.tensor_count(); ++i) {
        if (values.argument_of(i) == argument) aliased = static_cast<int>(i);
      }
    }
    for (size_t i = 0; i < expectation.outputs.size(); ++i) {
      const OracleTensor& output = expectation.outputs[i];
      outputs.emplace_back(output.dtype, output.shape,
                           output_strides(output.shape, has_loose_storage(verify_case.seed)), skew,
                           generation, device);
    }
    for (size_t i = 0; i < outputs.size(); ++i) {
      const GuardedTensor& tensor = written(i);
      fgx_tensor descriptor{};
      descriptor.data = tensor.address();
      descriptor.device = tensor.device();
      descriptor.ndim = static_cast<int32_t>(tensor.shape().size());
      descriptor.dtype = info(tensor.dtype()).code;
      descriptor.shape = const_cast<int64_t*>(tensor.shape().data());
      descriptor.strides = const_cast<int64_t*>(tensor.strides().data());
      descriptors.push_back(descriptor);
    }
    for (fgx_tensor& descriptor : descriptors) pointers.push_back(&descriptor);
  }

  bool in_place(size_t output) const { return output == 0 && aliased >= 0; }
  // The tensor that holds output i.
  const GuardedTensor& written(size_t i) const {
    return in_place(i) ? inputs[static_cast<size_t>(aliased)] : outputs[i];
  }

  // Copies the values in, poisons the outputs, and remembers all bytes.
  void load(const Expectation& expectation, uint8_t poison) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      const auto bytes = static_cast<size_t>(span_of(inputs[i].shape(), inputs[i].strides()) *
                                             size_of(inputs[i].dtype()));
      if (bytes > 0) std::memcpy(inputs[i].data(), expectation.inputs[i].data(), bytes);
      inputs[i].seal();
      inputs[i].send();
    }
    for (GuardedTensor& output : outputs) {
      output.poison(poison);
      output.seal();
      output.send();
    }
  }

  // Waits for what runs, and looks at what it left.
  void fetch() {
    for (GuardedTensor& input : inputs) input.fetch();
    for (GuardedTensor& output : outputs) output.fetch();
  }
};

CaseJudge::CaseJudge(const VerifyCase& verify_case, const ThreadPool& pool)
    : case_(verify_case), pool_(pool), values_(verify_case.spec) {
  expected_ = expect(case_.seed);
}

CaseJudge::~CaseJudge() = default;

std::unique_ptr<CaseJudge::Expectation> CaseJudge::expect(uint64_t seed) {
  auto result = std::make_unique<Expectation>();
  const int64_t skew = has_loose_storage(case_.seed) ? 1 : 0;
  result->inputs.reserve(values_.tensor_count());
  for (size_t i = 0; i < values_.tensor_count(); ++i) {
    const fgx_tensor& tensor = values_.tensor(i);
    const std::vector<int64_t> shape(tensor.shape, tensor.shape + tensor.ndim);
    const std::vector<int64_t> strides(tensor.strides, tensor.strides + tensor.ndim);
    GuardedTensor& input =
        result->inputs.emplace_back(*from_code(tensor.dtype), shape, strides, skew, 0);
    fill_input(*case_.spec.op, values_.argument_of(i), values_.place_of(i), input.view(),
               values_.first_shapes(), seed);
    values_.set_data(i, input.data());  // on the CPU, where the oracle runs
  }
  Call call;
  call.bind(*case_.spec.op, values_.values(), {});
  const std::vector<OracleTensor> inputs = oracle_inputs(call);
  result->outputs = run_oracle(call, inputs);
  for (const OracleTensor& output : result->outputs) {
    result->models.push_back(error_model(call, inputs, output));
  }
  return result;
}

void CaseJudge::check_memory(const Memory& memory, CaseResult& result) const {
  for (size_t i = 0; i < memory.inputs.size(); ++i) {
    const GuardedTensor& input = memory.inputs[i];
    const std::string& name =
        case_.spec.op->schema.arguments[static_cast<size_t>(values_.argument_of(i))].name;
    if (static_cast<int>(i) == memory.aliased) {
      if (!input.surroundings_intact()) {
        result.failures.push_back(
            failure(Fault::kCanary, 0, "wrote outside of the in-place output"));
      }
    } else if (!input.unchanged()) {
      result.failures.push_back(
          failure(Fault::kInputChanged, -1, format_text("changed input '%s'", name.c_str())));
    }
  }
  for (size_t i = 0; i < memory.outputs.size(); ++i) {
    if (!memory.in_place(i) && !memory.outputs[i].surroundings_intact()) {
      result.failures.push_back(
          failure(Fault::kCanary, static_cast<int>(i), "wrote outside of the output's elements"));
    }
  }
}

void CaseJudge::check_values(const Memory& memory, const Expectation& expectation,
                             const CaseResult* stable, CaseResult& result) const {
  for (size_t i = 0; i < expectation.outputs.size(); ++i) {
    const OracleTensor& expected = expectation.outputs[i];
    const Comparison comparison =
        compare(memory.written(i).view(), expected, expectation.models[i]);
    result.output_errors.push_back(comparison.max_abs_error);
    result.max_abs_error = std::max(result.max_abs_error, comparison.max_abs_error);
    result.max_rel_error = std::max(result.max_rel_error, comparison.max_rel_error);
    result.worst_ratio = std::max(result.worst_ratio, comparison.worst_ratio);
    if (!comparison.passed()) {
      CaseFailure& wrong = result.failures.emplace_back(
          failure(comparison.fault, static_cast<int>(i),
                  format_text("%lld of %lld elements wrong, by up to %.3g ulp",
                              static_cast<long long>(comparison.faulty),
                              static_cast<long long>(expected.numel()), comparison.max_ulp)));
      wrong.index = coordinates(comparison.index, expected.shape);
      wrong.expected = comparison.expected;
      wrong.actual = comparison.actual;
      wrong.error = comparison.error;
      wrong.tolerance = comparison.tolerance;
    } else if (stable != nullptr && stable->passed() && i < stable->output_errors.size() &&
               is_float(expected.dtype) &&
               !close_to_stable(comparison.max_abs_error, stable->output_errors[i], expected.dtype,
                                largest_magnitude(expected))) {
      CaseFailure& worse = result.failures.emplace_back(
          failure(Fault::kWorseThanStable, static_cast<int>(i),
                  format_text("largest error %.3g; the stable implementation's is %.3g",
                              comparison.max_abs_error, stable->output_errors[i])));
      worse.error = comparison.max_abs_error;
      worse.tolerance = stable->output_errors[i];
    }
  }
}

CaseResult CaseJudge::judge(const Implementation& implementation, const CaseResult* stable) {
  CaseResult result;
  const fgx_device device{implementation.def.device_type, case_.spec.device.id};
  std::vector<std::vector<std::byte>> first;
  for (int run = 0; run < 2; ++run) {
    Memory memory(case_, values_, *expected_, run + 1, device);
    const auto launch = [&](const Expectation& expectation) {
      memory.load(expectation, kPoisons[run]);
      for (size_t i = 0; i < memory.inputs.size(); ++i) {
        values_.set_data(i, memory.inputs[i].address(), device);
      }
      Call call;
      call.bind(*case_.spec.op, values_.values(), memory.pointers);
      result.skip_reason = refusal(implementation, call, case_.spec.in_place);
      result.skipped = !result.skip_reason.empty();
      if (result.skipped) return false;
      try {
        const PreparedRun prepared(implementation, call, pool_);
        prepared.run();
        memory.fetch();  // while the workspace lives
      } catch (const Error& error) {
        if (is_refusal(error)) {
          result.skipped = true;
          result.skip_reason = error.message();
        } else {
          result.failures.push_back(failure(Fault::kError, -1, error.message()));
        }
        return false;
      }
      check_memory(memory, result);
      return true;
    };
    if (!launch(*expected_)) return result;
    if (run == 0) {
      check_values(memory, *expected_, stable, result);
      for (size_t i = 0; i < memory.outputs.size(); ++i) {
        first.push_back(memory.written(i).contents());
      }
    } else {
      for (size_t i = 0; i < memory.outputs.size(); ++i) {
        const GuardedTensor& output = memory.written(i);
        const std::vector<std::byte> second = output.contents();
        if (second == first[i]) continue;
        const auto item = static_cast<size_t>(size_of(output.dtype()));
        int64_t unwritten = -1, different = -1;
        for (int64_t e = 0; e < output.numel(); ++e) {
          const std::byte* a = first[i].data() + static_cast<size_t>(e) * item;
          const std::byte* b = second.data() + static_cast<size_t>(e) * item;
          if (std::memcmp(a, b, item) == 0) continue;
          bool poisoned = true;
          for (size_t k = 0; k < item; ++k) {
            poisoned = poisoned && static_cast<uint8_t>(a[k]) == kPoisons[0] &&
                       static_cast<uint8_t>(b[k]) == kPoisons[1];
          }
          if (poisoned && unwritten < 0) unwritten = e;
          if (!poisoned && different < 0) different = e;
        }
        if (unwritten >= 0) {
          // Ahead of the wrong values that follow from it, behind damage to other memory.
          const auto place = std::find_if(
              result.failures.begin(), result.failures.end(), [](const CaseFailure& other) {
                return other.fault != Fault::kCanary && other.fault != Fault::kInputChanged;
              });
          const auto inserted = result.failures.insert(
              place,
              failure(Fault::kUnwritten, static_cast<int>(i), "elements were never written"));
          inserted->index = coordinates(unwritten, output.shape());
        } else if (different >= 0 && implementation.def.deterministic) {
          CaseFailure& varies = result.failures.emplace_back(
              failure(Fault::kNondeterministic, static_cast<int>(i),
                      "two runs on equal inputs differ, though it claims to be deterministic"));
          varies.index = coordinates(different, output.shape());
        }
      }
    }
    // A function that remembers answers by address gives itself away on new data at an old address.
    if (run == 1 && implementation.host != nullptr && result.failures.empty()) {
      if (expected_again_ == nullptr) expected_again_ = expect(case_.seed + 2 * kDistributionCount);
      if (!launch(*expected_again_)) return result;
      check_values(memory, *expected_again_, nullptr, result);
      if (!result.failures.empty()) {
        result.failures.front().message += " on new data at addresses used before";
      }
    }
  }
  return result;
}

}  // namespace fgx
