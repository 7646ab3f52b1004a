#include "sim/workload/formats/kineto_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr std::size_t kMostEvents = std::size_t{1} << 24;

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() || !found->is_string() ? "" : found->get<std::string>();
}

class EventReader {
 public:
  explicit EventReader(std::string file) : file_(std::move(file)) {}

  void read(const json& event) {
    const std::string category = text_of(event, "cat");
    const std::string name = text_of(event, "name");
    if (name.rfind("ProfilerStep#", 0) == 0 && category == "user_annotation") ++profile_.steps;
    const bool host = category == "cpu_op" || category == "Operator";
    const bool kernel = category == "kernel" || category == "Kernel";
    const auto args = event.find("args");
    if ((category == "cuda_runtime" || category == "cuda_driver") && args != event.end() &&
        args->is_object()) {
      where_ = file_;
      const auto correlation = count(*args, "correlation");
      const auto external = external_of(*args);
      if (correlation && external) launched_[*correlation] = *external;
      return;
    }
    if (!host && !kernel) return;
    if (profile_.events.size() == kMostEvents)
      throw ConfigError(file_, fmt::format("more than {} events", kMostEvents));
    KinetoEvent e;
    e.kind = host ? KinetoEvent::Kind::host : KinetoEvent::Kind::kernel;
    e.call.name = name;
    where_ = fmt::format("{}, event '{}'", file_, name.substr(0, 80));
    const auto begins = event.find("ts");
    // Older files write times as text.
    if (begins != event.end() && begins->is_number()) e.begins_us = begins->get<double>();
    const auto lasts = event.find("dur");
    if (lasts != event.end() && lasts->is_number()) e.lasts_us = lasts->get<double>();
    if (!std::isfinite(e.begins_us) || !std::isfinite(e.lasts_us))
      throw ConfigError(where_, "'ts' or 'dur' is no time");
    if (const auto thread = event.find("tid"); thread != event.end()) e.thread = thread->dump();
    if (args != event.end() && args->is_object()) {
      read_arguments(*args, e);
      if (const auto correlation = kernel && !e.external ? count(*args, "correlation") : std::nullopt)
        unlinked_.emplace_back(profile_.events.size(), *correlation);
    }
    profile_.events.push_back(std::move(e));
  }

  KinetoProfile finish(const json& rest) {
    if (const auto info = rest.find("distributedInfo"); info != rest.end() && info->is_object()) {
      if (const auto size = info->find("world_size"); size != info->end() && size->is_number_unsigned())
        profile_.devices = size->get<std::uint64_t>();
    }
    for (const auto& [event, correlation] : unlinked_) {
      if (const auto found = launched_.find(correlation); found != launched_.end())
        profile_.events[event].external = found->second;
    }
    // Who begins first, and of those that begin together who lasts longer: the outer one.
    std::stable_sort(
        profile_.events.begin(), profile_.events.end(), [](const KinetoEvent& a, const KinetoEvent& b) {
          return a.begins_us != b.begins_us ? a.begins_us < b.begins_us : a.lasts_us > b.lasts_us;
        });
    return std::move(profile_);
  }

 private:
  std::string file_, where_;
  KinetoProfile profile_;
  std::unordered_map<std::uint64_t, std::uint64_t> launched_;    // operators by the correlation of a launch
  std::vector<std::pair<std::size_t, std::uint64_t>> unlinked_;  // kernels that say a correlation alone

  // Newer and older names of an argument.
  static const json* either(const json& args, const char* newer, const char* older) {
    for (const char* key : {newer, older}) {
      if (const auto found = args.find(key); found != args.end()) return &*found;
    }
    return nullptr;
  }

  std::optional<std::uint64_t> count(const json& args, const char* key) const {
    const auto found = args.find(key);
    if (found == args.end() || found->is_null()) return std::nullopt;
    if (!found->is_number_unsigned())
      throw ConfigError(where_,
                        fmt::format("'{}' is {}; expected a whole number, not negative", key, found->dump()));
    return found->get<std::uint64_t>();
  }

  std::optional<std::uint64_t> external_of(const json& args) const {
    const auto newer = count(args, "External id");
    return newer ? newer : count(args, "external id");
  }

  void read_arguments(const json& args, KinetoEvent& e) const {
    e.external = external_of(args);
    if (const json* dims = either(args, "Input Dims", "Input dims"); dims != nullptr && dims->is_array()) {
      e.call.dims = torch_shapes(*dims, [this](const json& extent) {
        throw ConfigError(
            where_, fmt::format("'Input Dims' has {}; expected whole numbers, not negative", extent.dump()));
      });
    }
    if (const json* types = either(args, "Input type", "Input types")) e.call.types = torch_texts(*types);
    if (const json* values = either(args, "Concrete Inputs", "Concrete inputs"))
      e.call.values = torch_texts(*values);
    if (const std::string name = text_of(args, "Collective name"); !name.empty()) {
      KinetoCollective c;
      c.name = name;
      c.dtype = text_of(args, "dtype");
      c.in_elements = count(args, "In msg nelems").value_or(0);
      c.out_elements = count(args, "Out msg nelems").value_or(0);
      c.group_size = count(args, "Group size");
      c.ranks = text_of(args, "Process Group Ranks");
      e.collective = std::move(c);
    }
  }
};

}  // namespace

KinetoProfile read_kineto_events(const std::filesystem::path& file) {
  std::ifstream in = open_file(file);
  EventReader reader(file.string());
  bool events = false;
  // Each event is read as it ends, and then forgotten.
  const auto take = [&](int depth, json::parse_event_t what, json& parsed) {
    constexpr int kEventDepth = 2;
    if (what == json::parse_event_t::key && depth == 1) events = parsed == "traceEvents";
    if (!events || depth != kEventDepth || what != json::parse_event_t::object_end) return true;
    reader.read(parsed);
    return false;
  };
  json rest;
  try {
    rest = json::parse(in, take);
  } catch (const json::exception& error) {
    throw ConfigError(file.string(), std::string("is no whole JSON of a PyTorch profile: ") + error.what());
  }
  if (!rest.is_object() || !rest.contains("traceEvents"))
    throw ConfigError(file.string(), "has no 'traceEvents': is this a profile of PyTorch?");
  return reader.finish(rest);
}

}  // namespace orrery
