#include "sim/config/library_loader.h"

#include "sim/operators/operator_row.h"

namespace orrery {
namespace {

std::vector<std::string> vector_operators() {
  std::vector<std::string> names;
  for (const OperatorRow& row : kOperators) {
    if (std::holds_alternative<VectorFamily>(row.family)) names.emplace_back(row.name);
  }
  return names;
}

}  // namespace

template <>
const Table& table_of<WideningKernelSpec>() {
  static const Table table = [] {
    using W = WideningKernelSpec;
    Fields<W> f("products of a mixture whose weights one block a core widens and multiplies in turn");
    f.key("tiles", &W::tiles, "", "m x n of a thread block").required().range(1, 4096).items(1);
    f.key("stage_k", &W::stage_k, "", "products along k, a stage").range(8, 4096).standing("64");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DispatchedKernel>() {
  static const Table table = [] {
    using D = DispatchedKernel;
    Fields<D> f("a kernel, and what it is taken for");
    f.key("m", &D::m, "rows", "of results, at most; 0: however many").range(0, 1e12);
    f.key("n", &D::n, "columns", "of results, at most; 0: however many").range(0, 1e12);
    f.key("tile", &D::tile, "", "m x n of a thread block").required().range(1, 4096);
    f.key("stage_k", &D::stage_k, "", "products along k, a stage").range(8, 4096).standing("64");
    f.key("stages", &D::stages, "", "buffers of a stage's operands; 0: as many as there is room for")
        .range(0, 64)
        .standing("0");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<DispatchSpec>() {
  static const Table table = [] {
    using D = DispatchSpec;
    Fields<D> f("products by the first of some kernels that takes them");
    f.key("kernels", &D::kernels, "",
          "in the order in which they are tried; what none takes runs as the library has it")
        .required()
        .items(1);
    f.key("sums_on_lanes", &D::sums_on_lanes, "",
          "a stage's sums are added (and scaled, where their formats have scales along k) on the vector "
          "lanes before the next stage");
    f.key("along_m", &D::along_m, "", "blocks follow each other along m, in no groups");
    f.key("blocks_per_core", &D::blocks_per_core, "",
          "thread blocks resident at once, by registers; 0: as many as there is room for")
        .range(0, 64)
        .standing("0");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<EngineMatmulSpec>() {
  static const Table table = [] {
    using E = EngineMatmulSpec;
    Fields<E> f(
        "products of a serving engine by kernels of its own, by format; others as the library has them");
    f.key("fp8", &E::fp8, "", "both operands in fp8");
    f.key("block_fp8", &E::block_fp8, "", "the same with scales of blocks along k");
    return Table(f);
  }();
  return table;
}

namespace {

const Table& matmul_table() {
  static const Table table = [] {
    using L = LibrarySpec;
    Fields<L> f("matrix kernels");
    f.key("tiles", &L::tiles, "", "m x n of a thread block").required().range(1, 4096).items(1);
    f.key("fp4_tiles", &L::fp4_tiles, "", "the same of products of 4-bit operands; without it as of others")
        .range(1, 4096);
    f.key("grouped_tiles", &L::grouped_tiles, "",
          "the same of products of a mixture's experts, whose sums are never divided; without it they run as "
          "all products")
        .range(1, 4096);
    f.key("grouped_widening", &L::grouped_widening, "",
          "the same of those whose weights are narrower than what they multiply; without it they run as "
          "others");
    f.key("stage_k_bytes", &L::stage_k_bytes, "bytes", "of a row of an operand, a pipeline stage")
        .range(8, 4096);
    f.key("split_k", &L::split_k, "", "ways of dividing the products' sums")
        .range(1, 256)
        .items(1)
        .standing("1");
    f.key("splits_narrow", &L::splits_narrow, "",
          "sums of products whose both operands have 8 bits or fewer are divided, too")
        .standing("true");
    f.key(
        "scales_on_lanes", &L::scales_on_lanes, "",
        "scales of blocks along k are multiplied on the vector lanes, a stage's sums before the next stage");
    f.key("scaled_result_cycles", &L::scaled_result_cycles, "cycles",
          "until 32 columns of a block's sums are scaled, narrowed and stored, one after the other, in "
          "products "
          "of 8-bit and narrower operands and of a mixture's experts")
        .range(0, 1e5);
    f.key("raster_group", &L::raster_group, "", "m tiles side by side in the raster").range(1, 1024);
    f.key("cluster", &L::cluster, "", "thread blocks that share operand reads").range(1, 16);
    f.key(
        "parted", &L::parted, "",
        "of operands that a cluster shares each core holds a part and reads the others' (tcgen05 by pairs)");
    f.key("prologue_ns", &L::prologue_ns, "ns",
          "of a matmul kernel beyond any kernel's start: tile scheduler, descriptors, instruction fetch, "
          "semaphores")
        .range(0, 1e6);
    return Table(f);
  }();
  return table;
}

}  // namespace

template <>
const Table& table_of<LatentKernelSpec>() {
  static const Table table = [] {
    using L = LatentKernelSpec;
    Fields<L> f("latent attention that decodes, with every context divided alike");
    f.key("splits", &L::splits, "", "of every context").required().range(1, 256);
    f.key("heads", &L::heads, "", "a thread block keeps").range(1, 256).standing("16");
    f.key("positions", &L::positions, "", "of the cache at a time").range(1, 1024).standing("32");
    f.key("chain_cycles", &L::chain_cycles, "cycles",
          "of such a step: loads, products and softmax that wait for each other, beyond what they occupy")
        .range(0, 1e6);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<AttentionKernelSpec>() {
  static const Table table = [] {
    using A = AttentionKernelSpec;
    Fields<A> f("attention kernels");
    f.key("overlaps", &A::overlaps, "", "softmax of a block beside its own products (FlashAttention-3)");
    f.key("narrows", &A::narrows, "",
          "queries to the format of a cache that is narrower than they are; else the cache is widened");
    f.key("narrows_prompts", &A::narrows_prompts, "",
          "the same of prompts alone, whose queries, keys and values are made in the cache's format");
    f.key("decoding_buffers", &A::decoding_buffers, "",
          "of keys and values where sequences decode, at most; 1: a block is loaded when the one before is "
          "done")
        .range(1, 64);
    f.key("row_a_lane", &A::row_a_lane, "",
          "a lane holds all scores of a row of a tile: nothing is summed across lanes");
    f.key("blocks_per_core", &A::blocks_per_core, "",
          "thread blocks resident at once where prompts attend, by registers and scratchpad")
        .range(1, 64);
    f.key("decoding_blocks_per_core", &A::decoding_blocks_per_core, "",
          "thread blocks resident at once where sequences decode, by registers and scratchpad")
        .range(1, 64);
    f.key("decoding_rows", &A::decoding_rows, "rows",
          "of queries that a block computes where sequences decode, however few it has; 0: queries are "
          "columns of instructions whose rows are keys")
        .range(0, 1024);
    f.key("reads_narrow", &A::reads_narrow, "",
          "caches narrower than queries, too; else the library's common kernels do")
        .standing("true");
    f.key("pads_values", &A::pads_values, "",
          "of prompts whose values are shorter than their keys: kernels of their own pad them before and cut "
          "the results after");
    f.key("splits_lone_heads", &A::splits_lone_heads, "",
          "contexts of heads that share their keys with none are divided over blocks, too")
        .standing("true");
    f.key("latent", &A::latent, "",
          "kernels for latents that decode, of fixed splits; without it they are sized to the machine");
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<VectorKernelSpec>() {
  static const Table table = [] {
    using V = VectorKernelSpec;
    Fields<V> f("a kernel that walks over rows, or over a tensor's elements");
    f.key("threads", &V::threads, "", "a block").range(1, 4096);
    f.key("load_bytes", &V::load_bytes, "bytes", "a thread's load of an operand").range(1, 64);
    f.key("unroll", &V::unroll, "", "steps whose loads are in flight together").range(1, 64);
    f.key("passes", &V::passes, "", "over the row; later ones find it on chip").range(1, 8);
    f.key("blocks_per_core", &V::blocks_per_core, "", "resident at once, by registers").range(1, 64);
    f.key("step_cycles", &V::step_cycles, "cycles",
          "that a core issues instructions for a block's step, a pass")
        .range(0, 1e5);
    f.key("chain_cycles", &V::chain_cycles, "cycles",
          "a step's dependent results beyond that, which occupy nothing")
        .range(0, 1e5);
    return Table(f);
  }();
  return table;
}

template <>
const Table& table_of<LibrarySpec>() {
  static const Table table = [] {
    using L = LibrarySpec;
    Fields<L> f("orrery/library/1: kernels as a vendor's libraries ship them");
    f.document("orrery/library/1");
    f.key("vendor", &L::vendor, "", "whose machines share what was learnt about these kernels").required();
    f.group("matmul", &matmul_table, "matrix kernels").required();
    f.key("vector_kernels", &L::vector_kernels, "", "by operator")
        .shaped(Shape::map(Shape::object(&table_of<VectorKernelSpec>), vector_operators()));
    f.key("scalar_kernels", &L::scalar_kernels, "",
          "by operator, where a runtime says scalar_rows: threads that load an element each")
        .shaped(Shape::map(Shape::object(&table_of<VectorKernelSpec>), vector_operators()));
    f.key("attention", &L::attention, "", "attention kernels");
    std::vector<std::string> engines = words_of<ServingEngine>();
    engines.erase(engines.begin());  // any
    f.key("engine_matmul", &L::engine_matmul, "",
          "products of a serving engine that brings kernels of its own for them, by engine")
        .shaped(Shape::map(Shape::object(&table_of<EngineMatmulSpec>), engines));
    f.key("engine_attention", &L::engine_attention, "",
          "those of a serving engine that brings its own, by engine; each is whole, and takes nothing from "
          "attention")
        .shaped(Shape::map(Shape::object(&table_of<AttentionKernelSpec>), engines));
    return Table(f);
  }();
  return table;
}

std::vector<std::string> library_names() {
  return names_of(kLibrary);
}

LibrarySpec load_library(const nlohmann::json& reference, const std::string& where) {
  auto spec = read_document<LibrarySpec>(open_document(reference, kLibrary, where));
  spec.name = referenced_name(reference);
  return spec;
}

}  // namespace orrery
