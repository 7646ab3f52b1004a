#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/formats/stored_weights.h"

namespace orrery {
namespace {

// Elements and bytes of a block, by the type's number (llama.cpp, gguf-py/gguf/constants.py,
// GGML_QUANT_SIZES).
struct GgmlType {
  std::uint32_t number;
  const char* name;
  std::uint32_t elements, bytes;
};
constexpr GgmlType kTypes[] = {
    {0, "F32", 1, 4},         {1, "F16", 1, 2},         {2, "Q4_0", 32, 18},      {3, "Q4_1", 32, 20},
    {6, "Q5_0", 32, 22},      {7, "Q5_1", 32, 24},      {8, "Q8_0", 32, 34},      {9, "Q8_1", 32, 40},
    {10, "Q2_K", 256, 84},    {11, "Q3_K", 256, 110},   {12, "Q4_K", 256, 144},   {13, "Q5_K", 256, 176},
    {14, "Q6_K", 256, 210},   {15, "Q8_K", 256, 292},   {16, "IQ2_XXS", 256, 66}, {17, "IQ2_XS", 256, 74},
    {18, "IQ3_XXS", 256, 98}, {19, "IQ1_S", 256, 50},   {20, "IQ4_NL", 32, 18},   {21, "IQ3_S", 256, 110},
    {22, "IQ2_S", 256, 82},   {23, "IQ4_XS", 256, 136}, {24, "I8", 1, 1},         {25, "I16", 1, 2},
    {26, "I32", 1, 4},        {27, "I64", 1, 8},        {28, "F64", 1, 8},        {29, "IQ1_M", 256, 56},
    {30, "BF16", 1, 2},       {34, "TQ1_0", 256, 54},   {35, "TQ2_0", 256, 66},   {39, "MXFP4", 32, 17},
    {40, "NVFP4", 64, 36}};

constexpr std::uint64_t kMostName = 1 << 16;  // bytes
constexpr std::uint64_t kMostDims = 8;
constexpr std::uint32_t kString = 8;
constexpr std::uint32_t kArray = 9;
// Bytes of a value of each type of the key-value part, by its number; strings and arrays are read.
constexpr std::array<std::uint64_t, 13> kValueBytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

// Little-endian numbers and names, never beyond the end.
class Header {
 public:
  Header(std::ifstream& in, const std::filesystem::path& file)
      : in_(in), file_(file.string()), left_(std::filesystem::file_size(file)), size_(left_) {}

  template <class T>
  T number() {
    std::array<unsigned char, sizeof(T)> bytes{};
    read(reinterpret_cast<char*>(bytes.data()), sizeof(T));
    T value = 0;
    for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((value << 8) | bytes[i]);
    return value;
  }
  std::string name(std::uint64_t most = kMostName) {
    const auto length = number<std::uint64_t>();
    if (length > most) fail(fmt::format("a name of {} bytes", length));
    std::string text(length, '\0');
    read(text.data(), length);
    return printable(text);
  }
  void skip(std::uint64_t bytes) {
    expect(bytes);
    in_.seekg(static_cast<std::streamoff>(bytes), std::ios::cur);
    left_ -= bytes;
  }
  // Of things that take at least so many bytes each.
  std::uint64_t count(std::uint64_t least_bytes) {
    const auto n = number<std::uint64_t>();
    if (n > left_ / least_bytes) fail(fmt::format("it announces {} entries and is cut short", n));
    return n;
  }
  // Of data, which begins at a multiple of `alignment`.
  std::uint64_t data(std::uint64_t alignment) const {
    const std::uint64_t begins = (size_ - left_ + alignment - 1) / alignment * alignment;
    return size_ > begins ? size_ - begins : 0;
  }
  [[noreturn]] void fail(const std::string& why) const {
    throw ConfigError(file_, "is a GGUF model: " + why);
  }

 private:
  std::ifstream& in_;
  std::string file_;
  std::uint64_t left_;
  std::uint64_t size_;

