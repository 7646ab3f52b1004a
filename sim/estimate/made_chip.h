#pragma once
// A machine's chip as something that is made: its die and parts from its description and a technology table,
// and what one costs.

#include "sim/config/arch_spec.h"
#include "sim/config/cost_scenario.h"
#include "sim/config/technology.h"

namespace orrery {

// What of a chip does not vary from draw to draw.
struct ChipMake {
  double die_mm2 = 0;  // published or modelled, of each die
  std::uint32_t dies = 1;
  double spare_share = 0;  // of a die that may be bad
  double memory_gb = 0;
  double memory_units_share = 0;  // of the memory's dies, that compute
  double test_share = 0, yield_clustering = 3, wafer_mm = 300, scribe_mm = 0;
  double die_to_die_share = 0, assembly_yield = 1;
  std::uint32_t placed_parts = 0;  // dies and memory stacks on an interposer; 0 = none
};

// The option's die and memory; of one that is made also what goes into it, and the table's figures in its
// terms. Throws ConfigError: no such node.
ChipMake make_of(CostOption& option, const ArchSpec& arch, const Technology& technology);

// Price of one made chip and what is spent before it, at a draw. USD.
struct MadeChip {
  double unit = 0, nre = 0, yield = 0;
};
MadeChip made_chip(const ChipMake& make, const OptionTerms<double>& draw);

// What a machine's chip costs to make, without a margin or bought designs: typical figures. USD; the area in
// mm2 of all its dies.
struct ChipFigures {
  double unit_cost = 0, die_mm2 = 0;
};
ChipFigures chip_figures(const ArchSpec& arch, const Technology& technology);

}  // namespace orrery
