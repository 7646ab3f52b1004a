#pragma once
// What results of serving requests are made of, and how people read them.

#include "sim/report/result_fields.h"
#include "sim/stats/serving_result.h"

namespace orrery {

template <>
const Table& table_of<RequestSpread>();
template <>
const Table& table_of<ServingStretch>();
template <>
const Table& table_of<SchedulerFigures>();
template <>
const Table& table_of<KvFigures>();
template <>
const Table& table_of<StepFigures>();
template <>
const Table& table_of<SaturationFigures>();
template <>
const Table& table_of<ServingResult>();

// For people: latencies side by side, what binds first.
std::string serving_table(const ServingResult& result);

// Of served requests, without what differs from run to run and what happened when.
const Table& serving_body_table();

}  // namespace orrery
