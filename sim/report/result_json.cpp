#include "sim/report/result_json.h"

#include <unistd.h>

#include <array>
#include <ctime>

namespace orrery {
namespace {

using json = nlohmann::ordered_json;

json time_json(const TimeSplitSeconds& time) {
  json out = json::object();
  for (std::size_t i = 0; i < kTimeCategoryCount; ++i) {
    out[to_string(static_cast<TimeCategory>(i))] = time.parts[i];
  }
  return out;
}

json energy_json(const EnergyBreakdown& e) {
  return {{"total", e.total().value()},
          {"compute", e.compute.value()},
          {"conversion", e.conversion.value()},
          {"registers", e.registers.value()},
          {"sram", e.sram.value()},
          {"dram", e.dram.value()},
          {"noc", e.noc.value()},
          {"link", e.link.value()},
          {"static", e.static_power.value()},
          {"supply", e.supply.value()}};
}

json counts_json(const ActivityCounts& counts) {
  json out = {{"macs", counts.total_macs()}};
  for (const CounterInfo& c : counters()) out[c.name] = c.of(counts);
  return out;
}

json actions_json(const std::vector<ActionFigure>& actions) {
  json out = json::array();
  for (const ActionFigure& a : actions)
    out.push_back(
        {{"block", a.block}, {"action", a.action}, {"unit", a.unit}, {"count", a.count}, {"pj", a.pj}});
  return out;
}

json sharing_json(const std::vector<SharingFigure>& sharing) {
  json out = json::array();
  for (const SharingFigure& s : sharing) {
    out.push_back({{"block", s.block},
                   {"action", s.action},
                   {"unit", s.unit},
                   {"instances", s.instances},
                   {"mean", s.mean},
                   {"largest", s.largest},
                   {"busiest", s.busiest}});
  }
  return out;
}

json share_json(const SimulatedShare& share) {
  const double per = share.transactions > 0
                         ? static_cast<double>(share.granule_bytes) / static_cast<double>(share.transactions)
                         : 0;
  return {{"transactions", share.transactions},
          {"kernels", share.kernels},
          {"granule_bytes", per},
          {"share_simulated", share.simulated},
          {"share_replayed", share.replayed},
          {"share_replicated", share.replicated}};
}

json expected_json(const ExpectedError& e) {
  json out = {{"mean", nullptr}, {"p90", nullptr}, {"inside", e.inside}, {"basis", e.basis}};
  if (e.known) {
    out["mean"] = e.mean;
    out["p90"] = e.p90;
  }
  return out;
}

json info_json(const RunInfo& info) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {{"wall_s", info.wall_s},
          {"cpu_s", info.cpu_s},
          {"cache_hits", info.cache_hits},
          {"host", host.data()},
          {"date", date.data()}};
}

json optional_json(const std::optional<Figure>& value) {
  return value ? json(static_cast<double>(*value)) : json(nullptr);
}

json memory_json(const MemoryFigures& m) {
  const auto known = [](const std::optional<std::uint64_t>& value) {
    return value ? json(*value) : json(nullptr);
  };
  return {{"weights", m.weights},
          {"kv_cache", m.kv_cache},
          {"activations", m.activations},
          {"free", m.free},
          {"kv_bytes_per_token", m.kv_per_token},
          {"parameters", known(m.parameters)},
          {"active_parameters", known(m.active_parameters)}};
}

json utilization_json(double compute, double dram) {
  return {{"compute", compute}, {"dram", dram}};
}

}  // namespace

json to_json(const RunResult& r) {
  json out = {{"schema", "orrery/result/1"},
              {"kind", "run"},
              {"arch", r.arch},
              {"model", r.model},
              {"dtype", r.dtype},
              {"fidelity", r.fidelity},
              {"runtime", r.runtime},
              {"waves", r.waves},
              {"recomputed_sequences", r.recomputed_sequences},
              {"batch", r.batch},
              {"input", r.input},
              {"output", r.output},
              {"devices", r.devices},
              {"ttft_s", r.ttft_s}};
  out["tpot_s"] = optional_json(r.tpot_s);
  out["latency_s"] = r.latency_s;
  out["tokens_per_s"] = r.tokens_per_s;
  out["energy_j"] = energy_json(r.energy);
  json operators = json::array();
  for (const OperatorShare& o : r.operators)
    operators.push_back({{"op", o.op}, {"time_s", o.time_s}, {"energy_j", o.energy.value()}});
  out["operators"] = operators;
  out["phases"] = {{"prefill", {{"time_s", r.prefill.time_s}, {"power_w", r.prefill.power_w}}},
                   {"decode", {{"time_s", r.decode.time_s}, {"power_w", r.decode.power_w}}}};
  out["power_over_time"] = json::array();
  for (const PowerStretch& p : r.power_over_time)
    out["power_over_time"].push_back({{"from_s", p.from_s}, {"to_s", p.to_s}, {"power_w", p.power_w}});
  out["memory"] = memory_json(r.memory);
  out["energy_per_token_j"] = r.energy_per_token.value();
  out["average_power_w"] = r.average_power_w;
  out["area_mm2"] = r.area_mm2 > 0 ? json(r.area_mm2) : json(nullptr);
  out["price_usd"] = {{"unit_cost", optional_json(r.price.unit_cost)},
                      {"chip", optional_json(r.price.chip_price)},
                      {"per_m_output_tokens", optional_json(r.price.per_m_output_tokens)}};
  out["utilization"] = utilization_json(r.utilization_compute, r.utilization_dram);
  out["bound"] = to_string(r.bound);
  out["time_s"] = time_json(r.time);
  out["counts"] = counts_json(r.counts);
  out["actions"] = actions_json(r.actions);
  out["sharing"] = sharing_json(r.sharing);
  out["decode_sampling_error"] = r.decode_sampling_error;
  out["simulated"] = share_json(r.share);
  out["expected_error"] = expected_json(r.expected);
  out["run_info"] = info_json(r.info);
  return out;
}

json to_json(const KernelResult& r) {
  json out = {{"schema", "orrery/result/1"},
              {"kind", "kernel"},
              {"arch", r.arch},
              {"op", r.op},
              {"shape", r.shape},
              {"dtype", r.dtype},
              {"fidelity", r.fidelity},
              {"mapping", r.mapping},
              {"latency_us", r.latency_s * 1e6},
              {"cycles", r.cycles},
              {"clock_ghz", r.clock_ghz},
              {"tflops", r.latency_s > 0 ? r.flops / r.latency_s * 1e-12 : 0.0},
              {"dram_bytes", r.counts.dram_bytes()},
              {"energy_j", r.energy.total().value()},
              {"energy", energy_json(r.energy)},
              {"power_w", r.power_w},
              {"utilization", utilization_json(r.utilization_compute, r.utilization_dram)},
              {"bound", to_string(r.bound)},
              {"time_s", time_json(r.time)},
              {"counts", counts_json(r.counts)},
              {"actions", actions_json(r.actions)},
              {"sharing", sharing_json(r.sharing)},
              {"simulated", share_json(r.share)},
              {"expected_error", expected_json(r.expected)},
              {"run_info", info_json(r.info)}};
  return out;
}

}  // namespace orrery
