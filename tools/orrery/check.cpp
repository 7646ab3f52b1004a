#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "models/noc/routed_network.h"
#include "sim/config/arch_keys.h"
#include "sim/config/arch_loader.h"
#include "sim/config/config_document.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/dram_loader.h"
#include "sim/config/noc_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/price_book.h"
#include "sim/config/technology.h"
#include "sim/estimate/machine_facts.h"
#include "sim/probe/sram_probe.h"
#include "sim/report/text_table.h"
#include "sim/study/catalogue.h"
#include "sim/study/sweep_spec.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/formats/trace_format.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/memory_need.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;

const char* const kCheckUsage =
    "orrery check FILE [--provenance]\n"
    "Validates a machine, node, DRAM preset, network, energy table, model or trace without running "
    "anything,\n"
    "and tells what people compare: of a machine peaks, GB/s of each level and what looks like a mistake; of "
    "a\n"
    "model parameters and bytes.";
const char* const kCheckExamples =
    "  orrery check arch_configs/gpu/a100-sxm-40gb.yaml\n"
    "  orrery check gpu/a100-sxm-40gb --provenance\n"
    "  orrery check my-model/config.json\n";

// What a schema cannot say: timings that contradict each other, routes that deadlock, chips that do not add
// up.
void check_built(const std::string& schema, const std::string& path) {
  if (schema == "orrery/dram/1") load_dram_device(path);
  if (schema == "orrery/node/1") load_node(path);
  if (schema == "orrery/router/1") load_router(path);
  if (schema == "orrery/noc/1") NocGraph(load_noc(path));
  if (schema == "orrery/cost/1") load_cost_scenario(path);
  if (schema == "orrery/sweep/1") load_sweep(path);
  if (schema == "orrery/technology/1") load_technology(path);
  if (schema == "orrery/prices/1") load_prices(path);
  if (schema == "orrery/sram/1") {
    std::uint32_t private_levels = 0;
    load_sram(path, private_levels);
  }
}

void print_provenance(const ConfigDocument& document, OutputFormat format) {
  std::vector<Provenance> numbers = document.provenance();
  std::stable_sort(numbers.begin(), numbers.end(),
                   [](const Provenance& a, const Provenance& b) { return a.grade < b.grade; });
  std::vector<nlohmann::ordered_json> rows;
  std::vector<std::vector<std::string>> table = {{"grade", "key", "value", "source"}};
  for (const Provenance& p : numbers) {
    const std::string grade = p.grade.empty() ? "NONE" : p.grade;
    rows.push_back(
        {{"grade", grade}, {"key", key_path(p.pointer)}, {"value", p.value}, {"source", p.source}});
    table.push_back({grade, key_path(p.pointer), fmt::format("{}", p.value), p.source});
  }
  print_result(format, rows, [&] { return format_table(table); });
}

void put_facts(ordered_json& facts, const ArchSpec& arch) {
  const MachineFacts machine = machine_facts(arch);
  facts["name"] = arch.name;
  facts["peak_tflops"] = ordered_json::object();
  for (const PeakFact& peak : machine.peaks) facts["peak_tflops"][peak.dtype] = peak.tflops;
  facts["levels"] = ordered_json::array();
  for (const LevelFact& level : machine.levels) {
    facts["levels"].push_back({{"level", level.level}, {"gb_per_s", level.gb_per_s}, {"bytes", nullptr}});
    if (level.bytes) facts["levels"].back()["bytes"] = *level.bytes;
  }
  facts["dram_channels"] = machine.dram_channels;
  facts["dram_channel_gb_per_s"] = machine.dram_channel_gb_per_s;
  facts["ridge_flop_per_byte"] = machine.ridge_flop_per_byte;
  const auto known = [](const std::optional<double>& number) {
    return number ? ordered_json(*number) : ordered_json(nullptr);
  };
  facts["area_mm2"] = known(machine.area_mm2);
  facts["area_published"] = arch.die_mm2 > 0;
  facts["area_band_mm2"] = nullptr;
  if (arch.die_mm2 <= 0 && machine.area_mm2)
    facts["area_band_mm2"] = {machine.least_area_mm2, machine.most_area_mm2};
  facts["resources"] = ordered_json::array();
  for (const ResourceFact& fact : machine.resources)
    facts["resources"].push_back({{"resource", fact.resource}, {"takes", fact.takes}, {"has", fact.has}});
  facts["likely_clock_ghz"] =
      machine.resources.empty() ? ordered_json(nullptr) : ordered_json(machine.likely_clock_ghz);
  facts["warnings"] = machine.warnings;
}

