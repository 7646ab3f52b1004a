#include "tools/orrery/operator_options.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <optional>
#include <sstream>

#include "sim/timing/collective_choice.h"
#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

// Reads shape options that the operator needs and refuses those it does not use.
class ShapeReader {
 public:
  ShapeReader(const po::variables_map& values, std::string op) : values_(values), op_(std::move(op)) {}

  std::uint64_t need(const char* name) {
    used_.emplace_back(name);
    if (values_.count(name) == 0) throw UsageError("--op " + op_ + " needs --" + std::string(name));
    return take(name);
  }
  std::uint64_t may(const char* name, std::uint64_t fallback) {
    used_.emplace_back(name);
    return values_.count(name) == 0 ? fallback : take(name);
  }
  bool flag(const char* name) {
    used_.emplace_back(name);
    return values_.count(name) != 0;
  }
  std::string text(const char* name) { return flag(name) ? values_[name].as<std::string>() : std::string(); }
  void refuse_others() const {
    for (const char* name : {"m",        "n",        "k",         "q",      "kv",     "heads",
                             "kv-heads", "head-dim", "batch",     "causal", "window", "global",
                             "density",  "sparsity", "value-dim", "more",   "engine", "experts-per-token",
                             "bytes",    "devices",  "tile"}) {
      bool known = false;
      for (const std::string& u : used_) known = known || u == name;
      if (!known && values_.count(name) != 0)
        throw UsageError("--op " + op_ + " does not take --" + std::string(name));
    }
  }

 private:
  const po::variables_map& values_;
  std::string op_;
  std::vector<std::string> used_;

  std::uint64_t take(const char* name) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
    return whole_between(values_, name, 1, kMost);
  }
};

// "AxBxC", three positive numbers.
std::optional<std::array<std::uint64_t, 3>> three_extents(const std::string& text) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 40;
  std::array<std::uint64_t, 3> of{};
  char x1 = 0;
  char x2 = 0;
  std::istringstream in(text);
  if (text.find_first_not_of("0123456789x") != std::string::npos ||
      !(in >> of[0] >> x1 >> of[1] >> x2 >> of[2]) || x1 != 'x' || x2 != 'x' || !in.eof())
    return std::nullopt;
  for (const std::uint64_t extent : of) {
    if (extent == 0 || extent > kMost) return std::nullopt;
  }
  return of;
}

std::vector<AttendedSequences> parse_more(const std::string& text) {
  std::vector<AttendedSequences> more;
  std::istringstream in(text);
  if (text.empty() || text.back() == ',')
    throw UsageError("--more is '" + text + "'; expected BxQxKV[,BxQxKV...]");
  for (std::string group; std::getline(in, group, ',');) {
    const auto extents = three_extents(group);
    if (!extents)
      throw UsageError("--more has '" + group +
                       "'; expected BxQxKV, e.g. 8x1x2048: sequences, query and cached positions of each");
    more.push_back({(*extents)[0], (*extents)[1], (*extents)[2]});
  }
  return more;
}

// The shape of an operator, from the options of its family.
struct ShapeFrom {
  ShapeReader& options;
  const NodeSpec& node;

