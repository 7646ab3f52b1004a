#include "sim/workload/formats/kineto_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/workload/formats/kineto_events.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {
namespace {

struct C10dRow {
  const char* part;  // of a collective's name
  OperatorKind kind;
};
// The first that is part of a name: "_reduce_scatter_base", "allreduce_coalesced".
constexpr C10dRow kC10d[] = {
    {"reduce_scatter", OperatorKind::reduce_scatter}, {"allreduce", OperatorKind::all_reduce},
    {"all_reduce", OperatorKind::all_reduce},         {"allgather", OperatorKind::all_gather},
    {"all_gather", OperatorKind::all_gather},         {"all_to_all", OperatorKind::all_to_all},
    {"alltoall", OperatorKind::all_to_all},           {"broadcast", OperatorKind::broadcast}};

std::uint64_t bytes_of_torch(const std::string& dtype) {
  if (const auto ours = torch_dtype(dtype)) return storage_bits(*ours) / 8;
  const auto has = [&dtype](const char* part) { return dtype.find(part) != std::string::npos; };
  if (has("Long") || has("Double") || has("Int64")) return 8;
  return has("Byte") || has("Bool") ? 1 : 4;
}

constexpr std::uint64_t kMostWorld = 65536;

class KinetoReader {
 public:
  KinetoReader(const std::filesystem::path& file, const ImportOptions& options)
      : file_(file.string()),
        options_(options),
        graph_(file.filename().string(), names_),
        coverage_("a PyTorch profile") {}

  ImportedTrace read(const KinetoProfile& profile) {
    const std::uint64_t said = profile.devices.value_or(1);
    if (options_.devices && profile.devices && *options_.devices != said)
      throw ConfigError(file_, fmt::format("is of {} devices; --devices says {}", said, *options_.devices));
    devices_ = options_.devices.value_or(static_cast<std::uint32_t>(std::min(said, kMostWorld)));
    // Collectives stand in the host's events; where they do not, in their kernels'.
    const bool on_host = std::any_of(profile.events.begin(), profile.events.end(), [](const KinetoEvent& e) {
      return e.kind == KinetoEvent::Kind::host && e.collective;
    });
    sizes_of_collectives_ = on_host;
    for (const KinetoEvent& e : profile.events) {
      const bool host = e.kind == KinetoEvent::Kind::host;
      if (e.collective && host == on_host) {
        add(e, collective(*e.collective));
      } else if (host) {
        add_nested(e);
      }
    }
    for (const std::string& name : hollow()) coverage_.refuse(name, "recorded without what it is made of");
    for (const KinetoEvent& e : profile.events) {
      if (e.kind == KinetoEvent::Kind::kernel) judge_kernel(e);
    }
    coverage_.assume("operators run one after the other, in the order in which the host issued them");
    coverage_.assume(
        "the file does not tell weights from activations: nothing is said of the memory they take");
    if (profile.steps > 1)
      coverage_.assume(fmt::format("all {} steps of the profile are one", profile.steps));
    if (devices_ > 1) coverage_.assume(fmt::format("all {} devices do what this rank does", devices_));
    std::vector<OperatorGraph> graphs;
    graphs.push_back(graph_.finish());
    const DType dtype = arithmetic_of(graphs.front(), options_.format());
    return imported(file_, std::move(graphs), devices_, dtype, std::move(coverage_));
  }

 private:
  const std::string file_;
  const ImportOptions& options_;
  std::shared_ptr<TensorNames> names_ = std::make_shared<TensorNames>();
  GraphImport graph_;
  Coverage coverage_;
  std::uint32_t devices_ = 1;
  bool sizes_of_collectives_ = false;        // the host's events say them
  std::unordered_set<std::uint64_t> known_;  // external ids of operators that are counted or do nothing

  // Operators that one stands in, on its thread.
  struct Frame {
    double ends_us = 0;
    bool counted = false;
    std::size_t composite = SIZE_MAX;  // its place among those
  };
  struct Composite {
    std::string name;
    bool filled = false;  // something that it is made of was recorded
  };
  std::map<std::string, std::vector<Frame>> open_;  // by thread
  std::vector<Composite> composites_;

  // Parts of an operator that is counted are counted with it.
  void add_nested(const KinetoEvent& e) {
    std::vector<Frame>& frames = open_[e.thread];
    while (!frames.empty() && frames.back().ends_us <= e.begins_us) frames.pop_back();
    Frame frame{e.begins_us + e.lasts_us};
    const bool part = std::any_of(frames.begin(), frames.end(), [](const Frame& f) { return f.counted; });
    if (part) {
      coverage_.ignore(e.call.name + " (part)", "of an operator that is counted");
      if (e.external) known_.insert(*e.external);
    } else {
      const std::size_t refused = coverage_.refused.size();
      auto op = operation(e);
      frame.counted = op.has_value();
      if (op || coverage_.refused.size() > refused || coverage_.refused.count(e.call.name) > 0) {
        for (const Frame& f : frames) {
          if (f.composite != SIZE_MAX) composites_[f.composite].filled = true;
        }
      }
      if (is_composite(e.call.name)) {
        frame.composite = composites_.size();
        composites_.push_back({e.call.name});
      }
      add(e, std::move(op));
    }
    if (e.lasts_us > 0) frames.push_back(frame);
  }
  std::vector<std::string> hollow() const {
    std::vector<std::string> names;
    for (const Composite& c : composites_) {
      if (!c.filled) names.push_back(c.name);
    }
    return names;
  }

