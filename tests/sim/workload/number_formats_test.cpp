#include "sim/workload/number_formats.h"

#include <gtest/gtest.h>

#include "sim/config/arch_loader.h"
#include "sim/util/errors.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

FormatRequest shorthand(DType dtype) {
  FormatRequest asked;
  asked.dtype = dtype;
  return asked;
}

TEST(NumberFormats, NarrowMatricesStandBesideSixteenBits) {
  const ArchSpec h100 = load_arch_named("gpu/h100-sxm");
  const NumberFormats fp8 = number_formats(shorthand(DType::fp8), std::nullopt, h100);
  EXPECT_EQ(fp8.plain, stored_as(DType::fp16));
  EXPECT_EQ(fp8.kv, stored_as(DType::fp16));  // as servers have it
  EXPECT_EQ(fp8.weights(TensorGroup::attention), stored_as(DType::fp8));
  EXPECT_EQ(fp8.weights(TensorGroup::head), stored_as(DType::fp16));
  EXPECT_EQ(fp8.weights(TensorGroup::embedding), stored_as(DType::fp16));
  EXPECT_EQ(fp8.weights(TensorGroup::router), stored_as(DType::fp16));
  EXPECT_EQ(fp8.arithmetic(), DType::fp8);
  EXPECT_EQ(number_formats(shorthand(DType::bf16), std::nullopt, h100).plain, stored_as(DType::bf16));
}

TEST(NumberFormats, WeightsActivationsAndCacheAreSetApart) {
  const ArchSpec h100 = load_arch_named("gpu/h100-sxm");
  FormatRequest asked;
  asked.weights = stored_as(DType::fp8);
  EXPECT_EQ(number_formats(asked, std::nullopt, h100).arithmetic(), DType::w8a16);
  asked.activations = stored_as(DType::fp8);
  asked.kv = stored_as(DType::fp8);
  const NumberFormats all = number_formats(asked, std::nullopt, h100);
  EXPECT_EQ(all.arithmetic(), DType::fp8);
  EXPECT_EQ(all.kv, stored_as(DType::fp8));
  EXPECT_EQ(all.plain, stored_as(DType::fp16));
  asked.weights = *stored_format_named("q4_k");
  asked.activations = std::nullopt;
  EXPECT_EQ(number_formats(asked, std::nullopt, h100).arithmetic(), DType::w4a16);
  EXPECT_EQ(number_formats(asked, std::nullopt, h100).most_weights().bits.real(), 4.5);
}

TEST(NumberFormats, SparsityIsOfTheLayersMatricesInWhicheverFormat) {
  const ArchSpec h100 = load_arch_named("gpu/h100-sxm");
  const Sparsity half = *sparsity_named("2:4");
  FormatRequest asked;
  asked.sparsity = half;
  const NumberFormats plain = number_formats(asked, std::nullopt, h100);
  EXPECT_EQ(plain.weights(TensorGroup::experts), sparse(stored_as(DType::fp16), half));
  EXPECT_EQ(plain.weights(TensorGroup::embedding), stored_as(DType::fp16));
  EXPECT_EQ(plain.weights(TensorGroup::router), stored_as(DType::fp16));
  EXPECT_EQ(plain.arithmetic(), DType::fp16);
  asked.weights = stored_as(DType::int4);
  const NumberFormats narrow = number_formats(asked, std::nullopt, h100);
  EXPECT_EQ(narrow.weights(TensorGroup::attention), sparse(stored_as(DType::int4), half));
  EXPECT_EQ(narrow.arithmetic(), DType::w4a16);
  EXPECT_NE(narrow.key(), number_formats(shorthand(DType::w4a16), std::nullopt, h100).key());
}

TEST(NumberFormats, AFilesSparsityStandsUntilAnotherIsAskedFor) {
  const ArchSpec h100 = load_arch_named("gpu/h100-sxm");
  Quantization filed;
  filed.sparsity = *sparsity_named("2:4");
  const auto kept = [&](const FormatRequest& asked) {
    return name_of(number_formats(asked, filed, h100).most_weights().sparsity);
  };
  EXPECT_EQ(kept({}), "2:4");
  EXPECT_EQ(kept(shorthand(DType::fp8)), "2:4");  // zeros stay zeros in another format
  FormatRequest asked;
  asked.sparsity = *sparsity_named("dense");
  EXPECT_EQ(kept(asked), "dense");
  EXPECT_EQ(name_of(as_filed(filed).most_weights()), "bf16 2:4");
}

TEST(NumberFormats, ActivationsAreNoNarrowerThanTheirWeights) {
  const ArchSpec h100 = load_arch_named("gpu/h100-sxm");
  FormatRequest asked;
  asked.activations = stored_as(DType::fp8);
  EXPECT_THROW(number_formats(asked, std::nullopt, h100), ConfigError);
  asked.weights = stored_as(DType::bf16);
  EXPECT_THROW(number_formats(asked, std::nullopt, h100), ConfigError);
  asked.weights = stored_as(DType::int4);  // widened to what they meet
  EXPECT_EQ(number_formats(asked, std::nullopt, h100).arithmetic(), DType::fp8);
  asked.weights = stored_as(DType::fp8);
  asked.activations = stored_as(DType::nvfp4);
  EXPECT_THROW(number_formats(asked, std::nullopt, h100), ConfigError);
}

