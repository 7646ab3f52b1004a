#pragma once
// What a design takes of its FPGA: multipliers of the engines in DSPs, memories in blocks by their size and
// their ports, the rest in LUTs; what does not fit; and how fast what fits is likely to be clocked.

#include <vector>

#include "sim/config/arch_spec.h"
#include "sim/config/config_document.h"
#include "sim/util/errors.h"

namespace orrery {

struct FpgaNeed {
  double luts = 0, flip_flops = 0, dsps = 0, block_rams = 0, ultra_rams = 0;
};

// Of a machine that has an FPGA design.
FpgaNeed fpga_need(const ArchSpec& arch);
// The largest share that it takes of a resource of the part.
double fpga_fullness(const FpgaNeed& need, const FpgaPart& part);
// Clock that a design so full reaches.
double fpga_clock_hz(const FpgaPart& part, double fullness);

// What the part has too little of, and by how much.
std::vector<Diagnostic> check_fit(const ArchSpec& arch, const ConfigDocument& document);

}  // namespace orrery
