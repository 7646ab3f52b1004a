#include "sim/workload/transformer_graph.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/util/errors.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"

namespace orrery::test {
namespace {

ExecutionSpec fused_execution() {
  ExecutionSpec e;
  e.fused = {FusedOperator::attention, FusedOperator::add_rmsnorm, FusedOperator::kv_append};
  return e;
}

OperatorGraph build_prefill(const LlmSpec& llm, const Scenario& s, const ExecutionSpec& execution) {
  return build_step(llm, {{{Phase::prefill, s.batch, s.input, s.input}}}, s.formats, s.split, execution);
}

OperatorGraph build_decode_step(const LlmSpec& llm, const Scenario& s, const ExecutionSpec& execution,
                                std::uint64_t context) {
  return build_step(llm, {{{Phase::decode, s.batch, 1, context}}}, s.formats, s.split, execution);
}

std::uint64_t macs(const OperatorGraph& graph) {
  std::uint64_t sum = 0;
  for (const Operator& op : graph.operators) sum += operator_macs(op);
  return sum;
}

std::uint64_t weight_elements(const OperatorGraph& graph) {
  std::set<TensorName> seen;
  std::uint64_t sum = 0;
  for (const Operator& op : graph.operators) {
    for (const Tensor& t : op.inputs) {
      if (t.kind == TensorKind::weight && seen.insert(t.id).second) sum += t.elements();
    }
  }
  return sum;
}

std::size_t count(const OperatorGraph& graph, OperatorKind kind) {
  std::size_t n = 0;
  for (const Operator& op : graph.operators) n += op.kind == kind ? 1 : 0;
  return n;
}

Scenario scenario(std::uint64_t batch, std::uint64_t input, std::uint32_t tp = 1) {
  Scenario s;
  s.batch = batch;
  s.input = input;
  s.split.tensor = tp;
  return s;
}

TEST(TransformerGraph, LlamaPrefillDoesTheMacsThatPaperAndPencilGive) {
  const LlmSpec llm = load_llm_named("llama-2-7b");
  const std::uint64_t b = 2, s = 300, d = 4096, f = 11008, layers = 32, vocab = 32000;
  const std::uint64_t pairs = s * (s + 1) / 2;
  const std::uint64_t layer = b * s * (4 * d * d + 3 * d * f) + 2 * b * d * pairs;
  EXPECT_EQ(macs(build_prefill(llm, scenario(b, s), fused_execution())), layers * layer + b * d * vocab);
}

TEST(TransformerGraph, GroupedQueryDecodeDoesTheMacsOfItsHeads) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  const std::uint64_t b = 4, ctx = 777, d = 4096, kv = 1024, f = 14336, layers = 32, vocab = 128256;
  const std::uint64_t layer = b * (2 * d * d + 2 * d * kv + 3 * d * f) + 2 * b * d * ctx;
  EXPECT_EQ(macs(build_decode_step(llm, scenario(b, 1), fused_execution(), ctx)),
            layers * layer + b * d * vocab);
}

TEST(TransformerGraph, UsesEveryWeightOfTheModelOnce) {
  for (const char* name : {"llama-2-7b", "llama-3-8b"}) {
    const LlmSpec llm = load_llm_named(name);
    EXPECT_EQ(weight_elements(build_prefill(llm, scenario(1, 16), fused_execution())),
              count_parameters(llm).total)
        << name;
  }
  // GPT-2 and BERT have biases, which ride on their projections and are no tensors of the graph.
  const LlmSpec gpt2 = load_llm_named("gpt2");
  const std::uint64_t biases = 12 * (3 * 768 + 768 + 3072 + 768);
  EXPECT_EQ(weight_elements(build_prefill(gpt2, scenario(1, 16), fused_execution())),
            count_parameters(gpt2).total - biases);
}

TEST(TransformerGraph, UnfusedAttentionIsTwoMatmulsAndASoftmaxWithTheSameProducts) {
  const LlmSpec llm = load_llm_named("gpt2");
  ExecutionSpec plain;
  const OperatorGraph unfused = build_decode_step(llm, scenario(3, 1), plain, 50);
  const OperatorGraph whole = build_decode_step(llm, scenario(3, 1), fused_execution(), 50);
  EXPECT_EQ(macs(unfused), macs(whole));
  EXPECT_EQ(count(unfused, OperatorKind::softmax), 12U);
  EXPECT_EQ(count(unfused, OperatorKind::attention), 0U);
  EXPECT_EQ(count(unfused, OperatorKind::kv_append), 12U);
  EXPECT_EQ(count(whole, OperatorKind::attention), 12U);
  EXPECT_EQ(count(whole, OperatorKind::kv_append), 0U);
}

TEST(TransformerGraph, DecodeReadsTheWholeCacheOfItsContext) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  const OperatorGraph graph = build_decode_step(llm, scenario(2, 1), fused_execution(), 1000);
  std::uint64_t kv = 0;
  for (const Operator& op : graph.operators) {
    for (const Tensor& t : op.inputs) kv += t.kind == TensorKind::kv ? t.elements() : 0;
  }
  EXPECT_EQ(kv, 2 * 1000 * 32 * llm.attention()->cached_elements(1, 1));
}

