#include "tools/orrery/trace_show.h"

#include <fmt/format.h>

#include <map>

#include "sim/report/text_table.h"
#include "sim/workload/operator_counts.h"
#include "tools/orrery/import_options.h"
#include "tools/orrery/output.h"

namespace orrery {

const char* const kTraceShowUsage =
    "orrery trace show FILE [options]\n"
    "Operators of a trace by kind: how many, their FLOPs and bytes; of another tool's file, what was "
    "understood.";
const char* const kTraceShowExamples =
    "  orrery trace show gpt2.jsonl\n"
    "  orrery trace show gpt2.jsonl --format json\n"
    "  orrery trace show all_reduce.0.et\n"
    "  orrery trace show model.safetensors.index.json\n";

namespace {

using nlohmann::ordered_json;

struct Totals {
  std::uint64_t operators = 0, macs = 0, read = 0, written = 0;
};

void collect(const OperatorGraph& graph, std::uint64_t times, std::map<std::string, Totals>& by_kind) {
  for (const Operator& op : graph.operators) {
    for (const std::string& key : {std::string(to_string(op.phase)) + " " + to_string(op.kind),
                                   std::string(to_string(op.phase)) + " total"}) {
      Totals& t = by_kind[key];
      const OperatorBytes bytes = operator_bytes(op);
      t.operators += times;
      t.macs += times * operator_macs(op);
      t.read += times * bytes.read;
      t.written += times * bytes.written;
    }
  }
}

ordered_json written(const std::map<std::string, Coverage::Left>& left) {
  ordered_json list = ordered_json::array();
  for (const auto& [name, of] : left) list.push_back({{"name", name}, {"count", of.count}, {"why", of.why}});
  return list;
}

ordered_json written(const Coverage& coverage) {
  ordered_json understood = ordered_json::array();
  for (const auto& [name, count] : coverage.understood)
    understood.push_back({{"name", name}, {"count", count}});
  return {{"format", coverage.format},
          {"understood", understood},
          {"ignored", written(coverage.ignored)},
          {"refused", written(coverage.refused)},
          {"assumed", coverage.assumed}};
}

ordered_json rows_of(const std::map<std::string, Totals>& by_kind) {
  ordered_json rows = ordered_json::array();
  for (const auto& [key, t] : by_kind)
    rows.push_back({{"group", key},
                    {"operators", t.operators},
                    {"flops", 2 * t.macs},
                    {"read_bytes", t.read},
                    {"written_bytes", t.written}});
  return rows;
}

std::string table_of(const std::map<std::string, Totals>& by_kind) {
  std::vector<std::vector<std::string>> table = {
      {"phase operator", "count", "FLOPs", "bytes read", "bytes written"}};
  for (const auto& [key, t] : by_kind)
    table.push_back({key, std::to_string(t.operators), std::to_string(2 * t.macs), std::to_string(t.read),
                     std::to_string(t.written)});
  return format_table(table);
}

std::string scenario_line(const StreamInfo& info) {
  std::uint64_t prefill_steps = 0;
  for (const GraphUse& use : info.prefill) prefill_steps += use.times;
  return fmt::format("{} {}, batch {}, {} in, {} out, {} device(s); {} prefill and {} decode step(s)\n\n",
                     info.model, to_string(info.scenario.formats.arithmetic()), info.scenario.batch,
                     info.scenario.input, info.scenario.output, info.scenario.split.devices(), prefill_steps,
                     info.decode_graphs);
}

std::string import_line(const StreamInfo& info) {
  return fmt::format("{}: one step of {} device(s){}\n\n", info.model, info.scenario.split.devices(),
                     info.ranks > 1 ? ", which are not all alike" : "");
}

// Of a file of weights: bytes by their type.
struct TypeTotals {
  std::uint64_t tensors = 0, elements = 0, bytes = 0;
};

void show_weights(const StoredWeights& weights, OutputFormat format) {
  std::map<std::string, TypeTotals> by_type;
  for (const StoredTensor& t : weights.tensors) {
    for (const std::string& key : {t.type, std::string("total")}) {
      TypeTotals& sum = by_type[key];
      ++sum.tensors;
      sum.elements += t.elements;
      sum.bytes += t.bytes;
    }
  }
  ordered_json rows = ordered_json::array();
  std::vector<std::vector<std::string>> table = {
      {"type", "tensors", "elements", "bytes", "bits per element"}};
  for (const auto& [type, sum] : by_type) {
    const double bits =
        8 * static_cast<double>(sum.bytes) / static_cast<double>(std::max<std::uint64_t>(1, sum.elements));
    rows.push_back({{"type", type},
                    {"tensors", sum.tensors},
                    {"elements", sum.elements},
                    {"bytes", sum.bytes},
                    {"bits_per_element", bits}});
    table.push_back({type, std::to_string(sum.tensors), std::to_string(sum.elements),
                     std::to_string(sum.bytes), fmt::format("{:.4g}", bits)});
  }
  if (format == OutputFormat::csv) {
    print_result(format, rows, {});
    return;
  }
  const ordered_json whole = {
      {"format", weights.format}, {"facts", weights.facts}, {"weights", rows}, {"notes", weights.notes}};
  print_result(format, whole, [&] {
    std::string text = weights.format + "\n";
    for (const auto& [fact, value] : weights.facts) text += fmt::format("  {}: {}\n", fact, value);
    text += "\n" + format_table(table);
    for (const std::string& note : weights.notes) text += "note: " + note + "\n";
    return text;
  });
}

}  // namespace

int trace_show_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("file", po::value<std::string>()->required()->value_name("FILE"), "trace (may stand alone)");
  add_format(options);
  options.add(import_options());
  const ParsedOptions parsed = parse_options(arguments, options, kTraceShowUsage, kTraceShowExamples, "file");
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  const auto file = parsed.values["file"].as<std::string>();
  if (const TraceFormat& of = format_of(file); of.read_weights != nullptr) {
    show_weights(of.read_weights(file), format);
    return 0;
  }
  const ImportedTrace trace = read_any_trace(file, import_options_from(parsed.values));
  const bool foreign = !trace.coverage.format.empty();
  const StreamInfo& info = trace.stream.info();
  std::map<std::string, Totals> by_kind;
  for_each_graph(trace.stream, [&](const OperatorGraph& graph, std::uint64_t step, std::uint32_t) {
    const bool prompt = graph.operators.front().phase == Phase::prefill;
    collect(graph, prompt ? info.prefill[step].times : 1, by_kind);
  });
  const ordered_json rows = rows_of(by_kind);
  if (format == OutputFormat::csv) {
    print_result(format, rows, {});
    return 0;
  }
  ordered_json whole = {
      {"model", info.model}, {"devices", info.scenario.split.devices()}, {"operators", rows}};
  if (foreign) whole["coverage"] = written(trace.coverage);
  print_result(format, whole, [&] {
    return foreign ? import_line(info) + table_of(by_kind) + "\n" + describe(trace.coverage) + "\n"
                   : scenario_line(info) + table_of(by_kind);
  });
  return 0;
}

}  // namespace orrery
