#include "sim/workload/formats/trace_line.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/util/checked.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/graph_check.h"

namespace orrery {
namespace {

using nlohmann::json;

// Keys that an object must have, in place.
using Keys = std::vector<const char*>;

void check_keys(const json& object, const Keys& known, const std::string& prefix) {
  if (!object.is_object()) throw LineError{"'" + prefix + "' must be a JSON object"};
  const bool all =
      std::all_of(known.begin(), known.end(), [&](const char* key) { return object.contains(key); });
  if (all && object.size() == known.size()) return;
  const std::vector<std::string> names(known.begin(), known.end());
  for (const auto& [key, ignored] : object.items()) {
    if (std::find(names.begin(), names.end(), key) == names.end())
      throw LineError{"unknown key '" + prefix + key + "'" + did_you_mean(key, names)};
  }
  for (const std::string& key : names) {
    if (!object.contains(key)) throw LineError{"missing key '" + prefix + key + "'"};
  }
}

std::uint64_t count(const json& object, const char* key, const std::string& prefix) {
  const json& value = object.at(key);
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0) {
    throw LineError{"key '" + prefix + key + "' is " + value.dump() + "; expected a non-negative integer"};
  }
  return value.get<std::uint64_t>();
}

std::uint64_t count_between(const json& object, const char* key, std::uint64_t least, std::uint64_t most) {
  const std::uint64_t value = count(object, key, "");
  if (value >= least && value <= most) return value;
  throw LineError{std::string("key '") + key + "' is " + std::to_string(value) + "; expected " +
                  std::to_string(least) + " to " + std::to_string(most)};
}

std::string text(const json& object, const char* key, const std::string& prefix) {
  const json& value = object.at(key);
  if (!value.is_string())
    throw LineError{"key '" + prefix + key + "' is " + value.dump() + "; expected a string"};
  return value.get<std::string>();
}

template <class T>
T word(const std::string& text, const std::string& key) {
  if (const std::optional<T> parsed = from_word<T>(text)) return *parsed;
  throw LineError{"key '" + key + "': unknown name '" + text + "'" + did_you_mean(text, words_of<T>())};
}

DType dtype_of(const json& object, const std::string& prefix) {
  const std::string name = text(object, "dtype", prefix);
  return word<DType>(name, prefix + "dtype");
}

ElementBits read_bits(const json& bits, const std::string& prefix) {
  if (!bits.is_number() || !(bits.get<double>() >= 1.0 / 1024 && bits.get<double>() <= 128))
    throw LineError{"key '" + prefix + "bits' is " + bits.dump() + "; expected bits per element, up to 128"};
  return ElementBits::shared(static_cast<std::uint32_t>(std::lround(bits.get<double>() * 1024)), 1024);
}

Tensor read_tensor(const json& object, const std::string& prefix, TensorNames& names) {
  Keys keys = {"id", "kind", "shape", "dtype"};
  for (const char* optional : {"bits", "sparsity"}) {
    if (object.is_object() && object.contains(optional)) keys.emplace_back(optional);
  }
  check_keys(object, keys, prefix);
  Tensor t;
  t.id = names.parse(text(object, "id", prefix));
  const std::string kind = text(object, "kind", prefix);
  t.kind = word<TensorKind>(kind, prefix + "kind");
  if (!object["shape"].is_array() || object["shape"].empty())
    throw LineError{"key '" + prefix + "shape' must be a list"};
  for (const json& extent : object["shape"]) {
    if (!extent.is_number_integer() || extent.get<std::int64_t>() <= 0) {
      throw LineError{"key '" + prefix + "shape' has the extent " + extent.dump() +
                      "; expected positive integers"};
    }
    t.shape.push_back(extent.get<std::uint64_t>());
  }
  t.format = stored_as(dtype_of(object, prefix));
  if (object.contains("sparsity")) {
    const std::string pattern = text(object, "sparsity", prefix);
    const auto sparsity = sparsity_named(pattern);
    if (!sparsity)
      throw LineError{"key '" + prefix + "sparsity' is '" + pattern + "'; expected " + kSparsityWords};
    t.format = sparse(t.format, *sparsity);
  }
  if (object.contains("bits")) t.format.bits = read_bits(object["bits"], prefix);
  return t;
}

std::vector<Tensor> read_tensors(const json& line, const char* key, TensorNames& names) {
  if (!line[key].is_array()) throw LineError{std::string("key '") + key + "' must be a list"};
  std::vector<Tensor> list;
  for (const json& item : line[key]) {
    list.push_back(read_tensor(item, std::string(key) + "[" + std::to_string(list.size()) + "].", names));
  }
  if (list.empty()) throw LineError{std::string("key '") + key + "' names no tensor"};
  return list;
}

// Groups of sequences beside the first: [batch, q, kv] each.
std::vector<AttendedSequences> read_more(const json& list) {
  std::vector<AttendedSequences> more;
  const auto fits = [](const json& group) {
    return group.is_array() && group.size() == 3 &&
           std::all_of(group.begin(), group.end(), [](const json& n) { return n.is_number_unsigned(); });
  };
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), fits))
    throw LineError{"key 'shape.more' must be a list of [batch, q, kv]"};
  for (const json& group : list) {
    const auto at = [&group](std::size_t i) { return group[i].get<std::uint64_t>(); };
    more.push_back({at(0), at(1), at(2)});
  }
  return more;
}

