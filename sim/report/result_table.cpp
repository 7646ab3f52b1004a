#include "sim/report/result_table.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/report/text_table.h"

namespace orrery {
namespace {

using json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

constexpr double kUneven = 0.05;  // of the mean, that a core or channel does more: worth a row

json at(const json& result, const std::string& pointer) {
  return result.at(json::json_pointer(pointer));
}

std::string with_unit(const json& value, const char* unit) {
  return value.is_null() ? "-" : si(value.get<double>(), unit);
}

// A row of one cell a result.
template <class Cell>
void row_of(Rows& rows, const std::string& name, const std::vector<json>& results, Cell cell) {
  std::vector<std::string> row = {name};
  for (const json& r : results) row.push_back(cell(r));
  rows.push_back(row);
}

void metric(Rows& rows, const std::string& name, const std::vector<json>& results, const char* pointer,
            const char* unit) {
  row_of(rows, name, results, [&](const json& r) { return with_unit(at(r, pointer), unit); });
}

void shares(Rows& rows, const std::vector<json>& results, const char* pointer, const char* total_pointer,
            const char* unit) {
  const json parts = at(results.front(), pointer);
  for (const auto& [key, ignored] : parts.items()) {
    const std::string part = std::string(pointer) + "/" + key;
    const bool nothing =
        std::all_of(results.begin(), results.end(), [&](const json& r) { return at(r, part) == 0; });
    if (key == "total" || nothing) continue;
    row_of(rows, "  " + key, results, [&](const json& r) {
      const double share = at(r, part).get<double>();
      const double total = at(r, total_pointer).get<double>();
      return fmt::format("{} {:3.0f}%", si(share, unit), total > 0 ? 100 * share / total : 0);
    });
  }
}

void ratio(Rows& rows, const std::string& name, const std::vector<json>& results, const char* pointer) {
  const json base = at(results.front(), pointer);
  row_of(rows, name, results, [&](const json& r) {
    const json value = at(r, pointer);
    const bool defined = value.is_number() && base.is_number() && base.get<double>() > 0;
    return defined ? fmt::format("{:.3f}x", value.get<double>() / base.get<double>()) : std::string("-");
  });
}

void text(Rows& rows, const std::string& name, const std::vector<json>& results, const char* pointer) {
  row_of(rows, name, results, [&](const json& r) {
    const json value = at(r, pointer);
    return value.is_string() ? value.get<std::string>() : value.is_null() ? "unknown" : value.dump();
  });
}

void rounded(Rows& rows, const std::string& name, const std::vector<json>& results, const char* pointer) {
  row_of(rows, name, results, [&](const json& r) {
    const json value = at(r, pointer);
    return value.is_null() ? std::string("unknown") : people(value.get<double>(), 3);
  });
}

void percent(Rows& rows, const std::string& name, const std::vector<json>& results, const char* pointer) {
  row_of(rows, name, results,
         [&](const json& r) { return fmt::format("{:.2f} %", 100 * at(r, pointer).get<double>()); });
}

double input_tokens(const json& r) {
  return at(r, "/batch").get<double>() * at(r, "/input").get<double>();
}

void expected(Rows& rows, const std::vector<json>& results) {
  row_of(rows, "expected error, 9 of 10", results, [](const json& r) {
    const json p90 = at(r, "/expected_error/p90");
    return p90.is_null() ? std::string("unknown")
                         : fmt::format("+-{:.0f} %{}", 100 * p90.get<double>(),
                                       at(r, "/expected_error/inside").get<bool>() ? "" : ", outside");
  });
}

std::string expected_basis(const std::vector<json>& results) {
  std::string out = "\nexpected error from:\n";
  for (const json& r : results) {
    out += fmt::format("  {}: {}\n", at(r, "/arch").get<std::string>(),
                       at(r, "/expected_error/basis").get<std::string>());
  }
  return out;
}

// A machine that was refused keeps its place: a column without figures, and why, below.
void put_refused(Rows& rows, const std::vector<json>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].contains("refused")) continue;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (rows[r].size() < 2) continue;
      const std::string cell = r == 0 ? at(all[i], "/arch").get<std::string>() : r == 1 ? "refused" : "-";
      rows[r].insert(rows[r].begin() + static_cast<std::ptrdiff_t>(i) + 1, cell);
    }
  }
}

std::string why_refused(const std::vector<json>& all) {
  std::string out;
  for (const json& r : all) {
    if (r.contains("refused")) out += "\nrefused: " + at(r, "/refused").get<std::string>() + "\n";
  }
  return out;
}

}  // namespace

