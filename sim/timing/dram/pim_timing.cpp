#include "sim/timing/dram/pim_timing.h"

#include <algorithm>

#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr std::uint64_t kResultBytes = 4;  // sums are kept in 32 bits

double burst_elements(const DramSpec& dram, DType dtype) {
  return 8.0 * static_cast<double>(dram.burst_bytes()) / storage_bits(dtype);
}

std::uint64_t product_bits(DType dtype) {
  return 2 * storage_bits(dtype);
}

std::uint64_t bit_lines(const DramDevice& device) {
  return device.page_bytes * 8;
}

// Commands to open a row of all banks, and clocks from one to the next.
struct Opening {
  double commands = 1, apart = 0;
  double last() const { return (commands - 1) * apart; }
};

Opening opening_of(const DramSpec& dram) {
  const PimSpec& pim = *dram.pim;
  const DramTimings& t = dram.device.timing;
  const double window = static_cast<double>(t.tfaw) * pim.activate_banks / pim.window_activates;
  return {static_cast<double>(dram.device.banks() / pim.activate_banks), std::max<double>(t.trrd_s, window)};
}

// A row is read and another written over in one opening: all banks' activates, each twice as far as the
// supply goes.
double copy_clocks(const DramSpec& dram) {
  const DramTimings& t = dram.device.timing;
  const Opening opening = opening_of(dram);
  return std::max<double>(opening.last() + t.tras + t.trp, 2 * opening.commands * opening.apart);
}

// Copies that a product on every bit line takes, its inputs' bits among them.
double product_copies(const DramSpec& dram, DType dtype) {
  return dram.pim->row_copies[static_cast<std::size_t>(dtype)] + static_cast<double>(storage_bits(dtype));
}

double unit_interval_ns(const DramSpec& dram, DType dtype) {
  const PimSpec& pim = *dram.pim;
  const double macs = pim.macs_per_cycle * pim.rates[static_cast<std::size_t>(dtype)];
  const double elements = pim.bit_serial(dtype) ? 8.0 * static_cast<double>(dram.burst_bytes()) /
                                                      static_cast<double>(product_bits(dtype))
                                                : burst_elements(dram, dtype);
  return elements * pim.banks_per_unit / macs / pim.clock_hz * 1e9;
}

// From one column command to all banks to the next.
double column_interval_ns(const DramSpec& dram, DType dtype) {
  return std::max(dram.device.timing.tccd_l * dram.device.clock_ns, unit_interval_ns(dram, dtype));
}

// Rows' worth of products of a bank that has `columns` of the operand, or vectors of its own; what they take.
void multiply_in_rows(const DramSpec& dram, bool apart, std::uint64_t columns, PimPlan& plan) {
  const PimProduct& p = plan.product;
  const DramDevice& device = dram.device;
  const std::uint64_t lines = bit_lines(device);
  std::uint64_t products = ceil_div(columns * p.k * p.m, lines);
  if (!apart) {
    const std::uint64_t vectors = ceil_div<std::uint64_t>(p.m, std::uint64_t{device.banks()} * dram.channels);
    const std::uint64_t by_vectors = ceil_div(p.matrices * vectors * p.n * p.k, lines);
    if (by_vectors < products) {
      products = by_vectors;
      const std::uint64_t vector_bursts = plan.input_bursts / p.m;
      plan.channels = static_cast<std::uint32_t>(
          std::min<std::uint64_t>(dram.channels, ceil_div<std::uint64_t>(p.m, device.banks())));
      plan.input_bursts = vector_bursts * (p.n + ceil_div<std::uint64_t>(p.m, plan.channels));
      plan.result_bursts =
          ceil_div(p.matrices * p.n * vectors * device.banks() * kResultBytes, dram.burst_bytes());
    }
  }
  plan.copies = static_cast<std::uint64_t>(static_cast<double>(products) * product_copies(dram, p.dtype));
  plan.copy_ns = copy_clocks(dram) * device.clock_ns;
  plan.rows = products * product_bits(p.dtype);
  plan.columns = plan.rows * device.columns();
}

}  // namespace