TEST(TransformerGraph, AttentionIsTheEnginesOwn) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  ExecutionSpec execution = fused_execution();
  const auto engines = [&] {
    std::set<std::optional<std::uint64_t>> seen;
    for (const Operator& op : build_decode_step(llm, scenario(2, 1), execution, 1000).operators) {
      if (op.kind == OperatorKind::attention) seen.insert(std::get<AttentionShape>(op.shape).engine);
    }
    return seen;
  };
  EXPECT_EQ(engines(), (std::set<std::optional<std::uint64_t>>{std::nullopt}));
  execution.engine = ServingEngine::sglang;
  EXPECT_EQ(engines(), (std::set<std::optional<std::uint64_t>>{2}));
}

// Of products those in fp8; others are the library's, whoever serves.
TEST(TransformerGraph, ProductsInFp8AreTheEnginesOwn) {
  const LlmSpec llm = load_llm_named("llama-3-8b");
  ExecutionSpec execution = fused_execution();
  execution.engine = ServingEngine::sglang;
  const auto engines = [&](DType dtype) {
    Scenario stored = scenario(2, 1);
    stored.formats = formats_of(dtype);
    std::set<std::optional<std::uint64_t>> seen;
    for (const Operator& op : build_decode_step(llm, stored, execution, 1000).operators) {
      if (op.kind == OperatorKind::matmul) seen.insert(std::get<MatmulShape>(op.shape).engine);
    }
    return seen;
  };
  using Engines = std::set<std::optional<std::uint64_t>>;
  EXPECT_EQ(engines(DType::fp16), Engines{std::nullopt});
  EXPECT_EQ(engines(DType::int8), Engines{std::nullopt});
  EXPECT_EQ(engines(DType::fp8), (Engines{std::nullopt, 2}));  // the head has 16 bits
}

TEST(TransformerGraph, TensorParallelDevicesShareTheProductsAndExchangeTwiceALayer) {
  const LlmSpec llm = load_llm_named("gpt3-175b");
  const std::uint64_t one = macs(build_prefill(llm, scenario(1, 64), fused_execution()));
  const OperatorGraph four = build_prefill(llm, scenario(1, 64, 4), fused_execution());
  EXPECT_NEAR(static_cast<double>(4 * macs(four)), static_cast<double>(one), 1e-4 * static_cast<double>(one));
  EXPECT_EQ(count(four, OperatorKind::all_reduce), 2 * llm.layer_count() + 1);  // and the embedding's rows
}

TEST(TransformerGraph, GatherSchemeExchangesAfterEachMatmul) {
  const LlmSpec llm = load_llm_named("gpt2-xl-dfx");
  ExecutionSpec dfx;
  dfx.tensor_parallel = TensorParallelScheme::gather_each_matmul;
  const OperatorGraph graph = build_decode_step(llm, scenario(1, 1, 4), dfx, 10);
  EXPECT_EQ(count(graph, OperatorKind::all_gather), 4 * llm.layer_count() + 1);  // and the logits
}

// The same work and the same parameters, an operator for each head's part of it.
TEST(TransformerGraph, HeadsApartDoTheSameWorkOneByOne) {
  const LlmSpec llm = load_llm_named("gpt2-xl-dfx");
  ExecutionSpec together;
  ExecutionSpec apart;
  apart.heads_apart = true;
  const OperatorGraph one = build_decode_step(llm, scenario(1, 1, 4), together, 10);
  const OperatorGraph each = build_decode_step(llm, scenario(1, 1, 4), apart, 10);
  EXPECT_EQ(macs(one), macs(each));
  // Of six heads of a device: queries, keys and values, scores and sums, in place of three products.
  EXPECT_EQ(count(each, OperatorKind::matmul),
            count(one, OperatorKind::matmul) + llm.layer_count() * (5 * 6 - 3));
  EXPECT_EQ(count(each, OperatorKind::softmax), 6 * llm.layer_count());
  const auto read = [](const OperatorGraph& graph) {
    std::uint64_t sum = 0;
    for (const Operator& op : graph.operators) {
      for (const Tensor& t : op.inputs) sum += t.kind == TensorKind::activation ? 0 : t.bytes();
    }
    return sum;
  };
  EXPECT_EQ(read(one), read(each));
}

