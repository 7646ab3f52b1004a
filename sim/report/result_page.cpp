#include "sim/report/result_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "sim/report/result_charts.h"
#include "sim/report/result_fields.h"
#include "sim/report/text_table.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

std::string text_of(const ordered_json& r, const char* key) {
  const auto at = r.find(key);
  if (at == r.end() || at->is_null()) return "-";
  return at->is_string() ? at->get<std::string>() : at->dump();
}

std::optional<double> number_at(const ordered_json& r, const std::string& pointer) {
  const ordered_json::json_pointer at(pointer);
  if (!r.contains(at) || !r.at(at).is_number()) return std::nullopt;
  return r.at(at).get<double>();
}

std::string told(const std::optional<double>& value, const char* unit) {
  return value ? si(*value, unit) : "-";
}

// How far a figure may be off, or that this is not known.
std::string band(const ordered_json& r, const char* key) {
  const auto p90 = number_at(r, std::string("/") + key + "/p90");
  if (!p90) return " (expected error unknown)";
  const bool inside = r.at(key).value("inside", false);
  return fmt::format(" +-{:.0f} %{}", 100 * *p90, inside ? "" : ", outside what was measured");
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.1f} %", 100 * *share) : "-";
}

// "dram 74 %, launch 16 %": the largest parts.
std::string largest(const ordered_json& parts, std::size_t most) {
  std::vector<std::pair<double, std::string>> all;
  double sum = 0;
  for (const auto& [key, value] : parts.items()) {
    if (key == "total" || !value.is_number() || value.get<double>() <= 0) continue;
    all.emplace_back(value.get<double>(), key);
    sum += value.get<double>();
  }
  std::sort(all.rbegin(), all.rend());
  std::string out;
  for (std::size_t i = 0; i < std::min(most, all.size()); ++i)
    out += fmt::format("{}{} {:.0f} %", i > 0 ? ", " : "", all[i].second, 100 * all[i].first / sum);
  return out;
}

class RunPage {
 public:
  explicit RunPage(const Results& all) {
    for (const ordered_json& r : all) (r.contains("refused") ? refused_ : ran_).push_back(r);
    if (ran_.empty()) throw ConfigError("", "all machines refused the model: there is nothing to report");
    names_ = column_names(ran_);
  }

  Page page() const {
    const ordered_json& first = ran_.front();
    Page page(fmt::format("{}: batch {}, {} tokens in, {} out", text_of(first, "model"),
                          text_of(first, "batch"), text_of(first, "input"), text_of(first, "output")));
    verdict(page);
    page.table("figures", figures());
    page.chart(vega_of(split_bars(ran_, "time_s", "time along the critical path", "s")),
               "Where the time goes: " + said("time_s"));
    page.chart(vega_of(split_bars(ran_, "energy_j", "energy of all devices", "J")),
               "Where the energy goes: " + said("energy_j"));
    page.heading("Prefill and decode");
    page.table("phases", phases());
    const BarPlot operators = operator_bars(ran_);
    if (!operators.parts.empty()) {
      page.chart(vega_of(operators), "Time of each kind of operator, prefill and decode apart");
      page.chart(
          vega_of(roofline(ran_)),
          "Operators by FLOP per byte of DRAM and FLOPS reached, under the roof of bandwidth and peak");
    }
    page.heading("Power and memory");
    page.chart(vega_of(power_curve_of(ran_)), "Power of all boards over the run");
    page.chart(vega_of(memory_bars(ran_)), "What a device's memory holds");
    page.heading("What this rests on");
    page.table("assumptions", assumptions());
    for (const ordered_json& r : refused_)
      page.paragraph(text_of(r, "arch") + " is refused: " + text_of(r, "refused"));
    return page;
  }

 private:
  Results ran_, refused_;
  std::vector<std::string> names_;

  static double latency(const ordered_json& r) { return number_at(r, "/latency_s").value_or(0); }

