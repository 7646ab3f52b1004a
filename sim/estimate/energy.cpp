#include "sim/estimate/energy.h"

#include <algorithm>
#include <array>

#include "sim/estimate/actions.h"

namespace orrery {

EnergyParts parts_not_modelled(const ArchSpec& arch, std::uint32_t devices) {
  std::array<double, kEnergyParts> pj{};
  for_each_action({}, arch,
                  [&pj](const Action& action) { pj[static_cast<std::size_t>(action.part)] += action.pj; });
  EnergyParts parts;
  for (std::size_t i = 0; i < kEnergyParts; ++i) {
    const auto part = static_cast<EnergyPart>(i);
    const bool missing = part == EnergyPart::conversion || (part == EnergyPart::storage && !arch.storage) ||
                         (part == EnergyPart::link && devices == 1);
    if (pj[i] <= 0 && !missing) parts.add(part);
  }
  return parts;
}

EnergyBreakdown dynamic_energy(const ActivityCounts& counts, const ArchSpec& arch, double clock_factor) {
  constexpr double kPico = 1e-12;
  const double voltage = std::max(arch.min_voltage_share, clock_factor);
  std::array<double, kEnergyParts> pj{};
  for_each_action(counts, arch, [&pj](const Action& action) {
    pj[static_cast<std::size_t>(action.part)] += action.count * action.pj;
  });
  const auto joules = [&](EnergyPart part) {
    const double of = follows_voltage(part) ? voltage * voltage : 1.0;
    return Joules{kPico * of * pj[static_cast<std::size_t>(part)]};
  };
  EnergyBreakdown e;
  e.compute = joules(EnergyPart::compute);
  e.conversion = joules(EnergyPart::conversion);
  e.registers = joules(EnergyPart::registers);
  e.sram = joules(EnergyPart::sram);
  e.noc = joules(EnergyPart::noc);
  e.dram = joules(EnergyPart::dram);
  e.link = joules(EnergyPart::link);
  e.storage = joules(EnergyPart::storage);
  return e;
}

EnergyBreakdown active_energy(double seconds, const ArchSpec& arch, double clock_factor) {
  const double voltage = std::max(arch.min_voltage_share, clock_factor);
  EnergyBreakdown e;
  e.static_power = Joules{arch.active_w * clock_factor * voltage * voltage * seconds};
  return e;
}

EnergyBreakdown total_energy(const EnergyBreakdown& dynamic, double seconds, std::uint32_t devices,
                             const ArchSpec& arch) {
  EnergyBreakdown e = dynamic;
  e.static_power += Joules{arch.static_w * seconds};
  e.supply += e.total() * (1 / arch.supply_efficiency - 1);
  return scaled(e, devices);
}

Joules total_energy(Joules dynamic, double seconds, std::uint32_t devices, const ArchSpec& arch) {
  EnergyBreakdown all;
  all.compute = dynamic;
  return total_energy(all, seconds, devices, arch).total();
}

EnergyBreakdown reported_energy(const EnergyBreakdown& dynamic, double seconds, std::uint32_t devices,
                                const ArchSpec& arch) {
  EnergyBreakdown e = total_energy(dynamic, seconds, devices, arch);
  e.not_modelled = parts_not_modelled(arch, devices);
  return e;
}

EnergyBreakdown energy(const ActivityCounts& counts, double seconds, std::uint32_t devices,
                       const ArchSpec& arch) {
  EnergyBreakdown chip = dynamic_energy(counts, arch);
  chip += active_energy(seconds, arch);
  return total_energy(chip, seconds, devices, arch);
}

}  // namespace orrery
