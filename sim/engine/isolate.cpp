#include "sim/engine/isolate.h"

#include "sim/engine/worker_pool.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// The first byte of an answer says what follows.
constexpr char kResult = 'r';
constexpr char kConfigError = 'c';
constexpr char kSimulationError = 's';

std::string answer_of(const std::function<std::string()>& task) {
  try {
    return kResult + task();
  } catch (const ConfigError& error) {
    return kConfigError + std::string(error.what());
  } catch (const std::exception& error) {
    return kSimulationError + std::string(error.what());
  }
}

void rethrow(const std::string& answer) {
  if (answer.empty()) throw SimulationError("worker", "a simulation process died without an answer");
  if (answer[0] == kConfigError) throw ConfigError("", answer.substr(1));
  if (answer[0] == kSimulationError) throw SimulationError("simulation", answer.substr(1));
}

// What each said, kind and all; "" of one whose process died.
std::vector<std::string> run_all(const std::vector<std::function<std::string()>>& tasks, std::size_t jobs) {
  std::vector<std::string> answers(tasks.size());
  std::vector<std::vector<std::size_t>> alone;
  for (std::size_t i = 0; i < tasks.size(); ++i) alone.push_back({i});
  WorkerLimits limits;
  limits.jobs = jobs;
  const MakeWorker make = [&tasks]() -> Worker {
    return [&tasks](std::size_t task) { return answer_of(tasks[task]); };
  };
  const auto done = [&answers](const TaskOutcome& outcome) {
    if (outcome.end == TaskEnd::answered) answers[outcome.task] = outcome.text;
  };
  const std::atomic<bool> never{false};
  run_workers(
      alone, limits, make, [](std::size_t, std::size_t) { return false; }, done, [] {}, never);
  return answers;
}

}  // namespace

std::vector<std::string> run_isolated(const std::vector<std::function<std::string()>>& tasks,
                                      std::size_t jobs) {
  std::vector<std::string> answers = run_all(tasks, jobs);
  for (std::string& answer : answers) {
    rethrow(answer);
    answer.erase(0, 1);
  }
  return answers;
}

std::vector<IsolatedAnswer> answers_of_isolated(const std::vector<std::function<std::string()>>& tasks,
                                                std::size_t jobs) {
  std::vector<IsolatedAnswer> all;
  for (const std::string& answer : run_all(tasks, jobs)) {
    if (answer.empty()) {
      all.push_back({"", "its simulation died without an answer"});
    } else if (answer[0] == kResult) {
      all.push_back({answer.substr(1), ""});
    } else {
      all.push_back({"", answer.substr(1)});
    }
  }
  return all;
}

}  // namespace orrery