  std::string said(const char* key) const {
    std::string out;
    for (std::size_t i = 0; i < ran_.size(); ++i)
      out += fmt::format("{}{}: {}", i > 0 ? "; " : "", names_[i], largest(ran_[i].at(key), 3));
    return out;
  }

  void verdict(Page& page) const {
    std::vector<std::size_t> order(ran_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return latency(ran_[a]) < latency(ran_[b]); });
    const ordered_json& best = ran_[order.front()];
    std::string words = fmt::format("{} takes {}{}", names_[order.front()], si(latency(best), "s"),
                                    band(best, "expected_error"));
    if (order.size() > 1) {
      const ordered_json& next = ran_[order[1]];
      words = fmt::format("Fastest of {}: {}, {:.2f} times as fast as {}", ran_.size(), words,
                          latency(next) / latency(best), names_[order[1]]);
    }
    page.paragraph(words + ".", true);
    if (order.size() > 1) page.paragraph(certainty(best, ran_[order[1]]));
    for (std::size_t i = 0; i < ran_.size(); ++i)
      page.paragraph(fmt::format("{}: most of its time is {}; most of its energy {}.", names_[i],
                                 largest(ran_[i].at("time_s"), 2), largest(ran_[i].at("energy_j"), 2)));
  }

  // Whether the first two can change places within what their figures may be off, each by itself.
  static std::string certainty(const ordered_json& best, const ordered_json& next) {
    const auto off = [](const ordered_json& r) { return number_at(r, "/expected_error/p90"); };
    if (!off(best) || !off(next))
      return "How far the figures may be off is not known: the order is not certain.";
    const bool apart = latency(best) * (1 + *off(best)) < latency(next) / (1 + *off(next));
    return apart ? "The order holds within the expected errors."
                 : "The order of the first two is not certain: they lie within each other's expected error.";
  }

  Rows header() const {
    Rows rows = {{""}};
    rows[0].insert(rows[0].end(), names_.begin(), names_.end());
    return rows;
  }

  template <class Cell>
  void add(Rows& rows, const std::string& name, Cell cell) const {
    std::vector<std::string> row = {name};
    for (const ordered_json& r : ran_) row.push_back(cell(r));
    if (std::any_of(row.begin() + 1, row.end(), [](const std::string& c) { return c != "-"; }))
      rows.push_back(row);
  }

  Rows figures() const {
    Rows rows = header();
    const auto plain = [&](const char* name, const char* pointer, const char* unit) {
      add(rows, name, [&](const ordered_json& r) { return told(number_at(r, pointer), unit); });
    };
    add(rows, "latency", [](const ordered_json& r) {
      return told(number_at(r, "/latency_s"), "s") + band(r, "expected_error");
    });
    plain("time to first token", "/ttft_s", "s");
    plain("time per output token", "/tpot_s", "s");
    plain("output tokens/s", "/tokens_per_s", "");
    add(rows, "energy", [](const ordered_json& r) {
      return told(number_at(r, "/energy_j/total"), "J") + band(r, "expected_energy_error");
    });
    plain("energy per output token", "/energy_per_token_j", "J");
    add(rows, "average power", [](const ordered_json& r) {
      return told(number_at(r, "/average_power_w"), "W") + band(r, "expected_power_error");
    });
    add(rows, "compute utilization",
        [](const ordered_json& r) { return percent(number_at(r, "/utilization/compute")); });
    add(rows, "DRAM utilization",
        [](const ordered_json& r) { return percent(number_at(r, "/utilization/dram")); });
    add(rows, "die area, mm2", [](const ordered_json& r) {
      const auto mm2 = number_at(r, "/area_mm2");
      return mm2 ? people(*mm2, 3) : "-";
    });
    add(rows, "USD per million output tokens, always busy", [](const ordered_json& r) {
      const auto usd = number_at(r, "/price_usd/per_m_output_tokens");
      return usd ? people(*usd, 3) : "-";
    });
    return rows;
  }

  Rows phases() const {
    Rows rows = header();
    for (const char* phase : {"prefill", "decode"}) {
      const std::string at = std::string("/phases/") + phase;
      const std::string name = phase;
      add(rows, name + " time",
          [&](const ordered_json& r) { return told(number_at(r, at + "/time_s"), "s"); });
      add(rows, name + " energy",
          [&](const ordered_json& r) { return told(number_at(r, at + "/energy_j"), "J"); });
      add(rows, name + " power",
          [&](const ordered_json& r) { return told(number_at(r, at + "/power_w"), "W"); });
      add(rows, name + " bound by", [&](const ordered_json& r) {
        const ordered_json::json_pointer bound(at + "/bound");
        return r.at("phases").at(phase).is_null() ? std::string("-") : r.at(bound).get<std::string>();
      });
      add(rows, name + " compute utilization",
          [&](const ordered_json& r) { return percent(number_at(r, at + "/utilization_compute")); });
      add(rows, name + " DRAM utilization",
          [&](const ordered_json& r) { return percent(number_at(r, at + "/utilization_dram")); });
    }
    return rows;
  }

  Rows assumptions() const {
    Rows rows = header();
    for (const char* key :
         {"devices", "node", "dtype", "weights", "activations", "kv", "fidelity", "runtime"})
      add(rows, key, [key](const ordered_json& r) { return text_of(r, key); });
    add(rows, "expected error from",
        [](const ordered_json& r) { return text_of(r.at("expected_error"), "basis"); });
    add(rows, "simulated", [](const ordered_json& r) {
      return r.contains("run_info") ? text_of(r["run_info"], "date") : std::string("-");
    });
    return rows;
  }
};

