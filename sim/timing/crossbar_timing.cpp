#include "sim/timing/crossbar_timing.h"

#include <algorithm>

namespace orrery {
namespace {

std::uint64_t written_ones(const CrossbarSpec& spec) {
  return spec.count - spec.in_place;
}

// Of an operand that is written, as many as there is room for and vectors to share.
std::uint64_t copies_written(const CrossbarSpec& spec, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  const std::uint64_t room = std::max<std::uint64_t>(1, written_ones(spec) / crossbars_of(spec, n, k));
  return std::min(m, room);
}

}  // namespace

std::uint64_t crossbars_of(const CrossbarSpec& spec, std::uint64_t n, std::uint64_t k) {
  return ceil_div<std::uint64_t>(k, spec.rows) * ceil_div<std::uint64_t>(n, spec.weights_across());
}

Cycles matrix_cycles(const CrossbarSpec& spec, DType dtype, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                     bool in_place) {
  const std::uint64_t columns = std::min<std::uint64_t>(n, spec.weights_across()) * spec.columns_per_weight();
  const double vector = spec.vector_cycles(columns) / spec.rates[static_cast<std::size_t>(dtype)];
  const std::uint64_t turns = in_place ? 1 : ceil_div(crossbars_of(spec, n, k), written_ones(spec));
  const std::uint64_t copies = in_place ? spec.copies : copies_written(spec, m, n, k);
  const double stream = static_cast<double>(ceil_div(m, copies)) * vector;
  const double write =
      in_place ? 0 : spec.write_cycles * static_cast<double>(std::min<std::uint64_t>(k, spec.rows));
  const auto times = static_cast<double>(turns);
  const double all = spec.double_buffered ? write + (times - 1) * std::max(write, stream) + stream
                                          : times * (write + stream);
  return Cycles{static_cast<std::uint64_t>(std::ceil(all))};
}

// The last vector's phases are part of its stream.
Cycles matrix_latency_cycles(const CrossbarSpec& /*spec*/) {
  return {};
}

// All cells of a crossbar that is driven.
std::uint64_t issued_macs(const CrossbarSpec& spec, Dataflow /*dataflow*/, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k) {
  return m * crossbars_of(spec, n, k) * spec.rows * spec.weights_across();
}

Conversions conversions(const CrossbarSpec& spec, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                        bool in_place) {
  Conversions made;
  made.dac = m * k * spec.phases() * ceil_div<std::uint64_t>(n, spec.weights_across());
  made.adc = m * n * spec.columns_per_weight() * spec.phases() * ceil_div<std::uint64_t>(k, spec.rows);
  if (!in_place) made.cells_written = n * k * spec.columns_per_weight() * copies_written(spec, m, n, k);
  return made;
}

std::vector<Dataflow> dataflows(const CrossbarSpec& /*spec*/) {
  return {Dataflow::weight_stationary};
}

Bytes operand_read_bytes(const CrossbarSpec& spec, Dataflow /*dataflow*/, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  const auto a_times = ceil_div<std::uint64_t>(n, spec.weights_across());
  return Bytes{(m * k * a_bits * a_times + k * n * b_bits) / 8};
}

}  // namespace orrery
