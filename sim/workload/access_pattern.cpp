#include "sim/workload/access_pattern.h"

#include <cstdlib>

#include "sim/util/errors.h"

namespace orrery {
namespace {

const char* const kExpected =
    "seq_read, seq_write, mix21, mix21_rand, rand_read, rand_write, rand_N, stride_N (N bytes) or "
    "rowconflict";

}  // namespace

AccessPattern::AccessPattern(const std::string& name, const DramMapping& mapping, std::uint64_t burst_bytes,
                             std::uint64_t seed)
    : name_(name),
      mapping_(mapping),
      burst_(burst_bytes),
      capacity_(mapping.capacity_bytes()),
      random_(seed) {
  const auto size_after = [&](const char* prefix) -> std::uint64_t {
    const std::string digits = name.substr(std::string(prefix).size());
    if (digits.empty() || digits.size() > 12 || digits.find_first_not_of("0123456789") != std::string::npos)
      throw ConfigError("", "unknown pattern '" + name + "'; expected " + kExpected);
    const std::uint64_t bytes = std::strtoull(digits.c_str(), nullptr, 10);
    if (bytes == 0 || bytes % burst_ != 0 || bytes > capacity_) {
      throw ConfigError("", "pattern '" + name + "': " + digits +
                                " bytes is not a multiple of the burst of " + std::to_string(burst_) +
                                " bytes (or more than the memory)");
    }
    return bytes;
  };
  write_ = name == "seq_write" || name == "rand_write";
  // The second stream of a mix lies half the memory away.
  write_at_ = capacity_ / 2;
  if (name == "seq_read" || name == "seq_write") {
    kind_ = Kind::sequential;
  } else if (name == "mix21" || name == "mix21_rand") {
    kind_ = Kind::mix;
    random_mix_ = name == "mix21_rand";
  } else if (name == "rowconflict") {
    kind_ = Kind::row_conflict;
  } else if (name == "rand_read" || name == "rand_write") {
    kind_ = Kind::random;
    block_ = burst_;
  } else if (name.rfind("rand_", 0) == 0) {
    kind_ = Kind::random;
    block_ = size_after("rand_");
  } else if (name.rfind("stride_", 0) == 0) {
    kind_ = Kind::stride;
    block_ = size_after("stride_");
  } else {
    throw ConfigError("", "unknown pattern '" + name + "'; expected " + kExpected);
  }
}

MemoryAccess AccessPattern::next() {
  MemoryAccess access;
  access.write = write_;
  switch (kind_) {
    case Kind::sequential:
      access.address = at_;
      at_ = (at_ + burst_) % capacity_;
      break;
    case Kind::mix: {
      access.write = count_++ % 3 == 2;
      std::uint64_t& at = access.write ? write_at_ : at_;
      access.address = random_mix_ ? random_block(burst_) : at;
      at = (at + burst_) % capacity_;
      break;
    }
    case Kind::random:
      if (at_ == 0) base_ = random_block(block_);
      access.address = base_ + at_;
      at_ = (at_ + burst_) % block_;
      break;
    case Kind::stride:
      access.address = at_;
      at_ += block_;
      if (at_ >= capacity_) at_ = (at_ + burst_) % block_;
      break;
    case Kind::row_conflict: {
      DramAddress place;
      place.row = static_cast<std::uint32_t>(count_++);  // the mapping drops what exceeds its bits
      access.address = mapping_.encode(place);
      break;
    }
  }
  return access;
}

}  // namespace orrery
