#pragma once
// The complete typed description of a machine: defaults applied, cross-checked. Hardware sees only this.
// Units are in the names; bandwidths are per direction; 1 MAC = 2 FLOPs; dense peaks.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sim/config/crossbar_spec.h"
#include "sim/config/die_spec.h"
#include "sim/config/dram_device.h"
#include "sim/config/fpga_spec.h"
#include "sim/config/library_spec.h"
#include "sim/config/noc_spec.h"
#include "sim/config/node_spec.h"
#include "sim/config/pim_spec.h"
#include "sim/config/score_predictor_spec.h"
#include "sim/config/sram_spec.h"
#include "sim/config/storage_spec.h"
#include "sim/util/dtype.h"
#include "sim/util/enum_names.h"
#include "sim/util/sparsity.h"
#include "sim/util/units.h"

namespace orrery {

enum class Dataflow : std::uint8_t { weight_stationary, output_stationary, input_stationary };
template <>
struct EnumNames<Dataflow> {
  static constexpr std::array<const char*, 3> kWords = {"weight_stationary", "output_stationary",
                                                        "input_stationary"};
};

// A rows x cols grid of MAC units, operands skewed in at the edges.
struct SystolicArraySpec {
  std::uint32_t count = 1;  // arrays a core
  std::uint32_t rows = 0;
  std::uint32_t cols = 0;
  std::vector<Dataflow> dataflows;
  bool double_buffered = false;  // the next fold's stationary operand loads behind the current stream
  bool drains_by_column =
      false;                    // else the next fold begins once all results are out; not where it is hidden
  std::uint32_t load_rows = 1;  // of the stationary operand, that a cycle brings in
  std::vector<Sparsity> skips;  // zeros of weights that it does not multiply: N:M, or unstructured
  DTypeRates rates{};
};

// m x n dot products of length k a cycle (GPU tensor cores, FPGA adder trees).
struct DotProductArraySpec {
  std::uint32_t count = 1;
  std::uint32_t m = 1, n = 1, k = 1;
  std::uint32_t instruction_m = 1, instruction_n = 1, instruction_k = 1;  // smallest issue; shapes pad to it
  double issue_rate = 1.0;                                                // sustained share of issue slots
  std::uint32_t latency_cycles = 0;                                       // operand in to result out
  std::uint32_t block_m = 64,
                block_n = 64;   // results held in registers: operands are read once for such a block
  std::vector<Sparsity> skips;  // zeros of weights that it does not multiply: N:M, or unstructured
  bool widens = false;          // a mixture's narrow weights itself, at its inputs; else the lanes do
  DTypeRates rates{};
};

using MatrixEngineSpec = std::variant<SystolicArraySpec, DotProductArraySpec, CrossbarSpec>;

struct VectorUnitSpec {
  std::uint32_t lanes = 0;           // simple operations a cycle
  double transcendental_lanes = 0;   // exp, rsqrt, tanh, division a cycle
  std::uint32_t latency_cycles = 0;  // pipeline depth; a reduction pays it once a tree level
  // Partial sums of a row a reduction keeps in flight behind the lanes' adder tree: with fewer than
  // latency_cycles, each group of lanes waits for the sum before it. 0 = enough.
  std::uint32_t accumulators = 0;
};

struct ScratchpadSpec {
  std::uint64_t size_bytes = 0;
  std::uint32_t banks = 1;
  std::uint32_t bank_width_bytes = 4;
  std::uint64_t bytes_per_cycle() const { return std::uint64_t{banks} * bank_width_bytes; }
};

struct DmaSpec {
  std::uint32_t max_outstanding = 64;  // granules in flight
  std::uint64_t max_granule_bytes = 0;
};

struct CoreSpec {
  std::uint32_t count = 1;
  MatrixEngineSpec matrix;
  VectorUnitSpec vector;
  std::optional<ScorePredictorSpec> predictor = std::nullopt;  // none: attention computes all pairs
  ScratchpadSpec scratchpad;
  std::uint64_t accumulator_bytes = 0;    // dedicated store for partial sums; 0 = they live in the scratchpad
  std::uint32_t max_resident_items = 1;   // work items (CTAs) a core interleaves
  std::uint32_t max_pipeline_stages = 2;  // buffers a work item may keep in flight
  bool prefetch_across_items = false;     // loads of the next work item start behind the current one
  bool overlap_engines = true;            // matrix and vector engines run side by side
  DmaSpec dma;
};

// Energy of DRAM by what is done to it. Background and refresh are static power.
struct DramAccessEnergy {
  double activate_pj = 0;  // a row opened and closed
  double read_pj_per_bit = 0, write_pj_per_bit = 0;
  double io_pj_per_bit = 0;          // pins of the device
  double controller_pj_per_bit = 0;  // of the chip: PHY, controller, fills of the level before it
};

// The DRAM of a machine: channels that are alike, and what lies between them and the chip.
struct DramSpec {
  DramDevice device;  // at the machine's data rate
  // Data buses, as the device has them (a channel of HBM has two: its pseudo channels).
  std::uint32_t channels = 1;
  std::uint64_t interleave_bytes = 256;  // consecutive bytes on one channel
  double controller_latency_ns = 0;      // controller and PHY, both ways
  double bus_bytes_per_cycle = 0;        // width of the chip-side port at the core clock; 0 = not a limit
  std::uint64_t capacity_bytes = 0;
  std::uint64_t allocatable_bytes = 0;  // of it, what a process gets: ECC and the driver's own left out
  DramAccessEnergy energy;
  std::optional<PimSpec> pim = std::nullopt;  // units that multiply beside its banks

