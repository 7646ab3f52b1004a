#include "sim/workload/attention_pattern.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"
#include "sim/workload/memory_need.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

constexpr const char* kDecoder = R"({"model_type": "llama", "hidden_size": 64, "num_hidden_layers": 4,
  "vocab_size": 100, "num_attention_heads": 4, "num_key_value_heads": 2, "intermediate_size": 128})";
constexpr std::uint64_t kHeads = 4, kKvHeads = 2, kHeadDim = 16;

LlmSpec decoder(const std::string& patterns) {
  LlmSpec llm = build_llm(ConfigDocument::parse(kDecoder, "config.json"));
  read_sparsely(llm, patterns);
  return llm;
}

std::vector<Operator> attention_of(const LlmSpec& llm, const SequenceGroup& group) {
  ExecutionSpec fused;
  fused.fused = {FusedOperator::attention, FusedOperator::kv_append};
  const OperatorGraph graph = build_step(llm, {{group}}, formats_of(DType::fp16), {}, fused);
  std::vector<Operator> found;
  for (const Operator& op : graph.operators) {
    if (op.kind == OperatorKind::attention) found.push_back(op);
  }
  return found;
}

std::uint64_t pairs(const Operator& op) {
  return operator_macs(op) / (kHeads * 2 * kHeadDim);
}

// Pairs that a query at `own` sees, counted one by one.
template <class Sees>
std::uint64_t counted(const SequenceGroup& g, Sees sees) {
  std::uint64_t all = 0;
  for (std::uint64_t own = g.context - g.new_tokens; own < g.context; ++own) {
    for (std::uint64_t j = 0; j <= own; ++j) all += sees(own, j) ? 1 : 0;
  }
  return g.sequences * all;
}

const SequenceGroup kGroups[] = {{Phase::prefill, 2, 30, 30, 0},
                                 {Phase::prefill, 1, 11, 37, 0},
                                 {Phase::decode, 3, 1, 37, 0},
                                 {Phase::decode, 1, 4, 25, 0}};

TEST(AttentionPattern, WindowsWithFirstPositionsSeeThoseAlone) {
  for (const SequenceGroup& g : kGroups) {
    const std::vector<Operator> ops = attention_of(decoder("window:7+global:3"), g);
    ASSERT_EQ(ops.size(), 4U);
    EXPECT_EQ(pairs(ops[0]),
              counted(g, [](std::uint64_t own, std::uint64_t j) { return j + 7 > own || j < 3; }));
  }
}

TEST(AttentionPattern, DilatedOnesSeeOneOfEverySoMany) {
  for (const std::uint64_t dilation : {2U, 5U, 40U}) {
    for (const SequenceGroup& g : kGroups) {
      const auto apart = [dilation](std::uint64_t own, std::uint64_t j) { return (own - j) % dilation == 0; };
      const std::string word = "dilated:" + std::to_string(dilation);
      EXPECT_EQ(pairs(attention_of(decoder(word), g)[0]), counted(g, apart)) << dilation << " " << g.context;
      EXPECT_EQ(pairs(attention_of(decoder(word + "+window:3"), g)[0]),
                counted(g, [&](std::uint64_t own, std::uint64_t j) {
                  return apart(own, j) && own - j < 3 * dilation;
                }));
    }
  }
}

TEST(AttentionPattern, ADensityIsOfThePairsAndOfWhatADecodingQueryReads) {
  const Operator prompt = attention_of(decoder("density:0.25"), kGroups[0])[0];
  EXPECT_EQ(pairs(prompt), 2 * ceil_div<std::uint64_t>(465, 4));
  const Operator decoding = attention_of(decoder("density:0.25"), kGroups[2])[0];
  EXPECT_EQ(pairs(decoding), 3U * 10);
  EXPECT_EQ(decoding.inputs[1].elements(), 3U * 10 * kKvHeads * kHeadDim);
}

