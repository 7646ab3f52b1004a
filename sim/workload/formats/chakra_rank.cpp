#include "sim/workload/formats/chakra_rank.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/formats/chakra_attributes.h"
#include "sim/workload/formats/delimited.h"
#include "sim/workload/formats/torch_operator.h"
#include "sim/workload/formats/work_size.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostNodes = std::uint64_t{1} << 24;

// "[[64, 4096], []]": extents of each argument.
std::vector<std::vector<std::uint64_t>> extents(const std::string& text, const std::string& where) {
  if (text.empty()) return {};
  const auto refuse = [&](const nlohmann::json&) {
    throw ConfigError(where, "'" + text.substr(0, 80) + "' are no shapes");
  };
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array()) refuse(list);
  return torch_shapes(list, refuse);
}

// A list of texts as JSON or as Python prints it: "['Tensor(float)', True]".
std::vector<std::string> texts(std::string text) {
  if (!nlohmann::json::accept(text)) {
    std::replace(text.begin(), text.end(), '\'', '"');
    for (const auto& [python, json_word] :
         {std::pair("True", "true"), {"False", "false"}, {"None", "null"}}) {
      for (std::size_t at = text.find(python); at != std::string::npos; at = text.find(python, at + 1))
        text.replace(at, std::string(python).size(), json_word);
    }
  }
  return torch_texts(nlohmann::json::parse(text, nullptr, false));
}

struct CommKind {
  chakra::CollectiveCommType type;
  OperatorKind kind;
};
constexpr CommKind kCollectives[] = {{chakra::ALL_REDUCE, OperatorKind::all_reduce},
                                     {chakra::ALL_GATHER, OperatorKind::all_gather},
                                     {chakra::REDUCE_SCATTER, OperatorKind::reduce_scatter},
                                     {chakra::REDUCE_SCATTER_BLOCK, OperatorKind::reduce_scatter},
                                     {chakra::ALL_TO_ALL, OperatorKind::all_to_all},
                                     {chakra::BROADCAST, OperatorKind::broadcast}};

class RankReader {
 public:
  RankReader(const std::filesystem::path& file, const RankContext& context)
      : file_(file.string()), c_(context), graph_(file.filename().string(), context.names) {}

  void read(const chakra::Node& node) {
    where_ = fmt::format("{}, node {} '{}'", file_, node.id(), printable(node.name()));
    needs_.assign(node.data_deps().begin(), node.data_deps().end());
    needs_.insert(needs_.end(), node.ctrl_deps().begin(), node.ctrl_deps().end());
    const ChakraAttributes attributes(node.attr(), where_);
    std::optional<Operator> op;
    switch (static_cast<int>(node.type())) {
      case chakra::COMM_COLL_NODE:
        op = collective(attributes);
        break;
      case chakra::COMM_SEND_NODE:
      case chakra::COMM_RECV_NODE:
        op = transfer(node, attributes);
        break;
      case chakra::COMP_NODE:
        op = compute(node, attributes);
        break;
      case chakra::METADATA_NODE:
        c_.coverage.ignore("metadata", "says something of the trace");
        break;
      case chakra::MEM_LOAD_NODE:
      case chakra::MEM_STORE_NODE:
        c_.coverage.refuse("memory node", "loads and stores of a memory beyond the device's own");
        break;
      default:
        c_.coverage.refuse(fmt::format("node of type {}", static_cast<int>(node.type())),
                           "of no kind that is read");
    }
    if (!op) {
      graph_.skip(node.id(), node.name(), needs_);
      return;
    }
    name_tensors(*op, "n" + std::to_string(node.id()), *c_.names);
    graph_.add(node.id(), node.name(), needs_, std::move(*op));
  }

