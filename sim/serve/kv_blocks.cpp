#include "sim/serve/kv_blocks.h"

#include <algorithm>

#include "sim/util/random.h"

namespace orrery {

KvBlocks::KvBlocks(const CacheShape& shape, bool caches_prefixes)
    : shape_(shape), free_(shape.blocks), caches_(caches_prefixes) {
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
  while (hit < most && found_.count(key_of(request, hit)) != 0) ++hit;
  return static_cast<std::uint32_t>(hit * shape_.block_tokens);
}

std::uint64_t KvBlocks::shared_blocks(const Request& request, std::uint32_t cached) const {
  std::uint64_t shared = 0;
  for (std::uint64_t b = 0; b < cached / shape_.block_tokens; ++b) {
    if (blocks_[found_.at(key_of(request, b))].holders > 0) ++shared;
  }
  return shared;
}

void KvBlocks::take_cached(const Request& request, std::uint32_t tokens, HeldBlocks& held) {
  take_beside(held, tokens);
  for (std::uint64_t b = 0; b < tokens / shape_.block_tokens; ++b) hold(found_.at(key_of(request, b)), held);
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
  const auto end = static_cast<std::uint32_t>(shape_.blocks);
  while (held.count < need) {
    const std::uint32_t block = blocks_[end].after;
    if (blocks_[block].key != 0) {
      found_.erase(blocks_[block].key);
      blocks_[block].key = 0;
    }
    hold(block, held);
  }
  return true;
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