  void add(const KinetoEvent& e, std::optional<Operator> op) {
    if (!op) return;
    const std::uint64_t number = graph_.operators() + 1;
    name_tensors(*op, "e" + std::to_string(number), *names_);
    graph_.add(number, e.call.name,
               number > 1 ? std::vector<std::uint64_t>{number - 1} : std::vector<std::uint64_t>{},
               std::move(*op));
  }

  std::optional<Operator> operation(const KinetoEvent& e) {
    const std::string& name = e.call.name;
    const bool tensors =
        std::any_of(e.call.dims.begin(), e.call.dims.end(), [](const auto& dims) { return !dims.empty(); });
    const bool aten = name.rfind("aten::", 0) == 0;
    if (!is_torch(name) || (!aten && !tensors && !is_frame(name))) {
      coverage_.ignore(name, "a frame around other operators, or none of the device's");
      return std::nullopt;
    }
    const std::size_t refused = coverage_.refused.size();
    auto op = located(fmt::format("{}, event '{}'", file_, name),
                      [&] { return torch_operator(e.call, options_, coverage_); });
    if (e.external && coverage_.refused.size() == refused && coverage_.refused.count(name) == 0)
      known_.insert(*e.external);
    return op;
  }

  std::optional<Operator> collective(const KinetoCollective& c) {
    const auto* row = std::find_if(std::begin(kC10d), std::end(kC10d), [&c](const C10dRow& each) {
      return c.name.find(each.part) != std::string::npos;
    });
    const std::string name = "c10d " + c.name;
    if (row == std::end(kC10d)) {
      if (c.in_elements == 0 || c.name.find("barrier") != std::string::npos || c.name == "wait" ||
          c.name == "init") {
        coverage_.ignore(name, "moves nothing");
      } else {
        coverage_.refuse(name, "no collective that Orrery runs");
      }
      return std::nullopt;
    }
    const std::uint64_t group = c.group_size.value_or(devices_);
    if (group > devices_) {
      coverage_.refuse(name, fmt::format("its group of {} exceeds the profile's {} device(s): say --devices",
                                         group, devices_));
      return std::nullopt;
    }
    const bool gathers = row->kind == OperatorKind::all_gather;
    const auto shared = group_of(c, static_cast<std::uint32_t>(group));
    if (!shared) {
      coverage_.refuse(name, "of a group whose ranks are not evenly apart");
      return std::nullopt;
    }
    const std::uint64_t whole = checked_product(
        {gathers || c.in_elements == 0 ? std::max(c.out_elements, c.in_elements) : c.in_elements,
         bytes_of_torch(c.dtype)});
    if (c.in_elements == 0 && c.out_elements == 0) {
      coverage_.ignore(name, "of no elements");
      return std::nullopt;
    }
    coverage_.understand(fmt::format("{} as {}", name, to_string(row->kind)));
    return standalone(row->kind, CollectiveShape::over(whole, *shared),
                      torch_dtype(c.dtype).value_or(DType::fp16));
  }

  // Neighbours where its ranks are not said, none where they are uneven.
  std::optional<DeviceGroup> group_of(const KinetoCollective& c, std::uint32_t size) {
    if (size < 2 || size == devices_) return DeviceGroup{size};
    const auto list = nlohmann::json::parse(c.ranks, nullptr, false);
    const bool said =
        list.is_array() && list.size() == size && std::all_of(list.begin(), list.end(), [](const auto& r) {
          return r.is_number_unsigned() && r.template get<std::uint64_t>() < kMostWorld;
        });
    if (!said) {
      coverage_.assume("groups whose ranks are not said are of neighbours");
      return DeviceGroup{size};
    }
    const auto group = evenly_apart(list.get<std::vector<std::uint32_t>>());
    return group && group->span() <= devices_ ? group : std::nullopt;
  }

  // A kernel's work is counted with its operator, or not at all.
  void judge_kernel(const KinetoEvent& e) {
    const std::string name = e.call.name.substr(0, e.call.name.find_first_of("<("));
    if (e.collective || (name.rfind("nccl", 0) == 0 && sizes_of_collectives_)) {
      coverage_.ignore("kernel " + name, "of a collective that is counted");
    } else if (name.rfind("nccl", 0) == 0) {
      coverage_.refuse("kernel " + name, "a collective whose size was not recorded");
    } else if (e.external && known_.count(*e.external) > 0) {
      coverage_.ignore("kernels", "of operators that are counted");
    } else {
      coverage_.refuse("kernel " + name,
                       "of no operator that is understood (compiled or custom code, or launched by none that "
                       "was recorded)");
    }
  }
};

}  // namespace

ImportedTrace read_kineto(const std::filesystem::path& file, const ImportOptions& options) {
  return KinetoReader(file, options).read(read_kineto_events(file));
}

}  // namespace orrery