// Reads the extents that a shape of this kind has, and no others.
template <class Shape>
Shape read_extents(const json& object) {
  Shape shape;
  Keys names;
  for_each_extent(shape, [&](const char* name, auto& extent) {
    using Extent = std::remove_reference_t<decltype(extent)>;
    constexpr bool kMayMiss = std::is_same_v<Extent, std::vector<AttendedSequences>> ||
                              std::is_same_v<Extent, std::optional<std::uint64_t>>;
    if (!kMayMiss || object.contains(name)) names.emplace_back(name);
  });
  check_keys(object, names, "shape.");
  for_each_extent(shape, [&object](const char* name, auto& extent) {
    using Extent = std::remove_reference_t<decltype(extent)>;
    if constexpr (std::is_same_v<Extent, std::vector<AttendedSequences>>) {
      if (object.contains(name)) extent = read_more(object[name]);
    } else if constexpr (std::is_same_v<Extent, bool>) {
      if (!object[name].is_boolean())
        throw LineError{"key 'shape." + std::string(name) + "' must be true or false"};
      extent = object[name].get<bool>();
    } else if constexpr (std::is_same_v<Extent, std::optional<std::uint64_t>>) {
      if (object.contains(name)) extent = count(object, name, "shape.");
    } else {
      const std::uint64_t value = count(object, name, "shape.");
      if (value > std::numeric_limits<Extent>::max())
        throw LineError{"key 'shape." + std::string(name) + "' is " + std::to_string(value) +
                        "; expected at most " + std::to_string(std::numeric_limits<Extent>::max())};
      extent = static_cast<Extent>(value);
    }
  });
  return shape;
}

struct ReadShape {
  const json& object;
  OperatorShape operator()(const MatmulFamily& /*family*/) const { return read_extents<MatmulShape>(object); }
  OperatorShape operator()(const AttentionFamily& /*family*/) const {
    return read_extents<AttentionShape>(object);
  }
  OperatorShape operator()(const VectorFamily& /*family*/) const { return read_extents<VectorShape>(object); }
  OperatorShape operator()(const RoutingFamily& /*family*/) const {
    return read_extents<RoutingShape>(object);
  }
  OperatorShape operator()(const ScanFamily& /*family*/) const { return read_extents<ScanShape>(object); }
  OperatorShape operator()(const CollectiveFamily& /*family*/) const {
    return read_extents<CollectiveShape>(object);
  }
};

}  // namespace

