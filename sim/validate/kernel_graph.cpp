#include "sim/validate/kernel_graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/blocks/experts.h"
#include "sim/workload/blocks/linear.h"
#include "sim/workload/standalone_operator.h"

namespace orrery {

const std::vector<std::string> kKernelColumns = list_in(
    {{"",
      "op,m,n,k,dtype,scaling,engine,act_dtype,includes,l2,launch,includes_launch,layer_op,model,tp,batch,"
      "phase,"
      "q_len,kv_len,heads,kv_heads,head_dim,v_head_dim,causal,kv_dtype,page_size,states,experts_per_token,"
      "tokens,hidden,inter,experts,top_k,ep,distribution,rank_pairs,rank_active_experts,gated,measured_W,"
      "memory_W,version"}},
    "");

namespace {

// What is in a row's time; all of it has to be known.
class Included {
 public:
  Included(const CsvRow& row, const std::vector<std::string>& usual) {
    const std::vector<std::string> listed = list_in(row, "includes");
    parts_.insert(listed.begin(), listed.end());
    if (parts_.empty()) parts_.insert(usual.begin(), usual.end());
  }
  bool takes(const std::string& part) { return parts_.erase(part) > 0; }
  void refuse_rest() const {
    if (!parts_.empty())
      throw ConfigError("", "column includes: '" + *parts_.begin() + "' of this operator is not simulated");
  }

 private:
  std::set<std::string> parts_;
};

// Formats of a product by what its weights and activations share scales over.
ProductFormat product_format(const CsvRow& row, DType dtype) {
  const std::string scaling = word_in(row, "scaling",
                                      {"", "No", "static", "dynamic", "tensor", "token", "channel", "group",
                                       "block128", "per_1x128", "block16", "block32"});
  if (scaling == "block128" || scaling == "per_1x128") {
    StoredFormat weights = stored_as(dtype);
    StoredFormat activations = weights;
    weights.bits = weights.bits + ElementBits::shared(32, 128 * 128);
    activations.bits = activations.bits + ElementBits::shared(32, 128);
    return {weights, activations};
  }
  ProductFormat format = {stored_as(weight_dtype(dtype)), std::nullopt};
  const std::string activations = text_in(row, "act_dtype");
  if (!activations.empty()) {
    const auto named = stored_format_named(activations);
    if (!named) throw ConfigError("", "column act_dtype: unknown format '" + activations + "'");
    if (storage_bits(named->dtype) < 16) format.activations = *named;
  } else if (weight_dtype(dtype) == activation_dtype(dtype)) {
    format.activations = stored_as(dtype);
  }
  return format;
}

// Formats of all that a row multiplies and keeps; results have 16 bits or more.
NumberFormats formats_in(const CsvRow& row) {
  const DType dtype = dtype_in(row, "dtype", DType::fp16);
  NumberFormats formats;
  formats.plain = stored_as(is_narrow(dtype) ? DType::bf16 : dtype);
  formats.kv = stored_as(dtype_in(row, "kv_dtype", dtype));
  if (is_narrow(dtype)) {
    const ProductFormat format = product_format(row, dtype);
    for (const TensorGroup group : kQuantised) formats.products[static_cast<std::size_t>(group)] = format;
  }
  return formats;
}

// Whose kernels were timed, where their engine is one that is known.
ServingEngine engine_in(const CsvRow& row) {
  return from_word<ServingEngine>(text_in(row, "engine")).value_or(ServingEngine::any);
}

// Writes the operators of one row.
class RowWriter {
 public:
  RowWriter(const CsvRow& row, const ArchSpec& arch, std::uint64_t tokens, std::uint64_t hidden)
      : row_(row),
        formats_(formats_in(row)),
        step_{{{Phase::prefill, 1, tokens, tokens, 0}}},
        execution_(arch.execution),
        builder_({step_, execution_, formats_, {}, hidden}, std::make_shared<TensorNames>()) {
    execution_.engine = engine_in(row);
  }

  OperatorGraph product();
  OperatorGraph attention(OperatorKind kind, const ArchSpec& arch);
  OperatorGraph mixture();

 private:
  const CsvRow& row_;
  const NumberFormats formats_;
  const Step step_;
  ExecutionSpec execution_;
  GraphBuilder builder_;

