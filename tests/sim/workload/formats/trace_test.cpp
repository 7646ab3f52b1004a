// Traces: what is written reads back the same, and faults are named.

#include <gtest/gtest.h>

#include <sstream>

#include "sim/config/name_lookup.h"
#include "sim/util/errors.h"
#include "sim/workload/attention_pattern.h"
#include "sim/workload/formats/trace_reader.h"
#include "sim/workload/formats/trace_writer.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

std::string small_trace() {
  Scenario s;
  s.input = 8;
  s.output = 3;
  ExecutionSpec execution;
  execution.fused = {FusedOperator::attention};
  LlmSpec llm = load_llm_named("gpt2");
  llm.keep_layers(2);
  std::ostringstream out;
  write_trace(ModelStream(llm, s, execution, 8192), out);
  return out.str();
}

std::string trace_error(const std::string& text) {
  std::istringstream in(text);
  return config_error([&] { read_trace(in, "t.jsonl"); });
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Trace, WritesReadsAndWritesTheSameBytes) {
  const std::string first = small_trace();
  std::istringstream in(first);
  std::ostringstream again;
  write_trace(read_trace(in, "t"), again);
  EXPECT_EQ(first, again.str());
}

TEST(Trace, SparseWeightsAndMasksSurvive) {
  Scenario s;
  s.input = 64;
  s.output = 3;
  ExecutionSpec execution;
  execution.fused = {FusedOperator::attention};
  for (const char* pattern : {"2:4", "0.3", "32x64:0.25"}) {
    LlmSpec llm = load_llm_named("gpt2");
    llm.keep_layers(2);
    read_sparsely(llm, "window:8+global:2,density:0.3");
    for (auto& product : s.formats.products)
      product = ProductFormat{sparse(stored_as(DType::fp16), *sparsity_named(pattern)), std::nullopt};
    std::ostringstream out;
    write_trace(ModelStream(llm, s, execution, 8192), out);
    std::istringstream in(out.str());
    std::ostringstream again;
    write_trace(read_trace(in, "t"), again);
    EXPECT_EQ(out.str(), again.str());
    for (const std::string& word : {std::string("\"sparsity\":\"") + pattern + "\"",
                                    std::string("\"global\":2"), std::string("\"density_ppm\":300000")})
      EXPECT_NE(out.str().find(word), std::string::npos) << word;
  }
  const std::string text = small_trace();
  EXPECT_NE(trace_error(replaced(text, "\"dtype\":\"fp16\"}", "\"dtype\":\"fp16\",\"sparsity\":\"4:2\"}"))
                .find("sparsity' is '4:2'"),
            std::string::npos);
}

TEST(Trace, ReadsWhatItWritesOfEveryModelAndPhase) {
  for (const std::string& name : model_names()) {
    for (const bool fused : {false, true}) {
      ExecutionSpec execution;
      if (fused)
        execution.fused = {FusedOperator::attention, FusedOperator::add_rmsnorm, FusedOperator::kv_append};
      LlmSpec llm = load_llm_named(name);
      llm.keep_layers(2);
      Scenario s;
      s.batch = 5;
      s.input = 3;
      s.output = llm.encoder_only ? 1 : 3;
      const ModelStream stream(llm, s, execution, 7);  // prompts in pieces
      std::ostringstream first;
      write_trace(stream, first);
      std::istringstream in(first.str());
      std::string why;
      std::ostringstream again;
      try {
        write_trace(read_trace(in, name), again);
      } catch (const ConfigError& error) {
        why = error.what();
      }
      EXPECT_EQ(first.str() == again.str(), true) << name << ": " << why;
    }
  }
}

TEST(Trace, KeepsStagesAndDegrees) {
  LlmSpec llm = load_llm_named("mixtral-8x7b-v0.1");
  llm.keep_layers(3);
  Scenario s;
  s.batch = 8;
  s.input = 6;
  s.output = 3;
  s.split.tensor = 2;
  s.split.pipeline = 2;
  s.split.data = 2;
  s.split.expert = 4;
  std::ostringstream first;
  write_trace(ModelStream(llm, s, {}, 8192), first);
  std::istringstream in(first.str());
  const RecordedStream read = read_trace(in, "t");
  EXPECT_EQ(read.info().stages, 2U);
  EXPECT_EQ(read.info().micro_batches, 2U);
  EXPECT_EQ(read.info().scenario.split.devices(), 8U);
  std::ostringstream again;
  write_trace(read, again);
  EXPECT_EQ(first.str(), again.str());
  EXPECT_NE(trace_error(replaced(first.str(), "\"pp\":2", "\"pp\":3")).find("'parallelism' is of 12"),
            std::string::npos);
  EXPECT_NE(trace_error(replaced(first.str(), "\"stage\":1", "\"stage\":2")).find("'stage' is 2"),
            std::string::npos);
}

