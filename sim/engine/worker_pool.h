#pragma once
// Worker processes that each run one batch of tasks and end: forked before SystemC, under a time limit a task
// and a memory limit. A worker that crashes, hangs or runs out of memory costs the task it was at; the rest
// of its batch goes to another. Workers die with their parent.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

enum class TaskEnd : std::uint8_t { answered, failed, crashed, timed_out, out_of_memory };

struct TaskOutcome {
  std::size_t task = 0;
  TaskEnd end = TaskEnd::answered;
  std::string text;  // the answer, or what went wrong
  double wall_s = 0;
};

struct WorkerLimits {
  std::size_t jobs = 1;
  double time_limit_s = 0;            // a task; 0 = none
  std::uint64_t memory_limit_mb = 0;  // a worker's address space; 0 = none
};

// Work of a process: set up once by `make`, then called a task at a time; what it throws is the task's fault.
using Worker = std::function<std::string(std::size_t task)>;
using MakeWorker = std::function<Worker()>;

// Tasks of which one's end by time, memory or crash is the others' too: they would run the same.
using SameFate = std::function<bool(std::size_t task, std::size_t other)>;

// Runs each batch in a process of its own, `limits.jobs` at once, and tells `done` of each task as it ends,
// in no certain order. Where a task ends its worker, those of its batch that share its fate end with it.
// Stops early, killing what runs, when `stop` is set. `idle` is called at least every 200 ms.
void run_workers(std::vector<std::vector<std::size_t>> batches, const WorkerLimits& limits,
                 const MakeWorker& make, const SameFate& same_fate,
                 const std::function<void(TaskOutcome)>& done, const std::function<void()>& idle,
                 const std::atomic<bool>& stop);

}  // namespace orrery
