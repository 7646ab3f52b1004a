#pragma once
// Cycles of crossbars. An operand's k lie along rows, its n along columns; a product that needs more
// crossbars than there are goes through them in turns. Each input vector takes all phases of its bits, each
// as long as a column settles or the columns of an ADC are converted one after another (Shafiee et al.,
// ISAAC, ISCA 2016). Left out: noise, and what becomes of sums wider than the ADC.

#include <cstdint>
#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/timing/conversions.h"
#include "sim/util/amount.h"

namespace orrery {

// Crossbars that an n x k operand takes.
std::uint64_t crossbars_of(const CrossbarSpec& spec, std::uint64_t n, std::uint64_t k);

// What matrix_timing.h promises of every engine, of crossbars. `in_place`: the operand lies in cells of its
// own; else it is written first, row after row, all crossbars side by side, and is held as often as there is
// room.
Cycles matrix_cycles(const CrossbarSpec& spec, DType dtype, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                     bool in_place);
Cycles matrix_latency_cycles(const CrossbarSpec& spec);
std::uint64_t issued_macs(const CrossbarSpec& spec, Dataflow dataflow, std::uint64_t m, std::uint64_t n,
                          std::uint64_t k);
Conversions conversions(const CrossbarSpec& spec, std::uint64_t m, std::uint64_t n, std::uint64_t k,
                        bool in_place);
std::vector<Dataflow> dataflows(const CrossbarSpec& spec);
Bytes operand_read_bytes(const CrossbarSpec& spec, Dataflow dataflow, std::uint32_t a_bits,
                         std::uint32_t b_bits, std::uint64_t m, std::uint64_t n, std::uint64_t k);

}  // namespace orrery
