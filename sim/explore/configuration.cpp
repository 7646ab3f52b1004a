#include "sim/explore/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/detail/sha1.hpp>
#include <cmath>
#include <fstream>

#include "sim/config/cost_scenario.h"
#include "sim/config/document_reference.h"
#include "sim/config/name_lookup.h"
#include "sim/config/node_loader.h"
#include "sim/config/price_book.h"
#include "sim/config/runtime_loader.h"
#include "sim/config/schema_validation.h"
#include "sim/config/technology.h"
#include "sim/explore/configured.h"
#include "sim/util/data_home.h"
#include "sim/workload/llm_spec.h"

namespace orrery {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

// What a machine file names, where, and the schema of it.
struct Named {
  const char* folder;
  const char* schema;
  const char* what;
};
constexpr Named kPreset = {"dram", "orrery/dram/1", "DRAM preset"};
constexpr Named kEnergy = {"energy", "orrery/energy/1", "energy table"};
constexpr Named kLibrary = {"libraries", "orrery/library/1", "library"};

// Calls visit(reference, named, pointer) for each file an arch names.
template <class Arch, class Visit>
void each_reference(Arch& arch, Visit visit) {
  auto& chip = arch.at("chip");
  for (std::size_t i = 0; i < chip.at("memory").size(); ++i) {
    if (chip["memory"][i].contains("preset"))
      visit(chip["memory"][i]["preset"], kPreset, "/arch/chip/memory/" + std::to_string(i) + "/preset");
  }
  visit(chip.at("energy_table"), kEnergy, "/arch/chip/energy_table");
  if (chip.at("execution").contains("library"))
    visit(chip["execution"]["library"], kLibrary, "/arch/chip/execution/library");
}

void drop_words(json& root) {
  for (const char* key : {"sources", "description", "base"}) root.erase(key);
}

json inlined(const json& reference, const Named& named) {
  const ConfigDocument document =
      referenced_document(reference, data_home() / "arch_configs" / named.folder, named.what, named.folder);
  validate_as(document, named.schema);
  json root = document.root();
  drop_words(root);
  root["name"] = referenced_name(reference);
  return root;
}

void check_against(const json& part, const char* schema, const std::string& name) {
  static std::map<std::string, json> schemas;
  auto found = schemas.find(schema);
  if (found == schemas.end()) found = schemas.emplace(schema, load_schema(schema)).first;
  validate_schema(ConfigDocument::of(part, name), found->second);
}

}  // namespace

json base_configuration(const BaseNames& names, const json& scenario) {
  const ConfigDocument machine = ConfigDocument::load(find_arch(names.arch));
  validate_as(machine, "orrery/arch/1");
  const ConfigDocument model = ConfigDocument::load(find_model_file(names.llm));
  const ConfigDocument technology = load_technology_document();
  json c = {{"arch", machine.root()},
            {"llm", model.root()},
            {"runtime", load_runtime_document(names.runtime).root()},
            {"technology", technology.root()},
            {"prices", load_prices_document().root()},
            {"scenario", scenario}};
  c["llm"]["name"] = build_llm(model).name;
  if (!names.node.empty()) {
    c["node"] = load_node_document(names.node).root();
    c["node"]["name"] = names.node;
  }
  for (const char* part : {"arch", "runtime", "node", "technology", "prices"}) {
    if (c.contains(part)) drop_words(c[part]);
  }
  each_reference(c["arch"], [](json& reference, const Named& named, const std::string&) {
    reference = inlined(reference, named);
  });
  // What was measured is no key of a sweep, but results hold figures of it.
  std::ifstream in(data_home() / "arch_configs" / "accuracy.yaml");
  c["accuracy"] = digest(std::string(std::istreambuf_iterator<char>(in), {}));
  c["modelled_mm2"] = modelled_areas(c, build_technology(technology));
  return c;
}

std::vector<json> cost_configurations(const std::string& cost, const json& scenario) {
  const ConfigDocument document = load_cost_document(cost);
  const CostScenario s = build_cost_scenario(document);  // refuses a price without currency or date
  json terms = document.root();
  drop_words(terms);
  for (const char* key : {"title", "question"}) terms.erase(key);
  for (const char* key : {"ttft_max_s", "tpot_max_s", "batch_max", "user_rates"})
    terms["workload"].erase(key);
  std::vector<json> configurations;
  for (std::size_t i = 0; i < s.options.size(); ++i) {
    const CostOption& option = s.options[i];
    json run = {{"input", s.input}, {"output", s.output}, {"devices", option.devices}};
    run["batch"] = option.batch.value_or(1);
    if (!option.dtype.empty()) run["dtype"] = option.dtype;
    run.update(scenario);
    json c = base_configuration({option.arch, s.model, option.runtime, option.node}, run);
    json& chip = c["arch"]["chip"];
    if (option.process_nm > 0) chip["process_nm"] = option.process_nm;
    if (option.power_cap_w > 0) chip["power_cap_w"] = option.power_cap_w;
    c["cost"] = terms;
    json only = terms["options"][i];
    for (const char* key : {"node", "runtime", "devices", "dtype", "batch", "power_cap_w", "process_nm"})
      only.erase(key);
    c["cost"]["options"] = json::array({only});
    c["cost"]["name"] = option.name;
    configurations.push_back(c);
  }
  return configurations;
}

