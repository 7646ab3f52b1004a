// `orrery plan`: what to buy for a demand.

#include <fmt/format.h>

#include <cmath>
#include <iostream>

#include "sim/engine/isolate.h"
#include "sim/report/text_table.h"
#include "sim/study/plan.h"
#include "sim/util/errors.h"
#include "tools/orrery/load_options.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kPlanUsage =
    "orrery plan --model NAME (--users N [--think T] | --requests-per-s R) --arch NAME [--arch NAME ...]\n"
    "            [--ttft T] [--tpot T] [--e2e T] [KEY=VALUE ...] [options]\n"
    "What to buy for a demand: of each machine the best deployment, how many servers, power, money, and "
    "what\n"
    "limits it; cheapest first.";
const char* const kPlanExamples =
    "  orrery plan --model llama-3-70b --users 500 --think 20 --input 1500 --output 300 --ttft 1 --tpot 50ms "
    "\\\n"
    "      --runtime vllm-0.19 --arch gpu/h100-sxm --arch gpu/h200-sxm --arch gpu/mi300x\n"
    "  orrery plan --model llama-3-8b --requests-per-s 20 --ttft 500ms --arch gpu/l40s --arch asic/tpu-v6e\n"
    "  orrery plan --model gpt-oss-120b --users 200 --formats model --growth 0.5 --years 3 --arch gpu/b200\n"
    "  orrery plan --model llama-3-70b --requests-per-s 5 --formats bf16,fp8 --api-price 0.9 --arch "
    "gpu/h200-sxm\n";

po::options_description demand_options() {
  po::options_description options("Demand");
  options.add_options()                                                                           //
      ("users", po::value<double>()->value_name("N"), "who each wait for an answer, then think")  //
      ("think", po::value<std::string>()->value_name("T"), "a user's pause (default 0)")          //
      ("requests-per-s", po::value<double>()->value_name("R"), "in place of users")               //
      ("good-share", po::value<double>()->default_value(0.9)->value_name("X"),
       "of the requests, that must keep the targets")  //
      ("growth", po::value<double>()->default_value(0)->value_name("X"),
       "of the demand a year: 0.5 is half as much more")  //
      ("years", po::value<std::int64_t>()->default_value(1)->value_name("N"),
       "over which servers are bought");
  return options.add(length_options());
}

po::options_description candidate_options() {
  po::options_description options("Candidates");
  options.add_options()  //
      ("arch", po::value<std::vector<std::string>>()->required()->value_name("NAME"),
       "machine; may be given again")  //
      ("formats", po::value<std::string>()->default_value("model")->value_name("F,..."),
       "of weights and activations: bf16, fp8, ... or model (as its file says)")  //
      ("kv", po::value<std::string>()->value_name("F"), "of keys and values")     //
      ("tp", po::value<std::string>()->value_name("N,..."),
       "degrees of tensor parallelism (default: 1, 2, 4, ... of a server)")  //
      ("pp", po::value<std::string>()->value_name("N,..."),
       "pipeline stages that are tried (default: those that a server has room for)")  //
      ("dp", po::value<std::string>()->value_name("N,..."),
       "of mixtures: ranks that attend to requests of their own and share experts (default: as many)")  //
      ("apart", po::value<std::string>()->default_value("on")->value_name("on|off"),
       "prompts on replicas of their own are tried, too")                                               //
      ("runtime", po::value<std::string>()->default_value("ideal")->value_name("R"), "software stack")  //
      ("node", po::value<std::string>()->value_name("NAME"),
       "of this node instead of the machine's own links")  //
      ("spare", po::value<std::int64_t>()->default_value(1)->value_name("N"),
       "servers beside those that serve")                                                            //
      ("rack-kw", po::value<double>()->default_value(40)->value_name("KW"), "that a rack may draw")  //
      ("api-price", po::value<double>()->value_name("USD"),
       "of a million output tokens bought from somebody, to compare with")  //
      ("api-input-price", po::value<double>()->value_name("USD"),
       "the same of a million input tokens (default: 0)")  //
      ("grid", po::value<double>()->value_name("G"),
       "of CO2 a kWh of the site's grid (default: 400)")                                            //
      ("pue", po::value<double>()->value_name("X"), "of the site (default: 1.3)")                   //
      ("electricity", po::value<double>()->value_name("USD"), "a kWh at the site (default: 0.09)")  //
      ("finalists", po::value<std::int64_t>()->default_value(2)->value_name("N"),
       "deployments of a machine that requests are simulated on");
  return options;
}