// Sequences that decode beside others that verify are thinned once.
TEST(AttentionPattern, ADensityIsOfEachOfUnlikeSequences) {
  ExecutionSpec fused;
  fused.fused = {FusedOperator::attention, FusedOperator::kv_append};
  const Step step{{{Phase::decode, 3, 1, 40, 0}, {Phase::decode, 2, 3, 22, 0}}};
  const OperatorGraph graph = build_step(decoder("density:0.25"), step, formats_of(DType::fp16), {}, fused);
  for (const Operator& op : graph.operators) {
    if (op.kind != OperatorKind::attention) continue;
    EXPECT_EQ(pairs(op), 3U * 10 + 2 * ceil_div<std::uint64_t>(20 + 21 + 22, 4));
  }
}

TEST(AttentionPattern, QueriesChooseBlocksByTheirSummaries) {
  const LlmSpec llm = decoder("topk:16x8");
  ExecutionSpec fused;
  fused.fused = {FusedOperator::attention, FusedOperator::kv_append};
  const OperatorGraph graph = build_step(llm, {{kGroups[2]}}, formats_of(DType::fp16), {}, fused);
  std::uint64_t scored = 0;
  for (const Operator& op : graph.operators) {
    if (op.kind != OperatorKind::index_scores) continue;
    ++scored;
    EXPECT_EQ(operator_macs(op), 3U * kHeads * (kHeadDim + 1) * 5);  // 37 positions in blocks of 8
  }
  EXPECT_EQ(scored, 4U);
  EXPECT_EQ(pairs(attention_of(llm, kGroups[2])[0]), 3U * 16);
  EXPECT_EQ(pairs(attention_of(llm, {Phase::decode, 3, 1, 16, 0})[0]), 3U * 16);  // all there are
  EXPECT_EQ(pairs(attention_of(llm, kGroups[0])[0]), 2U * 465);                   // a prompt reads all
  // A summary of 2 heads of 16 for 8 tokens, of fp16, in each of 4 layers.
  Scenario s;
  EXPECT_EQ(index_bytes_per_token(llm, s), 4U * 2 * 16 / 8 * 2);
}

TEST(AttentionPattern, LayersTakeTurns) {
  const std::vector<Operator> ops = attention_of(decoder("window:7,full"), kGroups[0]);
  ASSERT_EQ(ops.size(), 4U);
  EXPECT_EQ(pairs(ops[0]), pairs(ops[2]));
  EXPECT_EQ(pairs(ops[1]), 2U * 465);
  EXPECT_EQ(pairs(ops[3]), 2U * 465);
  EXPECT_LT(pairs(ops[0]), pairs(ops[1]));
}

// Layers that a list with an end does not name stay as they are.
TEST(AttentionPattern, AListMayEnd) {
  const std::vector<Operator> ops = attention_of(decoder("model,window:7,end"), kGroups[0]);
  EXPECT_EQ(pairs(ops[0]), 2U * 465);
  EXPECT_LT(pairs(ops[1]), 2U * 465);
  EXPECT_EQ(pairs(ops[3]), 2U * 465);
}

TEST(AttentionPattern, AWindowIsAllThatIsKept) {
  Scenario s;
  s.input = 1000;
  s.output = 1;
  const auto kept = [&](const std::string& patterns) {
    return kv_bytes(decoder(patterns), s, 1000) / (4 * 2 * kKvHeads * kHeadDim * 2);
  };
  EXPECT_EQ(kept("full"), 1000U);
  EXPECT_EQ(kept("window:100"), 100U);
  EXPECT_EQ(kept("window:100+global:16"), 116U);
  EXPECT_EQ(kept("window:100+dilated:4"), 400U);
  EXPECT_EQ(kept("dilated:4"), 1000U);
  EXPECT_EQ(kept("density:0.1"), 1000U);
  EXPECT_EQ(kept("window:100,full"), 550U);
}

TEST(AttentionPattern, EncodersSeeAWindowToBothSides) {
  LlmSpec bert = load_llm_named("bert-base");
  read_sparsely(bert, "window:9+global:2");
  const Operator op = attention_of(bert, {Phase::prefill, 2, 40, 40, 0})[0];
  const auto& shape = std::get<AttentionShape>(op.shape);
  EXPECT_FALSE(shape.causal);
  EXPECT_EQ(shape.window, 9U);
  EXPECT_EQ(shape.global, 2U);
  std::uint64_t all = 0;
  for (std::uint64_t i = 0; i < 40; ++i) {
    for (std::uint64_t j = 0; j < 40; ++j) all += (j + 4 >= i && j <= i + 4) || i < 2 || j < 2 ? 1 : 0;
  }
  EXPECT_EQ(operator_macs(op), 2 * 12 * 128 * all);
}

