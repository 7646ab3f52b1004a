#include "sim/study/question.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/config/cost_scenario.h"
#include "sim/config/runtime_loader.h"
#include "sim/config/technology.h"
#include "sim/study/configured.h"
#include "sim/study/timing_digest.h"

namespace orrery {
namespace {

using nlohmann::json;

LatencyTarget target_of(const json& terms) {
  const json& workload = terms.at("workload");
  const LatencyTarget usual;
  return {workload.value("ttft_max_s", 0.0), workload.value("tpot_max_s", 0.0),
          workload.value("batch_max", usual.batch_max)};
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
  if (c.contains("cost") && !c["scenario"].contains("batch")) p.target = target_of(c["cost"]);
  return p;
}

}  // namespace orrery
