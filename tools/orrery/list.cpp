#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/config/arch_loader.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/dram_loader.h"
#include "sim/config/name_lookup.h"
#include "sim/config/noc_loader.h"
#include "sim/config/node_loader.h"
#include "sim/config/runtime_loader.h"
#include "sim/report/text_table.h"
#include "sim/stats/activity_counts.h"
#include "sim/study/catalogue.h"
#include "sim/study/published_systems.h"
#include "sim/study/sweep_spec.h"
#include "sim/util/nearest_name.h"
#include "sim/workload/llm_spec.h"
#include "sim/workload/operator.h"
#include "tools/orrery/options.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

using Rows = std::vector<nlohmann::ordered_json>;

Rows arch_rows() {
  Rows rows;
  for (const std::string& name : arch_names()) {
    const ArchSpec arch = load_arch_named(name);
    rows.push_back({{"name", name},
                    {"peak_tflops", 2e-12 * arch.peak_macs_per_s(arch.execution.default_dtype)},
                    {"dtype", to_string(arch.execution.default_dtype)},
                    {"dram_gb_per_s", 1e-9 * arch.dram.peak_bytes_per_s()},
                    {"dram_gib", static_cast<double>(arch.dram.capacity_bytes) / static_cast<double>(kGiB)},
                    {"chips", arch.node.chips},
                    {"description", arch.description}});
  }
  return rows;
}

Rows model_rows() {
  Rows rows;
  for (const std::string& name : model_names()) {
    const LlmSpec llm = load_llm_named(name);
    const AttentionBlock* attention = llm.attention();
    rows.push_back({{"name", name},
                    {"parameters", count_parameters(llm).total},
                    {"layers", llm.layer_count()},
                    {"hidden", llm.hidden},
                    {"heads", attention != nullptr ? attention->heads : 0},
                    {"kv_heads", attention != nullptr ? attention->kv_heads : 0},
                    {"vocab", llm.vocab}});
  }
  return rows;
}

Rows name_rows(const std::vector<std::string>& names) {
  Rows rows;
  for (const std::string& name : names) rows.push_back({{"name", name}});
  return rows;
}

Rows format_rows() {
  Rows rows;
  for (const std::string& name : stored_format_names())
    rows.push_back({{"name", name}, {"bits_per_element", stored_format_named(name)->bits.real()}});
  return rows;
}

Rows node_rows() {
  Rows rows;
  for (const std::string& name : node_names()) {
    const NodeSpec node = load_node(name);
    rows.push_back({{"name", name},
                    {"chip", node.chip},
                    {"chips", node.chips},
                    {"link_gb_per_s", node.link.bytes_per_s * 1e-9},
                    {"nics", node.nics}});
  }
  return rows;
}

Rows dram_rows() {
  Rows rows;
  for (const std::string& name : dram_preset_names()) {
    const DramDevice d = load_dram_device(name);
    rows.push_back({{"name", name},
                    {"kind", d.kind},
                    {"mtps", d.data_rate_mtps},
                    {"channel_gb_per_s", d.peak_gb_per_s() / d.pseudo_channels},
                    {"command_bus_channels", d.pseudo_channels},
                    {"banks", d.all_banks()},
                    {"page_bytes", d.page_bytes},
                    {"currents", d.currents.has_value()}});
  }
  return rows;
}

std::string table_of(const Rows& rows) {
  std::vector<std::vector<std::string>> table;
  if (rows.empty()) return "";
  std::vector<std::string> head;
  for (const auto& [key, ignored] : rows.front().items()) head.push_back(key);
  table.push_back(head);
  for (const auto& row : rows) {
    std::vector<std::string> cells;
    for (const auto& [ignored, value] : row.items()) {
      cells.push_back(value.is_string()         ? value.get<std::string>()
                      : value.is_null()         ? ""
                      : value.is_number_float() ? people(value.get<double>())
                                                : value.dump());
    }
    table.push_back(cells);
  }
  return format_table(table);
}

Rows runtime_rows() {
  Rows rows;
  for (const std::string& name : runtime_names()) {
    const RuntimeSpec r = load_runtime(name);
    rows.push_back({{"name", r.name},
                    {"call_us", r.call_us},
                    {"kernel_gap_us", r.kernel_gap_us},
                    {"step_us", r.step_us},
                    {"sequence_us", r.sequence_us},
                    {"token_budget", r.token_budget},
                    {"kv_memory_fraction", r.kv_memory_fraction}});
  }
  return rows;
}

Rows counter_rows() {
  Rows rows;
  for (const CounterInfo& c : counters())
    rows.push_back({{"name", c.name}, {"unit", c.unit}, {"counts", c.description}});
  return rows;
}

struct Listed {
  const char* what;
  const char* also;  // what it is called as well
  Rows (*rows)();    // none: simulated
};
constexpr std::array<Listed, 14> kListed = {{
    {"archs", "machines", arch_rows},
    {"models", "llms", model_rows},
    {"nodes", "", node_rows},
    {"runtimes", "engines", runtime_rows},
    {"dram", "memories", dram_rows},
    {"routers", "", [] { return name_rows(router_names()); }},
    {"operators", "ops", [] { return name_rows(words_of<OperatorKind>()); }},
    {"dtypes", "formats", [] { return name_rows(words_of<DType>()); }},
    {"stored", "", format_rows},
    {"counters", "", counter_rows},
    {"schemas", "", [] { return name_rows(schema_names()); }},
    {"costs", "scenarios", [] { return name_rows(cost_scenario_names()); }},
    {"sweeps", "", [] { return name_rows(sweep_names()); }},
    {"systems", "survey", nullptr},
}};

// Published figures beside what is simulated.
Rows simulated_rows(const po::variables_map& values) {
  Session session({}, uses_store(values));
  TerminalProgress progress("systems");
  Rows rows;
  for (const SystemRow& row :
       simulated_systems(published_systems(), session, jobs_from(values), progress.callback()))
    rows.push_back(written(row));
  warn_of_store(session);
  return rows;
}

std::string joined(const char* separator, const char* last) {
  std::string text;
  for (std::size_t i = 0; i < kListed.size(); ++i) {
    text += i == 0 ? "" : i + 1 < kListed.size() ? separator : last;
    text += kListed[i].what;
  }
  return text;
}

}  // namespace

int list_command(const Arguments& arguments) {
  const std::string kinds = joined(", ", " or ");
  po::options_description options("Options");
  options.add_options()  //
      ("what", po::value<std::string>()->default_value("archs"), kinds.c_str());
  add_format(options);
  add_jobs(options, "systems simulated at the same time");
  add_store(options);
  const std::string usage = "orrery list [" + joined("|", "|") +
                            "]\nWhat there is, by name; of published systems their figures "
                            "beside what is simulated, bad ones first.";
  const ParsedOptions parsed = parse_options(
      arguments, options, usage.c_str(),
      "  orrery list archs\n  orrery list models --format csv\n  orrery list systems\n", "what");
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  const std::string what = parsed.values["what"].as<std::string>();
  const auto listed = std::find_if(kListed.begin(), kListed.end(),
                                   [&](const Listed& l) { return what == l.what || what == l.also; });
  if (listed == kListed.end()) {
    std::vector<std::string> names;
    for (const Listed& l : kListed) names.emplace_back(l.what);
    throw UsageError("cannot list '" + what + "'" + did_you_mean(what, names) + "; there are " + kinds);
  }
  const Rows rows = listed->rows != nullptr ? listed->rows() : simulated_rows(parsed.values);
  print_result(format, rows, [&] { return table_of(rows); });
  return 0;
}

}  // namespace orrery
