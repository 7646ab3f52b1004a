// With the mapper's free choice, a better machine is never slower by more than 2 %, and splitting a batch
// never gains. Exceptions (scheduling anomalies) are listed one by one below, and no others are tolerated.

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <sstream>

#include "sim/config/arch_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/engine/isolate.h"
#include "sim/engine/kernel_run.h"
#include "tests/support/machine_name.h"
#include "tests/support/property_machines.h"
#include "tests/support/random_operator.h"
#include "tests/support/shipped_machine.h"

namespace orrery::test {
namespace {

constexpr int kOperators = 150;
constexpr double kTolerance = 0.02;

struct Improvement {
  const char* name;
  std::function<void(ArchSpec&)> apply;
};

const std::vector<Improvement>& improvements() {
  static const std::vector<Improvement> kAll = {
      {"none", [](ArchSpec&) {}},
      {"dram", [](ArchSpec& a) { a.dram.channels += a.dram.channels / 4 + 1; }},
      {"cores", [](ArchSpec& a) { a.cores.count += a.cores.count / 8 + 1; }},
      {"shared_rate",
       [](ArchSpec& a) {
         if (!a.shared_levels.empty()) a.shared_levels.front().bytes_per_cycle *= 1.25;
       }},
      {"clock", [](ArchSpec& a) { a.clock_hz *= 1.1; }},
      {"latency",
       [](ArchSpec& a) {
         a.dram.controller_latency_ns /= 2;
         a.network.latency_ns /= 2;
         if (!a.shared_levels.empty()) a.shared_levels.front().latency_ns /= 2;
       }},
  };
  return kAll;
}

std::vector<Operator> operators(const ArchSpec& arch) {
  Random random(23);
  std::vector<Operator> list;
  const std::uint64_t most_macs =
      arch.peak_macs_per_s(arch.execution.default_dtype) > 1e13 ? 1ULL << 34 : 1ULL << 29;
  for (int i = 0; i < kOperators; ++i) list.push_back(random_operator(random, arch, most_macs));
  return list;
}

struct Timed {
  Femtoseconds time = 0;
  std::string what;
};

// All operators on one machine, in a process of its own: a line each.
std::function<std::string()> times_task(const ArchSpec& arch) {
  return [arch] {
    OperatorRunner runner(arch, {});
    std::string out;
    for (const Operator& op : operators(arch)) {
      const Femtoseconds t = from_seconds(runner.run(op, {}, true).tally.seconds);
      const KernelResult r = run_kernel(op, runner);
      out += std::to_string(t) + " " + r.op + " " + r.shape + ": " + r.mapping + "\n";
    }
    return out;
  };
}

std::vector<Timed> decode(const std::string& text) {
  std::vector<Timed> times;
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    const std::size_t space = line.find(' ');
    times.push_back({std::stoll(line.substr(0, space)), line.substr(space + 1)});
  }
  return times;
}

// Known anomalies: "machine improvement operator-number", each slower by more than 2 % with the better
// machine.
const std::set<std::string>& listed_anomalies() {
  static const std::set<std::string> kListed = {
      // Another tiling ties in the estimate and is not among those simulated, or the tail of the shared
      // queues falls differently.
      "asic/mesh-npu cores 2",             // attention batch 5, 16 heads (4 kv) of 128, q 1, kv 284, +2.7 %
      "asic/mesh-npu dram 41",             // matmul 159x640x307, +5.4 %
      "asic/mesh-npu dram 97",             // matmul 307x79x600, +5.3 %
      "gpu/a100-sxm-40gb cores 50",        // gelu 161x13085, +2.6 %
      "gpu/a100-sxm-40gb cores 138",       // attention batch 8, 16 heads of 128, q 5, kv 499, +3.3 %
      "gpu/a100-sxm-40gb shared_rate 55",  // matmul 127x6933x116, +4.1 %
      "gpu/a100-sxm-40gb clock 55",        // the same, +2.2 %
      "gpu/a100-sxm-80gb shared_rate 83",  // attention batch 5, 4 heads of 64, q 855, kv 1488, window, +3.7 %
      "gpu/a100-sxm-40gb shared_rate 112",  // matmul 869x3716x58, +3.5 %
      "gpu/a100-sxm-80gb cores 138",        // attention batch 8, 16 heads of 128, q 5, kv 499, +3.1 %
      "gpu/a100-sxm-80gb shared_rate 112",  // matmul 869x3716x58, +3.5 %
      "gpu/h100-sxm cores 124",             // silu_mul 110x11360, +2.9 %
  };
  return kListed;
}

class Monotone : public testing::TestWithParam<std::string> {};

TEST_P(Monotone, ABetterMachineIsNeverSlowerByMoreThan2Percent) {
  std::vector<std::function<std::string()>> tasks;
  for (const Improvement& better : improvements()) {
    ArchSpec arch = shipped_machine(GetParam());
    arch.execution.library.reset();  // promised for a free mapping, and without a power cap
    arch.power_cap_w = 0;
    better.apply(arch);
    tasks.push_back(times_task(arch));
  }
  const std::vector<std::string> answers = run_isolated(tasks, 2);
  const std::vector<Timed> base = decode(answers[0]);
  for (std::size_t i = 1; i < answers.size(); ++i) {
    const std::vector<Timed> better = decode(answers[i]);
    ASSERT_EQ(better.size(), base.size());
    for (std::size_t op = 0; op < base.size(); ++op) {
      const double ratio = static_cast<double>(better[op].time) / static_cast<double>(base[op].time);
      const std::string key = GetParam() + " " + improvements()[i].name + " " + std::to_string(op);
      if (listed_anomalies().count(key) != 0) {
        EXPECT_GT(ratio, 1 + kTolerance) << key << " is no anomaly any more: take it off the list";
        continue;
      }
      EXPECT_LE(ratio, 1 + kTolerance)
          << key << "\nbase:   " << base[op].what << "\nbetter: " << better[op].what;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllMachines, Monotone, testing::ValuesIn(property_machines()), machine_test_name);

class Splitting : public testing::TestWithParam<std::string> {};

TEST_P(Splitting, ABatchIsNeverFasterInTwoHalves) {
  const ArchSpec arch = shipped_machine(GetParam());
  OperatorRunner runner(arch, {});
  Random random(31);
  const DType dtype = arch.execution.default_dtype;
  for (int i = 0; i < 25; ++i) {
    const std::uint64_t m = 2 * random.log_uniform(1, 1024);
    const std::uint64_t n = random.log_uniform(64, 8192);
    const std::uint64_t k = random.log_uniform(64, 4096);
    const double whole = runner.run(standalone_matmul({1, m, n, k}, dtype), {}, true).tally.seconds;
    const double half = runner.run(standalone_matmul({1, m / 2, n, k}, dtype), {}, true).tally.seconds;
    // Of tilings within a per cent of the fastest the thriftiest runs (MapObjective::time).
    EXPECT_LE(whole, 2.0 * 1.01 * half) << m << "x" << n << "x" << k;
  }
}

INSTANTIATE_TEST_SUITE_P(AllMachines, Splitting, testing::ValuesIn(property_machines()), machine_test_name);

}  // namespace
}  // namespace orrery::test
