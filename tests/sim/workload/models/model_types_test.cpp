// Parameters of published models, exactly, and the parts only some of them have.

#include <gtest/gtest.h>

#include "sim/workload/llm_spec.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"

namespace orrery::test {
namespace {

TEST(ModelTypes, ParametersAreThePublishedOnesUnderHuggingFaceNames) {
  const std::pair<const char*, std::uint64_t> models[] = {
      {"Llama-2-70b-hf", 68'976'648'192},
      {"llama-7b", 6'738'415'616},
      {"meta-llama/Meta-Llama-3-8B", 8'030'261'248},
      {"Meta-Llama-3-70B", 70'553'706'496},
      {"Mistral-7B-v0.1", 7'241'732'096},
      {"Mixtral-8x7B-v0.1", 46'702'792'704},
      {"Qwen1.5-7B", 7'721'324'544},
      {"Qwen2-7B", 7'615'616'512},
      {"Qwen2-72B", 72'706'203'648},
      {"facebook/opt-6.7b", 6'658'473'984},
      {"bloom-7b1", 7'069'016'064},
      {"gpt-j-6b", 6'050'882'784},
      {"Aquila-7B", 7'295'537'152},
      {"Llama-2-7b-hf", 6'738'415'616},
      {"llama-3.1-405b", 405'853'388'800},
      {"Llama-2-13b-hf", 13'015'864'320},
      {"mistralai/Mistral-Nemo-Base-2407", 12'247'782'400},
      {"mistralai/Mixtral-8x22B-Instruct-v0.1", 140'620'634'112},
      {"Qwen/Qwen3-0.6B", 596'049'920},
      {"Qwen3-14B", 14'768'307'200},
      {"Qwen3-235B-A22B", 235'093'634'560},
      {"openai/gpt-oss-20b", 20'914'757'184},
      {"openai/gpt-oss-120b", 116'829'156'672},
      {"google/gemma-2-9b-it", 9'241'705'984},
      {"google/gemma-2-27b", 27'227'128'320},
      {"microsoft/phi-4", 14'659'507'200},
      {"deepseek-ai/DeepSeek-V2-Lite", 15'706'484'224},
      {"deepseek-ai/DeepSeek-V3", 671'026'419'200},
      {"moonshotai/Kimi-K2-Instruct", 1'026'408'232'448},
      {"EleutherAI/gpt-neox-20b", 20'554'567'680},
      {"meta-llama/Llama-3.1-8B-Instruct", 8'030'261'248}};
  for (const auto& [name, parameters] : models)
    EXPECT_EQ(count_parameters(load_llm_named(name)).total, parameters) << name;
}

std::uint64_t weight_bytes(const OperatorGraph& graph) {
  std::uint64_t sum = 0;
  for (const Operator& op : graph.operators) {
    for (const Tensor& t : op.inputs) sum += t.kind == TensorKind::weight && op.layer == 0 ? t.bytes() : 0;
  }
  return sum;
}

// One token takes two of eight experts; many tokens take all.
TEST(ModelTypes, AMixtureReadsTheExpertsItsTokensTake) {
  const LlmSpec llm = load_llm_named("mixtral-8x7b-v0.1");
  Scenario one;
  Scenario many = one;
  many.batch = 256;
  const ExecutionSpec execution;
  const double few = static_cast<double>(
      weight_bytes(build_step(llm, {{{Phase::decode, one.batch, 1, 100}}}, one.formats, {}, execution)));
  const double all = static_cast<double>(
      weight_bytes(build_step(llm, {{{Phase::decode, many.batch, 1, 100}}}, many.formats, {}, execution)));
  const double expert = 3.0 * 4096 * 14336 * 2;
  EXPECT_NEAR((all - few) / expert, 6, 0.01);
}

TEST(ModelTypes, QuantisedWeightsStandBesideFullEmbeddings) {
  const LlmSpec llm = load_llm_named("llama-2-7b");
  Scenario fp16;
  Scenario w4a16 = fp16;
  w4a16.formats = formats_of(DType::w4a16);
  // Matrices of the layers with a scale and a zero point for 128; embedding, head and norms as they were.
  const std::uint64_t matrices = 32 * (4 * 4096 * 4096 + 3 * 4096 * std::uint64_t{11008});
  const std::uint64_t all = memory_need(llm, fp16, {}, 8192).weights / 2;
  EXPECT_EQ(memory_need(llm, w4a16, {}, 8192).weights, matrices * 133 / 32 / 8 + 2 * (all - matrices));
  EXPECT_EQ(memory_need(llm, w4a16, {}, 8192).kv_cache, memory_need(llm, fp16, {}, 8192).kv_cache);
}

LlmSpec model(const std::string& text) {
  return build_llm(ConfigDocument::parse(text, "config.json"));
}

// Layers that slide keep their window, the others everything.
TEST(ModelTypes, WindowsBoundTheCache) {
  const LlmSpec gemma = load_llm_named("gemma-3-27b");
  Scenario s;
  s.formats = formats_of(DType::bf16);
  const std::uint64_t token = 2ULL * 16 * 128 * 2;  // a layer
  EXPECT_EQ(kv_bytes(gemma, s, 1), 62 * token);
  EXPECT_EQ(kv_bytes(gemma, s, 32768), (10 * 32768 + 52 * 1024) * token);
  // A decoding query reads no more than that, a prompt's last ones neither.
  const ExecutionSpec fused = [] {
    ExecutionSpec execution;
    execution.fused = {FusedOperator::attention};
    return execution;
  }();
  const OperatorGraph graph = build_step(gemma, {{{Phase::decode, 1, 1, 8000}}}, s.formats, {}, fused);
  std::uint64_t whole = 0;
  std::uint64_t sliding = 0;
  for (const Operator& op : graph.operators) {
    if (op.kind != OperatorKind::attention) continue;
    const auto& shape = std::get<AttentionShape>(op.shape);
    whole += shape.kv == 8000 ? 1 : 0;
    sliding += shape.kv == 1024 ? 1 : 0;
  }
  EXPECT_EQ(whole, 10U);
  EXPECT_EQ(sliding, 52U);
}

TEST(ModelTypes, AVisionModelIsItsTextModelAndSaysSo) {
  const LlmSpec llm = model(
      "{\"model_type\": \"mistral3\", \"architectures\": [\"Mistral3ForConditionalGeneration\"], "
      "\"tie_word_embeddings\": true, \"spatial_merge_size\": 2, "
      "\"text_config\": {\"model_type\": \"mistral\", \"hidden_size\": 64, \"intermediate_size\": 128, "
      "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 100}, "
      "\"vision_config\": {\"hidden_size\": 32}}");
  EXPECT_EQ(llm.omitted, std::vector<std::string>{"vision_config"});
  // Embedding, two layers of attention, feed-forward and norms, the last norm; no head of its own.
  EXPECT_EQ(count_parameters(llm).total, 6400U + 2 * (4 * 64 * 64 + 3 * 64 * 128 + 128) + 64);
}

// What architectures says the head is.
TEST(ModelTypes, ARewardModelHasAScoreInPlaceOfLogits) {
  const auto parameters = [](const std::string& architecture) {
    return count_parameters(
               model("{\"model_type\": \"llama\", \"hidden_size\": 64, \"intermediate_size\": 128, "
                     "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"vocab_size\": 100, "
                     "\"architectures\": [\"" +
                     architecture + "\"]}"))
        .total;
  };
  const std::uint64_t body = parameters("LlamaModel");
  EXPECT_EQ(parameters("LlamaForCausalLM"), body + 6400);
  EXPECT_EQ(parameters("LlamaForRewardModel"), body + 64);
}

std::uint64_t macs_of(const OperatorGraph& graph, std::int32_t layer) {
  std::uint64_t macs = 0;
  for (const Operator& op : graph.operators) macs += op.layer == layer ? operator_macs(op) : 0;
  return macs;
}

// Decoding multiplies the expansion of the latent into queries and results; a prompt expands it. By the
// closed forms of both (DeepSeek-V2, arXiv 2405.04434), the feed-forward block of the first layer aside.
TEST(ModelTypes, LatentAttentionIsExpandedForPromptsAndAbsorbedInDecoding) {
  const LlmSpec llm = load_llm_named("deepseek-v2-lite");
  const std::uint64_t heads = 16, rank = 512, plain = 128, rotary = 64, value = 128, hidden = 2048;
  const std::uint64_t around =  // of a token: into queries and the latent, out of the heads, feed-forward
      hidden * heads * (plain + rotary) + hidden * (rank + rotary) + heads * value * hidden +
      3 * hidden * 10944;
  const ExecutionSpec execution;
  const OperatorGraph decode =
      build_step(llm, {{{Phase::decode, 3, 1, 700}}}, formats_of(DType::bf16), {}, execution);
  EXPECT_EQ(macs_of(decode, 0),
            3 * (around + heads * (plain * rank + rank * value) + heads * 700 * (rank + rotary + rank)));
  const OperatorGraph prompt =
      build_step(llm, {{{Phase::prefill, 1, 64, 64}}}, formats_of(DType::bf16), {}, execution);
  EXPECT_EQ(macs_of(prompt, 0), 64 * (around + rank * heads * (plain + value)) +
                                    heads * (64 * 65 / 2) * (plain + rotary + value));
  // One latent and one rotated key a token, on each device.
  Scenario s;
  s.formats = formats_of(DType::bf16);
  EXPECT_EQ(kv_bytes_per_token(llm, s), 27U * (rank + rotary) * 2);
  s.split.tensor = 8;
  EXPECT_EQ(kv_bytes_per_token(llm, s), 27U * (rank + rotary) * 2);
  // Decoding reads the latent once, for keys and values.
  std::uint64_t cache = 0;
  for (const Operator& op : decode.operators) {
    for (const Tensor& t : op.inputs) cache += op.layer == 0 && t.kind == TensorKind::kv ? t.bytes() : 0;
  }
  EXPECT_EQ(cache, 3U * 700 * (rank + rotary) * 2);
}

// Queries and keys of the layers with positions are scaled to length one.
TEST(ModelTypes, Llama4NormsLengthsWhereItRotates) {
  const LlmSpec scout = load_llm_named("llama-4-scout-17b-16e");
  std::size_t norms = 0;
  const OperatorGraph graph =
      build_step(scout, {{{Phase::decode, 1, 1, 10}}}, formats_of(DType::bf16), {}, {});
  for (const Operator& op : graph.operators) norms += op.kind == OperatorKind::l2norm ? 1 : 0;
  EXPECT_EQ(norms, 36U);  // of 48 layers
}

}  // namespace
}  // namespace orrery::test
