#include "sim/study/configuration_key.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/study/configuration.h"
#include "sim/study/named_files.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

using nlohmann::json;
using Pointer = json::json_pointer;

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

// What an item of a list goes by: levels and engines by their kind, options by their name, prices by the
// machine, nodes of a process by their size.
std::string label_of_item(const json& item) {
  if (!item.is_object()) return "";
  for (const char* by : {"kind", "name", "arch"}) {
    if (item.contains(by) && item[by].is_string()) return item[by].get<std::string>();
  }
  return item.contains("nm") ? fmt::format("{}nm", item["nm"].get<double>()) : "";
}

const json* labelled(const json& list, const std::string& label, std::size_t& index) {
  const json* found = nullptr;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (label.empty() || label_of_item(list[i]) != label) continue;
    if (found != nullptr) return nullptr;  // two of them: by number
    found = &list[i];
    index = i;
  }
  return found;
}

// A segment as a JSON pointer writes it.
std::string escaped(const std::string& segment) {
  std::string out;
  for (const char c : segment) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

bool is_index(const std::string& segment) {
  constexpr std::size_t kMostDigits = 9;
  return !segment.empty() && segment.size() <= kMostDigits &&
         std::all_of(segment.begin(), segment.end(), ::isdigit);
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
    if (is_index(segment)) {
      index = std::stoul(segment);
      if (index < at.size()) find(at[index], pointer + "/" + segment, segments, next + 1, existing, fresh);
    } else if (const json* item = labelled(at, segment, index)) {
      find(*item, pointer + "/" + std::to_string(index), segments, next + 1, existing, fresh);
    } else if (at.size() == 1) {  // the only one needs no label
      find(at[0], pointer + "/0", segments, next, existing, fresh);
    }
    return;
  }
  if (!at.is_object()) return;
  if (at.contains(segment))
    return find(at[segment], pointer + "/" + escaped(segment), segments, next + 1, existing, fresh);
  for (const auto& [key, list] : at.items()) {
    if (!list.is_array()) continue;
    if (const json* item = labelled(list, segment, index))
      find(*item, pointer + "/" + escaped(key) + "/" + std::to_string(index), segments, next + 1, existing,
           fresh);
  }
  for (const char* through : {"chip", "cores", "options", "finance", "demand"}) {
    if (at.contains(through)) find(at[through], pointer + "/" + through, segments, next, existing, fresh);
  }
  if (next + 1 == segments.size()) fresh.push_back(pointer + "/" + escaped(segment));
}

void collect_keys(const json& at, const std::string& path, std::vector<std::string>& keys) {
  if (at.is_object()) {
    for (const auto& [key, value] : at.items())
      collect_keys(value, path.empty() ? key : path + "." + key, keys);
  } else if (at.is_array() && !at.empty() && at[0].is_object()) {
    for (std::size_t i = 0; i < at.size(); ++i) {
      std::size_t index = 0;
      const std::string label = label_of_item(at[i]);
      const bool by_label = labelled(at, label, index) != nullptr;
      collect_keys(at[i], path + "." + (by_label ? label : std::to_string(i)), keys);
    }
  } else {
    keys.push_back(path);
    // As one may write it.
    std::string shorter = path;
    for (const char* through :
         {".chip", ".memory", ".cores", ".engines", ".options", ".finance", ".demand"}) {
      const std::size_t place = shorter.find(std::string(through) + ".");
      if (place != std::string::npos) keys.push_back(shorter.erase(place, std::string(through).size()));
    }
  }
}

// What a cost scenario says too, but the sweep decides.
struct Elsewhere {
  const char* pointer;
  const char* key;
};
constexpr Elsewhere kElsewhere[] = {{"/cost/model", "of.llm"},
                                    {"/cost/workload/input", "scenario.input"},
                                    {"/cost/workload/output", "scenario.output"},
                                    {"/cost/workload/user_rates", "cost.workload.tpot_max_s"},
                                    {"/cost/options/0/arch", "of.arch"},
                                    {"/cost/options/0/node", "of.node"},
                                    {"/cost/options/0/runtime", "of.runtime"},
                                    {"/cost/options/0/devices", "scenario.devices"},
                                    {"/cost/options/0/dtype", "scenario.dtype"},
                                    {"/cost/options/0/weights", "scenario.weights"},
                                    {"/cost/options/0/activations", "scenario.activations"},
                                    {"/cost/options/0/kv", "scenario.kv"},
                                    {"/cost/options/0/sparsity", "scenario.sparsity"},
                                    {"/cost/options/0/attention", "scenario.attention"},
                                    {"/cost/options/0/batch", "scenario.batch"},
                                    {"/cost/options/0/power_cap_w", "arch.power_cap_w"},
                                    {"/cost/options/0/process_nm", "arch.process_nm"}};