// Of 30 tokens 30, 24, 18 and 12 reach the four layers: of queries, keys, feed-forward rows and the cache.
TEST(AttentionPattern, TokensAreLeftOutAlongLayers) {
  const LlmSpec llm = decoder("tokens:1..0.4");
  const std::uint64_t kept[] = {30, 24, 18, 12};
  const std::vector<Operator> prompt = attention_of(llm, kGroups[0]);
  ASSERT_EQ(prompt.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(pairs(prompt[i]), 2 * kept[i] * (kept[i] + 1) / 2);
  // A query that decodes goes through all layers and reads 37, 30, 23 and 15 of 37 positions.
  const std::vector<Operator> decoding = attention_of(llm, kGroups[2]);
  const std::uint64_t read[] = {37, 30, 23, 15};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(pairs(decoding[i]), 3 * read[i]);

  const OperatorGraph graph = build_step(llm, {{kGroups[0]}}, formats_of(DType::fp16), {}, {});
  std::uint64_t down = 0, chosen = 0;
  for (const Operator& op : graph.operators) {
    if (op.kind == OperatorKind::topk) {
      EXPECT_EQ(std::get<VectorShape>(op.shape).cols, kept[chosen++]);  // among those that came
    } else if (op.kind == OperatorKind::matmul && std::get<MatmulShape>(op.shape).k == 128) {
      EXPECT_EQ(std::get<MatmulShape>(op.shape).m, 2 * kept[down++]);
    }
  }
  EXPECT_EQ(down, 4U);
  EXPECT_EQ(chosen, 3U);
  Scenario s;
  EXPECT_EQ(kv_bytes(llm, s, 30), (30U + 24 + 18 + 12) * 2 * kKvHeads * kHeadDim * 2);
}

TEST(AttentionPattern, TokensBesideAMask) {
  const std::vector<Operator> both = attention_of(decoder("density:0.5+tokens:0.5"), kGroups[0]);
  EXPECT_EQ(pairs(both[3]), 2U * 60);  // half of the pairs of 15 positions
  LlmSpec windows = decoder("window:7");
  read_sparsely(windows, "tokens:0.5");  // the mask stays
  EXPECT_EQ(pairs(attention_of(windows, kGroups[0])[0]),
            counted({Phase::prefill, 2, 15, 15, 0},
                    [](std::uint64_t own, std::uint64_t j) { return j + 7 > own; }));
  // Layers of a table keep what they have; of an encoder all rows go.
  EXPECT_EQ(pairs(attention_of(decoder("model,tokens:0.5,tokens:0.5,tokens:0.2"), kGroups[0])[0]), 2U * 465);
  LlmSpec bert = load_llm_named("bert-base");
  read_sparsely(bert, "tokens:1..0.5");
  const OperatorGraph graph =
      build_step(bert, {{{Phase::prefill, 1, 64, 64, 0}}}, formats_of(DType::fp16), {}, {});
  std::uint64_t last = 0;
  for (const Operator& op : graph.operators) {
    if (op.layer == 11 && op.kind == OperatorKind::matmul) last = std::get<MatmulShape>(op.shape).m;
  }
  EXPECT_EQ(last, 32U);
}

// What was left out stays so in layers of which nothing is said; a window keeps its own of what comes.
TEST(AttentionPattern, TokensLeftOutStayOut) {
  const std::vector<Operator> ops = attention_of(decoder("tokens:0.5,model,end"), kGroups[0]);
  EXPECT_EQ(pairs(ops[0]), 2U * 120);
  EXPECT_EQ(pairs(ops[3]), 2U * 120);
  EXPECT_EQ(pairs(attention_of(decoder("tokens:1.0"), kGroups[0])[0]), 2U * 465);
  Scenario s;
  EXPECT_EQ(kv_bytes(decoder("window:12+tokens:0.5"), s, 30), 4 * 12 * 2 * kKvHeads * kHeadDim * 2);
  EXPECT_EQ(kv_bytes(decoder("window:20+tokens:0.5"), s, 30), 4 * 15 * 2 * kKvHeads * kHeadDim * 2);
  EXPECT_NEAR(static_cast<double>(kv_bytes_per_token(decoder("tokens:1..0.4"), s)),
              2.8 * 2 * kKvHeads * kHeadDim * 2, 4);  // whole elements of each layer
}

TEST(AttentionPattern, LayersThatShareASetAreCountedOnce) {
  const auto albert = [] {
    return build_llm(ConfigDocument::parse(
        R"({"model_type": "albert", "hidden_size": 64, "num_hidden_layers": 6, "num_hidden_groups": 1,
            "inner_group_num": 1, "vocab_size": 100, "embedding_size": 16, "num_attention_heads": 4,
            "intermediate_size": 128, "max_position_embeddings": 64, "hidden_act": "gelu_new"})",
        "config.json"));
  };
  LlmSpec pruned = albert();
  read_sparsely(pruned, "tokens:1..0.5");
  EXPECT_EQ(count_parameters(pruned, formats_of(DType::fp16)).total,
            count_parameters(albert(), formats_of(DType::fp16)).total);
}

