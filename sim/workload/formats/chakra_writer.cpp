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
  std::string name(const std::vector<std::uint32_t>& ranks) {
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

// Of a device that takes part in a group as devices are numbered.
std::vector<std::uint32_t> members(const DeviceGroup& group, std::uint32_t rank) {
  const std::uint32_t first = rank / group.span() * group.span() + rank % group.stride;
  std::vector<std::uint32_t> ranks;
  for (std::uint32_t i = 0; i < group.devices; ++i) ranks.push_back(first + i * group.stride);
  return ranks;
}

// Who comes to what, where ranks are not all alike.
using Meetings = std::map<std::uint32_t, std::vector<std::uint32_t>>;
Meetings meetings_of(const OperatorStream& stream) {
  Meetings meetings;
  if (stream.info().ranks == 1) return meetings;
  for_each_graph(stream, [&](const OperatorGraph& graph, std::uint64_t, std::uint32_t rank) {
    for (const Operator& op : graph.operators) {
      if (op.meeting) meetings[*op.meeting].push_back(rank);
    }
  });
  return meetings;
}

// A rank's file, node by node; numbers rise.
class RankWriter {
 public:
  RankWriter(const OperatorStream& stream, const Meetings& meetings, std::uint32_t rank, std::uint32_t lane,
             Groups& groups, std::ostream& out)
      : stream_(stream), meetings_(meetings), rank_(rank), lane_(lane), groups_(groups), out_(out) {}

  void write() {
    chakra::GlobalMetadata metadata;
    metadata.set_version("0.0.4");
    set_text(*metadata.mutable_attr(), kChakraHeader, header_line(stream_).dump());
    write_delimited(metadata, out_);
    for_each_step(stream_, [this](Phase phase, std::uint64_t step) {
      if (lane_ > 0 && stream_.info().ranks == 1) receive_from_stage_before(phase, step);
      write_step(stream_.graph(phase, step, lane_), step);
    });
  }

 private:
  const OperatorStream& stream_;
  const Meetings& meetings_;
  const std::uint32_t rank_, lane_;
  Groups& groups_;
  std::ostream& out_;
  std::uint64_t next_ = 0;             // node
  std::vector<std::uint64_t> before_;  // that the next operator waits for, beyond its own dependences

  void write_step(const OperatorGraph& graph, std::uint64_t step) {
    const std::uint64_t base = next_;
    for (const Operator& op : graph.operators) {
      chakra::Node node = chakra_node(op, operator_line(op, *graph.names, step, lane_, stream_.info()), base);
      for (const std::uint64_t need : before_) node.add_ctrl_deps(need);
      before_.clear();
      if (const auto* shape = std::get_if<CollectiveShape>(&op.shape)) describe(op, *shape, node);
      write_delimited(node, out_);
      next_ = std::max(next_, node.id() + 1);
      if (op.kind == OperatorKind::shift)
        receive(round_the_ring(std::get<CollectiveShape>(op.shape), -1),
                std::get<CollectiveShape>(op.shape).bytes);
    }
    before_ = {next_ - 1};
  }

  // Who takes part, or whom this rank sends to. Of two that meet, the first sends.
  void describe(const Operator& op, const CollectiveShape& shape, chakra::Node& node) {
    const auto met = op.meeting ? meetings_.find(*op.meeting) : meetings_.end();
    const std::vector<std::uint32_t> ranks =
        met != meetings_.end() ? met->second : members(shape.group(), rank_);
    if (op.kind == OperatorKind::send_recv) {
      const bool sends = met == meetings_.end() || ranks.front() == rank_;
      const std::uint32_t peer = met == meetings_.end() ? rank_ + shape.group().stride
                                 : sends                ? ranks.back()
                                                        : ranks.front();
      as_transfer(node, sends, rank_, peer, shape.bytes);
    } else if (op.kind == OperatorKind::shift) {
      as_transfer(node, true, rank_, round_the_ring(shape, 1), shape.bytes);
    } else {
      set_text(*node.mutable_attr(), "pg_name", groups_.name(ranks));
    }
  }

  std::uint32_t round_the_ring(const CollectiveShape& shape, int by) const {
    const DeviceGroup group = shape.group();
    const std::uint32_t place = rank_ / group.stride % group.devices;
    const std::uint32_t other = (place + group.devices + static_cast<std::uint32_t>(by)) % group.devices;
    return rank_ - place * group.stride + other * group.stride;
  }

  // What the stage before sends in its step; it is no operator of this one's.
  void receive_from_stage_before(Phase phase, std::uint64_t step) {
    for (const Operator& op : stream_.graph(phase, step, lane_ - 1).operators) {
      if (op.kind != OperatorKind::send_recv) continue;
      const auto& shape = std::get<CollectiveShape>(op.shape);
      receive(rank_ - shape.group().stride, shape.bytes);
    }
  }
  void receive(std::uint32_t from, std::uint64_t bytes) {
    chakra::Node node;
    node.set_id(kReceives + received_++);
    node.set_name("receive");
    for (const std::uint64_t need : before_) node.add_ctrl_deps(need);
    as_transfer(node, false, rank_, from, bytes);
    write_delimited(node, out_);
    before_ = {node.id()};
  }
  static constexpr std::uint64_t kReceives = std::uint64_t{1} << 32;  // numbers beyond the operators'
  std::uint64_t received_ = 0;
};

}  // namespace

void write_chakra(const OperatorStream& stream, const std::filesystem::path& file) {
  const StreamInfo& info = stream.info();
  const std::uint32_t devices = info.scenario.split.devices();
  Groups groups;
  const Meetings meetings = meetings_of(stream);
  for (std::uint32_t rank = 0; rank < devices; ++rank) {
    // Stages are runs of devices; ranks that are not alike are devices each.
    const std::uint32_t lane = rank / std::max<std::uint32_t>(1, devices / info.lanes());
    write_whole(rank_file(file, rank),
                [&](std::ostream& out) { RankWriter(stream, meetings, rank, lane, groups, out).write(); });
  }
  // Of a larger trace of that name that is replaced.
  std::error_code ignored;
  for (std::uint32_t rank = devices; std::filesystem::is_regular_file(rank_file(file, rank)); ++rank)
    std::filesystem::remove(rank_file(file, rank), ignored);
  std::filesystem::remove(groups_file(file), ignored);
  const nlohmann::ordered_json json = groups.json();
  if (!json.empty()) write_whole(groups_file(file), [&](std::ostream& out) { out << json.dump(1) << '\n'; });
}

}  // namespace orrery
