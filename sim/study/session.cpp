#include "sim/study/session.h"

namespace orrery {

Session::Session(RunnerOptions how, bool use_store)
    : how_(std::move(how)), store_(use_store ? kernel_store_path() : "") {}

const AccuracyTable& Session::accuracy() const {
  if (!accuracy_) accuracy_ = std::make_unique<AccuracyTable>(load_accuracy());
  return *accuracy_;
}

std::unique_ptr<OperatorRunner> Session::runner(const ArchSpec& arch, const std::string& timing_digest) {
  RunnerOptions options = how_;
  memories_.push_back(store_.of_machine(timing_digest));
  options.memory = memories_.back().get();
  return std::make_unique<OperatorRunner>(arch, options);
}

std::string Session::trouble() const {
  if (store_.trouble().empty()) return "";
  return "the kernel store " + kernel_store_path() + " is not used: " + store_.trouble();
}

}  // namespace orrery