std::string run_table(const std::vector<json>& all) {
  std::vector<json> results;
  for (const json& r : all) {
    if (!r.contains("refused")) results.push_back(r);
  }
  const json& first = results.front();
  std::string out = fmt::format(
      "{}, batch {}, {} in, {} out; fidelity {}, runtime {}\n\n", at(first, "/model").get<std::string>(),
      at(first, "/batch").dump(), at(first, "/input").dump(), at(first, "/output").dump(),
      at(first, "/fidelity").get<std::string>(), at(first, "/runtime").get<std::string>());
  Rows rows;
  text(rows, "", results, "/arch");
  text(rows, "devices", results, "/devices");
  text(rows, "dtype", results, "/dtype");
  metric(rows, "latency", results, "/latency_s", "s");
  expected(rows, results);
  metric(rows, "TTFT", results, "/ttft_s", "s");
  metric(rows, "TPOT", results, "/tpot_s", "s");
  row_of(rows, "throughput, output tokens/s", results,
         [](const json& r) { return people(at(r, "/tokens_per_s").get<double>()); });
  row_of(rows, "  of the prompts, input tokens/s", results,
         [](const json& r) { return people(input_tokens(r) / at(r, "/ttft_s").get<double>()); });
  metric(rows, "energy", results, "/energy_j/total", "J");
  shares(rows, results, "/energy_j", "/energy_j/total", "J");
  metric(rows, "energy per output token, all of it", results, "/energy_per_token_j", "J");
  row_of(rows, "  of the prompts, per input token", results, [](const json& r) {
    const json& prefill = at(r, "/phases/prefill");
    return si(prefill.at("time_s").get<double>() * prefill.at("power_w").get<double>() / input_tokens(r),
              "J");
  });
  metric(rows, "average power", results, "/average_power_w", "W");
  metric(rows, "  of the prompt", results, "/phases/prefill/power_w", "W");
  metric(rows, "  of the tokens after it", results, "/phases/decode/power_w", "W");
  rows.push_back({"memory of a device"});
  metric(rows, "  weights", results, "/memory/weights", "B");
  metric(rows, "  keys and values", results, "/memory/kv_cache", "B");
  metric(rows, "    of a token", results, "/memory/kv_bytes_per_token", "B");
  metric(rows, "  activations of a step", results, "/memory/activations", "B");
  metric(rows, "  free", results, "/memory/free", "B");
  metric(rows, "parameters", results, "/memory/parameters", "");
  metric(rows, "  a token goes through", results, "/memory/active_parameters", "");
  rounded(rows, "die area, mm2", results, "/area_mm2");
  rounded(rows, "cost of making a chip, USD", results, "/price_usd/unit_cost");
  rounded(rows, "price of a chip, USD", results, "/price_usd/chip");
  rounded(rows, "USD/M output tokens, always busy", results, "/price_usd/per_m_output_tokens");
  percent(rows, "compute utilization", results, "/utilization/compute");
  percent(rows, "DRAM utilization", results, "/utilization/dram");
  text(rows, "bound by", results, "/bound");
  rows.push_back({"time"});
  shares(rows, results, "/time_s", "/latency_s", "s");
  if (results.size() == 1 && !at(first, "/operators").empty()) {
    rows.push_back({"by operator"});
    for (const json& o : at(first, "/operators")) {
      rows.push_back(
          {"  " + o["op"].get<std::string>(),
           fmt::format("{}, {}", si(o["time_s"].get<double>(), "s"), si(o["energy_j"].get<double>(), "J"))});
    }
  }
  if (at(first, "/fidelity") != "roofline") {
    rows.push_back({"time obtained by"});
    percent(rows, "  simulated events", results, "/simulated/share_simulated");
    percent(rows, "  replay", results, "/simulated/share_replayed");
    percent(rows, "  replication", results, "/simulated/share_replicated");
    percent(rows, "decode sampling error", results, "/decode_sampling_error");
  } else {
    rows.push_back({"a bound: no simulation, nothing but DRAM and arithmetic in its energy"});
  }
  if (results.size() > 1) {
    rows.push_back({"ratio to the first"});
    ratio(rows, "  latency", results, "/latency_s");
    ratio(rows, "  TTFT", results, "/ttft_s");
    ratio(rows, "  TPOT", results, "/tpot_s");
    ratio(rows, "  throughput", results, "/tokens_per_s");
    ratio(rows, "  energy per token", results, "/energy_per_token_j");
    ratio(rows, "  average power", results, "/average_power_w");
  }
  put_refused(rows, all);
  return out + format_table(rows) + why_refused(all) + expected_basis(results);
}

std::string kernel_table(const json& result) {
  const std::vector<json> one = {result};
  std::string out =
      fmt::format("{} {} {} on {}; fidelity {}\n{}\n\n", at(result, "/op").get<std::string>(),
                  at(result, "/shape").get<std::string>(), at(result, "/dtype").get<std::string>(),
                  at(result, "/arch").get<std::string>(), at(result, "/fidelity").get<std::string>(),
                  at(result, "/mapping").get<std::string>());
  Rows rows;
  rows.push_back({"latency", si(result.at("latency_us").get<double>() * 1e-6, "s")});
  expected(rows, one);
  rows.push_back({"cycles", fmt::format("{:.0f}", result.at("cycles").get<double>())});
  rows.push_back({"clock", fmt::format("{:.3f} GHz", result.at("clock_ghz").get<double>())});
  rows.push_back({"rate", si(result.at("tflops").get<double>() * 1e12, "FLOPS")});
  rows.push_back({"DRAM traffic", si(result.at("dram_bytes").get<double>(), "B")});
  metric(rows, "energy", one, "/energy_j", "J");
  metric(rows, "power", one, "/power_w", "W");
  percent(rows, "compute utilization", one, "/utilization/compute");
  percent(rows, "DRAM utilization", one, "/utilization/dram");
  std::string told;
  for (const json& s : result.at("sharing")) {
    const double uneven = s.at("largest").get<double>() / s.at("mean").get<double>() - 1;
    if (uneven < kUneven || told == s.at("block").get<std::string>()) continue;
    told = s.at("block").get<std::string>();
    rows.push_back(
        {fmt::format("busiest {} of {}", s.at("block").get<std::string>(), s.at("instances").get<int>()),
         fmt::format("{}: {:+.0f} % {} over the mean", s.at("busiest").get<int>(), 100 * uneven,
                     s.at("unit").get<std::string>())});
  }
  text(rows, "bound by", one, "/bound");
  rows.push_back({"time"});
  for (const auto& [key, value] : result.at("time_s").items()) {
    if (value.get<double>() > 0) rows.push_back({"  " + key, si(value.get<double>(), "s")});
  }
  return out + format_table(rows) + expected_basis(one);
}

}  // namespace orrery