// Of one device that holds all of it, in the formats that its file says: 16 bits, unless it is quantised.
void put_facts(ordered_json& facts, const LlmSpec& llm, const std::string& model_type) {
  Scenario scenario;
  scenario.formats = as_filed(llm.quantization);
  const ParameterCount parameters = count_parameters(llm, scenario.formats);
  facts["model_type"] = model_type;
  facts["parameters"] = parameters.total;
  facts["active_parameters"] = parameters.active;
  facts["layers"] = llm.layer_count();
  facts["weights"] = name_of(scenario.formats.most_weights());
  facts["activations"] = name_of(scenario.formats.most_activations());
  facts["kv"] = name_of(scenario.formats.kv);
  facts["weight_bytes"] = parameters.bytes;
  facts["kv_bytes_per_token"] = kv_bytes_per_token(llm, scenario);
  facts["index_bytes_per_token"] = index_bytes_per_token(llm, scenario);
  const KeptState state = kept_state(llm, scenario);
  facts["state_elements"] = state.elements;
  facts["state_bytes"] = state.bytes;
  for (const std::string& warning : scenario_warnings(llm, {1, 1, 1})) facts["warnings"].push_back(warning);
}

// Keys that an older file may say and nobody reads any more.
void add_notes(ordered_json& facts, const ConfigDocument& document, const DocumentKind* kind) {
  if (kind == nullptr) return;
  for (const Field& field : kind->table().fields()) {
    if (!field.deprecated || !document.root().contains(field.key)) continue;
    facts["warnings"].push_back(document.where("/" + field.key) + ": " + field.key + " is " + field.sentence);
  }
}

std::string facts_table(const ordered_json& facts) {
  std::vector<std::vector<std::string>> rows;
  const auto figure = [](const ordered_json& value) { return people(value.get<double>()); };
  if (facts.contains("peak_tflops")) {
    for (const auto& [dtype, tflops] : facts["peak_tflops"].items())
      rows.push_back({"peak in " + dtype, si(1e12 * tflops.get<double>(), "FLOPS"), ""});
    for (const ordered_json& level : facts["levels"]) {
      rows.push_back({level["level"].get<std::string>(), si(1e9 * level["gb_per_s"].get<double>(), "B/s"),
                      level["bytes"].is_null() ? "" : si(level["bytes"].get<double>(), "B")});
    }
    rows.push_back({"  a channel of " + facts["dram_channels"].dump(),
                    si(1e9 * facts["dram_channel_gb_per_s"].get<double>(), "B/s"), ""});
    rows.push_back({"ridge", figure(facts["ridge_flop_per_byte"]) + " FLOP per byte", ""});
    for (const ordered_json& fact : facts["resources"]) {
      rows.push_back(
          {fact["resource"].get<std::string>(), figure(fact["takes"]) + " of " + figure(fact["has"]), ""});
    }
    if (!facts["likely_clock_ghz"].is_null())
      rows.push_back({"clock that such designs reach", figure(facts["likely_clock_ghz"]) + " GHz", ""});
    if (!facts["area_mm2"].is_null()) {
      const ordered_json& band = facts["area_band_mm2"];
      rows.push_back({"die", figure(facts["area_mm2"]) + " mm2",
                      band.is_null() ? "" : "modelled: " + figure(band[0]) + " to " + figure(band[1])});
    }
  }
  if (facts.contains("model_type")) {
    rows.push_back({"model type", facts["model_type"].get<std::string>()});
    for (const char* key : {"parameters", "active_parameters", "layers"})
      rows.push_back({key, grouped(facts[key].get<std::uint64_t>())});
    const auto in = [&facts](const char* key) { return " in " + facts[key].get<std::string>(); };
    rows.push_back({"weights" + in("weights"), si(facts["weight_bytes"].get<double>(), "B")});
    if (facts["index_bytes_per_token"] > 0)
      rows.push_back({"index of a token" + in("kv"), si(facts["index_bytes_per_token"].get<double>(), "B")});
    if (facts["state_bytes"] > 0)
      rows.push_back({"state of a sequence", si(facts["state_bytes"].get<double>(), "B")});
    rows.push_back(
        {"keys and values of a token" + in("kv"), si(facts["kv_bytes_per_token"].get<double>(), "B")});
  }
  std::string out = rows.empty() ? "" : "\n" + format_table(rows);
  for (const ordered_json& warning : facts.value("warnings", ordered_json::array()))
    out += "warning: " + warning.get<std::string>() + "\n";
  return out;
}

