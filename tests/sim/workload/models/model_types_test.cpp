// Parameters of published models, exactly, and the parts only some of them have.

#include <gtest/gtest.h>

#include "sim/workload/llm_spec.h"
#include "sim/workload/memory_need.h"

namespace orrery::test {
namespace {

TEST(ModelTypes, ParametersAreThePublishedOnesUnderHuggingFaceNames) {
  const std::pair<const char*, std::uint64_t> models[] = {{"Llama-2-70b-hf", 68'976'648'192},
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
                                                          {"llama-3.1-405b", 405'853'388'800}};
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
      weight_bytes(build_step(llm, {{{Phase::decode, one.batch, 1, 100}}}, one.dtype, 1, execution)));
  const double all = static_cast<double>(
      weight_bytes(build_step(llm, {{{Phase::decode, many.batch, 1, 100}}}, many.dtype, 1, execution)));
  const double expert = 3.0 * 4096 * 14336 * 2;
  EXPECT_NEAR((all - few) / expert, 6, 0.01);
}

TEST(ModelTypes, QuantisedWeightsTakeAQuarterBesideFullActivations) {
  const LlmSpec llm = load_llm_named("llama-2-7b");
  Scenario fp16;
  Scenario w4a16 = fp16;
  w4a16.dtype = DType::w4a16;
  EXPECT_EQ(memory_need(llm, w4a16, 8192).weights * 4, memory_need(llm, fp16, 8192).weights);
  EXPECT_EQ(memory_need(llm, w4a16, 8192).kv_cache, memory_need(llm, fp16, 8192).kv_cache);
}

}  // namespace
}  // namespace orrery::test
