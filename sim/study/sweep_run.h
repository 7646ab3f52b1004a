#pragma once
// Runs the points of a sweep that have no result yet, and keeps each as it comes.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "sim/engine/worker_pool.h"
#include "sim/study/result_store.h"
#include "sim/study/sweep_spec.h"

namespace orrery {

struct SweepOptions {
  WorkerLimits limits;
  bool use_store = true;                // of kernels
  std::uint32_t shard = 0, shards = 1;  // points whose ordinal is `shard` modulo `shards`
};

struct SweepProgress {
  std::uint64_t done = 0, total = 0;  // points of this call; found in the store: done at once
  std::uint64_t failed = 0;
  const char* stage = "";
};

struct SweepSummary {
  std::uint64_t points = 0;  // of the sweep, of this shard
  std::uint64_t reused = 0;  // found in the store
  std::uint64_t run = 0;     // now
  std::uint64_t infeasible = 0, pruned = 0;
  bool stopped = false;  // before the end
};

// `points` are the plan's (none of nsga2). Throws ConfigError: nsga2 in shards, a store that cannot take
// more. With `stop` set it keeps what it has and returns.
SweepSummary run_sweep(const SweepSpec& spec, SweepPlan& plan, const std::vector<SweepPoint>& points,
                       ResultStore& store, const SweepOptions& options,
                       const std::function<void(const SweepProgress&)>& progress,
                       const std::atomic<bool>& stop);

// As the store keeps it and gives it back.
StoredSweep stored_form(const SweepSpec& spec);

}  // namespace orrery
