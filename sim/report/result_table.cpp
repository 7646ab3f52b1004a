#include "sim/report/result_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/report/result_fields.h"
#include "sim/report/text_table.h"
#include "sim/report/training_fields.h"

namespace orrery {
namespace {

using nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

constexpr double kUneven = 0.05;  // of the mean, that a core or channel does more: worth a row

ordered_json at(const ordered_json& result, const std::string& pointer) {
  return result.at(ordered_json::json_pointer(pointer));
}

// A figure as people expect it, by its unit.
std::string figure(const ordered_json& value, const std::string& unit) {
  if (value.is_null()) return unit == "s" || unit == "tokens/s" ? "-" : "unknown";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_unsigned() && unit.empty()) {
    constexpr std::uint64_t kMany = 1'000'000;
    const auto count = value.get<std::uint64_t>();
    return count < kMany ? grouped(count) : si(value.get<double>(), "");
  }
  const auto number = value.get<double>();
  if (unit == "share") return fmt::format("{:.2f} %", 100 * number);
  if (unit == "us") return si(number * 1e-6, "s");
  if (unit == "TFLOPS") return si(number * 1e12, "FLOPS");
  if (unit == "GHz") return fmt::format("{:.3f} GHz", number);
  if (unit == "cycles") return fmt::format("{:.0f}", number);
  if (unit == "USD" || unit == "mm2") return people(number, 3);
  if (unit == "tokens/s") return people(number);
  return si(number, unit == "bytes" ? "B" : unit.c_str());
}

std::string expected_cell(const ordered_json& e) {
  return e.at("p90").is_null() ? std::string("unknown")
                               : fmt::format("+-{:.0f} %{}", 100 * e.at("p90").get<double>(),
                                             e.at("inside").get<bool>() ? "" : ", outside");
}

// The rows of results side by side: one of each figure that has a label, in the order of their table.
class Columns {
 public:
  Columns(Rows& rows, const std::vector<ordered_json>& results) : rows_(rows), results_(results) {}

  void table(const Table& table, const std::string& pointer) {
    for (const Field& field : table.fields()) {
      const std::string here = pointer + "/" + field.key;
      const TableOf of = field.shape.table;
      if (!results_.front().contains(ordered_json::json_pointer(here))) continue;
      if (of == &table_of<ExpectedError>) {
        row(field.label, [&](const ordered_json& r) { return expected_cell(at(r, here)); });
      } else if (of == &table_of<PhaseFigures>) {
        phase(field.label, here);
      } else if (of == &table_of<EnergyBreakdown>) {
        if (field.has_label) shares(field.label, here, here + "/total", "J");
      } else if (of == &table_of<TimeSplitSeconds>) {
        shares(field.label, here, "/latency_s", "s");
      } else if (of != nullptr) {
        if (of == &table_of<SimulatedShare> && !simulated()) continue;
        if (field.has_label) rows_.push_back({field.label});
        this->table(of(), here);
      } else if (field.has_label && simulated_or(field) && !(field.unit == "years" && nowhere(here))) {
        row(field.label, [&](const ordered_json& r) { return figure(at(r, here), field.unit); });
      }
    }
  }

  // Nothing wears out.
  bool nowhere(const std::string& here) const {
    return std::all_of(results_.begin(), results_.end(),
                       [&](const ordered_json& r) { return at(r, here).is_null(); });
  }

  template <class Cell>
  void row(const std::string& name, Cell cell) {
    std::vector<std::string> cells = {name};
    for (const ordered_json& r : results_) cells.push_back(cell(r));
    rows_.push_back(cells);
  }

  // How often the first one's figures go into the others': those that sweeps compare.
  void ratios(const Table& table) {
    for (const Field& field : table.fields()) {
      if (field.compared.empty() || !field.compared.front().member.empty() || !field.has_label) continue;
      const std::string here = "/" + field.key;
      const ordered_json base = at(results_.front(), here);
      row("  " + field.label.substr(0, field.label.find(',')), [&](const ordered_json& r) {
        const ordered_json value = at(r, here);
        const bool defined = value.is_number() && base.is_number() && base.get<double>() > 0;
        return defined ? fmt::format("{:.3f}x", value.get<double>() / base.get<double>()) : std::string("-");
      });
    }
  }

 private:
  Rows& rows_;
  const std::vector<ordered_json>& results_;

  bool simulated() const { return at(results_.front(), "/fidelity") != "roofline"; }
  // A bound is not sampled.
  bool simulated_or(const Field& field) const { return field.key != "decode_sampling_error" || simulated(); }

  void phase(const std::string& label, const std::string& here) {
    if (nowhere(here)) return;
    constexpr std::array<std::array<const char*, 3>, 6> kFigures = {
        {{"time", "/time_s", "s"},
         {"energy", "/energy_j", "J"},
         {"power", "/power_w", "W"},
         {"bound by", "/bound", ""},
         {"compute utilization", "/utilization_compute", "share"},
         {"DRAM utilization", "/utilization_dram", "share"}}};
    rows_.push_back({label});
    for (const auto& [name, pointer, unit] : kFigures) {
      row(std::string("  ") + name, [&, key = here + pointer, of = std::string(unit)](const ordered_json& r) {
        return at(r, here).is_null() ? std::string("-") : figure(at(r, key), of);
      });
    }
  }

