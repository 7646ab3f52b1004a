#pragma once
// Streams of memory accesses for micro-benchmarks, burst by burst:
//   seq_read seq_write        consecutive bursts
//   mix21                     two consecutive streams, read read write; mix21_rand: the same at random
//   places;
//                             mix21_N: in blocks of N bytes at random places
//   rand_N                    blocks of N bytes at random places, each read from its start; rand_read and
//                             rand_write: single bursts
//   stride_N                  a burst every N bytes; where the memory ends, from its start one burst on
//   rowconflict               one bank, the next row each time

#include <cstdint>
#include <string>

#include "sim/config/dram_mapping.h"
#include "sim/util/random.h"

namespace orrery {

struct MemoryAccess {
  std::uint64_t address = 0;
  bool write = false;
};

class AccessPattern {
 public:
  // Throws ConfigError: unknown name, a size that is no multiple of the burst.
  AccessPattern(const std::string& name, const DramMapping& mapping, std::uint64_t burst_bytes,
                std::uint64_t seed = 1);

  MemoryAccess next();
  const std::string& name() const { return name_; }

 private:
  enum class Kind : std::uint8_t { sequential, mix, random, stride, row_conflict };
  std::string name_;
  const DramMapping& mapping_;
  std::uint64_t burst_;
  std::uint64_t capacity_;
  RandomStream random_;
  Kind kind_ = Kind::sequential;
  bool write_ = false;
  std::uint64_t block_ = 0;  // bytes of a random block, or of a stride
  struct Stream {
    std::uint64_t base = 0;  // of the block
    std::uint64_t at = 0;    // within the stream or the block
  };
  Stream streams_[2];  // the second one is a mix's writes
  std::uint64_t count_ = 0;

  std::uint64_t random_block(std::uint64_t bytes) { return random_.below(capacity_ / bytes) * bytes; }
  // The next burst of a stream in blocks, or of one without (block_ = 0).
  std::uint64_t next_of(Stream& stream);
};

}  // namespace orrery
