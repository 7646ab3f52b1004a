#include "sim/workload/access_pattern.h"

#include <optional>

#include "sim/util/errors.h"
#include "sim/util/number_after.h"

namespace orrery {
namespace {

const char* const kExpected =
    "seq_read, seq_write, mix21, mix21_rand, mix21_N, rand_read, rand_write, rand_N, stride_N (N bytes) or "
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
    const std::optional<std::uint64_t> number = number_after(name, prefix);
    if (!number) throw ConfigError("", "unknown pattern '" + name + "'; expected " + kExpected);
    const std::uint64_t bytes = *number;
    if (bytes == 0 || bytes % burst_ != 0 || bytes > capacity_) {
      throw ConfigError("", "pattern '" + name + "': " + std::to_string(bytes) +
                                " bytes is not a multiple of the burst of " + std::to_string(burst_) +
                                " bytes (or more than the memory)");
    }
    return bytes;
  };
  write_ = name == "seq_write" || name == "rand_write";
  // The second stream of a mix lies half the memory away.
  streams_[1].at = capacity_ / 2;
  if (name == "seq_read" || name == "seq_write") {
    kind_ = Kind::sequential;
  } else if (name.rfind("mix21", 0) == 0 && (name.size() == 5 || name[5] == '_')) {
    kind_ = Kind::mix;
    if (name == "mix21_rand") block_ = burst_;
    if (name.size() > 5 && block_ == 0) block_ = size_after("mix21_");
    if (block_ > 0) streams_[1].at = 0;
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

std::uint64_t AccessPattern::next_of(Stream& stream) {
  if (block_ > 0 && stream.at == 0) stream.base = random_block(block_);
  const std::uint64_t address = stream.base + stream.at;
  stream.at = (stream.at + burst_) % (block_ > 0 ? block_ : capacity_);
  return address;
}

MemoryAccess AccessPattern::next() {
  MemoryAccess access;
  access.write = write_;
  switch (kind_) {
    case Kind::sequential:
    case Kind::random:
      access.address = next_of(streams_[0]);
      break;
    case Kind::mix:
      access.write = count_++ % 3 == 2;
      access.address = next_of(streams_[access.write]);
      break;
    case Kind::stride: {
      std::uint64_t& at = streams_[0].at;
      access.address = at;
      at += block_;
      if (at >= capacity_) at = (at + burst_) % block_;
      break;
    }
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
