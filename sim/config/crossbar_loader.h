#pragma once
// The keys of a crossbar (engines of kind: crossbar).

#include "sim/config/config_document.h"
#include "sim/config/crossbar_spec.h"
#include "sim/describe/fields.h"
#include "sim/util/errors.h"

namespace orrery {

template <>
const Table& table_of<CrossbarSpec>();

// What contradicts itself in a crossbar that stands at `pointer`.
std::vector<Diagnostic> check_crossbar(const CrossbarSpec& spec, const ConfigDocument& document,
                                       const std::string& pointer);

}  // namespace orrery
