// SPDX-License-Identifier: Apache-2.0
// The C++ wrapper: calls, plans, inference, and errors as typed exceptions.
#include <cmath>
#include <cstdio>

#include "flaggems_exp.hpp"

#define REQUIRE(condition)                                                      \
  do {                                                                          \
    if (!(condition)) {                                                         \
      std::printf("%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition); \
      return 1;                                                                 \
    }                                                                           \
  } while (0)

int main() {
  fgx::Context context;
  const fgx::Op gelu = context.op("gelu");
  REQUIRE(gelu.name() == "aten::gelu");
  float x[2] = {0.0f, 1.0f};
  float y[2] = {9.0f, 9.0f};
  const fgx::TensorView in(x, {2});
  const fgx::TensorView out(y, {2});
  gelu({in, "tanh"}, {out});
  REQUIRE(y[0] == 0.0f && std::fabs(y[1] - 0.841192f) < 1e-5f);

  const auto descs = gelu.infer({in});
  REQUIRE(descs.size() == 1 && descs[0].ndim == 1 && descs[0].shape[0] == 2);
  REQUIRE(gelu.explain({in}).find("\"chosen\"") != std::string::npos);

  const fgx::Plan plan(gelu, {in}, {out});
  plan.run({x, y});
  REQUIRE(std::fabs(y[1] - 0.8413447f) < 1e-6f);

  try {
    gelu({in, "erf"}, {out});
    REQUIRE(false);
  } catch (const fgx::InvalidArgumentError& error) {
    REQUIRE(error.operator_name() == "aten::gelu" && error.argument() == 1);
    REQUIRE(std::string(error.what()).find("tanh") != std::string::npos);
  }
  try {
    context.op("gleu");
    REQUIRE(false);
  } catch (const fgx::MetadataError& error) {
    REQUIRE(error.status() == FGX_METADATA_NOT_FOUND);
    REQUIRE(std::string(error.what()).find("gelu") != std::string::npos);
  }
  context.set("dispatch_strategy", "aggressive");
  REQUIRE(context.get("dispatch_strategy") == "aggressive");
  std::puts("the C++ wrapper holds");
  return 0;
}
