#include "sim/workload/formats/chakra_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/formats/chakra_attributes.h"
#include "sim/workload/formats/chakra_line.h"
#include "sim/workload/formats/chakra_rank.h"
#include "sim/workload/formats/chakra_ranks.h"
#include "sim/workload/formats/delimited.h"
#include "sim/workload/formats/trace_assembly.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

// The same work in the same order, whichever ranks it is shared with.
bool alike(const ChakraRank& a, const ChakraRank& b) {
  const auto& x = a.graph.operators;
  const auto& y = b.graph.operators;
  return x.size() == y.size() &&
         std::equal(x.begin(), x.end(), y.begin(), [](const Operator& p, const Operator& q) {
           return p.kind == q.kind && p.dtype == q.dtype && p.shape == q.shape && p.deps == q.deps;
         });
}

// What ranks come to together, numbered; everybody who is expected comes, with the same operation on as many
// bytes. Whether all come to each at the same place in their order.
bool number_meetings(std::vector<ChakraRank>& ranks, const std::string& file) {
  struct Meeting {
    std::uint32_t number = 0;
    std::vector<std::uint32_t> expected, here;
    OperatorKind kind = OperatorKind::all_reduce;
    CollectiveShape shape;
    std::size_t place = 0;
  };
  std::map<std::string, Meeting> meetings;
  bool in_step = true;
  for (std::uint32_t r = 0; r < ranks.size(); ++r) {
    std::vector<Operator>& operators = ranks[r].graph.operators;
    for (std::size_t i = 0; i < operators.size(); ++i) {
      Operator& op = operators[i];
      const auto found = ranks[r].gatherings.find(op.id);
      if (found == ranks[r].gatherings.end()) continue;
      const Gathering& gathering = found->second;
      const auto& shape = std::get<CollectiveShape>(op.shape);
      // Groups of one name beside each other are told apart by who is in them.
      const std::string name = fmt::format("{} ({})", gathering.name, fmt::join(gathering.ranks, ","));
      const auto [at, fresh] = meetings.try_emplace(name, Meeting{});
      Meeting& m = at->second;
      if (fresh)
        m = {static_cast<std::uint32_t>(meetings.size() - 1), gathering.ranks, {}, op.kind, shape, i};
      if (op.kind != m.kind || !(shape == m.shape))
        throw ConfigError(
            file, fmt::format("rank {} comes with {} of {} bytes to {}, which others come to with {} of {}",
                              r, to_string(op.kind), shape.bytes, name, to_string(m.kind), m.shape.bytes));
      in_step = in_step && m.place == i;
      m.here.push_back(r);
      op.meeting = m.number;
    }
  }
  for (const auto& [name, meeting] : meetings) {
    for (const std::uint32_t r : meeting.expected) {
      if (std::find(meeting.here.begin(), meeting.here.end(), r) != meeting.here.end()) continue;
      throw ConfigError(file, fmt::format("rank {} never comes to: {}", r, name));
    }
  }
  return in_step;
}

// What Orrery wrote: a rank of each stage has it all.
ImportedTrace read_own(const std::vector<fs::path>& files) {
  Coverage coverage("a Chakra execution trace that Orrery wrote");
  TraceAssembly assembly(files.front().string());
  std::vector<std::uint64_t> lanes;
  bool going = true;
  for (const fs::path& file : files) {
    std::ifstream in = open_file(file);
    DelimitedReader messages(in, file.string());
    chakra::GlobalMetadata metadata;
    messages.next(metadata);
    if (lanes.empty()) {
      const auto header = ChakraAttributes(metadata.attr(), file.string()).text(kChakraHeader).value_or("");
      going = assembly.add(nlohmann::json::parse(header, nullptr, false), file.string());
    }
    chakra::Node node;
    bool first = true;
    while (going && messages.next(node)) {
      const ChakraAttributes attributes(node.attr(), file.string());
      if (!attributes.text("op")) continue;  // what a stage receives: the sender's operator is both
      const std::string where = fmt::format("{}, node {}", file.string(), node.id());
      const nlohmann::json line = line_of(node, where);
      const std::uint64_t lane = line.value("stage", line.value("rank", std::uint64_t{0}));
      if (first && std::find(lanes.begin(), lanes.end(), lane) != lanes.end()) break;
      if (first) lanes.push_back(lane);
      first = false;
      going = assembly.add(line, where);
      coverage.understand(node.name());
    }
  }
  return {assembly.finish(), std::move(coverage)};
}

bool is_own(const fs::path& file) {
  std::ifstream in = open_file(file);
  chakra::GlobalMetadata metadata;
  return DelimitedReader(in, file.string()).next(metadata) &&
         std::any_of(metadata.attr().begin(), metadata.attr().end(),
                     [](const chakra::Attribute& a) { return a.name() == kChakraHeader; });
}

}  // namespace

ImportedTrace read_chakra(const fs::path& file, const ImportOptions& options) {
  const ChakraRanks named = ranks_of(file);
  if (is_own(file)) {
    refuse_options(file, options);
    return read_own(named.files);
  }
  Coverage coverage("a Chakra execution trace");
  const auto files = static_cast<std::uint32_t>(named.files.size());
  if (files > 1 && options.devices.value_or(files) != files)
    throw ConfigError(file.string(),
                      fmt::format("there are files of {} ranks; --devices says {}", files, *options.devices));
  const std::uint32_t devices = files > 1 ? files : options.devices.value_or(1);
  if (files < devices) coverage.assume(fmt::format("all {} devices do what this rank does", devices));
  const auto names = std::make_shared<TensorNames>();
  std::vector<ChakraRank> ranks;
  for (std::uint32_t r = 0; r < files; ++r) {
    // Of ranks that are alike one is told.
    Coverage again(coverage.format);
    ranks.push_back(read_chakra_rank(named.files[r],
                                     {r, devices, named.groups, options, r == 0 ? coverage : again, names}));
    if (r > 0 && !alike(ranks[0], ranks[r])) coverage.add(again);
  }
  coverage.assume("the file does not tell weights from activations: nothing is said of the memory they take");
  // A lone file stands for all ranks.
  const bool in_step = files < 2 || number_meetings(ranks, file.string());
  if (in_step &&
      std::all_of(ranks.begin(), ranks.end(), [&](const ChakraRank& r) { return alike(ranks[0], r); })) {
    ranks.resize(1);
    for (Operator& op : ranks[0].graph.operators) op.meeting.reset();
  }
  std::vector<OperatorGraph> graphs;
  for (ChakraRank& rank : ranks) graphs.push_back(std::move(rank.graph));
  return imported(file.string(), std::move(graphs), devices, options.format(), std::move(coverage),
                  named.name);
}

}  // namespace orrery
