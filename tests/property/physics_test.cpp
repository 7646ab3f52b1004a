// Physics that every machine obeys on random operators: nothing beats the roofline, bytes and MACs are
// conserved, time and energy are the sums of their parts. (Bytes asked = bytes served at every level is
// checked by the machine itself after each run and would throw here.)

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/engine/kernel_run.h"
#include "sim/engine/roofline.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/machine_name.h"
#include "tests/support/moved_bytes.h"
#include "tests/support/property_machines.h"
#include "tests/support/random_operator.h"
#include "tests/support/shipped_machine.h"

namespace orrery::test {
namespace {

constexpr int kOperatorsPerMachine = 150;  // x the 8 machines shipped: more than 1000

class Physics : public testing::TestWithParam<std::string> {};

void expect_physics(const Operator& op, OperatorRunner& runner) {
  const ArchSpec& arch = runner.arch();
  const KernelResult r = run_kernel(op, runner);
  SCOPED_TRACE(arch.name + " " + r.op + " " + r.shape + ": " + r.mapping);
  EXPECT_GE(r.latency_s, roofline(op, arch, true).seconds);
  expect_computed(r.counts.total_macs(), op, arch);
  expect_all_moved(op, arch, r.counts);
  EXPECT_LE(static_cast<double>(r.counts.dram_bytes()), arch.dram.peak_bytes_per_s() * r.latency_s);
  double parts = 0;
  for (const double part : r.time.parts) {
    EXPECT_GE(part, 0);
    parts += part;
  }
  EXPECT_NEAR(parts, r.latency_s, 1e-9 * r.latency_s);
  const EnergyBreakdown& e = r.energy;
  // Leakage, and the clock tree at the kernel's clock; the regulators lose a share of all of it.
  const double factor = r.clock_ghz * 1e9 / arch.clock_hz;
  const double voltage = std::max(arch.min_voltage_share, factor);
  const double chip = arch.static_w + arch.active_w * factor * voltage * voltage;
  EXPECT_NEAR(e.static_power.value(), chip * r.latency_s, 1e-9 * e.total().value());
  EXPECT_NEAR(e.total().value() * arch.supply_efficiency, (e.dynamic() + e.static_power).value(),
              1e-9 * e.total().value());
  EXPECT_GE(r.counts.issued_macs * 16, r.counts.total_macs() * storage_bits(op.dtype));
  EXPECT_GT(e.total(), Joules{});
}

TEST_P(Physics, HoldsOnRandomOperators) {
  const ArchSpec arch = shipped_machine(GetParam());
  OperatorRunner runner(arch, {});
  Random random(11);
  // Small machines take long over large operators.
  const std::uint64_t most_macs =
      arch.peak_macs_per_s(arch.execution.default_dtype) > 1e13 ? 1ULL << 35 : 1ULL << 31;
  for (int i = 0; i < kOperatorsPerMachine; ++i)
    expect_physics(random_operator(random, arch, most_macs), runner);
}

INSTANTIATE_TEST_SUITE_P(AllMachines, Physics, testing::ValuesIn(property_machines()), machine_test_name);

}  // namespace
}  // namespace orrery::test