OperatorShape read_shape(OperatorKind kind, const json& extents) {
  return std::visit(ReadShape{extents}, operator_row(kind).family);
}

TraceOperator read_operator(const json& line, TensorNames& names) {
  Keys keys = {"id", "op", "layer", "phase", "step", "deps", "shape", "dtype", "inputs", "outputs"};
  for (const char* optional : {"stage", "rank", "meeting"}) {
    if (line.is_object() && line.contains(optional)) keys.emplace_back(optional);
  }
  check_keys(line, keys, "");
  TraceOperator result;
  Operator& op = result.op;
  op.id = static_cast<std::uint32_t>(count_between(line, "id", 0, UINT32_MAX));
  const std::string name = text(line, "op", "");
  op.kind = word<OperatorKind>(name, "op");
  if (!line["layer"].is_number_integer()) throw LineError{"key 'layer' must be an integer"};
  op.layer = line["layer"].get<std::int32_t>();
  const std::string phase = text(line, "phase", "");
  if (phase != "prefill" && phase != "decode") {
    throw LineError{"key 'phase': unknown name '" + phase + "'" + did_you_mean(phase, {"prefill", "decode"})};
  }
  op.phase = phase == "prefill" ? Phase::prefill : Phase::decode;
  result.step = count(line, "step", "");
  for (const char* lane : {"stage", "rank"}) {
    if (line.contains(lane)) result.lane = count(line, lane, "");
  }
  if (line.contains("meeting"))
    op.meeting = static_cast<std::uint32_t>(count_between(line, "meeting", 0, UINT32_MAX));
  if (!line["deps"].is_array()) throw LineError{"key 'deps' must be a list of ids"};
  for (const json& dep : line["deps"]) {
    if (!dep.is_number_unsigned()) throw LineError{"key 'deps' has " + dep.dump() + "; expected ids"};
    op.deps.push_back(dep.get<std::uint32_t>());
  }
  op.shape = read_shape(op.kind, line["shape"]);
  op.dtype = dtype_of(line, "");
  op.inputs = read_tensors(line, "inputs", names);
  op.outputs = read_tensors(line, "outputs", names);
  return result;
}

namespace {

// How many sequences each graph of the prefill has, and how often it runs.
void read_prefill_steps(const json& steps, std::uint64_t graphs, StreamInfo& info) {
  if (!steps.is_array() || steps.size() != graphs) {
    throw LineError{"key 'prefill_steps' must list {sequences, times} of each of the " +
                    std::to_string(graphs) + " graphs of the prefill"};
  }
  for (const json& step : steps) {
    check_keys(step, {"sequences", "times"}, "prefill_steps.");
    info.prefill.push_back({count_between(step, "sequences", 1, info.scenario.batch),
                            count_between(step, "times", 1, std::uint64_t{1} << 40)});
  }
}

NumberFormats read_formats(const json& line) {
  NumberFormats formats = formats_of(dtype_of(line, ""));
  if (line.contains("plain")) {
    const std::string plain = text(line, "plain", "");
    formats = formats_of(dtype_of(line, ""), word<DType>(plain, "plain"));
  }
  if (line.contains("kv")) {
    const std::string kv = text(line, "kv", "");
    formats.kv = stored_as(word<DType>(kv, "kv"));
  }
  return formats;
}

constexpr std::uint64_t kMostDevices = 65536;

// How the devices divide the model; where nothing is said they share each layer.
void read_division(const json& line, StreamInfo& info) {
  const std::uint64_t devices = count_between(line, "devices", 1, kMostDevices);
  Parallelism& split = info.scenario.split;
  split.tensor = static_cast<std::uint32_t>(devices);
  if (!line.contains("parallelism")) return;
  const json& said = line["parallelism"];
  check_keys(said, {"tp", "pp", "ep", "dp", "cp", "micro_batches"}, "parallelism.");
  const auto degree = [&said](const char* key) {
    return static_cast<std::uint32_t>(count_between(said, key, 1, kMostDevices));
  };
  split.tensor = degree("tp");
  split.pipeline = degree("pp");
  split.expert = degree("ep");
  split.data = degree("dp");
  split.context = degree("cp");
  const std::uint64_t product = checked_product({split.tensor, split.pipeline, split.data, split.context});
  if (product != devices)
    throw LineError{"key 'devices' is " + std::to_string(devices) + "; 'parallelism' is of " +
                    std::to_string(product)};
  info.stages = split.pipeline;
  info.micro_batches = degree("micro_batches");
  if (info.micro_batches > info.scenario.replica_batch())
    throw LineError{"key 'micro_batches' is " + std::to_string(info.micro_batches) + "; a replica has " +
                    std::to_string(info.scenario.replica_batch()) + " sequence(s)"};
}

}  // namespace