  void shares(const std::string& label, const std::string& pointer, const std::string& total_pointer,
              const char* unit) {
    const ordered_json parts = at(results_.front(), pointer);
    const bool has_total = parts.contains("total");
    if (has_total) row(label, [&](const ordered_json& r) { return figure(at(r, total_pointer), unit); });
    if (!has_total) rows_.push_back({label});
    for (const auto& [key, ignored] : parts.items()) {
      const std::string part = pointer + "/" + key;
      const bool nothing = std::all_of(results_.begin(), results_.end(),
                                       [&](const ordered_json& r) { return at(r, part) == 0; });
      if (key == "total" || nothing) continue;
      row("  " + key, [&](const ordered_json& r) {
        if (at(r, part).is_null()) return std::string("not modelled");
        const double share = at(r, part).get<double>();
        if (!r.contains(ordered_json::json_pointer(total_pointer))) return si(share, unit);
        const double total = at(r, total_pointer).get<double>();
        return fmt::format("{} {:3.0f}%", si(share, unit), total > 0 ? 100 * share / total : 0);
      });
    }
  }
};

std::string expected_basis(const std::vector<ordered_json>& results) {
  std::string out = "\nexpected error from:\n";
  for (const ordered_json& r : results) {
    out += fmt::format("  {}: {}\n", at(r, "/arch").get<std::string>(),
                       at(r, "/expected_error/basis").get<std::string>());
  }
  return out;
}

// A machine that was refused keeps its place: a column without figures, and why, below.
void put_refused(Rows& rows, const std::vector<ordered_json>& all) {
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].contains("refused")) continue;
    for (std::size_t r = 0; r < rows.size(); ++r) {
      if (rows[r].size() < 2) continue;
      const std::string cell = r == 0 ? at(all[i], "/arch").get<std::string>() : r == 1 ? "refused" : "-";
      rows[r].insert(rows[r].begin() + static_cast<std::ptrdiff_t>(i) + 1, cell);
    }
  }
}

std::string why_refused(const std::vector<ordered_json>& all) {
  std::string out;
  for (const ordered_json& r : all) {
    if (r.contains("refused")) out += "\nrefused: " + at(r, "/refused").get<std::string>() + "\n";
  }
  return out;
}

// Of each phase.
void add_operators(Rows& rows, const ordered_json& result) {
  for (const auto& [name, phase] : result.at("phases").items()) {
    if (phase.is_null() || phase.at("operators").empty()) continue;
    rows.push_back({name + " by operator"});
    for (const ordered_json& o : phase.at("operators"))
      rows.push_back(
          {"  " + o["op"].get<std::string>(), figure(o["time_s"], "s") + ", " + figure(o["energy_j"], "J")});
  }
}

void add_busiest(Rows& rows, const ordered_json& result) {
  std::string told;
  for (const ordered_json& s : result.at("sharing")) {
    const double uneven = s.at("largest").get<double>() / s.at("mean").get<double>() - 1;
    if (uneven < kUneven || told == s.at("block").get<std::string>()) continue;
    told = s.at("block").get<std::string>();
    rows.push_back(
        {fmt::format("busiest {} of {}", s.at("block").get<std::string>(), s.at("instances").get<int>()),
         fmt::format("{}: {:+.0f} % {} over the mean", s.at("busiest").get<int>(), 100 * uneven,
                     s.at("unit").get<std::string>())});
  }
}

}  // namespace

std::string run_table(const std::vector<ordered_json>& all) {
  std::vector<ordered_json> results;
  for (const ordered_json& r : all) {
    if (!r.contains("refused")) results.push_back(r);
  }
  const ordered_json& first = results.front();
  const std::string head = fmt::format(
      "{}, batch {}, {} in, {} out; fidelity {}, runtime {}\n\n", at(first, "/model").get<std::string>(),
      at(first, "/batch").dump(), at(first, "/input").dump(), at(first, "/output").dump(),
      at(first, "/fidelity").get<std::string>(), at(first, "/runtime").get<std::string>());
  Rows rows;
  Columns columns(rows, results);
  columns.table(table_of<RunResult>(), "");
  if (results.size() == 1) add_operators(rows, first);
  if (at(first, "/fidelity") == "roofline")
    rows.push_back({"a bound: no simulation, nothing but DRAM and arithmetic in its energy"});
  if (results.size() > 1) {
    rows.push_back({"ratio to the first"});
    columns.ratios(table_of<RunResult>());
  }
  put_refused(rows, all);
  return head + format_table(rows) + why_refused(all) + expected_basis(results);
}

std::string kernel_table(const ordered_json& result) {
  const std::vector<ordered_json> one = {result};
  const std::string head =
      fmt::format("{} {} {} on {}; fidelity {}\n{}\n\n", at(result, "/op").get<std::string>(),
                  at(result, "/shape").get<std::string>(), at(result, "/dtype").get<std::string>(),
                  at(result, "/arch").get<std::string>(), at(result, "/fidelity").get<std::string>(),
                  at(result, "/mapping").get<std::string>());
  Rows rows;
  Columns(rows, one).table(table_of<KernelResult>(), "");
  add_busiest(rows, result);
  return head + format_table(rows) + expected_basis(one);
}

std::string training_table(const ordered_json& result) {
  const std::vector<ordered_json> one = {result};
  const std::string head = fmt::format(
      "training {}, {} sequences of {} tokens in micro-batches of {}; recompute {}, ZeRO {}; fidelity {}, "
      "runtime "
      "{}\n\n",
      at(result, "/model").get<std::string>(), at(result, "/batch").dump(), at(result, "/sequence").dump(),
      at(result, "/micro_batch").dump(), at(result, "/recompute").get<std::string>(),
      at(result, "/zero").dump(), at(result, "/fidelity").get<std::string>(),
      at(result, "/runtime").get<std::string>());
  Rows rows;
  Columns(rows, one).table(table_of<TrainingResult>(), "");
  return head + format_table(rows);
}

}  // namespace orrery
