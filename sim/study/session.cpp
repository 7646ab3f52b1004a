#include "sim/study/session.h"

namespace orrery {

Session::Session(RunnerOptions how, bool use_store)
    : how_(std::move(how)), use_store_(use_store), store_(use_store ? kernel_store_path() : "") {}

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

std::string Session::closely(const std::string& question) const {
  return std::string(to_string(how_.fidelity)) + " " + to_string(how_.objective) + " " + question;
}

std::optional<std::string> Session::answer(const std::string& question) {
  return how_.exact ? std::nullopt : store_.answer(closely(question));
}

void Session::keep_answer(const std::string& question, const std::string& answer) {
  if (!how_.exact) store_.keep_answer(closely(question), answer);
}

std::string Session::trouble() const {
  if (store_.trouble().empty()) return "";
  return "the kernel store " + kernel_store_path() + " is not used: " + store_.trouble();
}

}  // namespace orrery