  std::uint64_t count(const char* column) const { return whole_in(row_, column); }
};

OperatorGraph RowWriter::product() {
  Included included(row_, {"matmul"});
  const std::uint64_t m = count("m");
  const std::uint64_t k = count("k");
  Tensor x = builder_.activation("x", {m, k});
  const bool quantises = included.takes("quantize");
  if (!quantises) x = builder_.as_quantised(x, TensorGroup::feed_forward);
  // TensorRT-LLM's dynamic scale is the whole tensor's (quantize_e4m3_per_tensor): a kernel finds its largest
  // element before another one quantises; others scale each row as they quantise it.
  if (quantises && text_in(row_, "scaling") == "dynamic" && engine_in(row_) == ServingEngine::trtllm)
    builder_.append(OperatorKind::topk, VectorShape{m, k}, {x}, {builder_.activation("row_maxima", {m, 1})});
  if (!included.takes("matmul")) throw ConfigError("", "column includes: no matmul in a row of matmul");
  included.refuse_rest();
  orrery::product(builder_, x, "y", TensorGroup::feed_forward, m, k, count("n"));
  return builder_.take();
}

// Rotation and cache write are one kernel where both are included (TensorRT-LLM), which leaves queries in the
// format that attention reads.
OperatorGraph RowWriter::attention(OperatorKind kind, const ArchSpec& arch) {
  Included included(row_, {"attention"});
  AttentionShape s;
  s.batch = whole_in(row_, "batch", 1);
  s.heads = count("heads");
  s.kv_heads = whole_in(row_, "kv_heads", s.heads);
  s.head_dim = count("head_dim");
  s.q = count("q_len");
  s.kv = count("kv_len");
  const std::uint64_t value = whole_in(row_, "v_head_dim", s.head_dim);
  if (value != s.head_dim) s.value_dim = value;
  s.causal = truth_in(row_, "causal", false);
  whole_in(row_, "page_size", 1);
  word_in(row_, "phase", {"", "prefill", "decode"});
  const DType dtype = dtype_in(row_, "dtype", DType::fp16);
  const bool latent = s.kv_heads == 1 && values_in_keys(kind);
  const std::uint64_t tokens = s.query_positions();
  const std::uint64_t own = latent ? s.head_dim : s.kv_heads * (s.head_dim + value);  // of a token, to keep
  const std::vector<std::uint64_t> queries = {tokens, s.heads * s.head_dim};
  AttentionKernelSpec manner;
  const bool narrow_cache = storage_bits(formats_.kv.dtype) < storage_bits(dtype);
  if (arch.execution.library) manner = arch.execution.library->attention_of(engine_in(row_), narrow_cache);
  const bool whole = s.q == s.kv && s.q > 1;  // a prompt with nothing before it
  Tensor query = builder_.activation("q", queries);
  const bool narrowed = whole && manner.narrows_prompts && value == s.head_dim;  // not a latent's
  query.format = narrowed ? formats_.kv : stored_as(dtype);
  const Tensor made = builder_.activation("kv_made", {tokens, own});
  Tensor kept = builder_.cache("kv_new", {tokens, own});
  const bool appends = included.takes("kv_append");
  const bool rotates = included.takes("rope");
  if (rotates && value != s.head_dim && kept.format.bits == query.format.bits) {
    // Of a head what its values do not have is position: that part of queries and keys turns where it lies.
    const std::uint64_t turned = (s.heads + s.kv_heads) * (s.head_dim - value);
    // A token's latent goes to the cache with it; how long that is where heads are expanded, no column says.
    std::vector<Tensor> results = {builder_.activation("rotated", {tokens, turned})};
    if (appends && latent) results.push_back(kept);
    builder_.append(OperatorKind::rope, VectorShape{tokens, turned},
                    {builder_.activation("positions", {tokens, turned})}, results);
  } else if (rotates) {
    const Tensor raw = builder_.activation("qkv", {tokens, s.heads * s.head_dim + own});
    std::vector<Tensor> results = {query};
    if (appends) results.push_back(kept);
    builder_.append(OperatorKind::rope, VectorShape{tokens, s.heads * s.head_dim + own}, {raw}, results);
  } else if (appends) {
    builder_.append(OperatorKind::kv_append, VectorShape{tokens, own}, {made}, {kept});
  }
  if (!included.takes("attention"))
    throw ConfigError("", "column includes: no attention in a row of attention");
  included.refuse_rest();
  std::vector<Tensor> inputs = {query};
  if (latent) {
    inputs.push_back(builder_.cache("latents", {s.batch, s.kv, s.head_dim}));
  } else {
    kind = OperatorKind::attention;  // a latent's keys and values of every head are as any others
    inputs.push_back(builder_.cache("keys", {s.batch, s.kv, s.kv_heads * s.head_dim}));
    inputs.push_back(builder_.cache("values", {s.batch, s.kv, s.kv_heads * value}));
    // A whole prompt attends to what was just made, unless it takes the cache's narrow format itself; who
    // rotates and appends at once has it packed (TensorRT-LLM).
    if (whole && (rotates || !manner.narrows)) inputs[1].format = inputs[2].format = query.format;
  }
  builder_.append(kind, s, inputs, {builder_.activation("attention", {tokens, s.heads * value})});
  OperatorGraph graph = builder_.take();
  graph.operators.back().dtype = dtype;
  return graph;
}

// Of one device: `tokens` are those of all that share the experts.
OperatorGraph RowWriter::mixture() {
  Included included(row_, {"route", "permute", "quantize", "up", "act", "down", "combine"});
  const std::uint64_t tokens = count("tokens");
  const std::uint64_t devices = whole_in(row_, "ep", 1);
  const std::uint64_t all = count("experts");
  Experts experts;
  experts.experts_a_token = count("top_k");
  experts.hidden = count("hidden");
  experts.columns = ceil_div<std::uint64_t>(count("inter"), whole_in(row_, "tp", 1));
  experts.activation = truth_in(row_, "gated", true) ? ActivationKind::silu_gated : ActivationKind::gelu;
  if (all % devices != 0 || experts.experts_a_token > all)
    throw ConfigError(
        "", fmt::format("{} experts, {} a token, over {} devices", all, experts.experts_a_token, devices));
  experts.held = all / devices;
  const std::string distribution =
      word_in(row_, "distribution", {"balanced", "random", "power_law_1.2", "power_law_1.01"});
  ExpertLoad load;
  if (distribution.rfind("power_law_", 0) == 0)
    load = expert_load_named("power:" + distribution.substr(sizeof("power_law_") - 1));
  experts.share = busiest_share(load.probabilities(all, experts.experts_a_token), tokens,
                                static_cast<std::uint32_t>(devices));
  experts.share.rows = number_in(row_, "rank_pairs", experts.share.rows);
  experts.share.active = number_in(row_, "rank_active_experts", experts.share.active);
  const Tensor x = builder_.activation("x", {tokens, experts.hidden});
  if (included.takes("route")) {
    choose_experts(builder_, builder_.activation("scores", {tokens, all}), tokens, all,
                   experts.experts_a_token);
  }
  // Rows are sorted by expert before they are moved; the products of who aligns gather them themselves.
  const bool aligns = included.takes("align");
  experts.gathers = included.takes("permute");
  experts.sorts = aligns || experts.gathers;
  experts.quantises = included.takes("quantize");
  experts.combines = included.takes("combine");
  experts.products_quantise = text_in(row_, "scaling") == "block128";
  experts.activation_quantises = experts.quantises && !experts.products_quantise;
  for (const char* part : {"up", "act", "down"}) {
    if (!included.takes(part))
      throw ConfigError("", fmt::format("column includes: no {} in a row of moe", part));
  }
  included.refuse_rest();
  experts.write(builder_, x);
  return builder_.take();
}

// The shape of a row of one operator, from the columns of its family.
struct ShapeIn {
  const CsvRow& row;

