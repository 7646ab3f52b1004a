#include "sim/study/point_runner.h"

#include <fmt/format.h>

#include "sim/engine/machine.h"
#include "sim/study/configuration.h"
#include "sim/study/evaluate.h"
#include "sim/study/serve.h"

namespace orrery {
namespace {

using nlohmann::json;

CostScenario cost_of(const json& c) {
  json terms = c.at("cost");
  const std::string name = terms["name"].get<std::string>();
  terms.erase("name");
  return build_cost_scenario(ConfigDocument::of(terms, name));
}

// The last results, by their keys ("" = not known).
template <class Result, class Make>
const Result& remembered(std::map<std::string, Result>& results, const std::string& key, Make make) {
  constexpr std::size_t kMostResults = 64;
  if (results.size() >= kMostResults || key.empty()) results.clear();
  const auto known = results.find(key);
  return known != results.end() ? known->second : results.emplace(key, make()).first->second;
}

}  // namespace

void PointRunner::use_machine(const json& c, const Posed& question, const std::string& machine) {
  const auto fidelity = named<Fidelity>(c.at("fidelity").get<std::string>(), "fidelity");
  if (machine == machine_ && runner_) return;
  if (runner_ && fidelity != Fidelity::roofline) throw ConfigError("", "a process simulates one machine");
  RunnerOptions how;
  how.fidelity = fidelity;
  runner_.reset();
  session_ = std::make_unique<Session>(how, use_store_);
  arch_ = std::make_unique<ArchSpec>(question.arch);
  machine_ = machine;
  runner_ = session_->runner(*arch_, question.timing_digest);
}

RunResult PointRunner::simulate(const json& c, const Posed& question) {
  const LlmSpec& llm = *question.llm;
  if (std::string model = c["llm"].dump() + c["arch"]["chip"]["execution"].dump(); model != model_) {
    streams_.clear();
    model_ = std::move(model);
  }
  const ExecutionSpec execution = question.runtime.on(arch_->execution);
  const StreamSource streams = [&](const Scenario& part) -> const OperatorStream& {
    constexpr std::size_t kMostStreams = 16;
    if (streams_.size() >= kMostStreams) streams_.clear();
    const json& s = c["scenario"];  // says how devices divide it, too
    auto& stream =
        streams_[fmt::format("{} {} {} {} {} {} {}", part.batch, part.input, part.output, part.formats.key(),
                             part.split.devices(), s.dump(), c.value("runtime", json()).dump())];
    if (!stream) stream = std::make_unique<ModelStream>(llm, part, execution, question.runtime.token_budget);
    return *stream;
  };
  return simulated(question, *runner_, {}, streams);
}

json PointRunner::run_batch(const json& c, const Posed& question, const std::string& run_key) {
  RunResult r = remembered(runs_, run_key, [&] { return simulate(c, question); });
  complete(r, question, accuracy_);
  return written(r);
}

json PointRunner::serve(const json& c, const Posed& question, const std::string& run_key) {
  const bool priced = c.contains("cost");
  SimulatedOption at = remembered(served_, run_key, [&] {
    if (priced) return served_or_without(question, *runner_);
    SimulatedOption asked;
    asked.served = served(question, *question.serving, *runner_);
    return asked;
  });
  complete(at.served, question, accuracy_);
  json result = serving_body_table().write(&at.served);
  if (priced) result["ownership"] = written(fleet_of(cost_of(c), question, at));
  return result;
}

json PointRunner::run(const json& c, const std::string& machine, const std::string& run_key) {
  const Posed question = posed(c, c.at("fidelity") != to_string(Fidelity::roofline));
  use_machine(c, question, machine);
  json result = question.serving ? serve(c, question, run_key) : run_batch(c, question, run_key);
  for (const char* key : {"run_info", "simulated"}) result.erase(key);
  session_->commit();
  return result;
}

std::string refusal(const json& c) {
  try {
    const Posed question = posed(c, false);
    check_machine(question.arch);
    check_scenario(*question.llm, question.scenario);
    if (question.serving) {
      deploy(*question.llm, question.scenario, question.arch, question.runtime, question.serving->overrides);
    } else {
      plan_batches(*question.llm, question.scenario, question.arch, question.runtime);
    }
  } catch (const ConfigError& error) {
    return label_of(c) + ": " + error.what();
  }
  return "";
}

}  // namespace orrery
