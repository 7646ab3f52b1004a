#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "models/noc/routed_network.h"
#include "sim/config/arch_loader.h"
#include "sim/config/config_document.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/dram_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/noc_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/price_book.h"
#include "sim/config/schema_validation.h"
#include "sim/config/technology.h"
#include "sim/estimate/machine_facts.h"
#include "sim/explore/sweep_spec.h"
#include "sim/probe/sram_probe.h"
#include "sim/report/text_table.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/trace_reader.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {
namespace {

using json = nlohmann::ordered_json;

const char* const kUsage =
    "orrery check FILE [--provenance]\n"
    "Validates a machine, node, DRAM preset, network, energy table, model or trace without running "
    "anything,\n"
    "and tells what people compare: of a machine peaks, GB/s of each level and what looks like a mistake; of "
    "a\n"
    "model parameters and bytes.";
const char* const kExamples =
    "  orrery check arch_configs/gpu/a100-sxm-40gb.yaml\n"
    "  orrery check gpu/a100-sxm-40gb --provenance\n"
    "  orrery check my-model/config.json\n";

std::filesystem::path file_of(const std::string& name) {
  if (std::filesystem::is_regular_file(name)) return name;
  for (const auto& [names, find] :
       {std::pair{arch_names(), &find_arch}, std::pair{model_names(), &find_model_file}}) {
    if (std::find(names.begin(), names.end(), name) != names.end()) return find(name);
  }
  std::vector<std::string> known = arch_names();
  for (const std::string& model : model_names()) known.push_back(model);
  for (const char* folder :
       {"dram", "energy", "libraries", "nodes", "noc", "runtimes", "sram", "costs", "technology", "sweeps"}) {
    for (const auto& entry : std::filesystem::directory_iterator(data_home() / "arch_configs" / folder)) {
      if (entry.path().stem() == name) return entry.path();
      known.push_back(entry.path().stem().string());
    }
  }
  throw ConfigError(name, "cannot read this file" + did_you_mean(name, known));
}

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

void put_facts(json& facts, const ArchSpec& arch) {
  const MachineFacts machine = machine_facts(arch);
  facts["name"] = arch.name;
  facts["peak_tflops"] = json::object();
  for (const PeakFact& peak : machine.peaks) facts["peak_tflops"][peak.dtype] = peak.tflops;
  facts["levels"] = json::array();
  for (const LevelFact& level : machine.levels) {
    facts["levels"].push_back({{"level", level.level}, {"gb_per_s", level.gb_per_s}, {"bytes", nullptr}});
    if (level.bytes) facts["levels"].back()["bytes"] = *level.bytes;
  }
  facts["dram_channels"] = machine.dram_channels;
  facts["dram_channel_gb_per_s"] = machine.dram_channel_gb_per_s;
  facts["ridge_flop_per_byte"] = machine.ridge_flop_per_byte;
  facts["area_mm2"] = arch.die_mm2 > 0 ? json(arch.die_mm2) : json(nullptr);
  facts["warnings"] = machine.warnings;
}

// Of one device that holds all of it, in the 16 bits that it is trained in.
void put_facts(json& facts, const LlmSpec& llm, const std::string& model_type) {
  const ParameterCount parameters = count_parameters(llm);
  Scenario scenario;
  scenario.dtype = DType::bf16;
  facts["model_type"] = model_type;
  facts["parameters"] = parameters.total;
  facts["active_parameters"] = parameters.active;
  facts["layers"] = llm.layer_count();
  facts["dtype"] = to_string(scenario.dtype);
  facts["weight_bytes"] = memory_need(llm, scenario, 1).weights;
  facts["kv_bytes_per_token"] = kv_bytes_per_token(llm, scenario);
}

// Keys that an older file may say and nobody reads any more.
void add_notes(json& facts, const ConfigDocument& document, const std::string& schema) {
  if (schema.empty()) return;
  const nlohmann::json empty = nlohmann::json::object();
  const nlohmann::json rules = load_schema(schema).value("properties", empty);
  for (const auto& [key, rule] : rules.items()) {
    if (!rule.value("deprecated", false) || !document.root().contains(key)) continue;
    facts["warnings"].push_back(document.where("/" + key) + ": " + key + " is " +
                                rule.value("description", "no longer read"));
  }
}

std::string facts_table(const json& facts) {
  std::vector<std::vector<std::string>> rows;
  const auto figure = [](const json& value) { return people(value.get<double>()); };
  if (facts.contains("peak_tflops")) {
    for (const auto& [dtype, tflops] : facts["peak_tflops"].items())
      rows.push_back({"peak in " + dtype, si(1e12 * tflops.get<double>(), "FLOPS"), ""});
    for (const json& level : facts["levels"]) {
      rows.push_back({level["level"].get<std::string>(), si(1e9 * level["gb_per_s"].get<double>(), "B/s"),
                      level["bytes"].is_null() ? "" : si(level["bytes"].get<double>(), "B")});
    }
    rows.push_back({"  a channel of " + facts["dram_channels"].dump(),
                    si(1e9 * facts["dram_channel_gb_per_s"].get<double>(), "B/s"), ""});
    rows.push_back({"ridge", figure(facts["ridge_flop_per_byte"]) + " FLOP per byte", ""});
    if (!facts["area_mm2"].is_null()) rows.push_back({"die", figure(facts["area_mm2"]) + " mm2", ""});
  }
  if (facts.contains("model_type")) {
    rows.push_back({"model type", facts["model_type"].get<std::string>()});
    for (const char* key : {"parameters", "active_parameters", "layers"})
      rows.push_back({key, grouped(facts[key].get<std::uint64_t>())});
    const std::string in = " in " + facts["dtype"].get<std::string>();
    rows.push_back({"weights" + in, si(facts["weight_bytes"].get<double>(), "B")});
    rows.push_back({"keys and values of a token" + in, si(facts["kv_bytes_per_token"].get<double>(), "B")});
  }
  std::string out = rows.empty() ? "" : "\n" + format_table(rows);
  for (const json& warning : facts.value("warnings", json::array()))
    out += "warning: " + warning.get<std::string>() + "\n";
  return out;
}

}  // namespace