  ChakraRank finish() {
    // Kernels stand behind the operators that launched them.
    for (const auto& [name, count] : kernels_) {
      for (std::uint64_t i = 0; i < count; ++i) {
        if (torch_) {
          c_.coverage.ignore(name, "a kernel of an operator that is counted");
        } else {
          c_.coverage.refuse(name, "neither shapes nor num_ops: its time on another machine says nothing");
        }
      }
    }
    ChakraRank rank;
    rank.graph = graph_.finish();
    std::map<std::string, std::uint64_t> seen;
    for (const Operator& op : rank.graph.operators) {
      const auto found = comms_.find(op.id);
      if (found == comms_.end()) continue;
      Gathering gathering = found->second;
      gathering.name += fmt::format(" #{}", seen[gathering.name]++);
      rank.gatherings[op.id] = std::move(gathering);
    }
    return rank;
  }

 private:
  std::string file_;
  const RankContext& c_;
  GraphImport graph_;
  std::string where_;
  std::vector<std::uint64_t> needs_;
  std::map<std::uint32_t, Gathering> comms_;
  std::map<std::string, std::uint64_t> kernels_;
  bool torch_ = false;

  DType dtype() const { return c_.options.format(); }

  // The next operator is one that ranks come to together.
  void gather(const std::string& name, std::vector<std::uint32_t> ranks) {
    comms_[static_cast<std::uint32_t>(graph_.operators())] = {name, std::move(ranks)};
  }

  std::vector<std::uint32_t> group_of(const ChakraAttributes& attributes, std::string& name) const {
    name = attributes.text("pg_name").value_or("");
    if (const auto found = c_.groups.find(name); found != c_.groups.end()) {
      const auto& ranks = found->second;
      if (std::find(ranks.begin(), ranks.end(), c_.rank) == ranks.end())
        throw ConfigError(where_, fmt::format("rank {} is not in group '{}'", c_.rank, name));
      if (ranks.back() >= c_.ranks)
        throw ConfigError(
            where_, fmt::format("group '{}' has rank {}; there are {} ranks", name, ranks.back(), c_.ranks));
      return ranks;
    }
    c_.coverage.assume(name.empty()
                           ? "collectives that name no group are of all ranks"
                           : "no file says who is in group '" + name + "' (comm_group.json): all ranks");
    std::vector<std::uint32_t> all(c_.ranks);
    for (std::uint32_t r = 0; r < c_.ranks; ++r) all[r] = r;
    return all;
  }

  std::optional<Operator> collective(const ChakraAttributes& attributes) {
    const auto type = attributes.count("comm_type");
    const std::string name =
        type && chakra::CollectiveCommType_IsValid(static_cast<int>(*type))
            ? chakra::CollectiveCommType_Name(static_cast<chakra::CollectiveCommType>(*type))
            : fmt::format("comm_type {}", type ? std::to_string(*type) : "none");
    if (name == "BARRIER") {
      c_.coverage.ignore(name, "moves nothing");
      return std::nullopt;
    }
    const auto* row = std::find_if(
        std::begin(kCollectives), std::end(kCollectives),
        [&](const CommKind& kind) { return type && static_cast<std::uint64_t>(kind.type) == *type; });
    if (row == std::end(kCollectives)) {
      c_.coverage.refuse(name, "no collective that Orrery runs");
      return std::nullopt;
    }
    if (attributes.any_false("involved_dim")) {
      c_.coverage.refuse(name + " of some dimensions",
                         "involved_dim leaves out dimensions of a network that the file does not describe");
      return std::nullopt;
    }
    const auto size = attributes.count("comm_size");
    if (!size) throw ConfigError(where_, "lacks attribute 'comm_size'");
    if (*size == 0) {
      c_.coverage.ignore(name, "of no bytes");
      return std::nullopt;
    }
    std::string group_name;
    const std::vector<std::uint32_t> ranks = group_of(attributes, group_name);
    const std::optional<DeviceGroup> evenly = evenly_apart(ranks);
    if (!evenly)
      throw ConfigError(where_,
                        fmt::format("its group of ranks {} is not evenly apart", fmt::join(ranks, ", ")));
    const DeviceGroup group = *evenly;
    c_.coverage.assume("comm_size is in bytes, of the array that a rank holds before the collective");
    const std::uint64_t whole = row->kind == OperatorKind::all_gather ? *size * group.devices : *size;
    if (*size > kMostBytes)
      throw ConfigError(where_, fmt::format("comm_size {} is beyond 2^40 bytes", *size));
    gather(group_name.empty() ? "collectives" : fmt::format("collectives of group '{}'", group_name), ranks);
    c_.coverage.understand(fmt::format("{} as {}", name, to_string(row->kind)));
    return standalone(row->kind, CollectiveShape::over(whole, group), dtype());
  }