// The product of the scores takes parts of the softmax; between the products is what scales them.
TEST(TransformerGraph, ASoftmaxInPartsIsTheProducts) {
  const LlmSpec llm = load_llm_named("bert-base");
  ExecutionSpec whole;
  ExecutionSpec parts;
  parts.softmax_part_columns = 64;
  const OperatorGraph one = build_prefill(llm, scenario(1, 500), whole);
  const OperatorGraph other = build_prefill(llm, scenario(1, 500), parts);
  EXPECT_EQ(macs(one), macs(other));
  ASSERT_EQ(count(one, OperatorKind::softmax), count(other, OperatorKind::softmax));
  std::size_t scored = 0;
  for (const Operator& op : other.operators) {
    if (const auto* shape = std::get_if<MatmulShape>(&op.shape)) scored += shape->softmax_columns ? 1 : 0;
    if (op.kind != OperatorKind::softmax) continue;
    EXPECT_EQ(std::get<VectorShape>(op.shape).rows, 12U * 500);
    EXPECT_EQ(std::get<VectorShape>(op.shape).cols, 8U);  // parts of 64 of 500 columns
  }
  EXPECT_EQ(scored, llm.layer_count());
}

// Prompts as the next multiple of 128, what decodes reads as the next of 16.
TEST(TransformerGraph, LengthsAreThoseThatThereAreProgramsFor) {
  const LlmSpec llm = load_llm_named("gpt2");
  ExecutionSpec compiled = fused_execution();
  compiled.compiled_prompt_tokens = 128;
  compiled.compiled_context_tokens = 16;
  const auto alike = [&](const OperatorGraph& graph, const OperatorGraph& next) {
    EXPECT_EQ(macs(graph), macs(next));
    EXPECT_EQ(graph.operators.size(), next.operators.size());
  };
  const ExecutionSpec any = fused_execution();
  alike(build_prefill(llm, scenario(1, 129), compiled), build_prefill(llm, scenario(1, 256), any));
  alike(build_prefill(llm, scenario(2, 128), compiled), build_prefill(llm, scenario(2, 128), any));
  alike(build_decode_step(llm, scenario(3, 1), compiled, 33),
        build_decode_step(llm, scenario(3, 1), any, 48));
  alike(build_decode_step(llm, scenario(3, 1), compiled, 32),
        build_decode_step(llm, scenario(3, 1), any, 32));
  // A piece behind 100 tokens that are cached.
  const Step piece{{{Phase::prefill, 1, 30, 130}}};
  alike(build_step(llm, piece, scenario(1, 1).formats, {}, compiled),
        build_step(llm, {{{Phase::prefill, 1, 128, 228}}}, scenario(1, 1).formats, {}, any));
  // Prompts that come token by token are one each.
  ExecutionSpec one_by_one = compiled;
  one_by_one.prefill = PrefillMode::token_by_token;
  alike(build_step(llm, {{{Phase::prefill, 1, 1, 30}}}, scenario(1, 1).formats, {}, one_by_one),
        build_step(llm, {{{Phase::prefill, 1, 1, 32}}}, scenario(1, 1).formats, {}, any));
}

TEST(TransformerGraph, DependencesPointBackwardsToTheMakersOfInputs) {
  const OperatorGraph graph = build_prefill(load_llm_named("bert-base"), scenario(1, 32), fused_execution());
  for (std::size_t i = 1; i < graph.operators.size(); ++i) {
    EXPECT_FALSE(graph.operators[i].deps.empty()) << i;
    for (const std::uint32_t dep : graph.operators[i].deps) EXPECT_LT(dep, i);
  }
}

TEST(TransformerGraph, RefusesScenariosTheModelCannotServe) {
  const LlmSpec xl = load_llm_named("gpt2-xl");
  EXPECT_THROW(check_scenario(xl, scenario(1, 10, 3)), ConfigError);  // 6400 columns on 3 devices
  EXPECT_THROW(check_scenario(xl, scenario(1, 1000)), ConfigError);   // 1000 + 127 positions of 1024
  Scenario bert = scenario(1, 128);
  EXPECT_THROW(check_scenario(load_llm_named("bert-base"), bert), ConfigError);
  bert.output = 1;
  EXPECT_NO_THROW(check_scenario(load_llm_named("bert-base"), bert));
}

TEST(TransformerGraph, MemoryNeedIsWeightsCacheAndActivations) {
  const LlmSpec llm = load_llm_named("llama-2-7b");
  Scenario s = scenario(3, 1000, 2);
  s.output = 25;
  const MemoryNeed need = memory_need(llm, s, {}, 8192);
  // 2 bytes on 2 devices, and half of the norms, which both have.
  EXPECT_EQ(need.weights, count_parameters(llm).total + (2 * 32 + 1) * 4096);
  EXPECT_EQ(need.kv_cache, 2ULL * 32 * 4096 * 1024 * 3);
}

}  // namespace
}  // namespace orrery::test
