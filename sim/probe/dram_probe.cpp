#include "sim/probe/dram_probe.h"

#include <algorithm>
#include <memory>

#include "models/dram/cycle_dram_channel.h"
#include "models/dram/traffic_source.h"
#include "sim/engine/systemc_session.h"
#include "sim/estimate/dram_energy.h"
#include "sim/probe/dram_tile_probe.h"

namespace orrery {
namespace {

DramActivity activity_of(const CycleDramChannel& channel, double seconds) {
  const DramCommandCounts& c = channel.counts();
  return {c.activates, c.reads, c.writes, c.refreshes, c.bank_refreshes, seconds, channel.active_seconds()};
}

DramActivity operator-(const DramActivity& a, const DramActivity& b) {
  return {a.activates - b.activates,
          a.reads - b.reads,
          a.writes - b.writes,
          a.refreshes - b.refreshes,
          a.bank_refreshes - b.bank_refreshes,
          a.seconds - b.seconds,
          a.active_seconds - b.active_seconds};
}

}  // namespace

DramSpec bare_dram(const DramDevice& device, std::uint32_t channels) {
  DramSpec spec;
  spec.device = device;
  spec.channels = channels * device.pseudo_channels;
  spec.capacity_bytes = spec.allocatable_bytes = device.capacity_bytes() * channels;
  return spec;
}

namespace {

DramProbeResult run_one(const DramProbe& probe) {
  const DramDevice& device = probe.dram.device;
  const std::uint32_t channel_count = ceil_div(probe.dram.channels, device.pseudo_channels);
  const DramMapping mapping(probe.mapping.empty() ? DramMapping::default_order() : probe.mapping, device,
                            channel_count);
  DramProbeResult result;
  result.peak_gb_per_s = device.peak_gb_per_s() * channel_count;
  const TrafficLoad load = parse_traffic_load(probe.load, result.peak_gb_per_s * 1e9);
  AccessPattern pattern(probe.pattern, mapping, device.burst_bytes(), probe.seed);

  if (probe.fidelity == ProbeFidelity::tile)
    return run_dram_tile_probe(probe, mapping, std::move(pattern), load);
  prepare_systemc();
  const Femtoseconds warm_up = from_ns(probe.warm_up_ns);
  const sc_core::sc_time period =
      sc_core::sc_time::from_value(static_cast<std::uint64_t>(from_ns(device.clock_ns)));
  TrafficSource source("source", std::move(pattern), mapping, device.burst_bytes(), load, period,
                       channel_count, sc_core::sc_time::from_value(static_cast<std::uint64_t>(warm_up)));
  std::vector<std::unique_ptr<CycleDramChannel>> channels;
  for (std::uint32_t c = 0; c < channel_count; ++c) {
    channels.push_back(
        std::make_unique<CycleDramChannel>(("channel_" + std::to_string(c)).c_str(), device, mapping));
    source.socket(c).bind(channels[c]->socket);
  }
  start_simulation(warm_up);
  std::vector<DramActivity> before;
  for (const auto& channel : channels) before.push_back(activity_of(*channel, probe.warm_up_ns * 1e-9));
  start_simulation(from_ns(probe.measured_ns));

  const TrafficResult traffic = source.result();
  result.achieved_gb_per_s = static_cast<double>(traffic.bytes) / traffic.seconds * 1e-9;
  result.share_of_peak = result.achieved_gb_per_s / result.peak_gb_per_s;
  result.latency_ns = traffic.mean_latency_ns;
  result.p99_latency_ns = traffic.p99_latency_ns;
  result.source_wait_ns = traffic.mean_source_wait_ns;
  result.requests = traffic.reads + traffic.writes;
  double energy = 0;
  double activates = 0;
  double columns = 0;
  double bits = 0;
  for (std::size_t c = 0; c < channels.size(); ++c) {
    const DramActivity spent =
        activity_of(*channels[c], (probe.warm_up_ns + probe.measured_ns) * 1e-9) - before[c];
    activates += static_cast<double>(spent.activates);
    columns += static_cast<double>(spent.reads + spent.writes);
    bits += 8.0 * static_cast<double>((spent.reads + spent.writes) * device.burst_bytes());
    if (device.currents) energy += dram_core_energy_j(device, spent);
  }
  if (bits > 0) result.energy_pj_per_bit = energy * 1e12 / bits;
  if (columns > 0) result.row_hit_rate = std::max(0.0, 1 - activates / columns);
  return result;
}

}  // namespace

DramProbeResult run_dram_probe(const DramProbe& probe) {
  DramProbeResult r = run_one(probe);
  r.peak_gb_per_s *= probe.alike;
  r.achieved_gb_per_s *= probe.alike;
  r.requests *= probe.alike;
  return r;
}

}  // namespace orrery