Page kernel_page(const ordered_json& r) {
  const Results one = {r};
  Page page(fmt::format("{} {} in {} on {}", text_of(r, "op"), text_of(r, "shape"), text_of(r, "dtype"),
                        text_of(r, "arch")));
  page.paragraph(
      fmt::format("{}{}, bound by {}: {}.", told(1e-6 * number_at(r, "/latency_us").value_or(0), "s"),
                  band(r, "expected_error"), text_of(r, "bound"), largest(r.at("time_s"), 3)),
      true);
  Rows rows = {{"", text_of(r, "arch")}};
  rows.push_back({"rate", si(1e12 * number_at(r, "/tflops").value_or(0), "FLOPS")});
  rows.push_back({"DRAM traffic", told(number_at(r, "/dram_bytes"), "B")});
  rows.push_back({"energy", told(number_at(r, "/energy_j"), "J") + band(r, "expected_energy_error")});
  rows.push_back({"power", told(number_at(r, "/power_w"), "W") + band(r, "expected_power_error")});
  rows.push_back({"compute utilization", percent(number_at(r, "/utilization/compute"))});
  rows.push_back({"DRAM utilization", percent(number_at(r, "/utilization/dram"))});
  rows.push_back({"mapping", text_of(r, "mapping")});
  rows.push_back({"fidelity", text_of(r, "fidelity")});
  rows.push_back({"expected error from", text_of(r.at("expected_error"), "basis")});
  page.table("figures", rows);
  page.chart(vega_of(split_bars(one, "time_s", "time along the critical path", "s")),
             "Where the time goes: " + largest(r.at("time_s"), 3));
  page.chart(vega_of(split_bars(one, "energy", "energy", "J")),
             "Where the energy goes: " + largest(r.at("energy"), 3));
  const Plot roof = roofline(one);
  if (!roof.series.empty())
    page.chart(vega_of(roof),
               "The kernel by FLOP per byte of DRAM and FLOPS reached, under the machine's roof");
  return page;
}

