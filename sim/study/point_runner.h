#pragma once
// One point: a whole configuration in, a result out. Keeps the machine it elaborated, so that points that
// share it replay kernels they have in common, and its last runs, so that points that differ in prices alone
// are simulated once; a process runs one machine only, as SystemC elaborates once.

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/study/cost_study.h"
#include "sim/study/session.h"
#include "sim/workload/operator_stream.h"

namespace orrery {

class PointRunner {
 public:
  // `accuracy` must outlive the runner: read once, before workers fork.
  explicit PointRunner(const AccuracyTable& accuracy, bool use_store = true)
      : accuracy_(accuracy), use_store_(use_store) {}

  // The result (orrery/result/1) without what differs from run to run, and with `ownership` where the
  // configuration has a cost scenario. Throws what a run throws; ConfigError too when a second machine would
  // have to be elaborated. `machine` tells machines apart, `run_key` all that is simulated ("" = not known).
  nlohmann::json run(const nlohmann::json& configuration, const std::string& machine,
                     const std::string& run_key);

 private:
  const AccuracyTable& accuracy_;
  bool use_store_;
  std::unique_ptr<Session> session_;
  std::string machine_;
  std::unique_ptr<ArchSpec> arch_;
  std::unique_ptr<OperatorRunner> runner_;
  // Graphs of the model at hand, by scenario: points that change the machine alone share them.
  std::string model_;
  std::map<std::string, std::unique_ptr<ModelStream>> streams_;
  std::map<std::string, RunResult> runs_;  // by their key
  std::map<std::string, SimulatedOption> served_;

  void use_machine(const nlohmann::json& configuration, const Posed& question, const std::string& machine);
  RunResult simulate(const nlohmann::json& configuration, const Posed& question);
  nlohmann::json run_batch(const nlohmann::json& configuration, const Posed& question,
                           const std::string& run_key);
  nlohmann::json serve(const nlohmann::json& configuration, const Posed& question,
                       const std::string& run_key);
};

// What is wrong with a configuration that can be known without running it ("" if nothing), and of which base.
std::string refusal(const nlohmann::json& configuration);

}  // namespace orrery
