#include "sim/report/cost_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/text_table.h"

namespace orrery {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

constexpr int kWhole = 12;  // digits: counts are not rounded

std::string figure(const json& value, int digits = 4) {
  return value.is_null() ? "unknown" : people(value.get<double>(), digits);
}

void row(Rows& rows, const std::string& name, const json& study, const char* pointer, int digits = 4) {
  std::vector<std::string> cells = {name};
  for (const json& o : study["options"]) cells.push_back(figure(o.at(json::json_pointer(pointer)), digits));
  rows.push_back(cells);
}

std::string options_table(const json& study) {
  Rows rows;
  std::vector<std::string> head = {""};
  std::vector<std::string> machine = {"machine"};
  std::vector<std::string> how = {"acquired by"};
  std::vector<std::string> stack = {"runtime"};
  std::vector<std::string> formats = {"weights, keys and values"};
  for (const json& o : study["options"]) {
    stack.push_back(o["runtime"].get<std::string>());
    formats.push_back(fmt::format("{}, {}", o["weights"].get<std::string>(), o["kv"].get<std::string>()));
    head.push_back(o["name"].get<std::string>());
    machine.push_back(fmt::format("{} x {}", o["devices"].dump(), o["arch"].get<std::string>()));
    how.push_back(o["acquire"].get<std::string>());
  }
  rows.push_back(head);
  rows.push_back(machine);
  rows.push_back(stack);
  rows.push_back(formats);
  rows.push_back(how);
  std::vector<std::string> target = {"latency target"};
  for (const json& o : study["options"])
    target.push_back(o["meets_target"].get<bool>() ? "kept" : "MISSED: without");
  rows.push_back(target);
  row(rows, "requests/s a replica, at most", study, "/served/requests_per_s", 3);
  row(rows, "  output tokens/s", study, "/served/output_tokens_per_s");
  row(rows, "  sequences at once", study, "/served/sequences", 3);
  row(rows, "  TTFT of nine in ten, s", study, "/served/ttft_s", 3);
  row(rows, "  TPOT of nine in ten, s", study, "/served/tpot_s", 3);
  row(rows, "chips", study, "/chips", kWhole);
  row(rows, "servers", study, "/servers", kWhole);
  row(rows, "kW on average", study, "/average_kw", 3);
  row(rows, "  by the name plate", study, "/nameplate_kw", 3);
  row(rows, "chip, USD", study, "/chip_price_usd");
  row(rows, "die, mm2", study, "/die_mm2");
  row(rows, "spent at first, USD", study, "/capex_usd");
  row(rows, "  design of the chip, its share", study, "/nre_usd");
  row(rows, "  bringing the model onto it", study, "/engineering_usd");
  rows.push_back({"USD a year"});
  for (const char* part : {"capital", "rent", "electricity", "colocation", "staff", "licences", "total"})
    row(rows, std::string("  ") + part, study, (std::string("/usd_per_year/") + part).c_str());
  row(rows, "USD/M output tokens, all in", study, "/usd_per_m_tokens/all");
  row(rows, "  of output alone", study, "/usd_per_m_tokens/output");
  row(rows, "  USD/M input tokens", study, "/usd_per_m_tokens/input");
  row(rows, "  10 % of draws below", study, "/monte_carlo/p10");
  row(rows, "  half below", study, "/monte_carlo/p50");
  row(rows, "  90 % below", study, "/monte_carlo/p90");
  row(rows, "J a token, at the wall", study, "/joule_per_token");
  row(rows, "gCO2/M output tokens", study, "/gco2_per_m_output_tokens");
  row(rows, "break-even against renting, months", study, "/break_even_months", 3);
  return format_table(rows);
}

// How far an option's speed may be off, as it goes into the draws.
std::string error_in_words(const json& option) {
  const json& p90 = option["expected_error"]["p90"];
  return p90.is_null() ? std::string("assumed within 50 %, nothing like it was measured")
                       : fmt::format("expected within {:.0f} %", 100 * p90.get<double>());
}

// Share of the draws in which `a` is cheaper than `b`.
double wins(const json& study, const std::string& a, const std::string& b) {
  for (const json& pair : study["beats"]) {
    if (pair["a"] == a && pair["b"] == b) return pair["share"].get<double>();
    if (pair["a"] == b && pair["b"] == a) return 1 - pair["share"].get<double>();
  }
  return 0;
}

// Where the two change places, one number varied alone; "" = nowhere.
std::string turns_between(const json& study, const std::string& a, const std::string& b) {
  std::string turns;
  for (const json& c : study["crossovers"]) {
    const bool pair = (c["a"] == a && c["b"] == b) || (c["a"] == b && c["b"] == a);
    if (pair && !c["at"].is_null())
      turns += fmt::format("{}{} = {}", turns.empty() ? "" : " or ", c["variable"].get<std::string>(),
                           figure(c["at"], 3));
  }
  return turns;
}

// Who is cheapest of those that keep the target, how sure that is, and what would change it.
std::string verdict(const json& study) {
  const json* best = nullptr;
  for (const json& o : study["options"]) {
    if (!o["meets_target"].get<bool>()) continue;
    if (best == nullptr || o["usd_per_m_tokens"]["all"] < (*best)["usd_per_m_tokens"]["all"]) best = &o;
  }
  if (best == nullptr) return "";
  const std::string name = (*best)["name"].get<std::string>();
  const json& drawn = (*best)["monte_carlo"];
  constexpr double kSure = 0.9;
  double least = 1;
  for (const json& o : study["options"]) {
    if (o["name"] != name && o["meets_target"].get<bool>())
      least = std::min(least, wins(study, name, o["name"].get<std::string>()));
  }
  std::string out = fmt::format(
      "answer: {} is the cheapest that keeps the target{}: {} USD a million output tokens (eight of ten "
      "draws: "
      "{} to {}); {} chips, servers: {}. Its speed is {}.\n",
      name, least < kSure ? ", but that is not sure" : "", figure((*best)["usd_per_m_tokens"]["all"], 3),
      figure(drawn["p10"], 3), figure(drawn["p90"], 3), figure((*best)["chips"], kWhole),
      figure((*best)["servers"], kWhole), error_in_words(*best));
  for (const json& o : study["options"]) {
    const std::string other = o["name"].get<std::string>();
    if (other == name) continue;
    const double share = wins(study, name, other);
    const double times =
        o["usd_per_m_tokens"]["all"].get<double>() / (*best)["usd_per_m_tokens"]["all"].get<double>();
    out += fmt::format("  against {} (speed {}): {} times cheaper, in {:.0f} % of draws", other,
                       error_in_words(o), people(times, 3), 100 * share);
    if (!o["meets_target"].get<bool>()) out += "; it misses the latency target, and is judged without";
    if (share < kSure) out += "; the errors of both decide";
    if (const std::string turns = turns_between(study, name, other); !turns.empty())
      out += "; turns round at " + turns;
    out += "\n";
  }
  const bool ideal = std::any_of(study["options"].begin(), study["options"].end(),
                                 [](const json& o) { return o["runtime"] == "ideal"; });
  const bool real = std::any_of(study["options"].begin(), study["options"].end(),
                                [](const json& o) { return o["runtime"] != "ideal"; });
  if (ideal && real)
    out +=
        "  not alike: under the runtime 'ideal' launches and host take no time, under the others they do\n";
  for (const json& b : study["break_evens"]) {
    out += fmt::format(
        "  {} instead of renting {}: {}\n", b["owned"].get<std::string>(), b["rented"].get<std::string>(),
        b["months"].is_null() ? std::string("never pays for itself")
                              : figure(b["months"], 3) + " months until it has paid for itself");
  }
  return out;
}

// Where two options change places; all pairs that nothing turns round in one line.
std::string crossovers(const json& study) {
  std::string out;
  for (const json& c : study["crossovers"]) {
    if (!c["at"].is_null())
      out += fmt::format("  {} against {}: {} = {}\n", c["a"].get<std::string>(), c["b"].get<std::string>(),
                         c["variable"].get<std::string>(), figure(c["at"], 3));
  }
  std::string nowhere;
  for (const json& pair : study["beats"]) {  // one each
    const std::string a = pair["a"].get<std::string>();
    const std::string b = pair["b"].get<std::string>();
    if (turns_between(study, a, b).empty()) nowhere += (nowhere.empty() ? "" : ", ") + a + " against " + b;
  }
  if (!nowhere.empty()) out += "  nowhere: " + nowhere + "\n";
  return out;
}

std::string user_rates_table(const json& study) {
  Rows rows;
  std::vector<std::string> head = {"tokens/s a user"};
  for (const json& o : study["options"]) head.push_back(o["name"].get<std::string>());
  head.emplace_back("cheapest");
  rows.push_back(head);
  for (const json& r : study["user_rates"]) {
    std::vector<std::string> cells = {figure(r["tokens_per_s_a_user"])};
    for (const json& o : r["options"]) {
      const json& usd = o["usd_per_m_tokens"];
      cells.push_back(usd.is_null() ? "not kept"
                                    : fmt::format("{}, {}", figure(o["sequences"], 3), figure(usd)));
    }
    cells.push_back(r["cheapest"].is_null() ? "none" : r["cheapest"].get<std::string>());
    rows.push_back(cells);
  }
  return format_table(rows);
}

}  // namespace

