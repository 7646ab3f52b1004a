// How far from measurements and from other simulators, on the reference rows (-DORRERY_REFERENCE_DATA).

#include <gtest/gtest.h>

#include <cmath>

#include "models/compute/pe_array.h"
#include "sim/config/arch_loader.h"
#include "sim/engine/kernel_run.h"
#include "sim/timing/systolic_timing.h"
#include "tests/support/csv_rows.h"
#include "tests/validation/reference_data.h"

namespace orrery::test {
namespace {

// SCALE-Sim v2 prints the index of the last cycle: its figure is one less than the count.
TEST(Reference, SystolicCyclesEqualScaleSimOnEveryRow) {
  constexpr std::uint64_t kElementCycles = 1'000'000'000;  // what the array element by element gets through
  int rows = 0;
  int simulated = 0;
  for (auto& row : csv_rows(kData + "/systolic_reference.csv")) {
    SystolicArraySpec spec;
    spec.rows = static_cast<std::uint32_t>(std::stoul(row["array_rows"]));
    spec.cols = static_cast<std::uint32_t>(std::stoul(row["array_cols"]));
    spec.rates[static_cast<std::size_t>(DType::fp16)] = 1;
    const Dataflow dataflow = row["dataflow"] == "ws"   ? Dataflow::weight_stationary
                              : row["dataflow"] == "os" ? Dataflow::output_stationary
                                                        : Dataflow::input_stationary;
    const ArrayProduct product{std::stoull(row["m"]), std::stoull(row["n"]), std::stoull(row["k"])};
    const std::uint64_t expected = std::stoull(row["compute_cycles"]) + 1;
    SCOPED_TRACE(row["dataflow"] + " " + row["m"] + "x" + row["n"] + "x" + row["k"]);
    EXPECT_EQ(matrix_cycles(spec, dataflow, DType::fp16, product.m, product.n, product.k).value(), expected);
    ++rows;
    if (expected * spec.rows * spec.cols > kElementCycles) continue;
    EXPECT_EQ(PeArray(spec.rows, spec.cols, false).run(dataflow, product).value(), expected);
    ++simulated;
  }
  EXPECT_GE(rows, 25);
  EXPECT_GE(simulated, 20);
}

// A100 SXM 80 GB by the host's clock (LLMCompass, ISCA 2024), products long enough that the launch, which
// fidelity tile with the ideal runtime leaves out, is a small part: mean within 15 %, each within 25 %.
// Nothing is fitted.
TEST(Reference, A100MatmulsByTheHostsClock) {
  const ArchSpec arch = load_arch_named("gpu/a100-sxm-80gb");
  OperatorRunner runner(arch, {});
  double sum = 0;
  int rows = 0;
  for (auto& row : csv_rows(kData + "/kernels_a100_host.csv")) {
    if (row["op"] != "matmul" || std::stod(row["measured_us"]) < 150) continue;
    const MatmulShape shape{1, std::stoull(row["m"]), std::stoull(row["n"]), std::stoull(row["k"])};
    const double simulated = run_kernel(standalone_matmul(shape, DType::fp16), runner).latency_s * 1e6;
    const double error = simulated / std::stod(row["measured_us"]) - 1;
    std::printf("%6s x %6s x %6s: measured %9.1f us, simulated %9.1f us, %+5.1f %%\n", row["m"].c_str(),
                row["n"].c_str(), row["k"].c_str(), std::stod(row["measured_us"]), simulated, 100 * error);
    EXPECT_LT(std::abs(error), 0.25);
    sum += std::abs(error);
    ++rows;
  }
  EXPECT_GE(rows, 10);
  EXPECT_LT(sum / rows, 0.15);
}

}  // namespace
}  // namespace orrery::test