  std::uint64_t count(const char* column) const { return whole_in(row, column); }

  OperatorShape operator()(const MatmulFamily& /*family*/) const { return MatmulShape{}; }
  OperatorShape operator()(const AttentionFamily& /*family*/) const {
    throw ConfigError("", "column op: rows of " + text_in(row, "op") + " are not simulated");
  }
  // Without n: a plain list of m elements. Who does not name its engine was timed on those of 2023.
  OperatorShape operator()(const VectorFamily& /*family*/) const {
    VectorShape shape = {count("m"), whole_in(row, "n", 1)};
    if (text_in(row, "engine").empty()) shape.scalar = 1;
    return shape;
  }
  OperatorShape operator()(const RoutingFamily& /*family*/) const {
    return RoutingShape{count("m"), count("experts_per_token"), count("n")};
  }
  OperatorShape operator()(const ScanFamily& /*family*/) const {
    return ScanShape{whole_in(row, "batch", 1), count("m"), count("n"), count("states")};
  }
  OperatorShape operator()(const CollectiveFamily& /*family*/) const {
    throw ConfigError("", "column op: rows of " + text_in(row, "op") +
                              " need the columns of a collective (system, message_bytes)");
  }
};

OperatorGraph one_operator(const CsvRow& row, OperatorKind kind) {
  Included included(row, {to_string(kind)});
  included.takes(to_string(kind));
  const DType dtype = dtype_in(row, "dtype", DType::fp16);
  if (kind == OperatorKind::quantize) {
    included.takes("read bf16");
    included.takes(std::string("write ") + to_string(dtype));
  }
  included.refuse_rest();
  OperatorGraph graph;
  graph.names = std::make_shared<TensorNames>();
  graph.operators = {standalone(kind, std::visit(ShapeIn{row}, operator_row(kind).family), dtype)};
  return graph;
}

// What is written and nobody here reads again.
std::uint64_t bytes_made(const OperatorGraph& graph) {
  std::map<TensorName, std::uint64_t> made;
  for (const Operator& op : graph.operators) {
    for (const Tensor& t : op.outputs) made[t.id] = t.bytes();
  }
  for (const Operator& op : graph.operators) {
    for (const Tensor& t : op.inputs) made.erase(t.id);
  }
  return std::accumulate(made.begin(), made.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& tensor) { return sum + tensor.second; });
}

// Of `bytes` that are read round and round, the share that a cache still has: h = exp(-(1 - h) x) where they
// are x times its size and it replaces at random; all of them where they fit. Cores on both sides of a
// divided cache each have a copy.
double found_again(const ArchSpec& arch, double bytes) {
  if (arch.shared_levels.empty()) return 0;
  const SramLevelSpec& level = arch.shared_levels.back();
  const double x = bytes * level.partitions / static_cast<double>(level.size_bytes);
  if (x <= 1) return 1;
  constexpr int kSteps = 100;
  double share = 0;
  for (int i = 0; i < kSteps; ++i) share = std::exp(-(1 - share) * x);
  return share;
}

}  // namespace

