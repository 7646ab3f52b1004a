#include "sim/workload/formats/trace_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/util/whole_file.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

ordered_json tensors(const std::vector<Tensor>& list, const TensorNames& names) {
  ordered_json out = ordered_json::array();
  for (const Tensor& t : list) {
    out.push_back({{"id", names.text(t.id)},
                   {"kind", to_string(t.kind)},
                   {"shape", t.shape},
                   {"dtype", to_string(t.format.dtype)}});
    const Sparsity& sparsity = t.format.sparsity;
    if (t.format != sparse(stored_as(t.format.dtype), sparsity)) out.back()["bits"] = t.format.bits.real();
    if (!sparsity.is_dense()) out.back()["sparsity"] = name_of(sparsity);
  }
  return out;
}

ordered_json shape(const OperatorShape& shape) {
  ordered_json object = ordered_json::object();
  std::visit(
      [&object](const auto& s) {
        for_each_extent(s, [&object](const char* name, const auto& extent) {
          if constexpr (std::is_same_v<std::decay_t<decltype(extent)>, std::vector<AttendedSequences>>) {
            for (const auto& [batch, q, kv] : extent) object[name].push_back({batch, q, kv});
          } else if constexpr (std::is_same_v<std::decay_t<decltype(extent)>, std::optional<std::uint64_t>>) {
            if (extent) object[name] = *extent;
          } else {
            object[name] = extent;
          }
        });
      },
      shape);
  return object;
}

}  // namespace

ordered_json operator_line(const Operator& op, const TensorNames& names, std::uint64_t step,
                           std::uint32_t lane, const StreamInfo& info) {
  ordered_json line = {{"id", op.id},
                       {"op", to_string(op.kind)},
                       {"layer", op.layer},
                       {"phase", to_string(op.phase)},
                       {"step", step},
                       {"deps", op.deps},
                       {"shape", shape(op.shape)},
                       {"dtype", to_string(op.dtype)},
                       {"inputs", tensors(op.inputs, names)},
                       {"outputs", tensors(op.outputs, names)}};
  if (lane > 0) line[info.ranks > 1 ? "rank" : "stage"] = lane;
  if (op.meeting) line["meeting"] = *op.meeting;
  return line;
}

ordered_json header_line(const OperatorStream& stream) {
  const StreamInfo& info = stream.info();
  const NumberFormats& formats = info.scenario.formats;
  std::uint64_t operators = 0;
  for_each_graph(stream, [&](const OperatorGraph& graph, std::uint64_t, std::uint32_t) {
    operators += graph.operators.size();
  });
  ordered_json header = {{"schema", "orrery/trace/1"},
                         {"model", info.model},
                         {"batch", info.scenario.batch},
                         {"input", info.scenario.input},
                         {"output", info.scenario.output},
                         {"dtype", to_string(formats.arithmetic())},
                         {"devices", info.scenario.split.devices()},
                         {"prefill_graphs", info.prefill.size()},
                         {"decode_graphs", info.decode_graphs},
                         {"operators", operators},
                         {"memory_bytes",
                          {{"weights", info.memory.weights},
                           {"kv_cache", info.memory.kv_cache},
                           {"activations", info.memory.activations}}}};
  if (formats.plain.dtype != formats.arithmetic()) header["plain"] = to_string(formats.plain.dtype);
  if (formats.kv != formats.plain) header["kv"] = to_string(formats.kv.dtype);
  const Parallelism& split = info.scenario.split;
  if (split.devices() != split.tensor || split.expert > 1)
    header["parallelism"] = {{"tp", split.tensor},  {"pp", split.pipeline},
                             {"ep", split.expert},  {"dp", split.data},
                             {"cp", split.context}, {"micro_batches", info.micro_batches}};
  if (info.parameters) header["parameters"] = *info.parameters;
  if (info.active_parameters) header["active_parameters"] = *info.active_parameters;
  const auto plain = [&](const GraphUse& use) { return use.times == 1 && use.sequences == info.sequences(); };
  if (!std::all_of(info.prefill.begin(), info.prefill.end(), plain)) {
    ordered_json steps = ordered_json::array();
    for (const GraphUse& use : info.prefill)
      steps.push_back({{"sequences", use.sequences}, {"times", use.times}});
    header["prefill_steps"] = steps;
  }
  if (info.ranks > 1) header["ranks"] = info.ranks;
  return header;
}

void write_trace(const OperatorStream& stream, std::ostream& out) {
  out << header_line(stream).dump() << '\n';
  for_each_graph(stream, [&](const OperatorGraph& graph, std::uint64_t step, std::uint32_t lane) {
    for (const Operator& op : graph.operators)
      out << operator_line(op, *graph.names, step, lane, stream.info()).dump() << '\n';
  });
}

void write_trace_file(const OperatorStream& stream, const std::filesystem::path& path) {
  write_whole(path, [&stream](std::ostream& out) { write_trace(stream, out); });
}

}  // namespace orrery