PimPlan plan_pim(const DramSpec& dram, const PimProduct& p, bool apart) {
  const PimSpec& pim = *dram.pim;
  const DramDevice& device = dram.device;
  const std::uint32_t channels = dram.channels;
  const std::uint64_t banks = device.banks();
  PimPlan plan;
  plan.product = p;
  plan.apart = apart;
  plan.channels = static_cast<std::uint32_t>(apart ? std::min<std::uint64_t>(channels, p.matrices)
                                                   : std::min<std::uint64_t>(channels, ceil_div(p.n, banks)));
  const std::uint64_t matrices = apart ? ceil_div<std::uint64_t>(p.matrices, channels) : p.matrices;
  const std::uint64_t in_a_bank = ceil_div(p.n, apart ? banks : banks * channels);
  const auto elements = static_cast<std::uint64_t>(burst_elements(dram, p.dtype));
  const std::uint64_t bursts = ceil_div(p.k, elements);  // of a column of the operand, and of its inputs
  const std::uint64_t buffer = pim.input_bytes / dram.burst_bytes();
  const std::uint64_t piece = std::min(bursts, buffer);
  const std::uint64_t held = std::clamp<std::uint64_t>(buffer / piece, 1, p.m);
  plan.columns = matrices * in_a_bank * bursts * p.m;
  plan.rows = ceil_div<std::uint64_t>(matrices * in_a_bank * bursts, device.columns()) * ceil_div(p.m, held);
  plan.input_bursts = matrices * p.m * bursts;
  const std::uint64_t parts = in_a_bank * held <= pim.sums ? 1 : ceil_div(bursts, piece);
  plan.result_bursts =
      ceil_div(matrices * in_a_bank * banks * p.m * parts * kResultBytes, dram.burst_bytes());
  plan.interval_ns = column_interval_ns(dram, p.dtype);
  if (pim.bit_serial(p.dtype)) multiply_in_rows(dram, apart, matrices * in_a_bank, plan);
  return plan;
}

double pim_seconds(const DramSpec& dram, const PimPlan& plan) {
  const DramDevice& device = dram.device;
  const DramTimings& t = device.timing;
  const Opening opening = opening_of(dram);
  const double opened = opening.last() + t.trcd_rd;
  const double interval = plan.interval_ns / device.clock_ns;
  const double rows = static_cast<double>(plan.rows);
  const double multiplying = interval * static_cast<double>(plan.columns) / rows;
  const double closing = std::max<double>(t.trtp, opening.last() + t.tras - opened - multiplying) + t.trp;
  const double inputs =
      static_cast<double>(plan.input_bursts) * std::max(t.tccd_s_wr, device.burst_clocks) / rows;
  const double results =
      static_cast<double>(plan.result_bursts) * std::max(t.tccd_s, device.burst_clocks) / rows;
  // Results and the next inputs move while one row closes and the next one opens.
  const double between = std::max(closing + opened, inputs + results);
  const double copying = static_cast<double>(plan.copies) * plan.copy_ns / device.clock_ns;
  const double all = std::max(opened, inputs) + rows * multiplying + (rows - 1) * between + results + copying;
  const double refreshing = static_cast<double>(t.trfc + t.trp) / t.trefi;
  const double clocks = all / (1 - refreshing) + t.cl + device.burst_clocks;
  return clocks * device.clock_ns * 1e-9;
}

double pim_bound_s(const DramSpec& dram, const PimProduct& p) {
  const double units = static_cast<double>(dram.channels) * dram.device.banks() / dram.pim->banks_per_unit;
  const double macs = static_cast<double>(p.matrices) * static_cast<double>(p.m) * static_cast<double>(p.n) *
                      static_cast<double>(p.k);
  if (dram.pim->bit_serial(p.dtype)) {
    const double at_once = static_cast<double>(dram.channels) * dram.device.banks() *
                           static_cast<double>(bit_lines(dram.device));
    const double copies = dram.pim->row_copies[static_cast<std::size_t>(p.dtype)];
    return macs / at_once * copies * copy_clocks(dram) * dram.device.clock_ns * 1e-9;
  }
  const double per_burst = burst_elements(dram, p.dtype) * dram.pim->banks_per_unit;
  return macs / units / per_burst * column_interval_ns(dram, p.dtype) * 1e-9;
}

}  // namespace orrery
