#pragma once
// Results as people get them: plain values, SI units, no SystemC. sim/report prints them.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/stats/activity_counts.h"
#include "sim/stats/energy_breakdown.h"
#include "sim/stats/expected_error.h"
#include "sim/stats/figure.h"
#include "sim/stats/time_split.h"

namespace orrery {

// What a block did, and what one such action takes at the nominal voltage.
struct ActionFigure {
  std::string block, action, unit;
  Figure count = 0;
  Figure pj = 0;
};

// How the instances of a block shared such an action: the mean over them and the busiest one, of each kernel,
// added up; and which one that is where it does most.
struct SharingFigure {
  std::string block, action, unit;
  std::uint32_t instances = 0;
  Figure mean = 0, largest = 0;
  std::uint32_t busiest = 0;
};

// What was simulated event by event, replayed from memory or replicated, as shares of the reported time.
struct SimulatedShare {
  std::uint64_t transactions = 0;   // granules moved end to end
  std::uint64_t kernels = 0;        // programs run on the machine
  std::uint64_t granule_bytes = 0;  // moved in those transactions
  Figure simulated = 0, replayed = 0, replicated = 0;
};

// One kind of operator over a run, or what is no operator's ("software": gaps between kernels, host work).
struct OperatorShare {
  std::string op;
  Figure time_s = 0;
  Joules energy;                     // static power over that time included; sums to the run's
  Figure flops = 0, dram_bytes = 0;  // of all devices
};

// The prompt, or the tokens after it.
struct PhaseFigures {
  Figure time_s = 0, power_w = 0;
  Joules energy;
  Figure utilization_compute = 0, utilization_dram = 0;
  TimeCategory bound = TimeCategory::compute;
  TimeSplitSeconds time;                 // sums to time_s
  std::vector<OperatorShare> operators;  // most energy first; empty at fidelity roofline
};

// Mean power of all boards over a stretch of a run, from its start.
struct PowerStretch {
  Figure from_s = 0, to_s = 0, power_w = 0;
};

// Differs from run to run; everything else of a result does not.
struct RunInfo {
  Figure wall_s = 0, cpu_s = 0;
  std::uint64_t cache_hits = 0;
};

// What a machine costs, where that is known. USD.
struct PriceFigures {
  std::optional<Figure> unit_cost;            // to make a chip: silicon, package, memory, test
  std::optional<Figure> chip_price;           // to buy one
  std::optional<Figure> per_m_output_tokens;  // bought, or rented where it is not for sale; busy all the time
};

// Of one device, bytes.
struct MemoryFigures {
  std::uint64_t weights = 0;
  std::uint64_t kv_cache = 0;  // of the sequences that run at once, at their longest
  std::uint64_t activations = 0;
  std::uint64_t free = 0;  // of what can be allocated
  std::uint64_t kv_per_token = 0;
  std::optional<std::uint64_t> parameters, active_parameters;  // of the whole model; a trace does not say
};

// How the devices divide the model.
struct DivisionFigures {
  std::uint32_t tensor = 1, pipeline = 1, expert = 1, data = 1, context = 1;
  std::uint64_t micro_batches = 1;  // that decode one behind the other
};

struct RunResult {
  std::string arch, model, dtype, fidelity, runtime = "ideal";
  std::string node;
  std::string weights, activations, kv;    // formats: stored, as products read them, of the cache
  std::uint64_t rounds = 1;                // the batch ran in so many, as its keys and values fit
  std::uint64_t recomputed_sequences = 0;  // set back for want of cache, and computed again
  std::uint64_t batch = 1, input = 0, output = 0;
  std::uint32_t devices = 1;
  DivisionFigures division;
  Figure ttft_s = 0;
  std::optional<Figure> tpot_s;  // none of one token
  Figure latency_s = 0;
  Figure tokens_per_s = 0;
  EnergyBreakdown energy;
  std::vector<OperatorShare> operators;  // most energy first; empty at fidelity roofline
  PhaseFigures prefill;
  std::optional<PhaseFigures> decode;  // none of one token
  MemoryFigures memory;
  std::vector<PowerStretch> power_over_time;  // a stretch a sampled step, end to end
  Joules energy_per_token;
  Figure average_power_w = 0;
  std::optional<Figure> area_mm2;
  PriceFigures price;
  Figure utilization_compute = 0, utilization_dram = 0;
  TimeCategory bound = TimeCategory::compute;
  TimeSplitSeconds time;
  ActivityCounts counts;              // of one device
  std::vector<ActionFigure> actions;  // of one device: what its energy is made of
  std::vector<SharingFigure> sharing;
  Figure decode_sampling_error = 0;  // largest relative deviation seen where decode steps were interpolated
  SimulatedShare share;
  ExpectedError expected, expected_power, expected_energy;  // of the latency and the others
  RunInfo info;
  std::optional<Figure> cells_last_years;  // that are written as they multiply; none: nothing is said of it
};

// A machine of a comparison that cannot run what the others do.
struct RefusedResult {
  std::string arch, model;
  std::string why;
};

struct KernelResult {
  std::string arch, op, shape, dtype, fidelity, mapping;
  std::string node;
  Figure latency_s = 0;
  Figure cycles = 0;     // at the nominal clock
  Figure clock_ghz = 0;  // that it ran at, under the power cap
  Figure flops = 0;      // of the operator
  EnergyBreakdown energy;
  Figure power_w = 0;
  Figure utilization_compute = 0, utilization_dram = 0;
  TimeCategory bound = TimeCategory::compute;
  TimeSplitSeconds time;
  ActivityCounts counts;
  std::vector<ActionFigure> actions;  // what its energy is made of
  std::vector<SharingFigure> sharing;
  SimulatedShare share;
  ExpectedError expected, expected_power, expected_energy;  // of the latency and the others
  RunInfo info;
  std::optional<Figure> cells_last_years;  // that are written as they multiply; none: nothing is said of it
};

}  // namespace orrery
