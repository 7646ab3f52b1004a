#include "sim/study/point_runner.h"

#include <fmt/format.h>

#include "sim/config/cost_scenario.h"
#include "sim/config/price_book.h"
#include "sim/config/runtime_loader.h"
#include "sim/engine/machine.h"
#include "sim/estimate/expected_error.h"
#include "sim/estimate/price_figures.h"
#include "sim/estimate/uncertainty.h"
#include "sim/report/cost_fields.h"
#include "sim/serve/latency_target.h"
#include "sim/study/configuration.h"
#include "sim/study/configured.h"
#include "sim/study/metrics.h"
#include "sim/workload/llm_spec.h"

namespace orrery {
namespace {

using nlohmann::json;

LatencyTarget target_of(const CostScenario& s) {
  return {s.ttft_max_s, s.tpot_max_s, s.batch_max};
}

// What the fleet comes to that serves the cost scenario's demand with what was run: typical figures, as
// `orrery cost` gives them of one draw.
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
  owned["keeps_target"] = target_of(s).kept_by(run) ? 1 : 0;
  return owned;
}

CostScenario cost_of(const json& c) {
  json terms = c.at("cost");
  const std::string name = terms["name"].get<std::string>();
  terms.erase("name");
  return build_cost_scenario(ConfigDocument::of(terms, name));
}

}  // namespace

void PointRunner::use_machine(const json& c, const std::string& machine, const Technology& technology) {
  if (machine == machine_ && runner_) return;
  RunnerOptions options;
  options.fidelity = named<Fidelity>(c.at("fidelity").get<std::string>(), "fidelity");
  if (runner_ && options.fidelity != Fidelity::roofline)
    throw ConfigError("", "a process simulates one machine");
  runner_.reset();
  arch_ = std::make_unique<ArchSpec>(configured_machine(c, technology));
  machine_ = machine;
  runner_ = std::make_unique<OperatorRunner>(*arch_, options);
}

RunResult PointRunner::simulate(const json& c, const Scenario& scenario) {
  const LlmSpec llm = configured_llm(c);
  const json& s = c.at("scenario");
  const RuntimeSpec runtime = build_runtime(ConfigDocument::of(c.at("runtime"), "runtime"));
  if (std::string model = c["llm"].dump() + c["arch"]["chip"]["execution"].dump(); model != model_) {
    streams_.clear();
    model_ = std::move(model);
  }
  const StreamSource streams = [&](const Scenario& part) -> const OperatorStream& {
    constexpr std::size_t kMostStreams = 16;
    if (streams_.size() >= kMostStreams) streams_.clear();
    auto& stream = streams_[fmt::format("{} {} {} {} {} {} {}", part.batch, part.input, part.output,
                                        to_string(part.dtype), part.tensor_parallel, llm.layer_count(),
                                        runtime.token_budget)];
    if (!stream) stream = std::make_unique<ModelStream>(llm, part, arch_->execution, runtime.token_budget);
    return *stream;
  };
  const Progress silent = [](const char*, std::uint64_t, std::uint64_t) {};
  // As `orrery cost` does where no batch is given.
  if (c.contains("cost") && !s.contains("batch"))
    return largest_batch(llm, scenario, *runner_, runtime, target_of(cost_of(c)), silent);
  return run_model(llm, scenario, *runner_, runtime, silent, streams);
}

json PointRunner::run(const json& c, const std::string& machine, const std::string& run_key) {
  const Technology technology = build_technology(ConfigDocument::of(c.at("technology"), "technology"));
  use_machine(c, machine, technology);
  const Scenario scenario = configured_scenario(c, *arch_);
  constexpr std::size_t kMostRuns = 64;
  if (runs_.size() >= kMostRuns || run_key.empty()) runs_.clear();
  auto known = runs_.find(run_key);
  if (known == runs_.end()) known = runs_.emplace(run_key, simulate(c, scenario)).first;
  RunResult r = known->second;
  r.expected = expected_error(r, *arch_, accuracy_);
  add_price_figures(r, *arch_, technology, build_prices(ConfigDocument::of(c.at("prices"), "prices")));
  json result = written(r);
  if (c.contains("cost")) result["ownership"] = ownership_of(cost_of(c), r, scenario, *arch_, technology);
  for (const char* key : {"run_info", "simulated"}) result.erase(key);
  return result;
}

std::string refusal(const json& c) {
  try {
    const Technology technology = build_technology(ConfigDocument::of(c.at("technology"), "technology"));
    const ArchSpec arch = configured_machine(c, technology);
    check_machine(arch);
    const Scenario scenario = configured_scenario(c, arch);
    const LlmSpec llm = configured_llm(c);
    check_scenario(llm, scenario);
    if (c.at("scenario").contains("batch"))
      plan_batches(llm, scenario, arch, build_runtime(ConfigDocument::of(c.at("runtime"), "runtime")));
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
