#include "sim/config/dram_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr std::array<const char*, 7> kFields = {"ch", "pc", "ra", "bg", "ba", "ro", "co"};
constexpr std::array<const char*, 7> kFieldNames = {"channel", "pseudo channel", "rank", "bank group", "bank",
                                                    "row",     "column"};

std::array<std::uint32_t*, 7> members(DramAddress& a) {
  return {&a.channel, &a.pseudo_channel, &a.rank, &a.bank_group, &a.bank, &a.row, &a.column};
}

std::uint32_t log2_of(std::uint64_t size, const char* what, const std::string& preset) {
  std::uint32_t bits = 0;
  while ((std::uint64_t{1} << bits) < size) ++bits;
  if ((std::uint64_t{1} << bits) != size) {
    throw ConfigError("", fmt::format("DRAM {}: {} {}(s) are no power of two, so no bits of an address can "
                                      "select one",
                                      preset, size, what));
  }
  return bits;
}

struct Token {
  std::uint32_t field;
  int bits;  // -1: what is left of the field
};

std::vector<Token> tokens_of(const std::string& order) {
  std::vector<Token> tokens;
  std::size_t i = 0;
  while (i < order.size()) {
    if (order[i] == '-') {
      ++i;
      continue;
    }
    const std::string name = order.substr(i, 2);
    const auto field = std::find(kFields.begin(), kFields.end(), name);
    if (field == kFields.end()) {
      throw ConfigError("",
                        fmt::format("address mapping '{}': unknown field '{}'; expected ro, ch, ra, pc, bg, "
                                    "ba or co, most significant first",
                                    order, name));
    }
    i += 2;
    int bits = -1;
    if (i < order.size() && std::isdigit(static_cast<unsigned char>(order[i])) != 0) {
      bits = 0;
      while (i < order.size() && std::isdigit(static_cast<unsigned char>(order[i])) != 0)
        bits = std::min(64, bits * 10 + (order[i++] - '0'));
    }
    tokens.push_back({static_cast<std::uint32_t>(field - kFields.begin()), bits});
  }
  return tokens;
}

}  // namespace

DramMapping::DramMapping(const std::string& order, const DramDevice& device, std::uint32_t channels)
    : order_(order) {
  shift_ = log2_of(device.burst_bytes(), "byte burst", device.preset);
  const std::array<std::uint64_t, 7> sizes = {channels,           device.pseudo_channels, device.ranks,
                                              device.bank_groups, device.banks_per_group, device.rows,
                                              device.columns()};
  std::array<std::uint32_t, 7> left{};
  for (std::size_t f = 0; f < sizes.size(); ++f) left[f] = log2_of(sizes[f], kFieldNames[f], device.preset);
  std::array<std::uint32_t, 7> taken{};
  std::array<bool, 7> open{};  // a part without a number was seen
  std::vector<Token> tokens = tokens_of(order);
  std::array<std::uint32_t, 7> numbered{};
  for (const Token& t : tokens) {
    if (t.bits >= 0) numbered[t.field] += static_cast<std::uint32_t>(t.bits);
  }
  std::uint32_t at = shift_;
  for (auto it = tokens.rbegin(); it != tokens.rend(); ++it) {
    const std::uint32_t f = it->field;
    if (it->bits < 0 && open[f]) {
      throw ConfigError("", fmt::format("address mapping '{}': the field {} ({}) is given twice", order,
                                        kFields[f], kFieldNames[f]));
    }
    if (numbered[f] > left[f]) {
      throw ConfigError("", fmt::format("address mapping '{}': {} bits of {} ({}); {} has {}", order,
                                        numbered[f], kFields[f], kFieldNames[f], device.preset, left[f]));
    }
    std::uint32_t bits = static_cast<std::uint32_t>(it->bits);
    if (it->bits < 0) {
      bits = left[f] - numbered[f];
      open[f] = true;
    }
    if (bits > 0) parts_.push_back({f, at, taken[f], bits});
    at += bits;
    taken[f] += bits;
  }
  for (std::size_t f = 0; f < left.size(); ++f) {
    if (taken[f] < left[f]) {
      throw ConfigError("",
                        fmt::format("address mapping '{}' does not cover the address: {} of the {} {} bits "
                                    "('{}') are missing",
                                    order, left[f] - taken[f], left[f], kFieldNames[f], kFields[f]));
    }
  }
  bits_ = at - shift_;
}

DramAddress DramMapping::decode(std::uint64_t address) const {
  DramAddress place;
  const auto fields = members(place);
  for (const Part& p : parts_) {
    const auto value = static_cast<std::uint32_t>((address >> p.shift) & ((std::uint64_t{1} << p.bits) - 1));
    *fields[p.field] |= value << p.field_bit;
  }
  return place;
}

std::uint64_t DramMapping::encode(const DramAddress& place) const {
  DramAddress copy = place;
  const auto fields = members(copy);
  std::uint64_t address = 0;
  for (const Part& p : parts_) {
    const std::uint64_t value = (*fields[p.field] >> p.field_bit) & ((std::uint64_t{1} << p.bits) - 1);
    address |= value << p.shift;
  }
  return address;
}

std::string DramMapping::normalised(const std::string& text) {
  std::string order = text;
  if (const auto colon = order.find(':'); colon != std::string::npos) order = order.substr(colon + 1);
  constexpr const char* kLsbFirst = "LSB-first ";
  if (order.rfind(kLsbFirst, 0) != 0) return order;
  order = order.substr(std::string(kLsbFirst).size());
  const std::array<std::pair<const char*, const char*>, 8> words = {{{"PseudoChannel", "pc"},
                                                                     {"Channel", "ch"},
                                                                     {"BankGroup", "bg"},
                                                                     {"Column", "co"},
                                                                     {"Bank", "ba"},
                                                                     {"Rank", "ra"},
                                                                     {"Sid", "ra"},
                                                                     {"Row", "ro"}}};
  std::string result;
  std::size_t i = 0;
  while (i < order.size()) {
    const std::size_t dash = std::min(order.find('-', i), order.size());
    const std::string word = order.substr(i, dash - i);
    const auto known =
        std::find_if(words.begin(), words.end(), [&](const auto& w) { return word == w.first; });
    if (known == words.end())
      throw ConfigError("", "address mapping '" + text + "': unknown field '" + word + "'");
    result = known->second + (result.empty() ? "" : "-" + result);
    i = dash + 1;
  }
  return result;
}

}  // namespace orrery