TEST(Trace, NamesAnUnknownOperatorWithItsLine) {
  const std::string message =
      trace_error(replaced(small_trace(), "\"op\":\"layernorm\"", "\"op\":\"layernrm\""));
  EXPECT_NE(message.find("t.jsonl:3: key 'op': unknown name 'layernrm' (did you mean 'layernorm'?)"),
            std::string::npos)
      << message;
}

TEST(Trace, NamesTheOperatorsOfACycle) {
  // Operator 1 needs 2, which needs 1.
  const std::string message = trace_error(replaced(small_trace(), "\"deps\":[0]", "\"deps\":[0,2]"));
  EXPECT_NE(message.find("cycle: 1 needs 2 needs 1"), std::string::npos) << message;
  EXPECT_NE(message.find("t.jsonl:3"), std::string::npos) << message;
}

TEST(Trace, RefusesUnknownKeysMissingKeysAndWrongShapes) {
  EXPECT_NE(trace_error(replaced(small_trace(), "\"layer\":", "\"later\":"))
                .find("unknown key 'later' (did you mean 'layer'?)"),
            std::string::npos);
  EXPECT_NE(trace_error(replaced(small_trace(), "\"step\":0,", "")).find("missing key 'step'"),
            std::string::npos);
  EXPECT_NE(trace_error(replaced(small_trace(), "\"rows\":8", "\"rows\":-8")).find("'shape.rows' is -8"),
            std::string::npos);
  EXPECT_NE(
      trace_error(replaced(small_trace(), "\"rows\":8", "\"rows\":9")).find("elements; the shape gives"),
      std::string::npos);
  EXPECT_NE(trace_error(replaced(small_trace(), "orrery/trace/1", "orrery/trace/9")).find("orrery/trace/1"),
            std::string::npos);
  EXPECT_NE(trace_error("").find("empty"), std::string::npos);
  EXPECT_NE(trace_error(small_trace() + "{not json}\n").find("not a JSON line"), std::string::npos);
}

TEST(Trace, RefusesGroupsOfSequencesThatAreNone) {
  const auto with = [](const std::string& more) {
    return trace_error(replaced(small_trace(), "\"causal\":true", "\"causal\":true,\"more\":" + more));
  };
  for (const char* list : {"3", "[3]", "[[1,2]]", "[[1,2,-3]]", "[[1,2,3.5]]"})
    EXPECT_NE(with(list).find("'shape.more' must be a list of [batch, q, kv]"), std::string::npos) << list;
  EXPECT_NE(with("[[1,0,5]]").find("'shape.more' is 0"), std::string::npos);
  EXPECT_NE(with("[[1,6,5]]").find("exceeds 'shape.kv' of causal"), std::string::npos);
  EXPECT_NE(with("[[1,1,5]]").find("elements; the shape gives"), std::string::npos);
}

TEST(Trace, RefusesAnEngineThatIsNone) {
  const auto with = [](const std::string& engine) {
    return trace_error(replaced(small_trace(), "\"causal\":true", "\"causal\":true,\"engine\":" + engine));
  };
  EXPECT_NE(with("4").find("'shape.engine' is no engine's number"), std::string::npos) << with("4");
  EXPECT_EQ(with("3"), "");
}

TEST(Trace, PutsOperatorsWrittenOutOfOrderIntoOrder) {
  std::istringstream in(small_trace());
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  std::swap(lines[1], lines[2]);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  std::istringstream swapped(text);
  const OperatorGraph graph = read_trace(swapped, "t").prefill(0);
  EXPECT_EQ(graph.operators[0].id, 0U);
  EXPECT_EQ(graph.operators[1].id, 1U);
}

}  // namespace
}  // namespace orrery::test
