#pragma once
// The `pim` of a machine's dram level: its keys, and what contradicts itself in them.

#include <vector>

#include "sim/config/config_document.h"
#include "sim/config/dram_device.h"
#include "sim/config/pim_spec.h"
#include "sim/describe/fields.h"
#include "sim/util/errors.h"

namespace orrery {

template <>
const Table& table_of<PimSpec>();

// Against the device whose banks the units stand beside; empty when nothing is wrong.
std::vector<Diagnostic> check_pim(const PimSpec& pim, const DramDevice& device,
                                  const ConfigDocument& document, const std::string& pointer);

}  // namespace orrery