std::vector<std::uint32_t> degrees_from(const po::variables_map& values, const char* option) {
  std::vector<std::uint32_t> degrees;
  if (values.count(option) == 0) return degrees;
  for (const double degree : positive_numbers(std::string("--") + option, given(values, option), "chips")) {
    if (degree != std::floor(degree) || degree > 65536)
      throw UsageError(fmt::format("--{}: {:g} is no number of chips", option, degree));
    degrees.push_back(static_cast<std::uint32_t>(degree));
  }
  return degrees;
}

PlanQuestion question_from(const po::variables_map& values) {
  PlanQuestion q;
  q.model = values["model"].as<std::string>();
  q.archs = values["arch"].as<std::vector<std::string>>();
  q.runtime = given(values, "runtime");
  q.node = given(values, "node");
  for (const std::string& format : parts_of(given(values, "formats"))) {
    if (format != "model") parse_dtype_option(format);
    q.formats.push_back(format == "model" ? "" : format);
  }
  q.kv = given(values, "kv");
  q.tensor = degrees_from(values, "tp");
  q.pipeline = degrees_from(values, "pp");
  q.data = degrees_from(values, "dp");
  const std::string apart = given(values, "apart");
  if (apart != "on" && apart != "off") throw UsageError("--apart: '" + apart + "' is neither on nor off");
  q.apart = apart == "on";
  q.patches = patches_from(values);
  const bool users = values.count("users") != 0;
  if (users == (values.count("requests-per-s") != 0))
    throw UsageError("--users or --requests-per-s says the demand; see --help");
  if (users) q.demand.users = real_between(values, "users", 1, 1e9);
  if (!users) q.demand.requests_per_s = real_between(values, "requests-per-s", 1e-6, 1e9);
  q.demand.think_s = time_from(values, "think");
  if (q.demand.think_s > 0 && !users) throw UsageError("--think is of --users");
  q.demand.load = lengths_from(values);
  q.targets = targets_from(values);
  q.overrides = overrides_from(values);
  q.good_share = real_between(values, "good-share", 0.01, 1);
  q.growth = real_between(values, "growth", -0.9, 100);
  q.years = static_cast<std::uint32_t>(whole_between(values, "years", 1, 50));
  q.spare_servers = static_cast<std::uint32_t>(whole_between(values, "spare", 0, 100000));
  q.rack_kw = real_between(values, "rack-kw", 0.1, 10000);
  q.finalists = whole_between(values, "finalists", 1, 100);
  if (values.count("api-input-price") != 0) {
    if (values.count("api-price") == 0) throw UsageError("--api-input-price is of --api-price");
    q.api_usd_per_m_input = real_between(values, "api-input-price", 0, 1e6);
  }
  if (values.count("grid") != 0) q.grid_gco2_per_kwh = real_between(values, "grid", 0, 2000);
  if (values.count("pue") != 0) q.pue = real_between(values, "pue", 1, 5);
  if (values.count("electricity") != 0)
    q.electricity_usd_per_kwh = real_between(values, "electricity", 0, 100);
  if (values.count("api-price") != 0) q.api_usd_per_m_output = real_between(values, "api-price", 1e-6, 1e6);
  return q;
}

std::string money(const std::optional<double>& usd) {
  return usd ? people(*usd, 3) : std::string("unknown");
}

std::string division_in_words(const PlanOption& o) {
  std::string words = fmt::format("tp{}", o.tp);
  for (const auto& [name, degree] : {std::pair("pp", o.pp), std::pair("ep", o.ep), std::pair("dp", o.dp)}) {
    if (degree > 1) words += fmt::format(" {}{}", name, degree);
  }
  if (o.prefill_replicas > 0)
    words += fmt::format(", {} for prompts to {}", o.prefill_replicas, o.decode_replicas);
  return words;
}