  double peak_bytes_per_s() const { return device.peak_gb_per_s() * 1e9 / device.pseudo_channels * channels; }
  std::uint64_t burst_bytes() const { return device.burst_bytes(); }
};

struct NetworkSpec {
  double port_bytes_per_cycle = 0;  // each core's port, per direction; each channel of a routed network
  double latency_ns = 0;            // core to memory side, both ways together (crossbar)
  double distance_mm = 0;           // mean wire length of a transfer; of one channel of a routed network
  // A routed network in place of the crossbar, the nodes where memory is, and whether it multicasts.
  std::optional<NocSpec> routed = std::nullopt;
  std::vector<std::uint32_t> memory_nodes = {};
  bool multicast = false;
};

struct CommandSpec {
  double kernel_overhead_ns = 0;        // start and drain of a kernel on the device
  double item_dispatch_ns = 0;          // from a work item's assignment to its first load
  double instruction_issue_cycles = 0;  // a coarse-grained instruction's turn at the scheduler; 0 = hidden
  std::uint32_t instruction_rows = 1;   // of a tile, that a vector instruction covers
};

// quantize: what makes a tensor writes it in the format that the product behind it reads. row_gradients:
// those of an activation, of its dropout and of a bias, and of a norm and what else reads the row. From bias
// on, what is a kernel of its own only under a stack that says so: biases of products; copies that bring a
// head's rows together and apart; the scale and mask of scores; dropout before a sum; a loss's copy of logits
// in 32 bits and its terms; the optimizer, an arithmetic operation at a time.
enum class FusedOperator : std::uint8_t {
  attention,
  add_rmsnorm,
  kv_append,
  quantize,
  gradient_sum,
  row_gradients,
  bias,
  transpose,
  mask,
  dropout,
  loss,
  optimizer
};
template <>
struct EnumNames<FusedOperator> {
  static constexpr std::array<const char*, 12> kWords = {
      "attention", "add_rmsnorm", "kv_append", "quantize", "gradient_sum", "row_gradients",
      "bias",      "transpose",   "mask",      "dropout",  "loss",         "optimizer"};
};
enum class PrefillMode : std::uint8_t { parallel, token_by_token };
template <>
struct EnumNames<PrefillMode> {
  static constexpr std::array<const char*, 2> kWords = {"parallel", "token_by_token"};
};
// sequence_parallel: as megatron, but rows between the blocks lie apart (Korthikanti et al., arXiv
// 2205.05198).
enum class TensorParallelScheme : std::uint8_t {
  megatron,
  gather_each_matmul,
  sequence_parallel,
};
template <>
struct EnumNames<TensorParallelScheme> {
  static constexpr std::array<const char*, 3> kWords = {"megatron", "gather_each_matmul",
                                                        "sequence_parallel"};
};

struct ExecutionSpec {
  std::vector<FusedOperator> fused;
  std::vector<FusedOperator> apart;  // under the stack, fused or not
  PrefillMode prefill = PrefillMode::parallel;
  TensorParallelScheme tensor_parallel = TensorParallelScheme::megatron;
  bool overlaps_collectives = false;  // with operators that do not wait for them
  bool heads_apart = false;           // a head's products and softmax are instructions of their own
  // Of scores, over each of which the product that makes them takes a softmax; the product behind scales the
  // parts (softmax recomposition, where attention is not fused). 0: a softmax of whole rows between them.
  std::uint32_t softmax_part_columns = 0;
  // Rows of a product after which the vector unit takes them over, beside it; 0: when all are there.
  std::uint32_t rows_behind_products = 0;
  bool engine_collectives = false;  // the software stack has all-reduces of its own
  bool older_collectives = false;   // by the library of 2023
  bool scalar_rows = false;         // its row kernels load an element a thread, as engines of 2023 did
  ServingEngine engine = ServingEngine::any;  // whose attention kernels run
  DType default_dtype = DType::fp16;
  // Lengths that there are programs for, multiples of so many tokens: a prompt's, and of what a decoding
  // sequence reads. Shorter ones are computed as the next.
  std::uint32_t compiled_prompt_tokens = 1, compiled_context_tokens = 1;
  std::optional<ConditionalSpec> conditional;       // feed-forward blocks; none: all neurons
  std::optional<StoredWeightsSpec> stored_weights;  // none: memory holds them all
  std::optional<LibrarySpec>
      library;  // kernels as libraries ship them; without it the mapper has a free hand
  bool fuses(FusedOperator op) const;
  // Of a model's weights, what memory holds of them.
  double resident_share() const { return stored_weights ? stored_weights->resident_share : 1; }
};

// Energy of what surrounds arithmetic in a core; it goes with how programmable the core is.
struct CoreEnergySpec {
  double pj_per_mac = 0;        // registers, clock and control behind an issued 16-bit MAC
  double pj_per_vector_op = 0;  // fetch, decode and registers behind one lane's operation
  double pj_per_moved_bit = 0;  // load and store path between the core's port and its registers
  // Of a 16-bit multiply's energy what one of 8 bits takes at least, and half of it one of 4: they share
  // the multipliers of the widest format.
  double narrow_share = 0;
};

// The same as a file states it; what it leaves out is its technology's.
struct CoreEnergyKeys {
  std::optional<double> pj_per_mac, pj_per_vector_op, pj_per_moved_bit, narrow_share;
};

// Energy per action of a technology, pJ.
struct EnergyTable {
  std::string name;
  DTypeRates mac_pj{};
  double vector_op_pj = 0;
  double transcendental_op_pj = 0;
  std::vector<std::pair<double, double>> sram_pj_per_bit;  // (KiB of the accessed bank, pJ/bit), ascending
  double wire_pj_per_bit_mm = 0;
  double router_pj_per_bit = 0;                     // through one router
  double adc_fj_per_step = 0, dac_fj_per_step = 0;  // a conversion of b bits takes 2^b steps
  double leakage_w_per_mm2 = 0;                     // of die
  double clock_w_per_mm2_ghz = 0;                   // clock tree while kernels run
  // Of machines that do not state theirs.
  CoreEnergyKeys threaded_core, systolic_core;  // by what multiplies: dot_product_array, systolic_array
  double controller_pj_per_bit = 0;             // of DRAM
  double link_pj_per_bit = 0;
  double supply_efficiency = 1;