TraceHeader read_header(const json& line) {
  if (!line.is_object() || line.value("schema", "") != "orrery/trace/1") {
    throw LineError{"the first line must be a header with key 'schema' = \"orrery/trace/1\""};
  }
  Keys keys = {"schema",  "model",          "batch",         "input",     "output",      "dtype",
               "devices", "prefill_graphs", "decode_graphs", "operators", "memory_bytes"};
  for (const char* optional :
       {"prefill_steps", "parameters", "active_parameters", "plain", "kv", "parallelism", "ranks"}) {
    if (line.contains(optional)) keys.emplace_back(optional);
  }
  check_keys(line, keys, "");
  TraceHeader header;
  StreamInfo& info = header.info;
  info.model = text(line, "model", "");
  info.scenario.batch = count_between(line, "batch", 1, std::uint64_t{1} << 24);
  info.scenario.input = count_between(line, "input", 1, std::uint64_t{1} << 27);
  info.scenario.output = count_between(line, "output", 1, std::uint64_t{1} << 27);
  info.scenario.formats = read_formats(line);
  read_division(line, info);
  if (line.contains("ranks")) {
    info.ranks = static_cast<std::uint32_t>(count_between(line, "ranks", 1, kMostDevices));
    if (info.stages > 1) throw LineError{"key 'ranks': a trace of several stages has none"};
  }
  const std::uint64_t prefill_graphs = count_between(line, "prefill_graphs", 1, kMostTraceGraphs);
  info.decode_graphs = count(line, "decode_graphs", "");
  const json& memory = line["memory_bytes"];
  const std::string p = "memory_bytes.";
  check_keys(memory, {"weights", "kv_cache", "activations"}, p);
  info.memory = {count(memory, "weights", p), count(memory, "kv_cache", p), count(memory, "activations", p)};
  info.kv_bytes_per_token = info.memory.kv_cache / (info.scenario.replica_batch() *
                                                    (info.scenario.input + info.scenario.output - 1));
  if (line.contains("parameters")) info.parameters = count(line, "parameters", "");
  if (line.contains("active_parameters")) info.active_parameters = count(line, "active_parameters", "");
  header.operators = count(line, "operators", "");
  if (info.decode_graphs != 0 && info.decode_graphs + 1 != info.scenario.output) {
    throw LineError{"key 'decode_graphs' is " + std::to_string(info.decode_graphs) + "; an output of " +
                    std::to_string(info.scenario.output) + " tokens takes one less than that"};
  }
  if (line.contains("prefill_steps")) {
    read_prefill_steps(line["prefill_steps"], prefill_graphs, info);
  } else if (prefill_graphs != 1 && prefill_graphs != info.scenario.input) {
    throw LineError{"key 'prefill_graphs' is " + std::to_string(prefill_graphs) +
                    "; expected 1, or one a prompt token (or key 'prefill_steps' with one entry a graph)"};
  } else {
    info.token_by_token = prefill_graphs > 1;
    info.prefill.assign(prefill_graphs, {info.sequences(), 1});
  }
  return header;
}

}  // namespace orrery