Launch launch_in(const CsvRow& row) {
  if (truth_in(row, "includes_launch", false)) return Launch::eager;
  std::string launch = text_in(row, "launch");
  const std::string sustained = ", sustained";  // for a second: what power was measured by
  if (const std::size_t at = launch.find(sustained); at != std::string::npos)
    launch.erase(at, sustained.size());
  if (launch == "graph of one") return Launch::graph_of_one;
  if (launch == "graph") return Launch::graph;
  if (launch.empty() || launch == "profiler" || launch == "events") return Launch::timed_apart;
  throw ConfigError("", "column launch: '" + launch + "', expected graph, graph of one, profiler or events");
}

OperatorGraph kernel_graph(const CsvRow& row, const ArchSpec& arch) {
  const std::string name = text_in(row, "op");
  if (name == "moe") return RowWriter(row, arch, whole_in(row, "tokens"), whole_in(row, "hidden")).mixture();
  const auto kind = from_word<OperatorKind>(name);
  if (!kind)
    throw ConfigError(
        "", "column op: unknown operator '" + name + "'" + did_you_mean(name, words_of<OperatorKind>()));
  if (*kind == OperatorKind::matmul)
    return RowWriter(row, arch, whole_in(row, "m"), whole_in(row, "k")).product();
  if (*kind == OperatorKind::attention || *kind == OperatorKind::mla)
    return RowWriter(row, arch, whole_in(row, "q_len"), whole_in(row, "head_dim")).attention(*kind, arch);
  return one_operator(row, *kind);
}

Residency found_by(const CsvRow& row, const OperatorGraph& graph, const ArchSpec& arch) {
  const Launch launch = launch_in(row);
  const std::string usual = !text_in(row, "layer_op").empty() ? "layer"
                            : launch == Launch::graph_of_one  ? "mixed"
                            : launch == Launch::eager         ? "warm"
                                                              : "cold";
  const std::string l2 =
      text_in(row, "l2").empty() ? usual : word_in(row, "l2", {"cold", "warm", "mixed", "layer"});
  Residency residency(Bytes{arch.shared_capacity_bytes()});
  const bool repeated = launch == Launch::graph || launch == Launch::graph_of_one;
  if (l2 == "cold" || l2 == "mixed") {
    if (!repeated) return residency;
    // The repetition before left its results, and other weights have been read since.
    residency.hold_written(Bytes{bytes_made(graph)});
  }
  const auto& first = graph.operators.front().inputs;
  const auto activations = std::count_if(first.begin(), first.end(),
                                         [](const Tensor& t) { return t.kind == TensorKind::activation; });
  if (l2 == "layer" && activations > 1) return residency;
  std::map<TensorName, Tensor> read;  // and not made here
  std::set<TensorName> made;
  double all = 0;
  for (const Operator& op : graph.operators) {
    for (const Tensor& t : op.inputs) {
      if (made.count(t.id) == 0 && read.emplace(t.id, t).second) all += static_cast<double>(t.bytes());
    }
    for (const Tensor& t : op.outputs) {
      if (made.insert(t.id).second) all += static_cast<double>(t.bytes());
    }
  }
  const double room = found_again(arch, all);
  const bool again = l2 == "warm" || (l2 == "mixed" && launch == Launch::graph_of_one);
  for (const auto& [id, t] : read) {
    if (!again && t.kind != TensorKind::activation) continue;
    const double share = l2 == "warm" || l2 == "layer" ? 1 : room;
    residency.hold(t, Bytes{static_cast<std::uint64_t>(share * static_cast<double>(t.bytes()))});
  }
  return residency;
}

}  // namespace orrery