  std::optional<std::uint64_t> engine() const {
    if (!options.flag("engine")) return std::nullopt;
    return engine_number(named<ServingEngine>(options.text("engine"), "--engine"));
  }
  OperatorShape operator()(const MatmulFamily& /*family*/) const {
    const std::uint64_t batch = options.may("batch", 1);
    const std::uint64_t m = options.need("m");
    const std::uint64_t n = options.need("n");
    options.flag("tile");
    options.flag("sparsity");
    MatmulShape shape{batch, m, n, options.need("k")};
    shape.engine = engine();
    return shape;
  }
  OperatorShape operator()(const AttentionFamily& family) const {
    AttentionShape s;
    s.batch = options.may("batch", 1);
    s.heads = options.need("heads");
    s.kv_heads = options.may("kv-heads", family.values_in_keys ? 1 : s.heads);
    s.head_dim = options.need("head-dim");
    if (const std::uint64_t value_dim = options.may("value-dim", 0); value_dim > 0) s.value_dim = value_dim;
    if (family.values_in_keys && s.value_length() > s.head_dim)
      throw UsageError("--value-dim must be at most --head-dim: values are parts of the keys");
    s.q = options.need("q");
    s.kv = options.need("kv");
    s.causal = options.flag("causal");
    if (options.flag("more")) s.more = parse_more(options.text("more"));
    if (const std::uint64_t window = options.may("window", 0); window > 0) s.window = window;
    if (const std::uint64_t global = options.may("global", 0); global > 0) s.global = global;
    if (options.flag("density")) {
      const auto density = sparsity_named(options.text("density"));
      if (!density || density->kind != SparsityKind::unstructured)
        throw UsageError("--density is '" + options.text("density") + "'; expected a share between 0 and 1");
      s.density_ppm = density->kept;
    }
    s.engine = engine();
    options.flag("tile");
    if (s.heads % s.kv_heads != 0) throw UsageError("--heads must be a multiple of --kv-heads");
    for (const AttendedSequences& group : s.groups()) {
      if (s.causal && group.q > group.kv) throw UsageError("--causal needs --kv of at least --q");
    }
    if (const auto fault = mask_fault(s))
      throw UsageError("--" + std::string(fault->extent) + " " + fault->words);
    return s;
  }
  OperatorShape operator()(const VectorFamily& /*family*/) const {
    const std::uint64_t rows = options.need("m");
    return VectorShape{rows, options.may("n", 1)};
  }
  OperatorShape operator()(const RoutingFamily& /*family*/) const {
    const std::uint64_t tokens = options.need("m");
    const std::uint64_t cols = options.need("n");
    const std::uint64_t experts = options.need("experts-per-token");
    if (experts > kMostExperts)
      throw UsageError(fmt::format("--experts-per-token {}: at most {}", experts, kMostExperts));
    return RoutingShape{tokens, experts, cols};
  }
  OperatorShape operator()(const ScanFamily& /*family*/) const {
    const std::uint64_t sequences = options.may("batch", 1);
    const std::uint64_t tokens = options.need("m");
    const std::uint64_t channels = options.need("n");
    const std::uint64_t states = options.need("states");
    if (states > kMostStates) throw UsageError(fmt::format("--states {}: at most {}", states, kMostStates));
    return ScanShape{sequences, tokens, channels, states};
  }
  OperatorShape operator()(const CollectiveFamily& /*family*/) const {
    const std::uint64_t bytes = options.need("bytes");
    constexpr std::uint64_t kMostDevices = 512;
    const std::uint64_t devices = options.need("devices");
    if (devices > kMostDevices)
      throw UsageError(fmt::format("--devices {}: at most {}", devices, kMostDevices));
    check_devices(node, static_cast<std::uint32_t>(devices));
    return CollectiveShape{bytes, static_cast<std::uint32_t>(devices)};
  }
};

// What others call an operator.
std::string known_as(const std::string& name) {
  static const std::map<std::string, std::string> kNames = {{"gemm", "matmul"},
                                                            {"gemv", "matmul"},
                                                            {"mm", "matmul"},
                                                            {"bmm", "matmul"},
                                                            {"linear", "matmul"},
                                                            {"fc", "matmul"},
                                                            {"dense", "matmul"},
                                                            {"sdpa", "attention"},
                                                            {"mha", "attention"},
                                                            {"gqa", "attention"},
                                                            {"flash_attention", "attention"},
                                                            {"layer_norm", "layernorm"},
                                                            {"rms_norm", "rmsnorm"},
                                                            {"swiglu", "silu_mul"},
                                                            {"silu_and_mul", "silu_mul"},
                                                            {"rotary", "rope"},
                                                            {"gather", "embedding"},
                                                            {"allreduce", "all_reduce"},
                                                            {"allgather", "all_gather"},
                                                            {"alltoall", "all_to_all"},
                                                            {"p2p", "send_recv"}};
  const auto found = kNames.find(name);
  return found == kNames.end() ? "" : found->second;
}

