#include "sim/timing/matrix_timing.h"

#include "sim/timing/dot_product_timing.h"
#include "sim/timing/systolic_timing.h"
#include "sim/util/errors.h"

namespace orrery {

Cycles matrix_cycles(const MatrixEngineSpec& engine, Dataflow dataflow, DType dtype, std::uint64_t m,
                     std::uint64_t n, std::uint64_t k) {
  if (const auto* array = std::get_if<SystolicArraySpec>(&engine)) {
    return systolic_cycles(*array, dataflow, dtype, m, n, k);
  }
  return dot_product_cycles(std::get<DotProductArraySpec>(engine), dtype, m, n, k);
}

Cycles matrix_latency_cycles(const MatrixEngineSpec& engine) {
  const auto* dot = std::get_if<DotProductArraySpec>(&engine);
  return Cycles{dot == nullptr ? 0 : dot->latency_cycles};  // a systolic array's drain is part of its fold
}

std::uint64_t issued_macs(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k) {
  const auto* array = std::get_if<SystolicArraySpec>(&engine);
  if (array == nullptr) {
    const auto& dot = std::get<DotProductArraySpec>(engine);
    return round_up<std::uint64_t>(m, dot.instruction_m) * round_up<std::uint64_t>(n, dot.instruction_n) *
           round_up<std::uint64_t>(k, dot.instruction_k);
  }
  const std::uint64_t rows = array->rows;
  const std::uint64_t cols = array->cols;
  if (dataflow == Dataflow::output_stationary) return round_up(m, rows) * round_up(n, cols) * k;
  if (dataflow == Dataflow::weight_stationary) return round_up(k, rows) * round_up(n, cols) * m;
  return round_up(k, rows) * round_up(m, cols) * n;
}

Conversions conversions(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint64_t m, std::uint64_t n,
                        std::uint64_t k) {
  const auto* array = std::get_if<SystolicArraySpec>(&engine);
  if (array == nullptr || !array->conversion) return {};
  // Rows hold k, columns the stationary operand's other dimension; the third one streams.
  const bool weights = dataflow == Dataflow::weight_stationary;
  const std::uint64_t columns = weights ? n : m;
  const std::uint64_t stream = weights ? m : n;
  return {k * stream * ceil_div<std::uint64_t>(columns, array->cols),
          columns * array->conversion->columns_per_weight * stream * ceil_div<std::uint64_t>(k, array->rows)};
}

bool supports_dtype(const MatrixEngineSpec& engine, DType dtype) {
  return macs_per_cycle(engine, dtype) > 0;
}

void check_format(const ArchSpec& arch, DType dtype) {
  if (supports_dtype(arch.cores.matrix, dtype)) return;
  std::string has;
  for (std::size_t d = 0; d < kDTypeCount; ++d) {
    const auto other = static_cast<DType>(d);
    if (supports_dtype(arch.cores.matrix, other))
      has += (has.empty() ? "" : ", ") + std::string(to_string(other));
  }
  throw ConfigError("", arch.name + " does not multiply " + to_string(dtype) + ": it has no rate for " +
                            to_string(dtype) + " among its matrix engine's 'rates' (it has " + has + ")");
}

std::vector<Dataflow> dataflows(const MatrixEngineSpec& engine) {
  if (const auto* array = std::get_if<SystolicArraySpec>(&engine)) return array->dataflows;
  return {Dataflow::output_stationary};
}

Bytes operand_read_bytes(const MatrixEngineSpec& engine, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k) {
  std::uint64_t a_times = 1;
  std::uint64_t b_times = 1;
  if (const auto* array = std::get_if<SystolicArraySpec>(&engine)) {
    const std::uint64_t r = array->rows;
    const std::uint64_t c = array->cols;
    if (dataflow == Dataflow::output_stationary) {
      a_times = ceil_div(n, c);
      b_times = ceil_div(m, r);
    } else if (dataflow == Dataflow::weight_stationary) {
      a_times = ceil_div(n, c);
    } else {
      b_times = ceil_div(m, c);
    }
  } else {
    const auto& dot = std::get<DotProductArraySpec>(engine);
    a_times = ceil_div<std::uint64_t>(n, dot.block_n);
    b_times = ceil_div<std::uint64_t>(m, dot.block_m);
  }
  return Bytes{(m * k * a_bits * a_times + k * n * b_bits * b_times) / 8};
}

}  // namespace orrery
