// What a result says of its own error: measured bands inside, pooled ones outside, none of a bound.

#include "sim/estimate/expected_error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/config/arch_loader.h"

namespace orrery::test {
namespace {

MeasuredError error(std::uint64_t rows, double mean, double p90) {
  return {rows, 0, mean, p90, {mean, p90}};
}

AccuracyTable table() {
  AccuracyTable t;
  t.kernels.push_back({"gpu/a100-pcie-80gb", "matmul", "fp16", error(100, 0.07, 0.16), {10, 1000}});
  t.kernels.push_back({"gpu/h100-sxm", "matmul", "fp16", error(50, 0.08, 0.20), {10, 1000}});
  t.kernels.push_back({"gpu/h100-sxm", "matmul", "bf16", error(50, 0.09, 0.21), {10, 1000}});
  t.kernels.push_back({"gpu/h100-sxm", "matmul", "fp8", error(50, 0.15, 0.40), {10, 1000}});
  t.kernels.push_back({"gpu/h100-sxm", "attention", "bf16", error(50, 0.20, 0.60), {10, 1000}});
  for (const char* model : {"llama-2-7b", "mistral-7b", "llama-2-70b"})
    t.runs.push_back({"gpu/h100-sxm",
                      "vllm",
                      error(30, 0.1, 0.2),
                      {1, 64},
                      {128, 2048},
                      {128, 2048},
                      {1, 4},
                      {"fp16"},
                      {model}});
  t.power.push_back({"gpu/h100-sxm", "run", error(4, 0.1, 0.2)});
  t.power.push_back({"gpu/h100-sxm", "kernel", error(4, 0.2, 0.3)});
  return t;
}

KernelResult kernel(const std::string& arch, double us, const std::string& dtype = "fp16") {
  KernelResult r;
  r.arch = arch;
  r.op = "matmul";
  r.dtype = dtype;
  r.fidelity = "tile";
  r.latency_s = us * 1e-6;
  return r;
}

RunResult run(const std::string& arch, const std::string& runtime) {
  RunResult r;
  r.arch = arch;
  r.runtime = runtime;
  r.model = "llama-2-7b";
  r.dtype = "fp16";
  r.fidelity = "tile";
  r.batch = 16;
  r.input = r.output = 512;
  return r;
}

template <class Result>
ExpectedErrors of(const Result& result, const char* machine, const AccuracyTable& accuracy) {
  return expected_errors(result, load_arch_named(machine), accuracy);
}

TEST(ExpectedError, InsideWhatWasMeasuredItIsTheMeasuredBand) {
  const ExpectedError e = of(kernel("gpu/a100-pcie-80gb", 100), "gpu/a100-pcie-80gb", table()).time;
  EXPECT_TRUE(e.inside);
  EXPECT_DOUBLE_EQ(e.p90.value_or(-1), 0.16);
  EXPECT_DOUBLE_EQ(e.mean.value_or(-1), 0.07);
}

// The nearest groups that are enough, each counting as one; never narrower than the machine's own.
TEST(ExpectedError, OutsideItIsPooledFromTheNearestAndSaysWhy) {
  const ExpectedError small = of(kernel("gpu/a100-pcie-80gb", 3), "gpu/a100-pcie-80gb", table()).time;
  EXPECT_FALSE(small.inside);
  EXPECT_DOUBLE_EQ(small.p90.value_or(-1), 0.21);  // of three groups in 16 bits
  EXPECT_NE(small.basis.find("3.0 us (10 to 1000 measured)"), std::string::npos) << small.basis;
  EXPECT_NE(small.basis.find("200 measured rows of 3 groups"), std::string::npos) << small.basis;
  const ExpectedError other = of(kernel("gpu/h200-sxm", 100), "gpu/h200-sxm", table()).time;
  EXPECT_DOUBLE_EQ(other.p90.value_or(-1), 0.21);
  EXPECT_NE(other.basis.find("outside: machine"), std::string::npos) << other.basis;
  // A narrow format has one group of its own width: those of 16 bits join.
  EXPECT_DOUBLE_EQ(of(kernel("gpu/h200-sxm", 100, "int8"), "gpu/h200-sxm", table()).time.p90.value_or(-1),
                   0.40);
}

// Where nothing of the kind was measured the band is of all that was, and wider.
TEST(ExpectedError, AForeignMachineHasTheWidestBand) {
  for (const char* name : {"asic/tpu-v5e", "gpu/mi300x", "fpga/u280-x4-dfx"}) {
    const ExpectedErrors e = of(kernel(name, 100), name, table());
    EXPECT_DOUBLE_EQ(e.time.p90.value_or(-1), kOutsideFactor * 0.40) << name;
    EXPECT_NE(e.time.basis.find("none of its vendor's"), std::string::npos) << e.time.basis;
    EXPECT_DOUBLE_EQ(e.power.p90.value_or(-1), kOutsideFactor * 0.3) << name;
    EXPECT_FALSE(e.time.inside);
  }
  KernelResult r = kernel("gpu/h100-sxm", 100);
  r.fidelity = "roofline";
  EXPECT_FALSE(of(r, "gpu/h100-sxm", table()).time.p90.has_value());
  EXPECT_FALSE(of(kernel("gpu/h100-sxm", 100), "gpu/h100-sxm", {}).power.p90.has_value());
}

TEST(ExpectedError, WholeInferencesByStackModelAndRange) {
  const char* const h100 = "gpu/h100-sxm";
  EXPECT_TRUE(of(run(h100, "vllm"), h100, table()).time.inside);
  RunResult big = run(h100, "vllm");
  big.batch = 256;
  const ExpectedError wide = of(big, h100, table()).time;
  EXPECT_DOUBLE_EQ(wide.p90.value_or(-1), kOutsideFactor * 0.2);
  EXPECT_NE(wide.basis.find("batch 256 (1 to 64 measured)"), std::string::npos) << wide.basis;
  RunResult other = run(h100, "vllm");
  other.model = "gpt2";
  EXPECT_FALSE(of(other, h100, table()).time.inside);
  EXPECT_DOUBLE_EQ(of(other, h100, table()).time.p90.value_or(-1), 0.2);
  other.dtype = "fp8";
  EXPECT_DOUBLE_EQ(of(other, h100, table()).time.p90.value_or(-1), kOutsideFactor * 0.2);
  // Without a stack only kernels are known, and the inference is a lower bound.
  const ExpectedError ideal = of(run(h100, "ideal"), h100, table()).time;
  EXPECT_DOUBLE_EQ(ideal.p90.value_or(-1), kOutsideFactor * 0.60);
  EXPECT_FALSE(ideal.inside);
}

TEST(ExpectedError, EnergyIsOffByTimeAndPower) {
  const ExpectedErrors e = of(run("gpu/h100-sxm", "vllm"), "gpu/h100-sxm", table());
  EXPECT_DOUBLE_EQ(e.power.p90.value_or(-1), 0.2);
  EXPECT_DOUBLE_EQ(e.energy.p90.value_or(-1), std::hypot(0.2, 0.2));
  EXPECT_FALSE(e.power.inside);  // a board was measured, not what is asked of it
}

TEST(ExpectedError, TheShippedTableNamesKnownMachinesAndModels) {
  const AccuracyTable shipped = load_accuracy();
  EXPECT_GE(shipped.kernels.size(), 10U);
  EXPECT_GE(shipped.runs.size(), 4U);
  EXPECT_GE(shipped.power.size(), 10U);
  for (const KernelAccuracy& k : shipped.kernels) EXPECT_NO_THROW(load_arch_named(k.arch));
  for (const RunAccuracy& r : shipped.runs) EXPECT_NO_THROW(load_arch_named(r.arch));
  for (const PowerAccuracy& p : shipped.power) EXPECT_NO_THROW(load_arch_named(p.arch));
}

// Each group of at least five rows left out in turn, and each machine with all of its groups: nine of ten
// rows inside the band that is then printed, which is not much wider than need be.
struct LeftOut {
  double inside = 0, widths = 0;  // means over groups; median of band over the group's own 90th percentile
};

constexpr std::uint64_t kFewRows = 5;

const ArchSpec& machine(const std::string& name) {
  static std::map<std::string, ArchSpec> known;
  const auto found = known.find(name);
  return found != known.end() ? found->second : known.emplace(name, load_arch_named(name)).first->second;
}

// `list`: of the table, its groups; `counts`: which of them are looked at; `leave`: which go with one;
// `band`: what is then printed for one.
template <class Group, class Counts, class Leave, class Band>
LeftOut left_out(const AccuracyTable& shipped, std::vector<Group> AccuracyTable::*list, Counts counts,
                 Leave leave, Band band) {
  LeftOut mean;
  std::vector<double> ratios;
  shipped.origins();  // read once for all copies
  for (const Group& group : shipped.*list) {
    if (!counts(group)) continue;
    AccuracyTable rest = shipped;
    std::vector<Group>& left = rest.*list;
    left.erase(std::remove_if(left.begin(), left.end(), [&](const Group& g) { return leave(g, group); }),
               left.end());
    const ExpectedError e = band(group, rest);
    EXPECT_TRUE(e.p90.has_value()) << group.arch;
    const std::vector<double>& spread = group.error.spread;
    const auto held = std::count_if(spread.begin(), spread.end(), [&](double x) { return x <= *e.p90; });
    mean.inside += static_cast<double>(held) / static_cast<double>(spread.size());
    ratios.push_back(*e.p90 / group.error.p90);
  }
  mean.inside /= static_cast<double>(ratios.size());
  std::nth_element(ratios.begin(), ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2),
                   ratios.end());
  mean.widths = ratios[ratios.size() / 2];
  std::printf("%zu groups: %.1f %% inside, %.2f times as wide\n", ratios.size(), 100 * mean.inside,
              mean.widths);
  return mean;
}

void expect_kept(const LeftOut& kept, double widest = 1.6) {
  EXPECT_GE(kept.inside, 0.85);
  EXPECT_LE(kept.inside, 0.95);
  EXPECT_LE(kept.widths, widest);
}

TEST(ExpectedError, GroupsLeftOutLieInTheirBands) {
  const AccuracyTable shipped = load_accuracy();
  using K = KernelAccuracy;
  const auto counts = [](const K& k) { return k.error.rows >= kFewRows; };
  const auto band = [](const K& group, const AccuracyTable& rest) {
    KernelResult r = kernel(group.arch, static_cast<double>(group.us.least), group.dtype);
    r.op = group.op;
    return expected_errors(r, machine(group.arch), rest).time;
  };
  expect_kept(left_out(
      shipped, &AccuracyTable::kernels, counts,
      [](const K& k, const K& group) {
        return k.arch == group.arch && k.op == group.op && k.dtype == group.dtype;
      },
      band));
  expect_kept(left_out(
      shipped, &AccuracyTable::kernels, counts,
      [](const K& k, const K& group) { return k.arch == group.arch; }, band));
}

// The same of whole inferences.
TEST(ExpectedError, RunsLeftOutLieInTheirBands) {
  const AccuracyTable shipped = load_accuracy();
  using R = RunAccuracy;
  const auto counts = [](const R& r) { return r.error.rows >= kFewRows; };
  const auto band = [](const R& group, const AccuracyTable& rest) {
    RunResult r = run(group.arch, group.runtime);
    r.model = group.models.front();
    r.dtype = group.dtypes.front();
    return expected_errors(r, machine(group.arch), rest).time;
  };
  expect_kept(left_out(
      shipped, &AccuracyTable::runs, counts,
      [](const R& r, const R& group) {
        return r.arch == group.arch && r.runtime == group.runtime && r.models == group.models;
      },
      band));
  expect_kept(left_out(
      shipped, &AccuracyTable::runs, counts, [](const R& r, const R& group) { return r.arch == group.arch; },
      band));
}

// And of power: of kernels, which two boards were measured with, each group of them; of runs a board with all
// of its groups.
TEST(ExpectedError, PowerLeftOutLiesInItsBands) {
  const AccuracyTable shipped = load_accuracy();
  using P = PowerAccuracy;
  expect_kept(left_out(
      shipped, &AccuracyTable::power,
      [](const P& p) { return p.what == "kernel" && p.error.rows >= kFewRows; },
      [](const P& p, const P& group) {
        return p.arch == group.arch && p.what == group.what && p.error.rows == group.error.rows &&
               p.error.mean == group.error.mean;
      },
      [](const P& group, const AccuracyTable& rest) {
        return expected_errors(kernel(group.arch, 100), machine(group.arch), rest).power;
      }));
  expect_kept(left_out(
      shipped, &AccuracyTable::power, [](const P& p) { return p.what == "run"; },
      [](const P& p, const P& group) { return p.arch == group.arch && p.what == group.what; },
      [](const P& group, const AccuracyTable& rest) {
        return expected_errors(run(group.arch, "vllm"), machine(group.arch), rest).power;
      }));
}

}  // namespace
}  // namespace orrery::test