// Of a trace or a file of weights: read whole, and what it is.
void print_trace(const std::filesystem::path& path, const TraceFormat& trace, OutputFormat format) {
  ordered_json facts = {{"file", path.string()}, {"format", *trace.what != '\0' ? trace.what : "a trace"}};
  std::string words;
  bool whole = true;
  if (trace.read_weights != nullptr) {
    const StoredWeights weights = trace.read_weights(path);
    facts["tensors"] = weights.tensors.size();
    facts["weight_bytes"] = weights.bytes();
    words = fmt::format("{} tensors, {} bytes", weights.tensors.size(), weights.bytes());
  } else {
    const ImportedTrace read = trace.read(path, {});
    facts["operators"] = read.stream.prefill(0).operators.size();
    facts["devices"] = read.stream.info().scenario.split.devices();
    words = *trace.what != '\0' ? describe(read.coverage) : "";
    whole = read.coverage.refused.empty();
    facts["refused"] = read.coverage.refused.size();
  }
  print_result(format, facts, [&] {
    return fmt::format("{}: {}, {}\n{}{}", path.string(),
                       whole ? "valid" : "read, but not all of it can be run",
                       facts["format"].get<std::string>(), words, words.empty() ? "" : "\n");
  });
}

}  // namespace

int check_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("file", po::value<std::string>()->required()->value_name("FILE"),
       "file or machine name (may stand alone)")  //
      ("provenance", "list every number by grade, with its source");
  add_format(options);
  const ParsedOptions parsed = parse_options(arguments, options, kCheckUsage, kCheckExamples, "file");
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  const std::filesystem::path path = file_named(parsed.values["file"].as<std::string>());
  if (const TraceFormat* trace = sure_format_of(path)) {
    print_trace(path, *trace, format);
    return 0;
  }
  const ConfigDocument document = load_llm_document(path);
  ordered_json facts = {{"file", path.string()}};
  const bool has_schema = document.root().is_object() && document.root().contains("schema") &&
                          document.root()["schema"].is_string();
  const std::string schema = has_schema ? document.root()["schema"].get<std::string>() : "";
  const DocumentKind* kind = document_kind(schema);
  if (schema == kArch.schema) {
    const ArchSpec arch = build_arch(document);
    put_facts(facts, arch);
    if (arch.network.routed) {
      try {
        place_cores(NocGraph(*arch.network.routed), arch.network, arch.cores.count);
      } catch (const ConfigError& error) {
        throw ConfigError(document.where("/chip/network"), error.what());
      }
    }
  } else if (has_schema) {
    if (kind == nullptr) {
      throw ConfigError(document.where("/schema"),
                        "no schema is named '" + schema + "'" + did_you_mean(schema, schema_names()));
    }
    expect_kind(document, *kind);
    check_built(schema, path.string());
  } else if (document.root().is_object() && document.root().contains("model_type")) {
    const LlmSpec llm = build_llm(document);
    put_facts(facts, llm, document.root().value("model_type", ""));
  } else {
    throw ConfigError(document.where(""),
                      "has neither 'schema' (orrery files) nor 'model_type' (a model's config.json)");
  }
  if (has_schema) facts["schema"] = schema;
  add_notes(facts, document, kind);
  if (parsed.values.count("provenance") != 0) {
    print_provenance(document, format);
  } else {
    print_result(format, {facts}, [&] {
      return path.string() + ": valid" + (has_schema ? " (" + schema + ")" : "") + "\n" + facts_table(facts);
    });
  }
  return 0;
}

}  // namespace orrery