  static constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 40;

  std::optional<Operator> transfer(const chakra::Node& node, const ChakraAttributes& attributes) {
    const bool sends = node.type() == chakra::COMM_SEND_NODE;
    const char* name = sends ? "send" : "receive";
    const auto size = attributes.count("comm_size");
    const auto peer = attributes.count(sends ? "comm_dst" : "comm_src");
    if (!size || !peer)
      throw ConfigError(
          where_, fmt::format("lacks attribute '{}'", size ? sends ? "comm_dst" : "comm_src" : "comm_size"));
    if (*size == 0) {
      c_.coverage.ignore(name, "of no bytes");
      return std::nullopt;
    }
    if (*size > kMostBytes)
      throw ConfigError(where_, fmt::format("comm_size {} is beyond 2^40 bytes", *size));
    if (*peer >= c_.ranks || *peer == c_.rank)
      throw ConfigError(where_, fmt::format("rank {} of {} ranks {}s {} rank {}", c_.rank, c_.ranks, name,
                                            sends ? "to" : "from", *peer));
    const auto other = static_cast<std::uint32_t>(*peer);
    const std::uint32_t from = sends ? c_.rank : other;
    const std::uint32_t to = sends ? other : c_.rank;
    gather(fmt::format("transfer from rank {} to rank {}, tag {}", from, to,
                       attributes.count("comm_tag").value_or(0)),
           {std::min(from, to), std::max(from, to)});
    c_.coverage.understand(fmt::format("{} as send_recv", name));
    c_.coverage.assume("a send begins when its receiver waits for it");
    return standalone(OperatorKind::send_recv,
                      CollectiveShape::over(*size, {2, std::max(from, to) - std::min(from, to)}), dtype());
  }

  std::optional<Operator> compute(const chakra::Node& node, const ChakraAttributes& attributes) {
    if (is_torch(node.name())) {
      torch_ = true;
      return located(where_, [&] {
        return torch_operator({node.name(), extents(node.inputs().shapes(), where_),
                               texts(node.inputs().types()), texts(node.inputs().values())},
                              c_.options, c_.coverage);
      });
    }
    if (attributes.flag("is_cpu_op").value_or(false)) {
      c_.coverage.ignore("host: " + node.name(), "runs on the host");
      return std::nullopt;
    }
    const std::uint64_t flops = attributes.count("num_ops").value_or(0);
    const std::uint64_t bytes = attributes.count("tensor_size").value_or(0);
    if (flops == 0 && bytes == 0) {
      ++kernels_[node.name()];
      return std::nullopt;
    }
    Operator op = operator_of_size(flops, bytes, dtype(), c_.coverage);
    c_.coverage.understand(fmt::format("compute of a size as {}", to_string(op.kind)));
    return op;
  }
};

}  // namespace

ChakraRank read_chakra_rank(const std::filesystem::path& file, const RankContext& context) {
  std::ifstream in = open_file(file);
  DelimitedReader messages(in, file.string());
  chakra::GlobalMetadata metadata;
  if (!messages.next(metadata)) throw ConfigError(file.string(), "the file is empty");
  if (metadata.version() != "0.0.4")
    context.coverage.assume(fmt::format("schema '{}' is read as 0.0.4", metadata.version().substr(0, 20)));
  RankReader reader(file, context);
  chakra::Node node;
  for (std::uint64_t n = 0; messages.next(node); ++n) {
    if (n == kMostNodes) throw ConfigError(file.string(), fmt::format("more than {} nodes", kMostNodes));
    reader.read(node);
  }
  return reader.finish();
}

}  // namespace orrery
