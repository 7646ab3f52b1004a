#pragma once
// Runs one operator: maps it, simulates the best few mappings on the machine (or takes the roofline), and
// remembers how it went, so that a kernel whose shape, types and residency were seen is replayed.

#include <memory>
#include <string>
#include <unordered_map>

#include "sim/engine/kernel_memory.h"
#include "sim/engine/machine.h"
#include "sim/mapping/mapper.h"
#include "sim/stats/tally.h"

namespace orrery {

// An operator's tally, and how it came about.
struct OperatorRun {
  Tally tally;
  double clock_factor = 1;  // of the nominal clock, under the power cap
  OnChip on_chip;           // afterwards
  std::string mapping;
  std::size_t candidate = 0;  // of the mapper's list
};

struct RunnerOptions {
  Fidelity fidelity = Fidelity::tile;
  MapObjective objective = MapObjective::time;
  bool exact = false;              // no kernel cache, replication, decode sampling or steady-state skipping
  TileRequest tile;                // forces a tiling
  KernelMemory* memory = nullptr;  // asked before a kernel is simulated, told after; none where it is exact
};

class OperatorRunner {
 public:
  // `arch` must outlive the runner. Elaborates SystemC at the first simulated operator.
  OperatorRunner(const ArchSpec& arch, const RunnerOptions& options);

  // `cold`: roofline counts a kernel on its own (see roofline.h).
  const OperatorRun& run(const Operator& op, const OnChip& on_chip, bool cold);

  // The last run() replayed a remembered one.
  bool replayed() const { return replayed_; }
  // Identifies (operator, residency) of the last run() among those seen.
  std::size_t last_key() const { return last_key_; }

  std::uint64_t cache_hits() const { return cache_hits_; }
  std::uint64_t store_hits() const { return store_hits_; }
  std::uint64_t simulated_transactions() const { return transactions_; }
  std::uint64_t simulated_kernels() const { return kernels_; }
  std::uint64_t simulated_granule_bytes() const { return granule_bytes_; }
  const RunnerOptions& options() const { return options_; }
  const ArchSpec& arch() const { return arch_; }

 private:
  const ArchSpec& arch_;
  const RunnerOptions options_;
  Mapper mapper_;
  std::unique_ptr<Machine> machine_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<std::unique_ptr<OperatorRun>> runs_;
  std::unordered_map<std::string, std::vector<Candidate>> mappings_;
  bool replayed_ = false;
  std::size_t last_key_ = 0;
  std::uint64_t cache_hits_ = 0;
  std::uint64_t store_hits_ = 0;
  std::uint64_t transactions_ = 0;
  std::uint64_t kernels_ = 0;
  std::uint64_t granule_bytes_ = 0;

  KernelOutcome last_outcome_;  // of the candidate that was run last
  KernelOutcome outcome_;       // of the one that simulate() chose

  OperatorRun bound(const Operator& op, bool cold) const;
  Tally tally_of(const Operator& op, const KernelOutcome& outcome, double clock_factor) const;
  // Where its clock under the power cap is looked for first.
  double first_clock(const Candidate& candidate) const;
  // One mapping, at the clock that the machine's power cap allows.
  OperatorRun run_candidate(const Operator& op, const Candidate& candidate, const OnChip& on_chip,
                            double first_factor, double limit_s);
  // The machine of this runner at fidelity tile gives a kernel the same outcome every time.
  bool remembers() const;
  // Remembered, or simulated and kept.
  OperatorRun remembered(const Operator& op, const std::string& shape_key, const OnChip& on_chip);
  // Simulates the best few mappings, or only `chosen` if given, and returns the fastest.
  OperatorRun simulate(const Operator& op, const std::string& shape_key, const OnChip& on_chip,
                       const OperatorRun* chosen);
};

}  // namespace orrery
