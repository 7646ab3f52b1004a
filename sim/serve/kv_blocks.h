#pragma once
// Blocks of keys and values that a replica's sequences share, and the prefix cache: full blocks of prompts
// stay findable until somebody else takes them, the one that was left longest first. With host memory they go
// there then, and so do sequences that are set back.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/serve/host_blocks.h"
#include "sim/serve/request.h"

namespace orrery {

// Blocks are of what each further token of a long sequence takes. Layers with windows and with states take
// more of a sequence beside: of a window as much as the blocks' layers, times `window_share`, up to
// `window_blocks`.
struct CacheShape {
  std::uint64_t blocks = 0;
  std::uint32_t block_tokens = 16;
  double window_share = 0, window_blocks = 0, state_blocks = 0;
  std::uint64_t host_blocks = 0;  // of as much, in the host's memory
};

// Blocks that went to the host's memory and came from there.
struct HostTraffic {
  std::uint64_t stored = 0, loaded = 0;
};

// What a sequence holds.
struct HeldBlocks {
  std::uint64_t count = 0;
  std::uint64_t beside = 0;           // all
  std::vector<std::uint32_t> blocks;  // of its tokens; only where prefixes are cached
  std::uint64_t on_host = 0;          // of a sequence that was set back
};

class KvBlocks {
 public:
  KvBlocks(const CacheShape& shape, bool caches_prefixes);

  std::uint64_t total() const { return shape_.blocks; }
  std::uint64_t free() const { return free_; }  // cached ones that nobody holds included
  std::uint64_t used() const { return shape_.blocks - free_; }
  std::uint32_t block_tokens() const { return shape_.block_tokens; }
  // All that a sequence of so many tokens takes.
  std::uint64_t blocks_for(std::uint64_t tokens) const { return token_blocks(tokens) + beside(tokens); }

  // Tokens of a prompt's beginning that are cached, whole blocks, never its last token; on the device or in
  // the host's memory.
  std::uint32_t cached_tokens(const Request& request) const;
  // Of the blocks of its first `cached` tokens, which are cached: those that somebody holds.
  std::uint64_t shared_blocks(const Request& request, std::uint32_t cached) const;
  // Takes those of `tokens` tokens, which are cached, for a sequence that holds none; those of the host get
  // room on the device, which there has to be.
  void take_cached(const Request& request, std::uint32_t tokens, HeldBlocks& held);
  // Whether a sequence that holds `held` could get room for `tokens` tokens.
  bool fits(const HeldBlocks& held, std::uint64_t tokens) const {
    const std::uint64_t need = blocks_for(tokens);
    return need <= held.count || need - held.count <= free_;
  }
  // Room for `tokens` tokens; false, and nothing taken, where there is none.
  bool grow(HeldBlocks& held, std::uint64_t tokens);
  // What is computed of a prompt up to `tokens` can be found by others.
  void publish(const Request& request, std::uint64_t tokens, const HeldBlocks& held);
  void release(HeldBlocks& held);
  // Gives all back, and keeps them in the host's memory; false, and nothing done, where there is no room.
  bool store(HeldBlocks& held);
  // What store() kept comes back: it leaves the host's memory. Room for it comes by grow().
  void load(HeldBlocks& held);
  // Since it was last asked.
  HostTraffic host_traffic();

 private:
  struct Block {
    std::uint64_t key = 0;  // 0: not to be found
    std::uint32_t holders = 0;
    std::uint32_t before = 0, after = 0;  // of the free ones, in the order in which they are taken
  };
  const CacheShape shape_;
  std::uint64_t free_;
  const bool caches_;
  std::vector<Block> blocks_;  // the last is the list's end
  std::unordered_map<std::uint64_t, std::uint32_t> found_;
  HostBlocks host_;
  HostTraffic traffic_;

  std::uint64_t key_of(const Request& request, std::uint64_t block) const;
  void unlink(std::uint32_t block);
  void link_last(std::uint32_t block);
  std::uint64_t token_blocks(std::uint64_t tokens) const {
    return (tokens + shape_.block_tokens - 1) / shape_.block_tokens;
  }
  std::uint64_t beside(std::uint64_t tokens) const {
    const double windows = std::min(shape_.window_blocks,
                                    shape_.window_share * static_cast<double>(tokens) / shape_.block_tokens);
    return static_cast<std::uint64_t>(std::ceil(windows + shape_.state_blocks));
  }
  void take_beside(HeldBlocks& held, std::uint64_t tokens);
  void hold(std::uint32_t block, HeldBlocks& held);
  void hold_fresh(HeldBlocks& held);  // the free one that was left longest
};

}  // namespace orrery
