#include "sim/workload/formats/trace_format.h"

#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/formats/chakra_reader.h"
#include "sim/workload/formats/chakra_writer.h"
#include "sim/workload/formats/kineto_reader.h"
#include "sim/workload/formats/onnx_reader.h"
#include "sim/workload/formats/scale_sim.h"
#include "sim/workload/formats/trace_reader.h"
#include "sim/workload/formats/trace_writer.h"

namespace orrery {
namespace {

constexpr std::streamsize kHead = 4096;  // bytes that say what a file is

ImportedTrace read_own_trace(const std::filesystem::path& file, const ImportOptions& options) {
  refuse_options(file, options);
  Coverage coverage("");
  return {read_trace_file(file), std::move(coverage)};
}

std::string what_is(const std::filesystem::path& file) {
  std::ifstream in = open_file(file);
  std::string head(kHead, '\0');
  in.read(head.data(), kHead);
  head.resize(static_cast<std::size_t>(in.gcount()));
  return foreign_format(head, file);
}

const TraceFormat* format_called(const std::string& what) {
  for (const TraceFormat& format : trace_formats()) {
    if (what == format.what) return &format;
  }
  return nullptr;
}

std::string names_of_formats(bool written) {
  std::string names;
  for (const TraceFormat& format : trace_formats()) {
    if (written && format.write == nullptr) continue;
    names += (names.empty() ? "" : ", ") + std::string(format.name) +
             (written ? std::string(" (") + format.extension + ")" : "");
  }
  return names;
}

}  // namespace

const std::vector<TraceFormat>& trace_formats() {
  static const std::vector<TraceFormat> formats = {
      {"orrery", "", ".jsonl", read_own_trace, nullptr, write_trace_file},
      {"chakra", "a Chakra execution trace", ".et", read_chakra, nullptr, write_chakra},
      {"scale-sim", "a CSV table", ".csv", read_scale_sim, nullptr, nullptr},
      {"onnx", "an ONNX model", ".onnx", read_onnx, nullptr, nullptr},
      {"kineto", "a PyTorch profile", ".json", read_kineto, nullptr, nullptr},
      {"gguf", "a GGUF model", ".gguf", nullptr, read_gguf, nullptr},
      {"safetensors", "a safetensors model", ".safetensors", nullptr, read_safetensors, nullptr},
      {"safetensors-index", "a safetensors index", ".json", nullptr, read_safetensors_index, nullptr},
  };
  return formats;
}

const TraceFormat& format_of(const std::filesystem::path& file) {
  const std::string what = what_is(file);
  if (const TraceFormat* format = format_called(what)) return *format;
  throw ConfigError(file.string(),
                    "is " + what + ", which is no trace; those are read: " + names_of_formats(false));
}

const TraceFormat* sure_format_of(const std::filesystem::path& file) {
  const std::string what = what_is(file);
  return what.empty() && file.extension() != trace_formats().front().extension ? nullptr
                                                                               : format_called(what);
}

ImportedTrace read_any_trace(const std::filesystem::path& file, const ImportOptions& options) {
  const TraceFormat& format = format_of(file);
  if (format.read == nullptr) {
    throw ConfigError(file.string(),
                      std::string("is ") + format.what +
                          ", which holds weights and no operators: 'orrery trace show' tells their "
                          "bytes, --model runs a model by its config.json");
  }
  return format.read(file, options);
}

void write_any_trace(const OperatorStream& stream, const std::filesystem::path& file) {
  for (const TraceFormat& format : trace_formats()) {
    if (format.write != nullptr && file.extension() == format.extension) return format.write(stream, file);
  }
  throw ConfigError(file.string(),
                    "the ending of a file says its format; those are written: " + names_of_formats(true));
}

void expect_whole(const ImportedTrace& trace, const std::string& file) {
  if (!trace.coverage.refused.empty())
    throw ConfigError(file, "not all of it can be run\n" + describe(trace.coverage));
  if (trace.stream.info().scenario.split.devices() > 1) return;
  for (const Operator& op : trace.stream.prefill(0).operators) {
    if (!std::holds_alternative<CollectiveShape>(op.shape)) continue;
    throw ConfigError(
        file,
        "has collectives and is one rank's file: put the others' beside it (NAME.0.et, NAME.1.et, ...) "
        "or say --devices N");
  }
}

}  // namespace orrery
