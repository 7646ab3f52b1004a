#include "sim/explore/configuration.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/uuid/detail/sha1.hpp>
#include <cmath>
#include <fstream>

#include "sim/config/document_reference.h"
#include "sim/config/name_lookup.h"
#include "sim/config/node_loader.h"
#include "sim/config/runtime_loader.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"
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

std::vector<std::string> segments_of(const std::string& key) {
  std::vector<std::string> segments(1);
  for (const char c : key) {
    if (c == '.') {
      segments.emplace_back();
    } else {
      segments.back() += c;
    }
  }
  return segments;
}

const json* of_kind(const json& list, const std::string& kind, std::size_t& index) {
  const json* found = nullptr;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (!list[i].is_object() || list[i].value("kind", json()) != kind) continue;
    if (found != nullptr) return nullptr;  // two of them: by number
    found = &list[i];
    index = i;
  }
  return found;
}

// All places a key may mean, the existing ones first; those that would be new end with the last segment.
void find(const json& at, const std::string& pointer, const std::vector<std::string>& segments,
          std::size_t next, std::vector<std::string>& existing, std::vector<std::string>& fresh) {
  if (next == segments.size()) {
    existing.push_back(pointer);
    return;
  }
  const std::string& segment = segments[next];
  std::size_t index = 0;
  if (at.is_array()) {
    if (!segment.empty() && std::all_of(segment.begin(), segment.end(), ::isdigit)) {
      index = std::stoul(segment);
      if (index < at.size()) find(at[index], pointer + "/" + segment, segments, next + 1, existing, fresh);
    } else if (const json* item = of_kind(at, segment, index)) {
      find(*item, pointer + "/" + std::to_string(index), segments, next + 1, existing, fresh);
    }
    return;
  }
  if (!at.is_object()) return;
  if (at.contains(segment))
    return find(at[segment], pointer + "/" + segment, segments, next + 1, existing, fresh);
  for (const auto& [key, list] : at.items()) {
    if (!list.is_array()) continue;
    if (const json* item = of_kind(list, segment, index))
      find(*item, pointer + "/" + key + "/" + std::to_string(index), segments, next + 1, existing, fresh);
  }
  for (const char* through : {"chip", "cores"}) {
    if (at.contains(through)) find(at[through], pointer + "/" + through, segments, next, existing, fresh);
  }
  if (next + 1 == segments.size()) fresh.push_back(pointer + "/" + segment);
}

void collect_keys(const json& at, const std::string& path, std::vector<std::string>& keys) {
  if (at.is_object()) {
    for (const auto& [key, value] : at.items())
      collect_keys(value, path.empty() ? key : path + "." + key, keys);
  } else if (at.is_array() && !at.empty() && at[0].is_object()) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      std::size_t index = 0;
      const std::string kind = at[i].value("kind", "");
      const bool by_kind = !kind.empty() && of_kind(at, kind, index) != nullptr;
      collect_keys(at[i], path + "." + (by_kind ? kind : std::to_string(i)), keys);
    }
  } else {
    keys.push_back(path);
    // As one may write it.
    std::string shorter = path;
    for (const char* through : {".chip", ".memory", ".cores", ".engines"}) {
      const std::size_t place = shorter.find(std::string(through) + ".");
      if (place != std::string::npos) keys.push_back(shorter.erase(place, std::string(through).size()));
    }
  }
}

void check_against(const json& part, const char* schema, const std::string& name) {
  static std::map<std::string, json> schemas;
  auto found = schemas.find(schema);
  if (found == schemas.end()) found = schemas.emplace(schema, load_schema(schema)).first;
  validate_schema(ConfigDocument::of(part, name), found->second);
}

}  // namespace

json base_configuration(const std::string& arch, const std::string& llm, const std::string& runtime,
                        const std::string& node, const json& scenario) {
  const ConfigDocument machine = ConfigDocument::load(find_arch(arch));
  validate_as(machine, "orrery/arch/1");
  const ConfigDocument model = ConfigDocument::load(find_model_file(llm));
  json c = {{"arch", machine.root()},
            {"llm", model.root()},
            {"runtime", load_runtime_document(runtime).root()},
            {"scenario", scenario}};
  c["llm"]["name"] = build_llm(model).name;
  if (!node.empty()) {
    c["node"] = load_node_document(node).root();
    c["node"]["name"] = node;
  }
  for (const char* part : {"arch", "runtime", "node"}) {
    if (c.contains(part)) drop_words(c[part]);
  }
  each_reference(c["arch"], [](json& reference, const Named& named, const std::string&) {
    reference = inlined(reference, named);
  });
  // Prices, areas and accuracy: no keys of a sweep, but results hold figures of them.
  std::string tables;
  for (const char* file : {"technology/silicon.yaml", "costs/prices.yaml", "accuracy.yaml"}) {
    std::ifstream in(data_home() / "arch_configs" / file);
    tables += std::string(std::istreambuf_iterator<char>(in), {});
  }
  c["tables"] = digest(tables);
  return c;
}

void validate_part(const json& configuration, const std::string& pointer) {
  const std::string part = pointer.substr(1, pointer.find('/', 1) - 1);
  if (part == "runtime") return check_against(configuration["runtime"], "orrery/runtime/1", "runtime");
  if (part == "node") {
    json node = configuration["node"];
    node.erase("name");
    return check_against(node, "orrery/node/1", "node");
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

std::string resolve_key(const json& configuration, const std::string& key, const json& value) {
  std::vector<std::string> existing;
  std::vector<std::string> fresh;
  find(configuration, "", segments_of(key), 0, existing, fresh);
  std::sort(existing.begin(), existing.end());
  existing.erase(std::unique(existing.begin(), existing.end()), existing.end());
  if (existing.size() == 1) return existing[0];
  if (existing.size() > 1)
    throw ConfigError("", fmt::format("'{}' may mean {}; write it out", key, fmt::join(existing, " or ")));
  std::vector<std::string> fits;
  for (const std::string& pointer : fresh) {
    if (pointer.rfind('/') == 0) continue;  // beside the parts
    json changed = configuration;
    changed[Pointer(pointer)] = value;
    try {
      if (pointer.compare(0, 5, "/llm/") == 0) continue;  // a config.json has what it has
      validate_part(changed, pointer);
      fits.push_back(pointer);
    } catch (const ConfigError&) {
      continue;  // not a key of that place
    }
  }
  if (fits.size() == 1) return fits[0];
  std::vector<std::string> keys;
  collect_keys(configuration, "", keys);
  throw ConfigError(
      "", fmt::format("'{}' names no key of {}{}", key, label_of(configuration), did_you_mean(key, keys)));
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
  configuration["modified"] = true;
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
  return configuration["arch"].value("name", "arch") + ", " + configuration["llm"].value("name", "llm");
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