void validate_part(const json& configuration, const std::string& pointer) {
  const std::string part = pointer.substr(1, pointer.find('/', 1) - 1);
  if (part == "runtime") return check_against(configuration["runtime"], "orrery/runtime/1", "runtime");
  if (part == "technology") return check_against(configuration[part], "orrery/technology/1", part);
  if (part == "prices") return check_against(configuration[part], "orrery/prices/1", part);
  if (part == "node" || part == "cost") {
    json named = configuration[part];
    named.erase("name");
    check_against(named, part == "node" ? "orrery/node/1" : "orrery/cost/1", part);
    if (part == "cost") build_cost_scenario(ConfigDocument::of(named, part));  // bounds
    return;
  }
  if (part == "arch") {
    json arch = configuration["arch"];
    each_reference(arch, [&](json& reference, const Named& named, const std::string& at) {
      if (reference.is_string()) return;
      json content = reference;
      const std::string name = content.value("name", "inline");
      content.erase("name");
      if (pointer.compare(0, at.size() + 1, at + "/") == 0) check_against(content, named.schema, name);
      reference = name;
    });
    return check_against(arch, "orrery/arch/1", "arch");
  }
  if (part == "llm") {
    build_llm(ConfigDocument::of(configuration["llm"], configuration["llm"].value("name", "llm")));
    return;
  }
  // Of the scenario, the schema of sweeps says what there is.
  static const json scenario = load_schema("orrery/sweep/1").at("definitions").at("scenario");
  validate_schema(ConfigDocument::of(configuration["scenario"], "scenario"), scenario);
}

namespace {

// Sum of a number over a machine's memory levels of one kind.
double of_levels(const json& chip, const char* kind, const char* key) {
  double sum = 0;
  for (const json& level : chip.at("memory")) {
    if (level.value("kind", "") == kind && level.contains(key)) sum += level[key].get<double>();
  }
  return sum;
}

}  // namespace

void mark_modified(json& configuration, const json& base) {
  configuration["modified"] = json::object();
  const bool stated = configuration["arch"]["chip"].value("static_w", json()) !=
                          base["arch"]["chip"].value("static_w", json()) ||
                      (base.contains("modified") && !base["modified"].contains("base_mm2"));
  if (!stated) {
    const json mm2 = modelled_area(base.value("modelled_mm2", json::object()), configuration["arch"]["chip"]);
    if (mm2.is_number()) configuration["modified"]["base_mm2"] = mm2;
  }
  // A preset, table or library that is an axis goes by its name: its content takes its place.
  each_reference(configuration["arch"], [](json& reference, const Named& named, const std::string&) {
    if (reference.is_string()) reference = inlined(reference, named);
  });
  json& chip = configuration["arch"]["chip"];
  const json& old = base["arch"]["chip"];
  if (!chip.contains("area") || chip["area"] != old.value("area", json())) return;  // stated for itself
  const auto grow = [&](const char* key, double now, double before, bool whole) {
    if (!chip["area"].contains(key) || before <= 0) return;
    const double grown = chip["area"][key].get<double>() * now / before;
    chip["area"][key] = whole ? json(static_cast<std::int64_t>(std::ceil(grown - 1e-9))) : json(grown);
  };
  grow("die_cores", chip["cores"]["count"].get<double>(), old["cores"]["count"].get<double>(), true);
  grow("die_shared_mib", of_levels(chip, "shared_buffer", "size_mib"),
       of_levels(old, "shared_buffer", "size_mib"), false);
  grow("die_memory_stacks", of_levels(chip, "dram", "channels"), of_levels(old, "dram", "channels"), true);
}

bool is_of_machine(const std::string& pointer) {
  return pointer.compare(0, 6, "/arch/") == 0;
}

json placed_inputs(const json& base, const json& inputs, const PointerOf& pointer_of, bool& modified) {
  json c = base;
  modified = false;
  for (const auto& [key, value] : inputs.items()) {
    const std::string at = pointer_of(key, value);
    modified = modified || is_of_machine(at);
    c[Pointer(at)] = value;
  }
  return c;
}

json with_inputs(const json& base, const json& inputs, const PointerOf& pointer_of) {
  bool modified = false;
  json c = placed_inputs(base, inputs, pointer_of, modified);
  if (modified) mark_modified(c, base);
  return c;
}

std::string label_of(const json& configuration) {
  const std::string option =
      configuration.contains("cost") ? configuration["cost"].value("name", "") + ": " : "";
  return option + configuration["arch"].value("name", "arch") + ", " +
         configuration["llm"].value("name", "llm");
}

std::vector<std::string> labels_of(const std::vector<json>& bases) {
  std::vector<std::string> labels;
  for (const json& base : bases) labels.push_back(label_of(base));
  const auto alike = [](const json& a, const json& b, const std::string& key) {
    return a["scenario"].value(key, json()) == b["scenario"].value(key, json());
  };
  std::vector<std::string> told = labels;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    for (const auto& [key, value] : bases[i]["scenario"].items()) {
      bool differs = false;
      for (std::size_t k = 0; k < bases.size(); ++k)
        differs = differs || (labels[k] == labels[i] && !alike(bases[i], bases[k], key));
      if (differs)
        told[i] += fmt::format(", {} {}", key, value.is_string() ? value.get<std::string>() : value.dump());
    }
  }
  return told;
}

std::string digest(const std::string& text) {
  boost::uuids::detail::sha1 sha;
  sha.process_bytes(text.data(), text.size());
  unsigned int words[5];
  sha.get_digest(words);
  return fmt::format("{:08x}{:08x}{:08x}{:08x}{:08x}", words[0], words[1], words[2], words[3], words[4]);
}

std::string digest(const json& value) {
  return digest(value.dump());
}

}  // namespace orrery