TEST(NumberFormats, OfAFileAreWidenedWhereTheMachineLacksThem) {
  Quantization file;
  file.products[static_cast<std::size_t>(TensorGroup::feed_forward)] =
      ProductFormat{stored_as(DType::fp8), stored_as(DType::fp8)};
  file.kv = stored_as(DType::fp8);
  const ArchSpec a100 = load_arch_named("gpu/a100-sxm-80gb");
  const ArchSpec h100 = load_arch_named("gpu/h100-sxm");
  EXPECT_EQ(number_formats({}, file, h100).arithmetic(), DType::fp8);
  EXPECT_EQ(number_formats({}, file, a100).arithmetic(), DType::w8a16);
  EXPECT_EQ(number_formats({}, file, a100).kv, stored_as(DType::fp8));
  EXPECT_NO_THROW(check_formats(a100, number_formats({}, file, a100)));
  // What is asked in words is not widened behind the asker's back.
  EXPECT_THROW(check_formats(a100, number_formats(shorthand(DType::fp8), file, a100)), ConfigError);
  // And takes the file's place.
  EXPECT_EQ(number_formats(shorthand(DType::fp16), file, h100).arithmetic(), DType::fp16);
}

TEST(NumberFormats, OfAMachineThatHasNarrowOnesAloneAreItsOwn) {
  const ArchSpec edge = load_arch_named("asic/edge-npu");
  EXPECT_EQ(number_formats({}, std::nullopt, edge).plain, stored_as(DType::int8));
  EXPECT_EQ(number_formats(shorthand(DType::w4a16), std::nullopt, edge).plain, stored_as(DType::fp16));
}

std::size_t quantisations(const OperatorGraph& graph) {
  std::size_t n = 0;
  for (const Operator& op : graph.operators) n += op.kind == OperatorKind::quantize ? 1 : 0;
  return n;
}

TEST(NumberFormats, QuantisingIsWorkUnlessTheMachineDoesItOnTheWay) {
  LlmSpec llm = load_llm_named("llama-3-8b");
  llm.keep_layers(1);
  const Step step = {{{Phase::prefill, 1, 64, 64}}};
  ExecutionSpec apart;
  apart.fused = {FusedOperator::attention};
  ExecutionSpec fused = apart;
  fused.fused.push_back(FusedOperator::quantize);
  const NumberFormats fp8 = formats_of(DType::fp8);
  const OperatorGraph with = build_step(llm, step, fp8, {}, apart);
  const OperatorGraph without = build_step(llm, step, fp8, {}, fused);
  // Before qkv, the attention's output, gate and up, down.
  EXPECT_EQ(quantisations(with), 4U);
  EXPECT_EQ(quantisations(without), 0U);
  EXPECT_EQ(quantisations(build_step(llm, step, formats_of(DType::w8a16), {}, apart)), 0U);
  // Either way the products read 8 bits, and write 16.
  for (const OperatorGraph* graph : {&with, &without}) {
    std::uint64_t read = 0;
    for (const Operator& op : graph->operators) {
      if (op.kind != OperatorKind::matmul || op.layer < 0) continue;
      EXPECT_EQ(op.dtype, DType::fp8);
      EXPECT_EQ(op.outputs[0].format, stored_as(DType::fp16));
      read += op.inputs[0].bytes();
    }
    EXPECT_EQ(read, 64U * (4096 + 4096 + 4096 + 14336));
  }
  // What makes them writes 8 bits there.
  const auto written = [](const OperatorGraph& graph) {
    std::uint64_t sum = 0;
    for (const Operator& op : graph.operators) sum += operator_bytes(op).written;
    return sum;
  };
  EXPECT_EQ(written(with) - written(without), 64ULL * (3 * 4096 + 14336) * 2);
}

TEST(NumberFormats, ACaseOfEachOption) {
  const auto memory = [](const std::string& options) {
    const CommandResult r = orrery_command(
        "run --fidelity roofline --arch gpu/h100-sxm --model llama-3-8b --input 64 --output 2 --format "
        "json " +
        options);
    EXPECT_EQ(r.exit_code, 0) << r.err;
    return nlohmann::json::parse(r.out);
  };
  const nlohmann::json plain = memory("");
  const nlohmann::json fp8 = memory("--dtype fp8");
  const nlohmann::json cache = memory("--dtype fp8 --kv fp8");
  EXPECT_EQ(fp8["memory"]["kv_bytes_per_token"], plain["memory"]["kv_bytes_per_token"]);
  EXPECT_EQ(cache["memory"]["kv_bytes_per_token"].get<int>() * 2,
            plain["memory"]["kv_bytes_per_token"].get<int>());
  EXPECT_EQ(cache["kv"], "fp8");
  EXPECT_EQ(memory("--weights nvfp4")["dtype"], "w4a16");
  EXPECT_EQ(memory("--weights nvfp4")["weights"], "nvfp4");
  const CommandResult odd = orrery_command("run --arch gpu/h100-sxm --model llama-3-8b --weights fp9");
  EXPECT_EQ(odd.exit_code, 2);
  EXPECT_NE(odd.err.find("did you mean 'fp8'"), std::string::npos) << odd.err;
}

}  // namespace
}  // namespace orrery::test
