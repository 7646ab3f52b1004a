#include "sim/config/library_loader.h"

#include <algorithm>
#include <filesystem>

#include "sim/config/document_reader.h"
#include "sim/config/document_reference.h"
#include "sim/config/schema_validation.h"
#include "sim/util/data_home.h"
#include "sim/util/nearest_name.h"

namespace orrery {
namespace {

std::filesystem::path folder() {
  return data_home() / "arch_configs" / "libraries";
}

VectorKernelSpec build_vector_kernel(const nlohmann::json& kernel) {
  VectorKernelSpec spec;
  spec.threads = integer(kernel, "threads", spec.threads);
  spec.load_bytes = integer(kernel, "load_bytes", spec.load_bytes);
  spec.unroll = integer(kernel, "unroll", spec.unroll);
  spec.passes = integer(kernel, "passes", spec.passes);
  spec.blocks_per_core = integer(kernel, "blocks_per_core", spec.blocks_per_core);
  spec.chain_cycles = integer(kernel, "chain_cycles", spec.chain_cycles);
  spec.step_cycles = integer(kernel, "step_cycles", spec.step_cycles);
  return spec;
}

}  // namespace

std::vector<std::string> library_names() {
  return names_in(folder());
}

LibrarySpec load_library(const nlohmann::json& reference, const std::string& where) {
  const ConfigDocument document = referenced_document(reference, folder(), "library", where);
  validate_as(document, "orrery/library/1");
  if (const auto unused = document.unused_sources(); !unused.empty()) throw ConfigError(unused);
  const nlohmann::json& root = document.root();
  LibrarySpec spec;
  spec.name = referenced_name(reference);
  spec.vendor = document.root().at("vendor").get<std::string>();
  const nlohmann::json& matmul = root.at("matmul");
  spec.tiles = matmul.at("tiles").get<std::vector<std::array<std::uint32_t, 2>>>();
  spec.stage_k_bytes = integer(matmul, "stage_k_bytes", spec.stage_k_bytes);
  spec.split_k = matmul.value("split_k", spec.split_k);
  spec.raster_group = integer(matmul, "raster_group", spec.raster_group);
  spec.cluster = integer(matmul, "cluster", spec.cluster);
  spec.prologue_ns = number(matmul, "prologue_ns");
  if (root.contains("attention")) spec.attention_overlaps = root["attention"].value("overlaps", false);
  if (root.contains("vector_kernels")) {
    for (const auto& [op, kernel] : root["vector_kernels"].items())
      spec.vector_kernels[op] = build_vector_kernel(kernel);
  }
  return spec;
}

}  // namespace orrery
