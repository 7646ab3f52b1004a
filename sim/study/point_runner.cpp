#include "sim/study/point_runner.h"

#include <fmt/format.h>

#include "sim/config/cost_scenario.h"
#include "sim/engine/machine.h"
#include "sim/estimate/uncertainty.h"
#include "sim/report/cost_fields.h"
#include "sim/study/configuration.h"
#include "sim/study/evaluate.h"
#include "sim/study/metrics.h"

namespace orrery {
namespace {

using nlohmann::json;

nlohmann::ordered_json ownership_of(CostScenario s, const RunResult& run, const Scenario& scenario,
                                    const ArchSpec& arch, const Technology& technology) {
  s.input = scenario.input;
  s.output = scenario.output;
  CostOption& option = s.options.front();
  option.devices = scenario.tensor_parallel;
  const ChipMake make = make_of(option, arch, technology);
  const ServedOption served = served_by(run, option, make, arch);
  option.terms.throughput_factor = error_factor(served);
  const std::vector<CostVariable> variables = cost_variables(s);
  const DrawnCosts typical = drawn_costs(variables, typical_draw(variables), 1);
  OwnedFleet fleet;
  static_cast<OwnershipCost&>(fleet) = own(s, option, served, typical.fleet, typical.options.front());
  fleet.acquisition = option.acquisition;
  nlohmann::ordered_json owned = written(fleet);
  const LatencyTarget target{s.ttft_max_s, s.tpot_max_s, s.batch_max};
  owned["keeps_target"] = target.kept_by(run) ? 1 : 0;
  return owned;
}

CostScenario cost_of(const json& c) {
  json terms = c.at("cost");
  const std::string name = terms["name"].get<std::string>();
  terms.erase("name");
  return build_cost_scenario(ConfigDocument::of(terms, name));
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
  const StreamSource streams = [&](const Scenario& part) -> const OperatorStream& {
    constexpr std::size_t kMostStreams = 16;
    if (streams_.size() >= kMostStreams) streams_.clear();
    auto& stream = streams_[fmt::format("{} {} {} {} {} {} {}", part.batch, part.input, part.output,
                                        to_string(part.dtype), part.tensor_parallel, llm.layer_count(),
                                        question.runtime.token_budget)];
    if (!stream)
      stream = std::make_unique<ModelStream>(llm, part, arch_->execution, question.runtime.token_budget);
    return *stream;
  };
  return simulated(question, *runner_, {}, streams);
}

json PointRunner::run(const json& c, const std::string& machine, const std::string& run_key) {
  const Posed question = posed(c, c.at("fidelity") != to_string(Fidelity::roofline));
  use_machine(c, question, machine);
  constexpr std::size_t kMostRuns = 64;
  if (runs_.size() >= kMostRuns || run_key.empty()) runs_.clear();
  auto known = runs_.find(run_key);
  if (known == runs_.end()) known = runs_.emplace(run_key, simulate(c, question)).first;
  RunResult r = known->second;
  complete(r, question, accuracy_);
  json result = written(r);
  if (c.contains("cost"))
    result["ownership"] = ownership_of(cost_of(c), r, question.scenario, question.arch, question.technology);
  for (const char* key : {"run_info", "simulated"}) result.erase(key);
  session_->commit();
  return result;
}

std::string refusal(const json& c) {
  try {
    const Posed question = posed(c, false);
    check_machine(question.arch);
    check_scenario(*question.llm, question.scenario);
    if (c.at("scenario").contains("batch"))
      plan_batches(*question.llm, question.scenario, question.arch, question.runtime);
  } catch (const ConfigError& error) {
    return label_of(c) + ": " + error.what();
  }
  return "";
}

std::vector<json> metrics_of(const json& result) {
  std::vector<json> values;
  for (const Metric& m : kMetrics) {
    const json::json_pointer at(m.pointer);
    values.push_back(result.contains(at) && result[at].is_number() ? result[at] : json(nullptr));
  }
  return values;
}

}  // namespace orrery
