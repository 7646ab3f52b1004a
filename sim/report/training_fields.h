#pragma once
// The fields of a training iteration's result.

#include "sim/report/result_fields.h"
#include "sim/stats/training_result.h"

namespace orrery {

template <>
const Table& table_of<TrainingMemory>();
template <>
const Table& table_of<TrainingTime>();
template <>
const Table& table_of<TrainingResult>();

}  // namespace orrery
