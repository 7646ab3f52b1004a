#pragma once
// Blocks of keys and values in the host's memory: full blocks of prompts that lost their place on the device,
// the one longest unused dropped first, and all blocks of sequences that were set back.

#include <cstdint>
#include <list>
#include <unordered_map>

namespace orrery {

class HostBlocks {
 public:
  explicit HostBlocks(std::uint64_t blocks) : blocks_(blocks) {}

  std::uint64_t total() const { return blocks_; }
  std::uint64_t used() const { return kept_ + found_.size(); }
  // A prompt's block, by its key.
  bool has(std::uint64_t key) const { return found_.count(key) != 0; }
  void touch(std::uint64_t key);  // it was used
  // False where there is no room for it, or where it is there already.
  bool put(std::uint64_t key);
  // Room for so many of a sequence that was set back, prompts' blocks dropped for it; false, and nothing
  // done, where there is not so much.
  bool keep(std::uint64_t count);
  void give_back(std::uint64_t count) { kept_ -= count; }

 private:
  const std::uint64_t blocks_;
  std::uint64_t kept_ = 0;
  std::list<std::uint64_t> order_;  // longest unused first
  std::unordered_map<std::uint64_t, std::list<std::uint64_t>::iterator> found_;

  void drop_oldest();
};

}  // namespace orrery