int check_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("file", po::value<std::string>()->required()->value_name("FILE"),
       "file or machine name (may stand alone)")                     //
      ("provenance", "list every number by grade, with its source")  //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"), "table, json or csv");
  const ParsedOptions parsed = parse_options(arguments, options, kUsage, kExamples, "file");
  if (parsed.help) return 0;
  const OutputFormat format = parse_format(parsed.values["format"].as<std::string>());
  const std::filesystem::path path = file_of(parsed.values["file"].as<std::string>());
  if (path.extension() == ".jsonl") {
    read_trace_file(path);
    std::cout << path.string() << ": a valid trace\n";
    return 0;
  }
  const ConfigDocument document = ConfigDocument::load(path);
  json facts = {{"file", path.string()}};
  const bool has_schema = document.root().is_object() && document.root().contains("schema") &&
                          document.root()["schema"].is_string();
  const std::string schema = has_schema ? document.root()["schema"].get<std::string>() : "";
  if (schema == "orrery/arch/1") {
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
    const auto known = schema_names();
    if (std::find(known.begin(), known.end(), schema) == known.end()) {
      throw ConfigError(document.where("/schema"),
                        "no schema is named '" + schema + "'" + did_you_mean(schema, known));
    }
    validate_as(document, schema);
    if (const auto unused = document.unused_sources(); !unused.empty()) throw ConfigError(unused);
    check_built(schema, path.string());
  } else if (document.root().is_object() && document.root().contains("model_type")) {
    const LlmSpec llm = build_llm(document);
    put_facts(facts, llm, document.root()["model_type"].get<std::string>());
  } else {
    throw ConfigError(document.where(""),
                      "has neither 'schema' (orrery files) nor 'model_type' (a model's config.json)");
  }
  if (has_schema) facts["schema"] = schema;
  add_notes(facts, document, schema);
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
