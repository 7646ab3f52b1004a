#include "sim/workload/formats/stored_weights.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

// Little-endian numbers and names, one after the other.
class Bytes {
 public:
  template <class T>
  Bytes& number(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) text_ += static_cast<char>((value >> (8 * i)) & 0xff);
    return *this;
  }
  Bytes& u32(std::uint32_t value) { return number(value); }
  Bytes& u64(std::uint64_t value) { return number(value); }
  Bytes& name(const std::string& text) {
    u64(text.size());
    text_ += text;
    return *this;
  }
  Bytes& raw(const std::string& text) {
    text_ += text;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

constexpr std::uint32_t kQ4K = 12;
constexpr std::uint32_t kF32 = 0;

std::string gguf() {
  Bytes b;
  b.raw("GGUF").u32(3).u64(2).u64(3);
  b.name("general.architecture").u32(8).name("llama");
  b.name("llama.block_count").u32(4).u32(32);
  b.name("tokenizer.ggml.tokens").u32(9).u32(8).u64(2).name("a").name("bc");
  b.name("blk.0.attn_q.weight").u32(2).u64(4096).u64(4096).u32(kQ4K).u64(0);
  b.name("blk.0.attn_norm.weight").u32(1).u64(4096).u32(kF32).u64(4096 * 4096 / 256 * 144);
  return b.text();
}

// A matrix of Q4_K takes 4.5 bits an element: 144 bytes a block of 256.
TEST(StoredWeights, GgufBlocksCountWithTheirScales) {
  const StoredWeights weights = read_gguf(temporary_file("w.gguf", gguf()));
  ASSERT_EQ(weights.tensors.size(), 2U);
  EXPECT_EQ(weights.tensors[0].type, "Q4_K");
  EXPECT_EQ(weights.tensors[0].bytes, 4096ULL * 4096 * 45 / 80);
  EXPECT_EQ(weights.tensors[1].bytes, 4096U * 4);
  EXPECT_EQ(weights.facts.at("architecture"), "llama");
  EXPECT_EQ(weights.facts.at("layers"), "32");
  ASSERT_EQ(weights.notes.size(), 1U);  // the header alone
  EXPECT_NE(weights.notes[0].find("9453568 bytes of data are not in this file"), std::string::npos)
      << weights.notes[0];
}

TEST(StoredWeights, ACutGgufHeaderIsRefused) {
  const std::string whole = gguf();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const std::string path = temporary_file("w.gguf", whole.substr(0, n));
    EXPECT_NE(config_error([&] { read_gguf(path); }), "") << n;
  }
  // Counts that no file of that size can have do not make it busy.
  Bytes greedy;
  greedy.raw("GGUF").u32(3).u64(std::numeric_limits<std::uint64_t>::max()).u64(0);
  const std::string path = temporary_file("w.gguf", greedy.text());
  EXPECT_NE(config_error([&] { read_gguf(path); }).find("announces 18446744073709551615 entries"),
            std::string::npos);
  Bytes unknown;
  unknown.raw("GGUF").u32(3).u64(1).u64(0).name("t").u32(1).u64(32).u32(200).u64(0);
  const std::string other = temporary_file("w.gguf", unknown.text());
  EXPECT_NE(config_error([&] { read_gguf(other); }).find("tensor 't' of type 200"), std::string::npos);
}

std::string safetensors(const std::string& header, std::uint64_t data) {
  return Bytes().u64(header.size()).raw(header).raw(std::string(data, '\0')).text();
}

TEST(StoredWeights, SafetensorsAreWhatTheirHeaderSays) {
  const std::string header =
      R"({"__metadata__": {"format": "pt"}, "a": {"dtype": "BF16", "shape": [4, 8], "data_offsets": [0, 64]},)"
      R"( "b": {"dtype": "F8_E4M3", "shape": [8], "data_offsets": [64, 72]}})";
  const StoredWeights weights = read_safetensors(temporary_file("m.safetensors", safetensors(header, 72)));
  ASSERT_EQ(weights.tensors.size(), 2U);
  EXPECT_EQ(weights.bytes(), 72U);
  const auto refused = [&](const std::string& text, const std::string& words) {
    const std::string path = temporary_file("m.safetensors", text);
    const std::string error = config_error([&] { read_safetensors(path); });
    EXPECT_NE(error.find(words), std::string::npos) << error;
  };
  refused(safetensors(header, 70), "tensor 'b': cut short: it ends at byte 72 of 70");
  refused(safetensors(header, 72).substr(0, 40), "cut short: a header of");
  refused(safetensors(R"({"a": {"dtype": "BF16", "shape": [4, 8], "data_offsets": [0, 60]}})", 60),
          "32 elements of BF16 do not lie between bytes 0 and 60");
  refused(safetensors(R"({"a": {"dtype": "BF16", "shape": [-4], "data_offsets": [0, 60]}})", 60),
          "-4 is no size");
}

TEST(StoredWeights, AnIndexSumsItsShards) {
  const std::string a = R"({"a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}})";
  const std::string b = R"({"b": {"dtype": "F16", "shape": [4], "data_offsets": [0, 8]}})";
  temporary_file("model-1.safetensors", safetensors(a, 16));
  temporary_file("model-2.safetensors", safetensors(b, 8));
  const auto index = [](const std::string& total, const std::string& second) {
    return temporary_file("model.safetensors.index.json",
                          R"({"metadata": {"total_size": )" + total +
                              R"(}, "weight_map": {"a": "model-1.safetensors", "b": ")" + second + R"("}})");
  };
  EXPECT_EQ(read_safetensors_index(index("24", "model-2.safetensors")).bytes(), 24U);
  EXPECT_TRUE(read_safetensors_index(index("24", "model-2.safetensors")).notes.empty());
  EXPECT_EQ(read_safetensors_index(index("25", "model-2.safetensors")).notes.size(), 1U);
  EXPECT_EQ(read_safetensors_index(index("24", "model-3.safetensors")).notes.size(), 1U);
  const std::string outside = index("24", "../model-2.safetensors");
  EXPECT_NE(config_error([&] { read_safetensors_index(outside); }).find("lies in no file beside this one"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