Page serving_page(const ordered_json& r) {
  const Results one = {r};
  Page page(fmt::format("{} served by {}: {}", text_of(r, "model"), text_of(r, "arch"), text_of(r, "load")));
  page.paragraph(fmt::format("{} of {} requests finished, {} output tokens/s; binding: {}.",
                             text_of(r, "finished"), text_of(r, "requests"),
                             told(number_at(r, "/output_tokens_per_s"), ""), text_of(r, "binding")),
                 true);
  const auto good = number_at(r, "/good_share");
  if (!text_of(r, "targets").empty() && text_of(r, "targets") != "-" && good)
    page.paragraph(fmt::format("{} of them met {}.", percent(good), text_of(r, "targets")));
  Rows latencies = {{"", "mean", "p50", "p90", "p99"}};
  for (const auto& [key, name] : {std::pair("ttft_s", "time to first token"),
                                  {"tpot_s", "time per output token"},
                                  {"itl_s", "between two tokens"},
                                  {"e2e_s", "of a request"},
                                  {"queued_s", "queued"}}) {
    std::vector<std::string> row = {name};
    for (const char* of : {"/mean", "/p50", "/p90", "/p99"})
      row.push_back(told(number_at(r, std::string("/") + key + of), "s"));
    latencies.push_back(row);
  }
  page.table("latencies" + band(r, "expected_error"), latencies);
  page.chart(vega_of(load_curve(r)), "Requests that wait and that run, over time");
  page.chart(vega_of(cache_curve(r)), "Share of the KV blocks in use, over time");
  page.chart(vega_of(power_curve_of(one)), "Power of all boards, over time");
  page.chart(vega_of(split_bars(one, "time_s", "time of the steps", "s")),
             "Where the time of the steps goes: " + largest(r.at("time_s"), 3));
  Rows rows = {{"", text_of(r, "arch")}};
  for (const char* key :
       {"devices", "replicas", "router", "node", "dtype", "weights", "kv", "fidelity", "runtime"})
    rows.push_back({key, text_of(r, key)});
  rows.push_back({"energy per output token",
                  told(number_at(r, "/energy_per_token_j"), "J") + band(r, "expected_energy_error")});
  rows.push_back(
      {"average power", told(number_at(r, "/average_power_w"), "W") + band(r, "expected_power_error")});
  rows.push_back({"preemptions", text_of(r, "preemptions")});
  rows.push_back({"expected error from", text_of(r.at("expected_error"), "basis")});
  page.heading("What this rests on");
  page.table("assumptions", rows);
  return page;
}

void expect_result(const ordered_json& r) {
  if (!r.is_object() || !r.contains("schema") || !r["schema"].is_string() || !r.contains("kind"))
    throw ConfigError("",
                      "is no result of Orrery: it has no 'schema' and 'kind' (what --format json prints)");
  if (r["schema"] != kResultSchema)
    throw ConfigError(
        "", fmt::format("is of schema {}; this program reads {}", r["schema"].dump(), kResultSchema));
}

}  // namespace

Page result_page(const std::vector<ordered_json>& results) {
  if (results.empty()) throw ConfigError("", "holds no result");
  for (const ordered_json& r : results) expect_result(r);
  const auto is = [](const ordered_json& r, const char* kind) { return r["kind"] == kind; };
  try {
    if (std::all_of(results.begin(), results.end(),
                    [&](const ordered_json& r) { return is(r, "run") || is(r, "refused"); }))
      return RunPage(results).page();
    if (results.size() == 1 && is(results[0], "kernel")) return kernel_page(results[0]);
    if (results.size() == 1 && is(results[0], "serving")) return serving_page(results[0]);
  } catch (const nlohmann::json::exception& error) {
    throw ConfigError("", std::string("is no whole result: ") + error.what());
  }
  throw ConfigError(
      "", results.size() == 1
              ? fmt::format("holds a result of kind {}; a page is of runs, of a kernel or of serving",
                            results[0]["kind"].dump())
              : "holds results that are no page together: several runs are, or one of another kind");
}

}  // namespace orrery
