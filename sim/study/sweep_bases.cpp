#include "sim/study/sweep_bases.h"

#include <fmt/format.h>

#include "sim/config/cost_scenario.h"
#include "sim/study/configuration.h"
#include "sim/study/question.h"

namespace orrery {
namespace {

using nlohmann::json;

std::vector<std::string> one_or_more(const json& of, const char* key, const std::string& fallback) {
  if (!of.contains(key)) return {fallback};
  if (of[key].is_string()) return {of[key].get<std::string>()};
  return of[key].get<std::vector<std::string>>();
}

std::vector<json> objects_of(const json& of, const char* key) {
  if (!of.contains(key)) return {json::object()};
  if (of[key].is_array()) return of[key].get<std::vector<json>>();
  return {of[key]};
}
std::vector<json> scenarios_of(const json& of) {
  return objects_of(of, "scenario");
}

// Builds all that a base names, so that what does not go together is found before anything runs.
void check_base(const json& base) {
  const Posed question = posed(base, false);
  const bool made = base.contains("cost") && base["cost"]["options"][0].value("acquire", "") == "make";
  if (made) question.technology.process(question.arch.process_nm);
}

void read_cost_options(const ConfigDocument& document, SweepSpec& spec) {
  const json& of = document.root()["of"];
  for (const char* key : {"arch", "llm", "runtime", "node", "serving"}) {
    if (of.contains(key)) {
      throw ConfigError(document.where(std::string("/of/") + key),
                        fmt::format("a cost scenario says its '{}' itself: give 'cost' or '{}'", key, key));
    }
  }
  const BaseTables tables = load_sweep_tables();
  try {
    const ConfigDocument cost = load_cost_document(of["cost"].get<std::string>());
    const PriceBook prices = build_prices(ConfigDocument::of(tables.prices, "prices"));
    CostScenario stated = build_cost_scenario(cost);
    for (CostOption& option : stated.options) take_listed_prices(option, prices, prices);
    for (const json& scenario : scenarios_of(of)) {
      for (json& c : cost_configurations(cost, scenario, tables)) {
        check_base(c);
        remember_areas(c);
        spec.bases.push_back(std::move(c));
      }
    }
    spec.output_constraints.emplace_back("keeps_target == 1", document.where("/of/cost"));
  } catch (const ConfigError& error) {
    // What is wrong in the scenario's own file says so.
    const std::string what = error.what();
    throw ConfigError(what.find(".yaml:") == std::string::npos ? document.where("/of/cost") : "", what);
  }
}

void read_products(const ConfigDocument& document, SweepSpec& spec) {
  const json& of = document.root()["of"];
  for (const char* key : {"arch", "llm"}) {
    if (!of.contains(key))
      throw ConfigError(document.where("/of"),
                        fmt::format("'{}' is missing: name machines and models, or a 'cost' scenario", key));
  }
  const BaseTables tables = load_sweep_tables();
  const std::vector<json> scenarios = scenarios_of(of);
  const bool serves = of.contains("serving");
  const std::vector<json> servings = objects_of(of, "serving");
  const auto add = [&](const BaseNames& names, const json& scenario, const json& serving) {
    json full = {{"input", 1024}, {"output", 128}};
    if (!serves) full["batch"] = 1;
    full.update(scenario);
    located(document.where("/of"), [&] {
      spec.bases.push_back(base_configuration(names, full, tables));
      if (serves) spec.bases.back()["serving"] = serving;
      check_base(spec.bases.back());
      remember_areas(spec.bases.back());
    });
  };
  for (const std::string& arch : one_or_more(of, "arch", "")) {
    for (const std::string& llm : one_or_more(of, "llm", "")) {
      for (const std::string& runtime : one_or_more(of, "runtime", "ideal")) {
        for (const std::string& node : one_or_more(of, "node", "")) {
          for (const json& scenario : scenarios) {
            for (const json& serving : servings) add({arch, llm, runtime, node}, scenario, serving);
          }
        }
      }
    }
  }
}

}  // namespace

void read_bases(const ConfigDocument& document, SweepSpec& spec) {
  if (document.root()["of"].contains("cost")) {
    read_cost_options(document, spec);
  } else {
    read_products(document, spec);
  }
}

}  // namespace orrery