std::string table_for_people(const PlanQuestion& q, const std::vector<PlanOption>& options) {
  const PlanOption& best = options.front();
  std::string out;
  if (best.meets_targets) {
    out = fmt::format(
        "{}: {} x {} ({}, at most {} sequences at once) in {} servers and {} spare: {} USD a million output "
        "tokens, {:.1f} kW on average, {:.1f} kW name plate\n\n",
        q.model, best.replicas, best.arch, division_in_words(best), best.max_sequences, best.servers,
        best.spare_servers, money(best.usd_per_m_output_tokens.typical), best.average_kw, best.nameplate_kw);
  } else {
    out = fmt::format("{}: no machine keeps the targets\n\n", q.model);
  }
  std::vector<std::vector<std::string>> rows = {{"", "replicas", "chips", "servers", "kW avg", "kW plate",
                                                 "capex USD", "USD/M out", "p10..p90", "TTFT p90", "TPOT p90",
                                                 "tok/s/chip", "tok/s/user", "front"}};
  for (const PlanOption& o : options) {
    if (!o.meets_targets) continue;
    const PlanMoney& m = o.usd_per_m_output_tokens;
    rows.push_back({fmt::format("{} {} {}", o.arch, division_in_words(o), o.weights), grouped(o.replicas),
                    grouped(o.chips), fmt::format("{}+{}", o.servers, o.spare_servers),
                    fmt::format("{:.1f}", o.average_kw), fmt::format("{:.1f}", o.nameplate_kw),
                    money(o.capex_usd), money(m.typical), m.p10 ? money(m.p10) + ".." + money(m.p90) : "-",
                    o.ttft_s ? si(*o.ttft_s, "s") : "-", o.tpot_s ? si(*o.tpot_s, "s") : "-",
                    fmt::format("{:.0f}", o.tokens_per_s_per_chip),
                    fmt::format("{:.0f}", o.tokens_per_s_per_user),
                    o.front && o.front_per_usd ? "chip, USD"
                    : o.front                  ? "chip"
                    : o.front_per_usd          ? "USD"
                                               : ""});
  }
  if (rows.size() > 1) out += format_table(rows);
  for (const PlanOption& o : options) {
    out += fmt::format("\n{}: {}{}", o.arch, o.meets_targets ? "limited by: " : "", o.binding);
    if (o.meets_targets)
      out += o.expected.p90 ? fmt::format("; latencies expected within {:.0f} %", 100 * *o.expected.p90)
                            : std::string("; nothing like it was measured");
    if (o.break_even_rent_months)
      out += fmt::format("; bought pays after {:.0f} months against renting", *o.break_even_rent_months);
    if (o.break_even_api_months)
      out += fmt::format("; after {:.0f} months against the API", *o.break_even_api_months);
    if (o.gco2_per_m_output_tokens)
      out += fmt::format("; {:.3g} g CO2 a million output tokens", *o.gco2_per_m_output_tokens);
  }
  out += '\n';
  if (q.years > 1 && best.meets_targets) {
    out += fmt::format("\n{}, year by year:\n", best.arch);
    for (const PlanStage& s : best.purchases)
      out += fmt::format("  year {}: {:.3g} requests/s, {} servers bought, {} in all{}\n", s.year,
                         s.requests_per_s, s.servers_bought, s.servers,
                         s.usd ? ", " + money(s.usd) + " USD" : "");
  }
  return out;
}

}  // namespace

int plan_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()("model", po::value<std::string>()->required()->value_name("NAME"),
                        "model: a name or a config.json");
  add_format(options);
  add_jobs(options, "machines at a time");
  add_store(options);
  options.add(demand_options()).add(target_options()).add(candidate_options());
  options.add(scheduler_options()).add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kPlanUsage, kPlanExamples, kPatches);
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  const po::variables_map& values = parsed.values;
  const PlanQuestion question = question_from(values);
  const bool store = uses_store(values);
  std::vector<std::function<std::string()>> tasks;
  for (const std::string& arch : question.archs)
    tasks.emplace_back([&question, &arch, store] {
      Session session({}, store);
      TerminalProgress progress(arch);
      return written(plan_machine(question, arch, session, progress.callback())).dump();
    });
  std::vector<PlanOption> answers;
  for (const std::string& text : run_isolated(tasks, jobs_from(values)))
    answers.push_back(read_as<PlanOption>(nlohmann::json::parse(text)));
  rank_plan(answers);
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const PlanOption& option : answers) json.push_back(written(option));
  print_result(format, json, [&] { return table_for_people(question, answers); });
  return 0;
}

}  // namespace orrery
