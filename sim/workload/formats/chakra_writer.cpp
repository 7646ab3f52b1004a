#include "sim/workload/formats/chakra_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "sim/util/whole_file.h"
#include "sim/workload/formats/chakra_line.h"
#include "sim/workload/formats/chakra_ranks.h"
#include "sim/workload/formats/delimited.h"
#include "sim/workload/formats/trace_writer.h"

namespace orrery {
namespace {

// Groups of ranks, named by their place.
class Groups {
 public:
  // Of a device that takes part.
  std::string name(const DeviceGroup& group, std::uint32_t rank) {
    const std::uint32_t first = rank / group.span() * group.span() + rank % group.stride;
    std::vector<std::uint32_t> ranks;
    for (std::uint32_t i = 0; i < group.devices; ++i) ranks.push_back(first + i * group.stride);
    return std::to_string(numbers_.try_emplace(ranks, numbers_.size()).first->second);
  }
  nlohmann::ordered_json json() const {
    std::map<std::size_t, std::vector<std::uint32_t>> in_order;
    for (const auto& [ranks, number] : numbers_) in_order[number] = ranks;
    nlohmann::ordered_json json = nlohmann::ordered_json::object();
    for (const auto& [number, ranks] : in_order) json[std::to_string(number)] = ranks;
    return json;
  }

 private:
  std::map<std::vector<std::uint32_t>, std::size_t> numbers_;
};

void write_rank(const OperatorStream& stream, std::uint32_t rank, std::uint32_t lane, Groups& groups,
                std::ostream& out) {
  chakra::GlobalMetadata metadata;
  metadata.set_version("0.0.4");
  set_text(*metadata.mutable_attr(), kChakraHeader, header_line(stream).dump());
  write_delimited(metadata, out);
  std::uint64_t base = 0;
  std::uint64_t last = 0;  // node of the step before
  for_each_graph(stream, [&](const OperatorGraph& graph, std::uint64_t step, std::uint32_t of) {
    if (of != lane) return;
    std::uint64_t next = base;
    for (std::size_t i = 0; i < graph.operators.size(); ++i) {
      const Operator& op = graph.operators[i];
      chakra::Node node = chakra_node(op, operator_line(op, *graph.names, step, lane, stream.info()), base);
      if (i == 0 && base > 0) node.add_ctrl_deps(last);
      if (const auto* shape = std::get_if<CollectiveShape>(&op.shape))
        set_text(*node.mutable_attr(), "pg_name", groups.name(shape->group(), rank));
      write_delimited(node, out);
      next = std::max(next, node.id() + 1);
      last = node.id();
    }
    base = next;
  });
}

}  // namespace

void write_chakra(const OperatorStream& stream, const std::filesystem::path& file) {
  const StreamInfo& info = stream.info();
  const std::uint32_t devices = info.scenario.split.devices();
  Groups groups;
  for (std::uint32_t rank = 0; rank < devices; ++rank) {
    // Stages are runs of devices; ranks that are not alike are devices each.
    const std::uint32_t lane = rank / std::max<std::uint32_t>(1, devices / info.lanes());
    write_whole(rank_file(file, rank),
                [&](std::ostream& out) { write_rank(stream, rank, lane, groups, out); });
  }
  const nlohmann::ordered_json json = groups.json();
  if (!json.empty()) write_whole(groups_file(file), [&](std::ostream& out) { out << json.dump(1) << '\n'; });
}

}  // namespace orrery