TEST(AttentionPattern, TokensAreLeftOutOfPromptsThatComeAtOnce) {
  ExecutionSpec one_by_one;
  one_by_one.prefill = PrefillMode::token_by_token;
  EXPECT_NE(config_error([&] {
              build_step(decoder("tokens:0.5"), {{kGroups[0]}}, formats_of(DType::fp16), {}, one_by_one);
            }).find("token by token"),
            std::string::npos);
  EXPECT_NE(
      orrery_command("serve --arch gpu/h100-sxm --model gpt2 --rate 1 --requests 2 --input 16 --output 2 "
                     "--attention tokens:0.5")
          .err.find("not modelled in serving"),
      std::string::npos);
}

TEST(AttentionPattern, TokensLeftOutAreNotDivided) {
  const LlmSpec llm = decoder("tokens:0.5");
  Scenario s;
  s.split.pipeline = 2;
  EXPECT_NE(config_error([&] { check_scenario(llm, s); }).find("--pp 2"), std::string::npos);
  s.split.pipeline = 1;
  s.split.context = 2;
  EXPECT_NE(config_error([&] { check_scenario(llm, s); }).find("--cp 2"), std::string::npos);
}

TEST(AttentionPattern, WhatCannotBeIsRefused) {
  const auto refusal = [](const std::string& patterns, const std::string& model = "") {
    return config_error([&] {
      LlmSpec llm =
          model.empty() ? build_llm(ConfigDocument::parse(kDecoder, "config.json")) : load_llm_named(model);
      read_sparsely(llm, patterns);
    });
  };
  for (const char* word : {"",
                           "window",
                           "window:",
                           "window:0",
                           "window:-1",
                           "window:1e3",
                           "window:9999999999",
                           "global:4",
                           "topk:0",
                           "topk:4x0",
                           "topk:4x",
                           "density:1",
                           "density:0",
                           "density:x",
                           "topk:4+window:4",
                           "window:4+window:5",
                           "window:4+dilated:2+global:1",
                           "end",
                           "window:4+model",
                           "density:0.5+window:4",
                           "full+window:4",
                           "window:4,",
                           "tokens:0",
                           "tokens:1.5",
                           "tokens:0.5..",
                           "tokens:0.2..0.6",
                           "tokens:0.5,tokens:1",
                           "tokens:1.5",
                           "tokens:x..1",
                           "nothing"})
    EXPECT_NE(refusal(word), "") << word;
  EXPECT_NE(refusal("windw:4").find("did you mean 'window'"), std::string::npos);
  EXPECT_NE(refusal("full,full,full,full,window:4").find("is of 5 layers; the model has 4"),
            std::string::npos);
  EXPECT_NE(refusal("window:4", "deepseek-v3").find("latent attention"), std::string::npos);
  EXPECT_NE(refusal("dilated:2", "bert-base").find("'dilated'"), std::string::npos);
  EXPECT_NE(refusal("topk:2", "bert-base").find("'topk'"), std::string::npos);
  EXPECT_NE(refusal("window:2", "t5-small").find("encoder-decoders"), std::string::npos);
  EXPECT_EQ(refusal("model"), "");  // as it is
  EXPECT_NE(refusal("full+window:4").find("'full' stands alone"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
