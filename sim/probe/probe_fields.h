#pragma once
// Points of probes as results (kind `probe` of orrery/result/1).

#include "sim/probe/collective_probe.h"
#include "sim/probe/dram_probe.h"
#include "sim/probe/noc_probe.h"
#include "sim/probe/sram_probe.h"
#include "sim/report/result_fields.h"

namespace orrery {

struct DramPoint {
  DramProbe probe;
  DramProbeResult result;
};
struct NocPoint {
  std::string topology;
  NocProbe probe;
  NocProbeResult result;
};
struct SramPoint {
  std::string memories;
  SramProbe probe;
  bool on_machine = false;  // through the machine's own path, at fidelity tile
  SramProbeResult result;
};
struct CollectivePoint {
  CollectiveProbe probe;
  CollectiveProbeResult result;
};

template <>
const Table& table_of<DramPoint>();
template <>
const Table& table_of<NocPoint>();
template <>
const Table& table_of<SramLevelResult>();
template <>
const Table& table_of<SramPoint>();
template <>
const Table& table_of<CollectivePoint>();

}  // namespace orrery
