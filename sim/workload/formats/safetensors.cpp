#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/util/checked.h"
#include "sim/util/errors.h"
#include "sim/util/text_file.h"
#include "sim/workload/formats/stored_weights.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr std::uint64_t kMostHeader = 100'000'000;  // bytes, as its makers limit it

// Bits of an element (huggingface/safetensors, Dtype).
std::uint64_t bits_of(const std::string& type) {
  static const std::map<std::string, std::uint64_t> kBits = {
      {"BOOL", 8}, {"U8", 8},   {"I8", 8},    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"I16", 16},
      {"U16", 16}, {"F16", 16}, {"BF16", 16}, {"I32", 32},    {"U32", 32},    {"F32", 32},    {"F64", 64},
      {"I64", 64}, {"U64", 64}, {"C64", 64},  {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6}};
  const auto found = kBits.find(type);
  return found == kBits.end() ? 0 : found->second;
}

std::uint64_t whole(const json& value, const std::string& where) {
  if (!value.is_number_unsigned()) throw ConfigError(where, value.dump() + " is no size");
  return value.get<std::uint64_t>();
}

StoredTensor tensor_of(const std::string& name, const json& entry, std::uint64_t data,
                       const std::string& file) {
  const std::string where = fmt::format("{}, tensor '{}'", file, name);
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string() ||
      !entry.contains("shape") || !entry["shape"].is_array() || !entry.contains("data_offsets") ||
      !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2)
    throw ConfigError(where, "expected dtype, shape and data_offsets");
  StoredTensor t;
  t.name = printable(name);
  t.type = entry["dtype"].get<std::string>();
  const std::uint64_t bits = bits_of(t.type);
  if (bits == 0) throw ConfigError(where, "type " + t.type + ", which Orrery does not know");
  t.elements = 1;
  for (const json& extent : entry["shape"]) {
    t.shape.push_back(whole(extent, where));
    t.elements = checked_product({t.elements, t.shape.back()});
  }
  const std::uint64_t begin = whole(entry["data_offsets"][0], where);
  const std::uint64_t end = whole(entry["data_offsets"][1], where);
  if (end < begin || (checked_product({t.elements, bits}) + 7) / 8 != end - begin)
    throw ConfigError(where, fmt::format("{} elements of {} do not lie between bytes {} and {}", t.elements,
                                         t.type, begin, end));
  if (end > data)
    throw ConfigError(where, fmt::format("cut short: it ends at byte {} of {} of data", end, data));
  t.bytes = end - begin;
  return t;
}

}  // namespace

std::uint64_t StoredWeights::bytes() const {
  std::uint64_t sum = 0;
  for (const StoredTensor& t : tensors) sum = checked_sum(sum, t.bytes);
  return sum;
}

StoredWeights read_safetensors(const std::filesystem::path& file) {
  std::ifstream in = open_file(file);
  const std::uint64_t size = std::filesystem::file_size(file);
  StoredWeights weights;
  weights.format = "a safetensors model";
  std::uint64_t length = 0;
  for (unsigned i = 0; i < 8; ++i) length |= static_cast<std::uint64_t>(in.get() & 0xff) << (8 * i);
  if (!in || length > kMostHeader || length + 8 > size)
    throw ConfigError(
        file.string(),
        fmt::format("cut short: a header of {} bytes was announced, the file has {}", length, size));
  std::string text(length, '\0');
  in.read(text.data(), static_cast<std::streamsize>(length));
  const json header = json::parse(text, nullptr, false);
  if (!header.is_object()) throw ConfigError(file.string(), "its header is no JSON object");
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__")
      weights.tensors.push_back(tensor_of(name, entry, size - 8 - length, file.string()));
  }
  return weights;
}

StoredWeights read_safetensors_index(const std::filesystem::path& file) {
  const json index = json::parse(read_text_file(file), nullptr, false);
  if (!index.is_object() || !index.contains("weight_map") || !index["weight_map"].is_object())
    throw ConfigError(file.string(), "expected a 'weight_map' of tensors to files");
  StoredWeights weights;
  weights.format = "a safetensors index";
  std::set<std::string> shards;
  for (const auto& [name, shard] : index["weight_map"].items()) {
    if (!shard.is_string() || std::filesystem::path(shard.get<std::string>()).has_parent_path())
      throw ConfigError(file.string(), "tensor '" + name + "' lies in no file beside this one");
    shards.insert(shard.get<std::string>());
  }
  std::uint64_t missing = 0;
  for (const std::string& shard : shards) {
    const std::filesystem::path path = file.parent_path() / shard;
    if (!std::filesystem::is_regular_file(path)) {
      ++missing;
      continue;
    }
    StoredWeights part = read_safetensors(path);
    weights.tensors.insert(weights.tensors.end(), part.tensors.begin(), part.tensors.end());
  }
  weights.facts["tensors"] = std::to_string(index["weight_map"].size());
  weights.facts["files in all"] = std::to_string(shards.size());
  std::uint64_t total = 0;
  if (index.contains("metadata") && index["metadata"].is_object() &&
      index["metadata"].contains("total_size")) {
    const json& said = index["metadata"]["total_size"];
    // Some tools write it with a fraction.
    constexpr double kExact = 9007199254740992.0;  // 2^53
    const bool real = said.is_number_float() && said.get<double>() >= 0 && said.get<double>() <= kExact;
    total =
        real ? static_cast<std::uint64_t>(said.get<double>()) : whole(said, file.string() + ", total_size");
    weights.facts["total bytes"] = std::to_string(total);
  }
  if (missing > 0) {
    weights.notes.push_back(
        fmt::format("{} of {} files are not here: types are of the others, the total is the index's", missing,
                    shards.size()));
  } else if (total != 0 && total != weights.bytes()) {
    weights.notes.push_back(
        fmt::format("the index says {} bytes, its files hold {}", total, weights.bytes()));
  }
  return weights;
}

}  // namespace orrery
