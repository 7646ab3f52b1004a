#include "sim/study/question.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/config/cost_scenario.h"
#include "sim/config/runtime_loader.h"
#include "sim/config/technology.h"
#include "sim/study/configured.h"
#include "sim/study/serving_part.h"
#include "sim/study/timing_digest.h"

namespace orrery {
namespace {

using nlohmann::json;

// Of a cost scenario: how many requests of its lengths a replica serves within its targets.
ServingPart part_of(const json& terms) {
  const json& workload = terms.at("workload");
  ServingPart part;
  part.ttft_s = workload.value("ttft_max_s", 0.0);
  part.tpot_s = workload.value("tpot_max_s", 0.0);
  part.e2e_s = workload.value("e2e_max_s", 0.0);
  part.good_share = workload.value("good_share", part.good_share);
  if (workload.contains("batch_max")) part.max_sequences = workload["batch_max"].get<std::uint64_t>();
  return part;
}

std::optional<ServeRequest> serving_of(const json& c, const Posed& p) {
  ServingPart part;
  if (c.contains("serving")) {
    table_of<ServingPart>().read(&part, c["serving"], Place());
  } else if (c.contains("cost")) {
    part = part_of(c["cost"]);
  } else {
    return std::nullopt;
  }
  // An option's own before its workload's; what a serving part says before both.
  const json& scenario = c.at("scenario");
  const bool said = c.contains("serving") && part.max_sequences;
  if (!said && scenario.contains("batch")) part.max_sequences = scenario["batch"].get<std::uint64_t>();
  return serve_request_of(part, *p.llm, p.scenario.input, p.scenario.output);
}

}  // namespace

std::vector<json> configurations_of(const std::vector<Question>& questions,
                                    const std::vector<Patch>& patches) {
  // A machine as it stands, and nothing priced, needs none.
  const bool alone =
      patches.empty() && std::all_of(questions.begin(), questions.end(),
                                     [](const Question& q) { return q.names.runtime.empty(); });
  const BaseTables tables = alone ? BaseTables{} : load_base_tables();
  std::vector<json> configurations;
  for (const Question& q : questions) {
    json c = base_configuration(q.names, q.scenario, tables);
    if (q.names.llm.empty()) c.erase("scenario");
    configurations.push_back(std::move(c));
  }
  apply_patches(configurations, patches);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (questions[i].power_cap_w <= 0) continue;
    json& arch = configurations[i]["arch"];
    arch["chip"]["power_cap_w"] = questions[i].power_cap_w;
    arch["name"] = fmt::format("{} at {:g} W", arch["name"].get<std::string>(), questions[i].power_cap_w);
  }
  return configurations;
}

Posed posed(const json& c, bool digest) {
  Posed p;
  if (!c.at("technology").is_null())
    p.technology = build_technology(ConfigDocument::of(c["technology"], "technology"));
  if (!c.at("prices").is_null()) p.prices = build_prices(ConfigDocument::of(c["prices"], "prices"));
  p.arch = configured_machine(c, p.technology);
  if (digest) p.timing_digest = timing_digest(c);
  if (c.contains("runtime")) p.runtime = build_runtime(ConfigDocument::of(c["runtime"], "runtime"));
  if (!c.contains("llm")) return p;
  p.llm = configured_llm(c);
  p.scenario = configured_scenario(c, p.arch, *p.llm);
  if (!c["scenario"].contains("output") && p.llm->encoder_only) p.scenario.output = 1;
  p.serving = serving_of(c, p);
  return p;
}

}  // namespace orrery
