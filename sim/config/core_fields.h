#pragma once
// The keys of a core and of what is in it.

#include "sim/config/arch_spec.h"
#include "sim/describe/fields.h"

namespace orrery {

template <>
const Table& table_of<SystolicArraySpec>();
template <>
const Table& table_of<DotProductArraySpec>();
template <>
const Table& table_of<VectorUnitSpec>();
template <>
const Table& table_of<ScorePredictorSpec>();
template <>
const Table& table_of<ScratchpadSpec>();
template <>
const Table& table_of<DmaSpec>();

}  // namespace orrery