Sparsity sparsity_option(const std::string& word) {
  if (const auto sparsity = sparsity_named(word)) return *sparsity;
  throw UsageError("--sparsity is '" + word + "'; expected " + kSparsityWords);
}

}  // namespace

po::options_description operator_options() {
  po::options_description options("Operator");
  const auto number = [] { return po::value<std::int64_t>()->value_name("N"); };
  options.add_options()                                                           //
      ("op", po::value<std::string>()->required()->value_name("OP"), "operator")  //
      ("m", number(), "rows of the result")("n", number(), "columns of the result")("k", number(),
                                                                                    "inner length")  //
      ("q", number(), "query positions")("kv", number(), "cached positions")("heads", number(),
                                                                             "query heads")  //
      ("kv-heads", number(), "key/value heads (default: --heads)")("head-dim", number(),
                                                                   "length of a head")  //
      ("batch", number(), "independent products or sequences")("causal",
                                                               "query i sees positions up to its own")  //
      ("window", number(), "and of them only the last N; without --causal, N about its own")            //
      ("global", number(), "beside --window: and the first N")                                          //
      ("density", po::value<std::string>()->value_name("D"),
       "attention: only a share of the pairs is computed, block by block (0.2)")  //
      ("sparsity", po::value<std::string>()->value_name("P"),
       "matmul: of its weights only some are kept (2:4, 0.3, 32x64:0.3, circulant:16)")  //
      ("value-dim", number(), "length of a head's value (default: its key's)")           //
      ("more", po::value<std::string>()->value_name("BxQxKV,.."),
       "further sequences of the same attention: B of them with Q query and KV cached positions")  //
      ("engine", po::value<std::string>()->value_name("E"),
       "attention and narrow products: by the kernels that this serving engine brings, where the machine's "
       "library knows them "
       "(vllm, sglang, trtllm; default: any)")                                                             //
      ("experts-per-token", number(), "copies of a token's row in a mixture")                              //
      ("states", number(), "numbers that a channel keeps (conv1d: taps), of --n channels and --m tokens")  //
      ("bytes", number(), "whole array of a collective")("devices", number(), "chips in the collective");
  return options;
}

Operator operator_from(const po::variables_map& values, const ArchSpec& arch, DType dtype) {
  const std::string name = values["op"].as<std::string>();
  const auto kind = from_word<OperatorKind>(name);
  if (!kind) {
    const std::string meant = known_as(name);
    throw UsageError(
        "unknown --op '" + name + "'" +
        (meant.empty() ? did_you_mean(name, words_of<OperatorKind>()) : "; here it is '" + meant + "'"));
  }
  ShapeReader options(values, name);
  const OperatorShape shape = std::visit(ShapeFrom{options, arch.node}, operator_row(*kind).family);
  options.refuse_others();
  Operator op = standalone(*kind, shape, dtype);
  if (values.count("sparsity") != 0) {
    const Sparsity sparsity = sparsity_option(values["sparsity"].as<std::string>());
    const auto& product = std::get<MatmulShape>(op.shape);
    const std::string misfit = misfit_of(sparsity, product.k, product.n);
    if (!misfit.empty()) throw UsageError("--sparsity: " + misfit);
    op.inputs[1].format = sparse(op.inputs[1].format, sparsity);
  }
  return op;
}

TileRequest tile_from(const std::string& text) {
  const auto tile = three_extents(text);
  if (!tile) throw UsageError("--tile is '" + text + "'; expected MxNxK, e.g. 128x256x64");
  return {(*tile)[0], (*tile)[1], (*tile)[2]};
}

}  // namespace orrery
