#include "sim/workload/formats/onnx_reader.h"

#include <gtest/gtest.h>

#include <limits>

#include "sim/config/name_lookup.h"
#include "sim/workload/operator_counts.h"
#include "tests/support/command.h"
#include "tests/support/config_error.h"
#include "tests/support/onnx_file.h"

namespace orrery::test {
namespace {

ImportOptions step_of(std::uint64_t batch, std::uint64_t tokens, std::uint64_t past = 0) {
  ImportOptions options;
  options.asked_batch = batch;
  options.asked_tokens = tokens;
  options.asked_past = past;
  return options;
}

std::uint64_t macs_of(const OperatorGraph& graph) {
  std::uint64_t all = 0;
  for (const Operator& op : graph.operators) all += operator_macs(op);
  return all;
}

std::uint64_t weights_of_matrices(const OperatorGraph& graph) {
  std::uint64_t all = 0;
  for (const Operator& op : graph.operators) {
    if (op.kind == OperatorKind::matmul && op.inputs[1].kind == TensorKind::weight)
      all += op.inputs[1].elements();
  }
  return all;
}

constexpr std::int64_t kHidden = 4096;
constexpr std::int64_t kInner = 14336;
constexpr std::int64_t kVocabulary = 128256;

// Two layers of llama-3-8b as optimisers of decoders leave them: grouped attention with its cache, norms of
// sums.
OnnxFile fused_decoder() {
  OnnxFile f;
  f.input("input_ids", {"batch_size", "sequence_length"}, 7).weight("table", {kVocabulary, kHidden});
  f.weight("gain", {kHidden}).weight("wq", {kHidden, kHidden}).weight("wk", {kHidden, 1024});
  f.weight("wv", {kHidden, 1024}).weight("wo", {kHidden, kHidden}).weight("up", {kHidden, kInner});
  f.weight("down", {kInner, kHidden}).weight("head", {kHidden, kVocabulary});
  std::string x = f.node("Gather", {"table", "input_ids"});
  std::string sum = x;
  x = f.node("SimplifiedLayerNormalization", {x, "gain"});
  for (int layer = 0; layer < 2; ++layer) {
    const std::string l = std::to_string(layer);
    for (const char* past : {"past_key.", "past_value."})
      f.input(past + l, {"batch_size", "8", "past_sequence_length", "128"});
    const std::string q = f.node("MatMul", {x, "wq"});
    const std::string k = f.node("MatMul", {x, "wk"});
    const std::string v = f.node("MatMul", {x, "wv"});
    x = f.node("GroupQueryAttention", {q, k, v, "past_key." + l, "past_value." + l},
               {"attn" + l, "present_key." + l, "present_value." + l});
    f.whole("num_heads", 32);
    f.whole("kv_num_heads", 8);
    x = f.node("MatMul", {x, "wo"});
    x = f.node("SkipSimplifiedLayerNormalization", {sum, x, "gain"}, {"n1" + l, "", "", "sum1" + l});
    const std::string gate = f.node("MatMul", {x, "up"});
    const std::string linear = f.node("MatMul", {x, "up"});
    const std::string sigmoid = f.node("Sigmoid", {gate});
    x = f.node("Mul", {gate, sigmoid});
    x = f.node("Mul", {x, linear});
    x = f.node("MatMul", {x, "down"});
    x = f.node("SkipSimplifiedLayerNormalization", {"sum1" + l, x, "gain"}, {"n2" + l, "", "", "sum2" + l});
    sum = "sum2" + l;
  }
  f.node("MatMul", {x, "head"}, {"logits"});
  return f;
}

// The same multiplications as Orrery's own graph of a decode step, and of the prompt but for its head, which
// exported graphs give to all tokens.
TEST(OnnxReader, AFusedDecoderIsTheModels) {
  const std::string path = fused_decoder().write();
  LlmSpec llm = load_llm_named("llama-3-8b");
  llm.keep_layers(2);
  Scenario scenario;
  scenario.batch = 3;
  scenario.input = 500;
  scenario.output = 2;
  ExecutionSpec execution;
  execution.fused = {FusedOperator::attention};
  const ModelStream stream(llm, scenario, execution, 1 << 20);
  const ImportedTrace decode = read_onnx(path, step_of(3, 1, 500));
  EXPECT_TRUE(decode.coverage.refused.empty()) << describe(decode.coverage);
  EXPECT_EQ(macs_of(decode.stream.prefill(0)), macs_of(stream.decode(0)));
  EXPECT_EQ(weights_of_matrices(decode.stream.prefill(0)), weights_of_matrices(stream.decode(0)));
  const ImportedTrace prompt = read_onnx(path, step_of(3, 500));
  EXPECT_EQ(macs_of(prompt.stream.prefill(0)),
            macs_of(stream.prefill(0)) + 3ULL * 499 * kHidden * kVocabulary);
  for (const Operator& op : decode.stream.prefill(0).operators) {
    if (op.kind != OperatorKind::attention) continue;
    EXPECT_EQ(std::get<AttentionShape>(op.shape), (AttentionShape{3, 32, 8, 128, 1, 501}));
  }
}

// A layer of bert-base as an exporter leaves it: heads cut out by shapes that are computed in the graph,
// attention and gelu in pieces.
OnnxFile plain_encoder(std::int64_t hidden_rows = 768) {
  OnnxFile f;
  f.input("x", {"batch", "sequence", "768"}, 1);
  for (const char* w : {"wq", "wk", "wv", "wo"}) f.weight(w, {hidden_rows, 768}, 1);
  f.weight("up", {768, 3072}, 1)
      .weight("down", {3072, 768}, 1)
      .weight("bias", {768}, 1)
      .weight("gain", {768}, 1);
  f.weight("eight", {}, 1).numbers("zero", {0}, true).numbers("one", {1}, true).numbers("first", {0});
  f.numbers("tail", {12, 64}).numbers("whole", {-1}).numbers("merged", {0, 0, 768});
  const std::string shape = f.node("Shape", {"x"});
  const std::string batch = f.node("Gather", {shape, "zero"});
  const std::string tokens = f.node("Gather", {shape, "one"});
  const std::string b = f.node("Unsqueeze", {batch, "first"});
  const std::string t = f.node("Unsqueeze", {tokens, "first"});
  const std::string heads = f.node("Concat", {b, t, "tail"});
  f.whole("axis", 0);
  std::vector<std::string> parts;
  for (const char* w : {"wq", "wk", "wv"}) {
    std::string part = f.node("Add", {f.node("MatMul", {"x", w}), "bias"});
    part = f.node("Reshape", {part, heads});
    part = f.node("Transpose", {part});
    f.list("perm", std::string(w) == "wk" ? std::vector<std::int64_t>{0, 2, 3, 1}
                                          : std::vector<std::int64_t>{0, 2, 1, 3});
    parts.push_back(part);
  }
  std::string scores = f.node("MatMul", {parts[0], parts[1]});
  scores = f.node("Softmax", {f.node("Div", {scores, "eight"})});
  std::string y = f.node("Transpose", {f.node("MatMul", {scores, parts[2]})});
  f.list("perm", {0, 2, 1, 3});
  y = f.node("Reshape", {y, "merged"});
  y = f.node("Add", {f.node("MatMul", {y, "wo"}), "x"});
  y = f.node("LayerNormalization", {y, "gain", "bias"});
  std::string inner = f.node("MatMul", {y, "up"});
  inner = f.node("Mul", {inner, f.node("Erf", {inner})});
  f.node("LayerNormalization", {f.node("Add", {f.node("MatMul", {inner, "down"}), y}), "gain", "bias"});
  return f;
}

TEST(OnnxReader, AnEncoderLeftApartIsTheModels) {
  const ImportedTrace trace = read_onnx(plain_encoder().write(), step_of(2, 128));
  EXPECT_TRUE(trace.coverage.refused.empty()) << describe(trace.coverage);
  const std::uint64_t rows = 2 * 128;
  EXPECT_EQ(macs_of(trace.stream.prefill(0)),
            rows * (4 * 768 * 768 + 2 * 768 * 3072) + 2ULL * 2 * 12 * 128 * 128 * 64);
  // The transposed keys of 24 heads.
  bool found = false;
  for (const Operator& op : trace.stream.prefill(0).operators) {
    const auto* shape = std::get_if<MatmulShape>(&op.shape);
    found = found || (shape != nullptr && *shape == MatmulShape{24, 128, 128, 64});
  }
  EXPECT_TRUE(found);
  EXPECT_EQ(trace.stream.info().scenario.formats.arithmetic(), DType::fp32);
}

void expect_onnx_fault(const OnnxFile& file, const std::string& words) {
  const std::string path = file.write();
  const std::string error = config_error([&] { read_onnx(path, {}); });
  EXPECT_NE(error.find(words), std::string::npos) << error;
}

TEST(OnnxReader, FaultsNameTheNode) {
  expect_onnx_fault(plain_encoder(700), "(MatMul): 768 columns do not multiply 700 rows");
  OnnxFile cycle;
  cycle.input("x", {"4", "4"});
  cycle.node("Add", {"x", "later"}, {"sooner"});
  cycle.node("Add", {"x", "sooner"}, {"later"});
  expect_onnx_fault(cycle, "reads 'later', which nothing before it makes");
  OnnxFile negative;
  negative.input("x", {"4", "-4"});
  negative.node("Relu", {"x"});
  expect_onnx_fault(negative, "tensor 'x': has the extent -4");
  OnnxFile reshaped;
  reshaped.input("x", {"4", "6"}).numbers("to", {5, -1});
  reshaped.node("Reshape", {"x", "to"});
  expect_onnx_fault(reshaped, "24 elements do not fill the shape [5, 4]");
  OnnxFile unknown;
  unknown.input("x", {"4", "6"});
  unknown.node("Einsum", {"x"});
  const ImportOptions none;
  const std::string path = unknown.write();
  EXPECT_NE(
      config_error([&] { read_onnx(path, none); }).find("1 x Einsum: an operator that Orrery does not know"),
      std::string::npos);
  const std::string whole = plain_encoder().bytes();
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
    const std::string cut = temporary_file("cut.onnx", whole.substr(0, n));
    EXPECT_NE(config_error([&] { read_onnx(cut, {}); }), "") << n;
  }
}

// An extent whose name says nothing leaves what depends on it unknown; the file may still state it further
// on.
TEST(OnnxReader, WhatDoesNotFollowIsRefused) {
  OnnxFile f;
  f.input("x", {"mystery", "64"}).weight("w", {64, 32});
  f.node("MatMul", {"x", "w"});
  const std::string path = f.write();
  const std::string error = config_error([&] { read_onnx(path, {}); });
  EXPECT_NE(error.find("1 x MatMul: the shape of its input 'x' does not follow from the file"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("assumed: 'mystery' is left open"), std::string::npos) << error;
}

// A rank that its operator does not have is said, not read past.
TEST(OnnxReader, OperandsOfTooFewDimensionsAreRefused) {
  const auto error_of = [](OnnxFile& f) {
    const std::string path = f.write();
    return config_error([&] { read_onnx(path, {}); });
  };
  OnnxFile keys;
  keys.input("q", {"2", "8", "64"}).weight("k", {64}).weight("v", {64});
  keys.node("MultiHeadAttention", {"q", "k", "v"});
  keys.whole("num_heads", 4);
  EXPECT_NE(error_of(keys).find("input 1 has 1 dimensions, and its dimension 1 is read"), std::string::npos)
      << error_of(keys);
  OnnxFile heads;
  heads.input("q", {"2", "4", "8", "16"}).weight("k", {64}).weight("v", {64});
  heads.node("MultiHeadAttention", {"q", "k", "v"});
  EXPECT_NE(error_of(heads).find("input 1 has 1 dimensions, and its dimension 1 is read"), std::string::npos)
      << error_of(heads);
  OnnxFile far;
  far.numbers("from", {-(std::int64_t{1} << 62)}, true).numbers("to", {std::int64_t{1} << 62}, true);
  far.numbers("by", {1}, true);
  far.node("Range", {"from", "to", "by"});
  EXPECT_NE(error_of(far).find("a range by -4611686018427387904"), std::string::npos) << error_of(far);
}

// Nodes of any number of inputs and outputs, whose results the file states all the same.
TEST(OnnxReader, NodesThatReadOrGiveNothingAreRefusedOrCopied) {
  OnnxFile f;
  f.stated("s", {"4", "8"}).stated("m", {}).stated("n", {"0"});
  f.node("Add", {}, {"s"});
  f.node("MatMulNBits", {}, {"m"});
  f.node("MatMul", {}, {"n"});
  f.node("SkipLayerNormalization", {}, {"s"});
  f.sink("Attention", {"s"});
  f.sink("Split", {"s"});
  const ImportedTrace trace = read_onnx(f.write(), {});
  const OperatorGraph& graph = trace.stream.prefill(0);
  ASSERT_EQ(graph.operators.size(), 1u);
  EXPECT_EQ(graph.operators[0].outputs[0].elements(), 32u);
  EXPECT_FALSE(trace.coverage.refused.empty());
}

// Shapes that double with each node end: their ranks and the numbers that they are made of.
TEST(OnnxReader, WhatDoublesWithEachNodeEnds) {
  OnnxFile numbers;
  numbers.input("x", {"4"}).numbers("n", {1, 2, 3, 4});
  std::string last = "n";
  for (int i = 0; i < 60; ++i) {
    last = numbers.node("Concat", {last, last});
    numbers.whole("axis", 0);
  }
  expect_onnx_fault(numbers, "an extent of 2199023255552");
  OnnxFile ranks;
  ranks.input("x", {"4", "1", "1"}).numbers("n", {1});
  last = "x";
  for (int i = 0; i < 60; ++i) last = ranks.node("Gather", {last, last});
  expect_onnx_fault(ranks, "a tensor of 65 dimensions");
  OnnxFile stated;
  stated.input("x", OnnxDims(65, "1"));
  stated.node("Relu", {"x"});
  expect_onnx_fault(stated, "tensor 'x': has 65 dimensions; up to 64 are expected");
  std::string sum = "batch";
  for (int i = 0; i < 100000; ++i) sum += "+1";
  OnnxFile summed;
  summed.input("x", {sum, "2"});
  summed.node("Relu", {"x"});
  const ImportedTrace trace = read_onnx(summed.write(), {});
  EXPECT_EQ(trace.stream.prefill(0).operators.at(0).outputs[0].elements(), 200002u);
}

// A sum over an extent of 0 is no work; a step beyond the extent takes one element.
TEST(OnnxReader, ReductionsOfNothingAndFarStepsAreRead) {
  OnnxFile f;
  f.input("x", {"4", "0"}).input("y", {"4", "8"});
  f.node("ReduceSum", {"x"});
  f.list("axes", {1});
  f.numbers("begin", {0}).numbers("end", {4}).numbers("axes", {0});
  f.numbers("step", {std::numeric_limits<std::int64_t>::max()});
  const std::string one = f.node("Slice", {"y", "begin", "end", "axes", "step"});
  f.node("Relu", {one});
  const ImportedTrace trace = read_onnx(f.write(), {});
  const OperatorGraph& graph = trace.stream.prefill(0);
  ASSERT_EQ(graph.operators.size(), 2u);
  EXPECT_EQ(graph.operators[1].outputs[0].elements(), 8u);
}

// All that a file stores, once: tables, tied heads, biases.
TEST(OnnxReader, MemoryIsWhatTheFileStores) {
  OnnxFile f;
  f.input("ids", {"batch", "sequence"}, 7)
      .weight("table", {32000, 64})
      .weight("w", {64, 64})
      .weight("bias", {64});
  const std::string x = f.node("Gather", {"table", "ids"});
  const std::string y = f.node("Add", {f.node("MatMul", {x, "w"}), "bias"});
  const std::string head = f.node("Transpose", {"table"});
  f.node("MatMul", {y, head});
  const ImportedTrace trace = read_onnx(f.write(), step_of(2, 16));
  EXPECT_EQ(trace.stream.info().memory.weights, 2ULL * (32000 * 64 + 64 * 64 + 64));
  EXPECT_EQ(trace.stream.info().scenario.batch, 2U);
  EXPECT_EQ(trace.stream.info().scenario.input, 16U);
  for (const Operator& op : trace.stream.prefill(0).operators) {
    if (op.kind == OperatorKind::kv_append) {  // the sum with a bias
      EXPECT_EQ(operator_bytes(op).read, 2ULL * 32 * 64);
    }
  }
}

// Products of whole numbers are products.
TEST(OnnxReader, WholeNumbersThatMultiplyAreNoMasks) {
  OnnxFile f;
  f.input("x", {"batch", "sequence", "64"}).weight("w", {64, 256}, 3).weight("zero", {}, 3);
  f.node("DynamicQuantizeLinear", {"x"}, {"q", "scale", "point"});
  f.node("Cast", {f.node("MatMulInteger", {"q", "w", "point", "zero"})});
  f.whole("to", 10);
  const ImportedTrace trace = read_onnx(f.write(), step_of(2, 16));
  EXPECT_EQ(macs_of(trace.stream.prefill(0)), 32ULL * 64 * 256);
  OnnxFile q;
  q.input("x", {"4", "64"}, 3).weight("w", {64, 64}, 3);
  q.node("QLinearMatMul", {"x", "w"});
  const std::string path = q.write();
  EXPECT_NE(config_error([&] { read_onnx(path, {}); }).find("1 x QLinearMatMul"), std::string::npos);
}

TEST(OnnxReader, ShapesMayBeTakenInPart) {
  OnnxFile f;
  f.input("x", {"batch", "sequence", "64"}).numbers("heads", {4}).numbers("each", {16});
  const std::string b = f.node("Shape", {"x"});
  f.whole("start", 0);
  f.whole("end", 1);
  const std::string s = f.node("Shape", {"x"});
  f.whole("start", 1);
  f.whole("end", -1);
  const std::string shape = f.node("Concat", {b, s, "heads", "each"});
  f.whole("axis", 0);
  const std::string y = f.node("Reshape", {"x", shape});
  f.node("Transpose", {y});
  f.list("perm", {0, 2, 1, 3});
  const ImportedTrace trace = read_onnx(f.write(), step_of(2, 16));
  EXPECT_TRUE(trace.coverage.refused.empty()) << describe(trace.coverage);
  EXPECT_EQ(trace.stream.prefill(0).operators.size(), 1U);
}

// com.microsoft's attention with a projection and a cache in one tensor; grouped attention of one packed
// tensor.
TEST(OnnxReader, AttentionOfOneTensor) {
  OnnxFile f;
  f.input("x", {"batch", "sequence", "64"}).weight("qkv", {64, 192}).weight("b", {192});
  f.input("past", {"2", "batch", "4", "past_sequence_length", "16"});
  f.node("Attention", {"x", "qkv", "b", "", "past"});
  f.whole("num_heads", 4);
  f.whole("unidirectional", 1);
  const std::vector<Operator> projected =
      read_onnx(f.write(), step_of(2, 16, 100)).stream.prefill(0).operators;
  ASSERT_EQ(projected.size(), 2U);
  AttentionShape shape{2, 4, 4, 16, 16, 116, true};
  EXPECT_EQ(std::get<AttentionShape>(projected[1].shape), shape);
  OnnxFile g;
  g.input("x", {"batch", "sequence", "64"}).weight("w", {64, 128}).weight("o", {64, 64});
  g.input("pk", {"batch", "2", "past", "16"}).input("pv", {"batch", "2", "past", "16"});
  const std::string a = g.node("GroupQueryAttention", {g.node("MatMul", {"x", "w"}), "", "", "pk", "pv"});
  g.whole("num_heads", 4);
  g.whole("kv_num_heads", 2);
  g.node("MatMul", {a, "o"});
  const std::vector<Operator> packed = read_onnx(g.write(), step_of(2, 1, 30)).stream.prefill(0).operators;
  ASSERT_EQ(packed.size(), 3U);
  EXPECT_EQ(std::get<AttentionShape>(packed[1].shape), (AttentionShape{2, 4, 2, 16, 1, 31}));
  EXPECT_EQ(std::get<MatmulShape>(packed[2].shape), (MatmulShape{1, 2, 64, 64}));
}

TEST(OnnxReader, NamesOfAnyBytesAreFitToPrint) {
  OnnxFile f;
  f.input("x", {"4", "64"}).weight("w\xff\xfe", {64, 64});
  f.node("MatMul", {"x", "w\xff\xfe"}, {"\x1b[31m"});
  f.node("\x1b[2J", {"\x1b[31m"});
  const std::string path = f.write();
  const std::string error = describe(read_onnx(path, {}).coverage);
  EXPECT_EQ(error.find('\x1b'), std::string::npos) << error;
  EXPECT_NE(error.find("?[2J: an operator that Orrery does not know"), std::string::npos) << error;
}

TEST(OnnxReader, PackedWeightsKeepTheirBits) {
  OnnxFile f;
  f.input("x", {"batch", "sequence", "4096"}).weight("w", {1024, 128, 16}, 2).weight("scales", {131072});
  f.node("MatMulNBits", {"x", "w", "scales"});
  f.whole("K", 4096);
  f.whole("N", 1024);
  f.whole("bits", 4);
  f.whole("block_size", 32);
  const ImportedTrace trace = read_onnx(f.write(), step_of(1, 7));
  const Operator& op = trace.stream.prefill(0).operators.at(0);
  EXPECT_EQ(std::get<MatmulShape>(op.shape), (MatmulShape{1, 7, 1024, 4096}));
  EXPECT_EQ(op.inputs[1].bytes(), 4096ULL * 1024 / 32 * (16 + 2));
}

}  // namespace
}  // namespace orrery::test
