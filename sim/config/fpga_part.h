#pragma once
// FPGA parts (schema orrery/part/1, arch_configs/parts/NAME.yaml), and a design on one as a machine's file
// says it.

#include "sim/config/fpga_spec.h"
#include "sim/config/open_document.h"

namespace orrery {

template <>
const Table& table_of<FpgaPart>();

inline constexpr DocumentKind kFpgaPart = {"orrery/part/1", "FPGA part", "parts", &table_of<FpgaPart>};

struct FpgaKeys : FpgaDesign {
  nlohmann::json part_reference;
};
template <>
const Table& table_of<FpgaKeys>();

// With the part that it names. `where` points at the name. Throws ConfigError.
FpgaDesign fpga_design(const FpgaKeys& keys, const std::string& where);

}  // namespace orrery
