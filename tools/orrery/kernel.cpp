#include <fmt/format.h>

#include "sim/engine/machine.h"
#include "sim/report/result_charts.h"
#include "sim/report/result_fields.h"
#include "sim/report/result_table.h"
#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "tools/orrery/operator_options.h"
#include "tools/orrery/output.h"
#include "tools/orrery/question_options.h"

namespace orrery {
namespace {

const char* const kKernelUsage =
    "orrery kernel --arch NAME --op OP [shape] [KEY=VALUE ...] [options]\n"
    "One operator on one machine, inputs in DRAM: device time, without the host's launch.\n"
    "Shapes: matmul --m --n --k; attention --q --kv --heads --kv-heads --head-dim [--batch --causal],\n"
    "with --more BxQxKV for sequences of other lengths in the same kernel;\n"
    "row-wise and element-wise operators --m (rows) --n (row length of the output);\n"
    "expert_gather, expert_sum --m (tokens) --n (row length) --experts-per-token;\n"
    "all_reduce, all_gather, reduce_scatter, all_to_all, broadcast, send_recv --bytes --devices.";
const char* const kKernelExamples =
    "  orrery kernel --arch gpu/a100-sxm-80gb --op matmul --m 64 --n 12288 --k 12288\n"
    "  orrery kernel --arch asic/tpu-v5e --op attention --q 1024 --kv 1024 --heads 32 --head-dim 128 "
    "--causal\n"
    "  orrery kernel --arch gpu/h100-sxm --op attention --batch 32 --q 1 --kv 4096 --more "
    "96x1x1000,8x1x30000 "
    "--heads 32 --kv-heads 8 --head-dim 128\n"
    "  orrery kernel --arch gpu/h100-sxm --op rmsnorm --m 4096 --n 8192 --format json\n"
    "  orrery kernel --arch gpu/h100-sxm --op add --m 4096 --n 16384 arch.dram.channels=96\n"
    "  orrery kernel --arch gpu/a100-sxm-80gb --op all_reduce --bytes 1048576 --devices 8\n";

void check_kernel_fits(const Operator& op, const ArchSpec& arch) {
  std::uint64_t bytes = 0;
  for (const auto* list : {&op.inputs, &op.outputs}) {
    for (const Tensor& t : *list) bytes = checked_sum(bytes, t.bytes());
  }
  if (bytes <= arch.dram.allocatable_bytes) return;
  throw ConfigError(
      "", fmt::format("the operands take {} bytes; {} has {} of DRAM to allocate: {} are missing", bytes,
                      arch.name, arch.dram.allocatable_bytes, bytes - arch.dram.allocatable_bytes));
}

}  // namespace

int kernel_command(const Arguments& arguments) {
  po::options_description options("Options");
  options.add_options()                                                                                     //
      ("arch", po::value<std::string>()->required()->value_name("NAME"), "machine: a name or a YAML file")  //
      ("dtype", po::value<std::string>()->value_name("T"), "number format (default: the machine's)")        //
      ("tile", po::value<std::string>()->value_name("MxNxK"), "force a tiling instead of searching one");
  add_format(options);
  add_plot(options, "draw where the time goes");
  options.add(operator_options()).add(fidelity_options()).add(patch_options());
  const ParsedOptions parsed = parse_options(arguments, options, kKernelUsage, kKernelExamples, kPatches);
  if (parsed.help) return 0;
  const OutputFormat format = format_from(parsed.values);
  check_plot(parsed.values);
  RunnerOptions runner = runner_options_from(parsed.values);
  if (parsed.values.count("tile") != 0 && runner.fidelity == Fidelity::roofline) {
    throw UsageError("--tile has no meaning at --fidelity roofline");
  }
  if (parsed.values.count("tile") != 0) runner.tile = tile_from(parsed.values["tile"].as<std::string>());
  const Stopwatch watch;
  Session session(runner, uses_store(parsed.values));
  const Posed question = posed_from(parsed.values["arch"].as<std::string>(), parsed.values);
  const DType dtype = parsed.values.count("dtype") != 0
                          ? parse_dtype_option(parsed.values["dtype"].as<std::string>())
                          : question.arch.execution.default_dtype;
  const Operator op = operator_from(parsed.values, question.arch, dtype);
  check_machine(question.arch);
  check_kernel_fits(op, question.arch);
  KernelResult result = evaluate(question, op, session);
  watch.stop(result.info);
  warn_of_store(session);
  const nlohmann::ordered_json json = written(result);
  draw_plot(parsed.values, split_bars({json}, "time_s", "time along the critical path", "s"));
  print_result(format, json, [&] { return kernel_table(json); });
  return 0;
}

}  // namespace orrery
