#include "sim/study/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/detail/sha1.hpp>
#include <cmath>
#include <fstream>

#include "sim/config/accuracy_table.h"
#include "sim/config/arch_keys.h"
#include "sim/config/arch_loader.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/name_lookup.h"
#include "sim/config/node_loader.h"
#include "sim/config/price_book.h"
#include "sim/config/runtime_loader.h"
#include "sim/config/technology.h"
#include "sim/study/configured.h"
#include "sim/study/named_files.h"
#include "sim/study/serving_part.h"
#include "sim/study/sweep_keys.h"
#include "sim/util/data_home.h"
#include "sim/workload/attention_pattern.h"
#include "sim/workload/llm_spec.h"

namespace orrery {

using nlohmann::json;
using Pointer = json::json_pointer;

namespace {

// Sum of a number over a machine's memory levels of one kind.
double of_levels(const json& chip, const char* kind, const char* key) {
  double sum = 0;
  for (const json& level : chip.at("memory")) {
    if (level.value("kind", "") == kind && level.contains(key)) sum += level[key].get<double>();
  }
  return sum;
}

const json& original_machine(const json& base) {
  return base.contains("overridden") ? base["overridden"] : base["arch"];
}

json areas_of(const json& base, const json& technology) {
  return modelled_areas(original_machine(base), base.value("node", json()), technology);
}

// What the die of a changed machine has grown from: {base_mm2?, die_stated?}.
json growth_of(const json& c, const json& base) {
  const json& chip = c["arch"]["chip"];
  const json& original = original_machine(base)["chip"];
  json growth = json::object();
  const json stated = c.value("stated", json::object());
  const bool die_stated = stated.contains("die_mm2");
  if (die_stated) growth["die_stated"] = true;
  if (stated.contains("static_w")) return growth;
  // Estimated from the area as stated or modelled (sim/config/arch_loader), it follows already.
  if (!chip.contains("static_w") && (die_stated || !chip.contains("die_mm2"))) return growth;
  const bool same_table = c["technology"] == base["technology"];
  const bool remembered = same_table && base.contains("modelled_mm2");
  json mm2 = modelled_area(remembered ? base["modelled_mm2"] : areas_of(base, c["technology"]), chip);
  if (die_stated && original.contains("die_mm2")) mm2 = original["die_mm2"];
  if (mm2.is_number()) growth["base_mm2"] = mm2;
  return growth;
}

std::string measured_digest() {
  std::ifstream in(data_home() / "arch_configs" / "accuracy.yaml");
  std::string text(std::istreambuf_iterator<char>(in), {});
  const AccuracyTable table = load_accuracy();
  for (const auto& [arch, origin] : table.origins())
    text += fmt::format(" {} {} {}", arch, origin.library, origin.vendor);
  return digest(text);
}

}  // namespace

BaseTables load_base_tables() {
  BaseTables tables{load_technology_document().root(), load_prices_document().root(), ""};
  drop_words(tables.technology);
  drop_words(tables.prices);
  return tables;
}

BaseTables load_sweep_tables() {
  BaseTables tables = load_base_tables();
  tables.accuracy = measured_digest();
  return tables;
}

json base_configuration(const BaseNames& names, const json& scenario, const BaseTables& tables) {
  const ConfigDocument machine = load_arch_document(find_arch(names.arch));
  expect_kind(machine, kArch);
  json c = {{"arch", machine.root()},
            {"technology", tables.technology},
            {"prices", tables.prices},
            {"accuracy", tables.accuracy},
            {"scenario", scenario}};
  if (!names.llm.empty()) {
    const ConfigDocument model = load_llm_document(find_model_file(names.llm));
    c["llm"] = model.root();
    c["llm"]["name"] = build_llm(model).name;
  }
  if (!names.runtime.empty()) c["runtime"] = load_runtime_document(names.runtime).root();
  if (!names.node.empty()) {
    c["node"] = load_node_document(names.node).root();
    c["node"]["name"] = names.node;
  }
  for (const char* part : {"arch", "runtime", "node"}) {
    if (c.contains(part)) drop_words(c[part]);
  }
  put_content(c["arch"]);
  return c;
}

std::vector<json> cost_configurations(const ConfigDocument& document, const json& scenario,
                                      const BaseTables& tables) {
  const CostScenario s = build_cost_scenario(document);  // refuses a price without currency or date
  json terms = document.root();
  drop_words(terms);
  for (const char* key : {"title", "question"}) terms.erase(key);
  terms["workload"].erase("user_rates");
  std::vector<json> configurations;
  for (std::size_t i = 0; i < s.options.size(); ++i) {
    const CostOption& option = s.options[i];
    json run = {{"input", s.input}, {"output", s.output}};
    for (const auto& [key, degree] :
         {std::pair("tp", option.tp), std::pair("pp", option.pp), std::pair("ep", option.ep),
          std::pair("dp", option.dp), std::pair("cp", option.cp),
          std::pair("micro_batches", option.micro_batches)}) {
      if (degree) run[key] = *degree;
    }
    // Degrees alone say how many devices there are.
    if (terms["options"][i].contains("devices") || run.size() == 2) run["devices"] = option.devices;
    if (option.batch) run["batch"] = *option.batch;
    for (const auto& [key, format] :
         {std::pair("dtype", &option.dtype), std::pair("weights", &option.weights),
          std::pair("activations", &option.activations), std::pair("kv", &option.kv),
          std::pair("sparsity", &option.sparsity), std::pair("attention", &option.attention)}) {
      if (!format->empty()) run[key] = *format;
    }
    run.update(scenario);
    json c = base_configuration({option.arch, s.model, option.runtime, option.node}, run, tables);
    const json original = c;
    json& chip = c["arch"]["chip"];
    if (option.power_cap_w > 0) chip["power_cap_w"] = option.power_cap_w;
    if (option.process_nm > 0) {
      const bool moves = chip.contains("process_nm") && chip["process_nm"].get<double>() != option.process_nm;
      chip["process_nm"] = option.process_nm;
      if (moves) override_machine(c, original);
    }
    c["cost"] = terms;
    json only = terms["options"][i];
    for (const char* key :
         {"node", "runtime", "devices", "tp", "pp", "ep", "dp", "cp", "micro_batches", "dtype", "weights",
          "activations", "kv", "sparsity", "attention", "batch", "power_cap_w", "process_nm"})
      only.erase(key);
    c["cost"]["options"] = json::array({only});
    c["cost"]["name"] = option.name;
    configurations.push_back(c);
  }
  return configurations;
}

void validate_part(const json& configuration, const std::string& pointer) {
  const std::string part = pointer.substr(1, pointer.find('/', 1) - 1);
  const json& value = configuration[part];
  const ConfigDocument document = ConfigDocument::of(value, part);
  if (part == "llm") {
    build_llm(ConfigDocument::of(value, value.value("name", "llm")));
    return;
  }
  if (part == "scenario") {
    expect_keys(document, table_of<ScenarioKeys>());
    if (value.contains("dtype")) dtype_named(value["dtype"].get<std::string>());
    for (const char* key : {"weights", "activations", "kv"}) {
      if (value.contains(key)) format_named(value[key].get<std::string>());
    }
    if (value.contains("sparsity")) weight_sparsity_named(value["sparsity"].get<std::string>());
    if (value.contains("attention")) attention_patterns(value["attention"].get<std::string>());
    return;
  }
  if (part == "serving") {
    expect_keys(document, table_of<ServingPart>());
    return;
  }
  for (const auto& [name, kind] :
       {std::pair{"arch", &kArch}, std::pair{"runtime", &kRuntime}, std::pair{"technology", &kTechnology},
        std::pair{"prices", &kPrices}, std::pair{"node", &kNode}, std::pair{"cost", &kCost}}) {
    if (part == name) expect_keys(document, kind->table());
  }
  if (part == "arch") check_names(value);
  if (part == "cost") build_cost_scenario(document);  // bounds
}

void remember_areas(json& base) {
  base["modelled_mm2"] = areas_of(base, base["technology"]);
}

void override_machine(json& base, const json& before) {
  base["overridden"] = original_machine(before);
  mark_modified(base, before);
}

void mark_modified(json& configuration, const json& base) {
  // A file that is an axis goes by its name: its content takes its place.
  put_content(configuration["arch"]);
  configuration["modified"] = growth_of(configuration, base);
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
  for (const char* key : {"channels", "stacks"})
    grow("die_memory_stacks", of_levels(chip, "dram", key), of_levels(old, "dram", key), true);
}

void place(json& configuration, const std::string& pointer, const json& value) {
  configuration[Pointer(pointer)] = value;
  for (const char* name : {"die_mm2", "static_w"}) {
    if (pointer == std::string("/arch/chip/") + name) configuration["stated"][name] = value;
  }
}

bool is_of_machine(const std::string& pointer) {
  return pointer.compare(0, 6, "/arch/") == 0;
}

bool changes_machine(const json& base, const std::string& pointer) {
  return is_of_machine(pointer) || (base.contains("modified") && pointer.compare(0, 12, "/technology/") == 0);
}

json placed_inputs(const json& base, const json& inputs, const PointerOf& pointer_of, bool& modified) {
  json c = base;
  modified = false;
  for (const auto& [key, value] : inputs.items()) {
    const std::string at = pointer_of(key, value);
    modified = modified || changes_machine(base, at);
    place(c, at, value);
  }
  return c;
}

json with_inputs(const json& base, const json& inputs, const PointerOf& pointer_of) {
  bool modified = false;
  json c = placed_inputs(base, inputs, pointer_of, modified);
  if (modified) mark_modified(c, base);
  return c;
}

std::string part_digest(const json& part) {
  std::string held;
  for (const char* key : {"trace", "draft", "expert_load"}) {
    const std::string name = part.is_object() ? part.value(key, "") : "";
    std::error_code none;
    if (!std::filesystem::is_regular_file(name, none)) continue;
    std::ifstream in(name);
    held += digest(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  return held.empty() ? digest(part) : digest(part.dump() + held);
}

std::string area_digest(const json& technology) {
  json table = {{"area", technology.at("area")}};
  for (const json& node : technology.at("nodes"))
    table["nodes"].push_back({node.at("nm"), node.at("sram_um2_per_bit"), node.at("logic_mtr_per_mm2")});
  return digest(table);
}

std::string simulated_digest(const json& c) {
  json parts = json::object();
  for (const char* part : {"arch", "node", "modified", "llm", "scenario", "runtime", "serving"}) {
    if (c.contains(part)) parts[part] = part_digest(c[part]);
  }
  // Of a cost scenario, the targets that decide what is served; of the table, what a die has grown by.
  if (c.contains("cost")) parts["workload"] = c["cost"]["workload"];
  if (c.contains("modified")) parts["technology"] = area_digest(c["technology"]);
  return digest(parts);
}

std::string label_of(const json& configuration) {
  const std::string option =
      configuration.contains("cost") ? configuration["cost"].value("name", "") + ": " : "";
  const std::string machine = option + configuration["arch"].value("name", "arch");
  return configuration.contains("llm") ? machine + ", " + configuration["llm"].value("name", "llm") : machine;
}

std::vector<std::string> labels_of(const std::vector<json>& bases) {
  std::vector<std::string> labels;
  for (const json& base : bases) labels.push_back(label_of(base));
  const auto value_of = [](const json& base, const char* part, const std::string& key) {
    return base.contains(part) ? base[part].value(key, json()) : json();
  };
  std::vector<std::string> told = labels;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    for (const char* part : {"scenario", "serving"}) {
      const json said = bases[i].value(part, json::object());
      for (const auto& [key, value] : said.items()) {
        bool differs = false;
        for (std::size_t k = 0; k < bases.size(); ++k)
          differs = differs || (labels[k] == labels[i] && value != value_of(bases[k], part, key));
        if (differs)
          told[i] += fmt::format(", {} {}", key, value.is_string() ? value.get<std::string>() : value.dump());
      }
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
