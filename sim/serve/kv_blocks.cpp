#include "sim/serve/kv_blocks.h"

#include <algorithm>
#include <limits>

#include "sim/util/random.h"

namespace orrery {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

}  // namespace

KvBlocks::KvBlocks(const CacheShape& shape, bool caches_prefixes)
    : shape_(shape), free_(shape.blocks), caches_(caches_prefixes), host_(shape.host_blocks) {
  if (!caches_) return;
  blocks_.resize(shape.blocks + 1);
  const auto end = static_cast<std::uint32_t>(shape.blocks);
  blocks_[end].before = blocks_[end].after = end;
  for (std::uint32_t b = 0; b < end; ++b) link_last(b);
}

std::uint64_t KvBlocks::key_of(const Request& request, std::uint64_t block) const {
  // The last identity of the block says all before it: they are chained.
  const std::uint64_t last = (block + 1) * shape_.block_tokens - 1;
  const std::uint64_t piece = last / request.content_tokens;
  return RandomStream(request.content[piece] ^ (block * 0x9e3779b97f4a7c15ULL)).next() | 1U;
}

std::uint32_t KvBlocks::cached_tokens(const Request& request) const {
  if (!caches_ || request.content.empty() || request.input == 0) return 0;
  const std::uint64_t most = (request.input - 1) / shape_.block_tokens;
  std::uint64_t hit = 0;
  const auto is_there = [this](std::uint64_t key) { return found_.count(key) != 0 || host_.has(key); };
  while (hit < most && is_there(key_of(request, hit))) ++hit;
  return static_cast<std::uint32_t>(hit * shape_.block_tokens);
}

std::uint64_t KvBlocks::shared_blocks(const Request& request, std::uint32_t cached) const {
  std::uint64_t shared = 0;
  for (std::uint64_t b = 0; b < cached / shape_.block_tokens; ++b) {
    const auto found = found_.find(key_of(request, b));
    if (found != found_.end() && blocks_[found->second].holders > 0) ++shared;
  }
  return shared;
}

void KvBlocks::take_cached(const Request& request, std::uint32_t tokens, HeldBlocks& held) {
  take_beside(held, tokens);
  const std::uint64_t count = tokens / shape_.block_tokens;
  // Those on the device first: room for the others must not be taken from them.
  for (std::uint64_t b = 0; b < count; ++b) {
    const std::uint64_t key = key_of(request, b);
    if (const auto found = found_.find(key); found != found_.end()) {
      hold(found->second, held);
    } else {
      host_.touch(key);
      held.blocks.push_back(kNone);
    }
  }
  for (std::uint64_t b = 0; b < count; ++b) {
    if (held.blocks[b] != kNone) continue;
    const std::uint64_t key = key_of(request, b);
    hold_fresh(held);
    held.blocks[b] = held.blocks.back();
    held.blocks.pop_back();
    blocks_[held.blocks[b]].key = key;
    found_.emplace(key, held.blocks[b]);
    ++traffic_.loaded;
  }
}

void KvBlocks::take_beside(HeldBlocks& held, std::uint64_t tokens) {
  const std::uint64_t need = std::max(held.beside, beside(tokens));
  free_ -= need - held.beside;
  held.count += need - held.beside;
  held.beside = need;
}

void KvBlocks::hold(std::uint32_t block, HeldBlocks& held) {
  if (blocks_[block].holders++ == 0) {
    unlink(block);
    --free_;
  }
  held.blocks.push_back(block);
  ++held.count;
}

bool KvBlocks::grow(HeldBlocks& held, std::uint64_t tokens) {
  if (!fits(held, tokens)) return false;
  take_beside(held, tokens);
  const std::uint64_t need = token_blocks(tokens) + held.beside;
  if (need <= held.count) return true;
  if (!caches_) {
    free_ -= need - held.count;
    held.count = need;
    return true;
  }
  while (held.count < need) hold_fresh(held);
  return true;
}

void KvBlocks::hold_fresh(HeldBlocks& held) {
  const std::uint32_t block = blocks_[shape_.blocks].after;
  if (std::uint64_t& key = blocks_[block].key; key != 0) {
    found_.erase(key);
    if (host_.put(key)) ++traffic_.stored;
    key = 0;
  }
  hold(block, held);
}

bool KvBlocks::store(HeldBlocks& held) {
  if (!host_.keep(held.count)) return false;
  traffic_.stored += held.count;
  const std::uint64_t count = held.count;
  release(held);
  held.on_host = count;
  return true;
}

void KvBlocks::load(HeldBlocks& held) {
  host_.give_back(held.on_host);
  traffic_.loaded += held.on_host;
  held.on_host = 0;
}

HostTraffic KvBlocks::host_traffic() {
  const HostTraffic traffic = traffic_;
  traffic_ = {};
  return traffic;
}

void KvBlocks::publish(const Request& request, std::uint64_t tokens, const HeldBlocks& held) {
  if (!caches_ || request.content.empty()) return;
  const std::uint64_t full = std::min<std::uint64_t>(tokens, request.input) / shape_.block_tokens;
  for (std::uint64_t b = full; b-- > 0;) {
    Block& block = blocks_[held.blocks[b]];
    if (block.key != 0) break;  // and so are those before it
    const std::uint64_t key = key_of(request, b);
    if (found_.emplace(key, held.blocks[b]).second) block.key = key;
  }
}

void KvBlocks::release(HeldBlocks& held) {
  if (!caches_) {
    free_ += held.count;
  } else {
    // The tail goes first: it is of least use to others.
    for (std::size_t i = held.blocks.size(); i-- > 0;) {
      Block& block = blocks_[held.blocks[i]];
      if (--block.holders > 0) continue;
      link_last(held.blocks[i]);
      ++free_;
    }
    free_ += held.beside;
    held.blocks.clear();
  }
  held.count = held.beside = 0;
}

void KvBlocks::unlink(std::uint32_t block) {
  const Block& b = blocks_[block];
  blocks_[b.before].after = b.after;
  blocks_[b.after].before = b.before;
}

void KvBlocks::link_last(std::uint32_t block) {
  const auto end = static_cast<std::uint32_t>(shape_.blocks);
  Block& b = blocks_[block];
  b.before = blocks_[end].before;
  b.after = end;
  blocks_[b.before].after = block;
  blocks_[end].before = block;
}

}  // namespace orrery