  void expect(std::uint64_t bytes) const {
    if (bytes > left_)
      fail(fmt::format("cut short: {} bytes more were expected, {} are there", bytes, left_));
  }
  void read(char* to, std::uint64_t bytes) {
    expect(bytes);
    in_.read(to, static_cast<std::streamsize>(bytes));
    left_ -= bytes;
  }
};

// A value as text, where it is a name or a whole number; others are skipped.
std::string value(Header& header, std::uint32_t type, unsigned depth = 0) {
  constexpr unsigned kMostDepth = 4;
  if (type == kString) return header.name(kMostText);
  if (type == kArray) {
    if (depth == kMostDepth) header.fail("arrays of arrays of arrays");
    const auto of = header.number<std::uint32_t>();
    if (of >= kValueBytes.size()) header.fail(fmt::format("a value of type {}", of));
    const bool sized = of != kString && of != kArray;
    const std::uint64_t n = header.count(sized ? kValueBytes[of] : 8);
    if (sized) {
      header.skip(n * kValueBytes[of]);
    } else if (of == kString) {
      for (std::uint64_t i = 0; i < n; ++i) header.skip(header.count(1));
    } else {
      for (std::uint64_t i = 0; i < n; ++i) value(header, of, depth + 1);
    }
    return fmt::format("{} entries", n);
  }
  switch (type) {
    case 2:
      return std::to_string(header.number<std::uint16_t>());
    case 4:
      return std::to_string(header.number<std::uint32_t>());
    case 5:
      return std::to_string(static_cast<std::int32_t>(header.number<std::uint32_t>()));
    case 10:
      return std::to_string(header.number<std::uint64_t>());
    default:
      if (type >= kValueBytes.size()) header.fail(fmt::format("a value of type {}", type));
      header.skip(kValueBytes[type]);
      return "";
  }
}

// Facts that people look for, by the end of their key.
void note_fact(StoredWeights& weights, const std::string& key, const std::string& text) {
  static const std::pair<const char*, const char*> kFacts[] = {{"general.architecture", "architecture"},
                                                               {"general.name", "name"},
                                                               {".block_count", "layers"},
                                                               {".embedding_length", "hidden size"},
                                                               {".attention.head_count", "heads"},
                                                               {".attention.head_count_kv", "key heads"},
                                                               {".context_length", "positions"},
                                                               {".expert_count", "experts"},
                                                               {"split.count", "files in all"}};
  for (const auto& [end, fact] : kFacts) {
    const std::string suffix = end;
    if (key.size() >= suffix.size() && key.compare(key.size() - suffix.size(), suffix.size(), suffix) == 0 &&
        !text.empty())
      weights.facts[fact] = text;
  }
}

StoredTensor tensor(Header& header, std::uint64_t& end) {
  StoredTensor t;
  t.name = header.name();
  const auto dims = header.number<std::uint32_t>();
  if (dims > kMostDims) header.fail(fmt::format("tensor '{}' of {} dimensions", t.name, dims));
  for (std::uint32_t i = 0; i < dims; ++i) t.shape.push_back(header.number<std::uint64_t>());
  const auto number = header.number<std::uint32_t>();
  const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                  [number](const GgmlType& known) { return known.number == number; });
  if (type == std::end(kTypes))
    header.fail(fmt::format("tensor '{}' of type {}, which Orrery does not know", t.name, number));
  t.type = type->name;
  t.elements = 1;
  for (const std::uint64_t extent : t.shape) t.elements = checked_product({t.elements, extent});
  if (t.elements == 0 || (t.shape.empty() ? 1 : t.shape[0]) % type->elements != 0)
    header.fail(fmt::format("tensor '{}': rows of {} are no blocks of {} as {} has them", t.name,
                            t.shape.empty() ? 0 : t.shape[0], type->elements, type->name));
  t.bytes = checked_product({t.elements / type->elements, type->bytes});
  end = std::max(end, checked_sum(header.number<std::uint64_t>(), t.bytes));
  return t;
}

}  // namespace

StoredWeights read_gguf(const std::filesystem::path& file) {
  std::ifstream in = open_file(file);
  Header header(in, file);
  StoredWeights weights;
  weights.format = "a GGUF model";
  if (header.number<std::uint32_t>() != 0x46554747) header.fail("no 'GGUF' at its beginning");
  const auto version = header.number<std::uint32_t>();
  if (version != 2 && version != 3)
    header.fail(fmt::format("version {}; versions 2 and 3 are read", version));
  constexpr std::uint64_t kLeastTensor = 24;
  constexpr std::uint64_t kLeastEntry = 13;
  const std::uint64_t tensors = header.count(kLeastTensor);
  const std::uint64_t entries = header.count(kLeastEntry);
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::string key = header.name();
    note_fact(weights, key, value(header, header.number<std::uint32_t>()));
  }
  std::uint64_t data = 0;  // bytes
  for (std::uint64_t i = 0; i < tensors; ++i) weights.tensors.push_back(tensor(header, data));
  constexpr std::uint64_t kUsualAlignment = 32;
  if (const std::uint64_t here = header.data(kUsualAlignment); data > here)
    weights.notes.push_back(
        fmt::format("a header alone: {} bytes of data are not in this file", data - here));
  if (tensors == 0) weights.notes.push_back("it holds no tensor");
  return weights;
}

}  // namespace orrery