  // W of so much die: at rest, and of its clock tree.
  double leakage_w(double mm2) const { return leakage_w_per_mm2 * mm2; }
  double clock_w(double mm2, double hz) const { return clock_w_per_mm2_ghz * mm2 * hz * 1e-9; }
};

struct ArchSpec {
  std::string name;
  std::string description;
  double process_nm = 0;
  double die_mm2 = 0;
  double clock_hz = 0;
  double tdp_w = 0;
  double static_w = 0;
  double active_w = 0;           // clock tree and schedulers while a kernel runs, at the nominal clock
  double supply_efficiency = 1;  // of the board's regulators: what the chip gets of what the board draws
  double power_cap_w = 0;        // the clock drops until a kernel's power fits; 0 = none
  double min_voltage_share = 1;  // of the voltage at nominal clock; above it voltage follows the clock
  CoreEnergySpec core_energy;
  DieSpec die;
  bool reconfigurable = false;  // an FPGA: a part of its maker, whose die is not ours to make
  std::optional<FpgaDesign> fpga;
  CoreSpec cores;
  std::vector<SramLevelSpec> shared_levels;  // between the cores and DRAM, innermost first
  DramSpec dram;
  std::optional<StorageSpec> storage;  // behind it
  NetworkSpec network;
  CommandSpec command;
  ExecutionSpec execution;
  NodeSpec node;
  EnergyTable energy;
  double scratchpad_bank_kib = 0;  // an access touches one (for its energy)

  // Peak MAC/s of one chip in a format; 0 when it has none.
  double peak_macs_per_s(DType dtype) const;

  // Bytes of the largest shared level: what may stay on chip between operators. 0 without one.
  std::uint64_t shared_capacity_bytes() const;
};

// MACs a cycle of one core's matrix engines at rate 1, and in a format.
double base_macs_per_cycle(const MatrixEngineSpec& engine);
double macs_per_cycle(const MatrixEngineSpec& engine, DType dtype);
bool supports_dtype(const MatrixEngineSpec& engine, DType dtype);
// Whether instructions of many threads feed it (GPU tensor cores), in place of streams through an array.
bool threads_on_lanes(const MatrixEngineSpec& engine);

// Throws ConfigError, naming the machine and the formats that it multiplies, where `dtype` is none of them.
// All fidelities ask: what a machine cannot multiply has no bound either.
void check_format(const ArchSpec& arch, DType dtype);

}  // namespace orrery
