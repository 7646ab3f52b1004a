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
#include "sim/explore/sweep_spec.h"
#include "sim/probe/sram_probe.h"
#include "sim/report/text_table.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/trace_reader.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"

namespace orrery {
namespace {

const char* const kUsage =
    "orrery check FILE [--provenance]\n"
    "Validates a machine, node, DRAM preset, network, energy table, model or trace without running anything.";
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

}  // namespace

int check_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()  //
      ("file", po::value<std::string>()->required()->value_name("FILE"),
       "file or machine name (may stand alone)")                     //
      ("provenance", "list every number by grade, with its source")  //
      ("format", po::value<std::string>()->default_value("table")->value_name("F"),
       "of --provenance: table, json or csv");
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
  const bool has_schema = document.root().is_object() && document.root().contains("schema") &&
                          document.root()["schema"].is_string();
  const std::string schema = has_schema ? document.root()["schema"].get<std::string>() : "";
  if (schema == "orrery/arch/1") {
    const ArchSpec arch = build_arch(document);
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
    build_llm(document);
  } else {
    throw ConfigError(document.where(""),
                      "has neither 'schema' (orrery files) nor 'model_type' (a model's config.json)");
  }
  if (parsed.values.count("provenance") != 0) {
    print_provenance(document, format);
  } else {
    std::cout << path.string() << ": valid" << (has_schema ? " (" + schema + ")" : "") << '\n';
  }
  return 0;
}

}  // namespace orrery