// Parts whose keys a sweep may name.
const std::vector<std::string> kParts = {"arch", "llm",        "scenario", "serving", "runtime",
                                         "node", "technology", "prices",   "cost"};

const std::string& decided_here(const std::string& key, const std::string& pointer) {
  for (const Elsewhere& e : kElsewhere) {
    if (pointer == e.pointer)
      throw ConfigError("",
                        fmt::format("'{}' is not the cost scenario's to say in a sweep: use {}", key, e.key));
  }
  return pointer;
}

}  // namespace

std::string resolve_key(const json& configuration, const std::string& key, const json& value) {
  const std::vector<std::string> segments = segments_of(key);
  std::vector<std::string> existing;
  std::vector<std::string> fresh;
  if (is_part(segments[0])) find(configuration, "", segments, 0, existing, fresh);
  std::sort(existing.begin(), existing.end());
  existing.erase(std::unique(existing.begin(), existing.end()), existing.end());
  if (existing.size() == 1) return decided_here(key, existing[0]);
  if (existing.size() > 1)
    throw ConfigError("", fmt::format("'{}' may mean {}; write it out", key, fmt::join(existing, " or ")));
  std::vector<std::string> fits;
  std::string refused;  // by a schema that knows the key
  for (const std::string& pointer : fresh) {
    if (pointer.rfind('/') == 0) continue;  // beside the parts
    decided_here(key, pointer);
    json changed = configuration;
    changed[Pointer(pointer)] = value;
    try {
      if (pointer.compare(0, 5, "/llm/") == 0) continue;  // a config.json has what it has
      validate_part(changed, pointer);
      fits.push_back(pointer);
    } catch (const ConfigError& error) {
      const std::string why = error.diagnostics().front().message;
      if (!value.is_null() && why.find("unknown key") == std::string::npos) refused = why;
    }
  }
  if (fits.size() == 1) return fits[0];
  if (fits.empty() && !refused.empty()) throw ConfigError("", "'" + key + "': " + refused);
  std::vector<std::string> keys;
  for (const std::string& part : kParts) {
    if (configuration.contains(part)) collect_keys(configuration[part], part, keys);
  }
  throw ConfigError(
      "", fmt::format("'{}' names no key of {}{}", key, label_of(configuration), did_you_mean(key, keys)));
}

bool is_part(const std::string& name) {
  return std::find(kParts.begin(), kParts.end(), name) != kParts.end();
}

bool overlap(const std::string& a, const std::string& b) {
  const std::string& outer = a.size() < b.size() ? a : b;
  const std::string& inner = a.size() < b.size() ? b : a;
  return inner.compare(0, outer.size(), outer) == 0 &&
         (inner.size() == outer.size() || inner[outer.size()] == '/');
}

void check_settable(const json& configuration, const std::string& key, const std::string& pointer,
                    const json& value) {
  const auto refuse = [&](const std::string& why) { throw ConfigError("", "'" + key + "' " + why); };
  const Pointer at(pointer);
  if (at.parent_pointer().empty()) refuse("is a whole part; 'of' says which");
  if (at.parent_pointer().parent_pointer().empty() && at.back() == "name")
    refuse("is a name that tells results apart, and nothing that is simulated");
  if (!configuration.contains(at) || (value.is_string() && is_named_file(configuration["arch"], pointer)))
    return;
  const json& now = configuration[at];
  if (now.is_structured() && now.type() != value.type())
    refuse(fmt::format("is {}; {} is none", now.is_array() ? "a list" : "a group of keys", value.dump()));
}

}  // namespace orrery
