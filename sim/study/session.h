#pragma once
// What questions are answered with: how closely, in how many processes, with which memory of kernels. One a
// process of the program; workers that it forks share what was read before.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sim/config/accuracy_table.h"
#include "sim/engine/operator_runner.h"
#include "sim/study/kernel_store.h"
#include "sim/study/question.h"

namespace orrery {

class Session {
 public:
  // `use_store`: kernels are taken from disk, and kept there.
  explicit Session(RunnerOptions how = {}, bool use_store = true);

  const RunnerOptions& how() const { return how_; }
  bool uses_store() const { return use_store_; }
  // Read when it is first asked for.
  const AccuracyTable& accuracy() const;

  // A runner of a machine whose kernels are remembered; `arch` must outlive it.
  std::unique_ptr<OperatorRunner> runner(const ArchSpec& arch, const std::string& timing_digest);

  // Answers to whole questions, by all that they depend on (how closely is asked included).
  std::optional<std::string> answer(const std::string& question);
  void keep_answer(const std::string& question, const std::string& answer);

  // Writes kernels that were simulated.
  void commit() { store_.commit(); }
  // Why the kernel store is not used any more; "" while it is.
  std::string trouble() const;

 private:
  RunnerOptions how_;
  bool use_store_;
  KernelStore store_;
  std::vector<std::unique_ptr<KernelMemory>> memories_;

  std::string closely(const std::string& question) const;
  mutable std::unique_ptr<AccuracyTable> accuracy_;
};

}  // namespace orrery