std::string cost_table(const json& study) {
  std::string out = fmt::format("{}\n", study["title"].get<std::string>());
  if (const std::string question = study["question"].get<std::string>(); !question.empty())
    out += question + "\n";
  out += fmt::format(
      "{}, {} in, {} out a request; {} output tokens/s at the peak, {:.0f} % of it on average\n\n",
      study["model"].get<std::string>(), study["input"].dump(), study["output"].dump(),
      figure(study["peak_tokens_per_s"]), 100 * study["mean_load"].get<double>());
  out += verdict(study) + "\n";
  out += options_table(study);
  if (!study["beats"].empty())
    out += "\nwho is cheaper (share of draws; prices and the simulation's own error drawn together):\n";
  for (const json& b : study["beats"]) {
    out += fmt::format("  {} beats {} in {:.0f} %\n", b["a"].get<std::string>(), b["b"].get<std::string>(),
                       100 * b["share"].get<double>());
  }
  if (!study["crossovers"].empty()) out += "\nwhere the order changes:\n" + crossovers(study);
  if (!study["user_rates"].empty()) {
    out += "\nby tokens/s a user (sequences at once, USD/M output tokens):\n" + user_rates_table(study);
  }
  out += "\nwhat matters most (USD/M output tokens from the low to the high end):\n";
  for (const json& o : study["options"]) {
    out += fmt::format("  {}:", o["name"].get<std::string>());
    for (const json& bar : o["tornado"]) {
      out += fmt::format(" {} {}..{};", bar["variable"].get<std::string>(), figure(bar["at_low"], 3),
                         figure(bar["at_high"], 3));
    }
    out += "\n";
  }
  out += "\nfrom pilot to scale:\n";
  for (const json& o : study["options"]) {
    for (const json& stage : o["path"]) {
      out += fmt::format("  {}, {}: {} chips, {} tokens/s, {} kW, {} USD\n", o["name"].get<std::string>(),
                         stage["stage"].get<std::string>(), stage["chips"].dump(),
                         figure(stage["output_tokens_per_s"]), figure(stage["kw"], 3), figure(stage["usd"]));
    }
  }
  out +=
      "  at each step: measure TTFT, TPOT, tokens/s and J a token; go on while they are within the expected\n"
      "  error of the figures above, and put the measured ones in their place where they are not.\n";
  out += "\nwhat limits it, and how far its speed may be off:\n";
  for (const json& o : study["options"])
    out += fmt::format("  {}: {}; {} ({})\n", o["name"].get<std::string>(), o["binding"].get<std::string>(),
                       error_in_words(o), o["expected_error"]["basis"].get<std::string>());
  if (study["as_of"].is_null()) {
    out += "prices are not checked for age; give --as-of DATE\n";
  } else {
    for (const json& p : study["stale_prices"]) {
      out += fmt::format("older than 12 months on {}: {} of {}\n", study["as_of"].get<std::string>(),
                         p["price"].get<std::string>(), p["date"].get<std::string>());
    }
  }
  return out;
}

}  // namespace orrery
