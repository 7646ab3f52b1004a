// DRAM, networks and collectives against reference runs and measurements (-DORRERY_REFERENCE_DATA): the mean
// absolute error of each group (preset x pattern; topology x traffic) within its band, no row beyond 2.5
// times the band.

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "sim/validate/validation.h"
#include "tests/validation/reference_data.h"

namespace orrery::test {
namespace {

struct Band {
  const char* name;
  std::vector<std::string> where;
  Quantity quantity;
  double cycle, tile;  // fractions
};

void expect_within(const std::string& file, const Band& band, ProbeFidelity fidelity,
                   const std::vector<std::string>& by) {
  ValidationRequest request;
  request.files = {kData + "/" + file};
  request.where = band.where;
  request.quantity = band.quantity;
  request.settings.fidelity = fidelity == ProbeFidelity::cycle ? Fidelity::cycle : Fidelity::tile;
  request.by = by;
  request.jobs = 2;
  const double limit = fidelity == ProbeFidelity::cycle ? band.cycle : band.tile;
  const auto rows = validate_rows(request, [](std::size_t, std::size_t) {});
  EXPECT_GT(rows.size(), 1U) << band.name;
  for (const ValidatedRow& row : rows) {
    EXPECT_EQ(row.failure, "") << row.line;
    EXPECT_LE(std::abs(row.error()), 2.5 * limit)
        << band.name << " " << row.file << ":" << row.line << " " << row.measured << " " << row.simulated;
  }
  for (const ErrorGroup& g : error_groups(rows))
    EXPECT_LE(g.errors.value().mean_abs, limit) << band.name << " " << g.group;
}

std::vector<Band> dram_bands() {
  const auto saturating = [](const char* pattern) {
    return std::vector<std::string>{std::string("pattern=") + pattern, "mode=saturating"};
  };
  using Q = Quantity;
  std::vector<Band> bands = {{"random", saturating("rand_read"), Q::throughput, 0.05, 0.10},
                             {"mix", saturating("mix21"), Q::throughput, 0.10, 0.15},
                             {"row conflict", saturating("rowconflict"), Q::throughput, 0.01, 0.03}};
  for (const char* pattern : {"rand_256", "rand_4096", "stride_256", "stride_1024", "stride_65536"})
    bands.push_back({pattern, saturating(pattern), Q::throughput, 0.08, 0.12});
  for (const char* pattern : {"seq_read", "rand_read", "mix21", "rand_4096"})
    bands.push_back({"energy",
                     {std::string("pattern=") + pattern, "mode=saturating", "preset!=dramsim3-gddr6-8gb-x16"},
                     Q::energy,
                     0.10,
                     0.12});
  // Of the peak for streams, of the pattern's own saturation for the others.
  for (const char* pattern : {"seq_read", "mix21"})
    bands.push_back(
        {"latency at half load",
         {std::string("pattern=") + pattern, "mode=open-loop", "offered_load>=0.4", "offered_load<=0.6"},
         Q::latency,
         0.10,
         0.20});
  for (const char* note : {"0.50", "0.85"})
    bands.push_back({"random latency",
                     {"pattern=rand_read",
                      std::string("notes=offered = ") + note + " of this pattern's saturation throughput"},
                     Q::latency,
                     note[2] == '5' ? 0.10 : 0.25,
                     note[2] == '5' ? 0.20 : 0.35});
  bands.push_back({"stream latency at high load",
                   {"pattern=seq_read", "mode=open-loop", "offered_load>=0.75", "offered_load<=0.85"},
                   Q::latency,
                   0.25,
                   0.35});
  return bands;
}

TEST(ReferenceDram, CycleWithinItsBands) {
  for (const Band& band : dram_bands())
    expect_within("dram_reference.csv", band, ProbeFidelity::cycle, {"preset", "pattern"});
}
TEST(ReferenceDram, TileWithinItsBands) {
  for (const Band& band : dram_bands())
    expect_within("dram_reference.csv", band, ProbeFidelity::tile, {"preset", "pattern"});
}

// Streams count in points of the peak, idle latencies in ns.
void expect_streams_and_latencies(ProbeFidelity fidelity, double points, double ns) {
  const std::map<std::string, double> peak = {{"dramsim3-hbm2-8gb-x128", 32.0},
                                              {"dramsim3-ddr4-8gb-x8-3200", 25.4},
                                              {"dramsim3-gddr6-8gb-x16", 193.94},
                                              {"ramulator-hbm2-8gb-hbm2-2000mbps", 32.0},
                                              {"ramulator-hbm2-8gb-hbm2-2400mbps", 38.42},
                                              {"ramulator-hbm3-16gb-8hi-hbm3-6400mbps", 51.28},
                                              {"ramulator-ddr4-8gb-x8-ddr4-3200aa", 25.6},
                                              {"ramulator-ddr5-16gb-x8-ddr5-4800bn", 19.23},
                                              {"ramulator-gddr6-8gb-x16-gddr6-14000-1250mv-double", 28.07}};
  ValidationRequest request;
  request.files = {kData + "/dram_reference.csv"};
  request.settings.fidelity = fidelity == ProbeFidelity::cycle ? Fidelity::cycle : Fidelity::tile;
  request.jobs = 2;
  request.by = {"preset"};
  for (const char* pattern : {"seq_read", "seq_write"}) {
    request.where = {std::string("pattern=") + pattern, "mode=saturating", "channels=1"};
    std::map<std::string, std::pair<double, int>> errors;
    for (const ValidatedRow& row : validate_rows(request, [](std::size_t, std::size_t) {})) {
      const double off = 100 * std::abs(row.simulated - row.measured) / peak.at(row.group);
      EXPECT_LE(off, 2.5 * points) << row.group << " " << pattern;
      errors[row.group].first += off;
      ++errors[row.group].second;
    }
    EXPECT_GE(errors.size(), 8U);
    for (const auto& [preset, e] : errors) EXPECT_LE(e.first / e.second, points) << preset << " " << pattern;
  }
  request.where = {"mode=dependent"};
  request.quantity = Quantity::latency;
  for (const ValidatedRow& row : validate_rows(request, [](std::size_t, std::size_t) {}))
    EXPECT_NEAR(row.simulated, row.measured, ns) << row.group;
}
TEST(ReferenceDram, CycleStreamsAndIdleLatency) {
  expect_streams_and_latencies(ProbeFidelity::cycle, 2, 3);
}
TEST(ReferenceDram, TileStreamsAndIdleLatency) {
  expect_streams_and_latencies(ProbeFidelity::tile, 3, 5);
}

TEST(ReferenceNoc, SaturationWithinItsBands) {
  const std::vector<std::string> by = {"topology", "traffic"};
  for (const char* traffic : {"uniform", "hotspot(2 corners x4)", "hotspot(2 outputs x4)"}) {
    const Band band = {"saturation",
                       {"sim_type=throughput", std::string("traffic=") + traffic},
                       Quantity::throughput,
                       0.10,
                       0.10};
    for (const ProbeFidelity f : {ProbeFidelity::cycle, ProbeFidelity::tile})
      expect_within("noc_reference.csv", band, f, by);
  }
}

TEST(ReferenceNoc, LatencyAtHalfAndNineTenthsOfSaturation) {
  for (const auto& [notes, cycle, tile] : {std::tuple{"0.40 of saturation throughput", 0.10, 0.10},
                                           {"0.60 of saturation throughput", 0.10, 0.10},
                                           {"0.92 of saturation throughput", 0.25, 0.25}}) {
    // A permutation's accepted rate at injection 1 is not its saturation.
    const Band band = {notes,
                       {"sim_type=latency", "traffic!=transpose", std::string("notes=") + notes},
                       Quantity::latency,
                       cycle,
                       tile};
    for (const ProbeFidelity f : {ProbeFidelity::cycle, ProbeFidelity::tile})
      expect_within("noc_reference.csv", band, f, {"topology", "traffic"});
  }
}

// At 0.90 of the bound a channel carries more than its 8 virtual channels turn round in 9 cycles: the latency
// of a 4 x 4 mesh grows with the length of the run (cycle: 42, 54, 122, 390 cycles after 6, 20, 60 and 200
// thousand), so that the accepted rate is what can be compared there.
TEST(ReferenceNoc, TransposeAgainstItsChannelBound) {
  const std::vector<std::string> most = {"sim_type=latency", "notes=0.90 of the DOR channel bound 1/(k-1)"};
  Band bands[] = {{"0.60",
                   {"sim_type=latency", "notes=0.60 of the DOR channel bound 1/(k-1)"},
                   Quantity::latency,
                   0.10,
                   0.10},
                  {"0.90, 8 x 8", most, Quantity::latency, 0.25, 0.25},
                  {"0.90, accepted", most, Quantity::throughput, 0.02, 0.02}};
  bands[1].where.push_back("nodes=64");
  for (const Band& band : bands) {
    for (const ProbeFidelity f : {ProbeFidelity::cycle, ProbeFidelity::tile})
      expect_within("noc_reference.csv", band, f, {"topology", "traffic"});
  }
}

TEST(ReferenceNoc, ZeroLoadLatency) {
  for (const auto& [fidelity, cycles] : {std::pair{ProbeFidelity::cycle, 1.0}, {ProbeFidelity::tile, 2.0}}) {
    ValidationRequest request;
    request.files = {kData + "/noc_reference.csv"};
    request.where = {"sim_type=latency", "notes=0.02 of saturation throughput"};
    request.settings.fidelity = fidelity == ProbeFidelity::cycle ? Fidelity::cycle : Fidelity::tile;
    request.jobs = 2;
    const auto rows = validate_rows(request, [](std::size_t, std::size_t) {});
    EXPECT_GT(rows.size(), 20U);
    // The reference's rows are samples of few packets: their mean hops differ from the traffic's.
    std::map<std::string, std::pair<double, int>> errors;
    for (const ValidatedRow& row : rows) {
      EXPECT_NEAR(row.simulated, row.measured, 2.5 * cycles) << row.group << " line " << row.line;
      errors[row.group].first += std::abs(row.simulated - row.measured);
      ++errors[row.group].second;
    }
    for (const auto& [group, e] : errors) EXPECT_LE(e.first / e.second, cycles) << group;
  }
}

// All-reduce of 1 MiB and more: the median of a node within 10 %, every size within 35 %.
TEST(ReferenceCollectives, AllReduceOfTwoToEightGpus) {
  ValidationRequest request;
  request.files = {kData + "/collectives_other.csv", kData + "/allreduce_gpu.csv"};
  request.where = {"message_bytes>=1048576", "devices<=8"};
  request.by = {"system"};
  request.jobs = 2;
  const auto rows = validate_rows(request, [](std::size_t, std::size_t) {});
  EXPECT_GT(rows.size(), 60U);
  for (const ValidatedRow& row : rows) EXPECT_LE(std::abs(row.error()), 0.35) << row.file << ":" << row.line;
  for (const ErrorGroup& g : error_groups(rows)) EXPECT_LE(g.errors.value().median_abs, 0.10) << g.group;
}

}  // namespace
}  // namespace orrery::test
