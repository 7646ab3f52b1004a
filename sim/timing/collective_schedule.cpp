#include "sim/timing/collective_schedule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "sim/util/errors.h"
#include "sim/util/units.h"

namespace orrery {
namespace {

constexpr std::uint32_t kNone = 0xffffffff;

using Op = CollectiveOperation;
using Devices = std::vector<std::uint32_t>;

bool power_of_two(std::uint32_t n) {
  return n > 0 && (n & (n - 1)) == 0;
}

class Builder {
 public:
  CollectiveSchedule schedule;

  struct Part {
    std::uint64_t bytes, offset;
  };
  // What the receiver does with it.
  enum class Use : std::uint8_t { keep, sum };

  std::uint32_t add(std::uint32_t from, std::uint32_t to, Part part, Use use, Devices after) {
    after.erase(std::remove(after.begin(), after.end(), kNone), after.end());
    const bool original = after.empty();
    schedule.push_back({from, to, std::max<std::uint64_t>(1, part.bytes), part.offset, part.offset,
                        std::move(after), original, use == Use::sum});
    return static_cast<std::uint32_t>(schedule.size() - 1);
  }

  // Ring over `order`, whose device d starts with chunk d of `part`: the first `summing` steps of `steps` add
  // up partial sums.
  void ring(const Devices& order, std::uint32_t steps, std::uint32_t summing, Part part) {
    const auto n = static_cast<std::uint32_t>(order.size());
    const std::uint64_t chunk = ceil_div<std::uint64_t>(part.bytes, n);
    Devices ready(n, kNone);
    for (std::uint32_t s = 0; s < steps; ++s) {
      Devices arrived(n, kNone);
      for (std::uint32_t d = 0; d < n; ++d) {
        const std::uint32_t which = (d + 2 * n - s) % n;
        arrived[(d + 1) % n] = add(order[d], order[(d + 1) % n], {chunk, part.offset + which * chunk},
                                   s < summing ? Use::sum : Use::keep, {ready[d]});
      }
      ready = arrived;
    }
  }

  // A pipelined chain from order[0] on.
  void chain(const Devices& order, Part part) {
    const auto pieces = static_cast<std::uint32_t>(4 * order.size());
    const std::uint64_t piece = part.bytes / pieces;
    std::uint32_t first = kNone;  // the piece before has left
    for (std::uint32_t p = 0; p < pieces; ++p) {
      std::uint32_t before = first;
      for (std::size_t d = 0; d + 1 < order.size(); ++d) {
        before = add(order[d], order[d + 1], {piece, part.offset + p * piece}, Use::keep, {before});
        if (d == 0) first = before;
      }
    }
  }

  // Binary tree over `order` (heap order), in pieces: partial sums up to order[0] and the result down.
  void tree(const Devices& order, Part part, bool up, bool down) {
    // Pieces of half a MiB, not fewer than fill the tree.
    const auto pieces =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(part.bytes / (512 * kKiB), 8, 64));
    const auto n = static_cast<std::uint32_t>(order.size());
    // A device has buffers for some pieces: it starts one when the result of an earlier one is there, so that
    // sums going up and results coming down take turns on a link.
    constexpr std::uint32_t kBuffered = 4;
    std::vector<Devices> results(pieces, Devices(n, kNone));
    for (std::uint32_t p = 0; p < pieces; ++p) {
      const Part piece = {part.bytes / pieces, part.offset + p * (part.bytes / pieces)};
      Devices sent(n, kNone);
      if (up) {
        for (std::uint32_t d = n - 1; d > 0; --d) {
          Devices after;
          for (const std::uint32_t child : {2 * d + 1, 2 * d + 2}) {
            if (child < n) after.push_back(sent[child]);
          }
          if (down && p >= kBuffered) after.push_back(results[p - kBuffered][d]);
          sent[d] = add(order[d], order[(d - 1) / 2], piece, Use::sum, after);
        }
      }
      if (!down) continue;
      Devices got(n, kNone);
      for (std::uint32_t d = 1; d < n; ++d) {
        const std::uint32_t parent = (d - 1) / 2;
        Devices after = {got[parent]};
        if (parent == 0 && up) after = {sent[1], n > 2 ? sent[2] : kNone};
        got[d] = add(order[parent], order[d], piece, Use::keep, after);
      }
      results[p] = got;
    }
  }

  // Every device sends chunk j of `part` to the j-th device, or its own chunk to all: what arrived
  // at each.
  std::vector<Devices> scatter(const Devices& devices, Part part, Use use,
                               const std::vector<Devices>& ready = {}, bool own_chunk = false) {
    const std::uint64_t chunk = ceil_div<std::uint64_t>(part.bytes, devices.size());
    std::vector<Devices> arrived(devices.size());
    for (std::size_t shift = 1; shift < devices.size(); ++shift) {
      for (std::size_t d = 0; d < devices.size(); ++d) {
        const std::size_t to = (d + shift) % devices.size();
        arrived[to].push_back(add(devices[d], devices[to],
                                  {chunk, part.offset + (own_chunk ? d : to) * chunk}, use,
                                  ready.empty() ? Devices{} : ready[d]));
      }
    }
    return arrived;
  }

  void halving_doubling(std::uint32_t n, std::uint64_t bytes, bool scatter_phase, bool gather_phase) {
    std::vector<Devices> ready(n);
    std::vector<std::uint64_t> own(n, 0);  // where the part a device answers for begins
    if (!scatter_phase) {
      for (std::uint32_t d = 0; d < n; ++d) own[d] = d * (bytes / n);
    }
    const auto exchange = [&](std::uint32_t distance, std::uint64_t part, bool halve) {
      std::vector<Devices> next(n);
      for (std::uint32_t d = 0; d < n; ++d) {
        const std::uint32_t to = d ^ distance;
        const bool upper = (d & distance) != 0;
        const std::uint64_t sent = halve && !upper ? own[d] + part : own[d];
        next[to].push_back(add(d, to, {part, sent}, halve ? Use::sum : Use::keep, ready[d]));
      }
      for (std::uint32_t d = 0; d < n; ++d) {
        const bool upper = (d & distance) != 0;
        if (halve && upper) own[d] += part;
        if (!halve && upper) own[d] -= std::min(own[d], part);
      }
      ready = next;
    };
    if (scatter_phase) {
      for (std::uint32_t distance = n / 2, part = 2; distance > 0; distance /= 2, part *= 2)
        exchange(distance, bytes / part, true);
    }
    if (gather_phase) {
      for (std::uint32_t distance = 1, part = n; distance < n; distance *= 2, part /= 2)
        exchange(distance, bytes / part, false);
    }
  }

  // Chunk j of all devices meets in the switch; its sum goes to device j, which sends it to all through the
  // switch's multicast.
  void in_switch(std::uint32_t n, std::uint64_t bytes, bool reduce, bool spread) {
    // Chunks of a quarter of a MiB as far as there are enough: sums then come early.
    const std::uint64_t rounds = std::clamp<std::uint64_t>(bytes / (std::uint64_t{n} * 256 * kKiB), 1, 16);
    const std::uint64_t chunk = ceil_div<std::uint64_t>(bytes, n * rounds);
    // A device sends its chunks one after the other.
    Devices sent(n, kNone);
    for (std::uint32_t p = 0; p < n * rounds; ++p) {
      const std::uint32_t j = p % n;
      const Part part = {chunk, p * chunk};
      std::uint32_t sum = kNone;
      if (reduce) {
        Devices up;
        for (std::uint32_t d = 0; d < n; ++d) {
          up.push_back(sent[d] = add(d, kSwitch, part, Use::keep, {sent[d]}));
          schedule.back().original = true;
        }
        sum = add(kSwitch, j, part, Use::keep, up);
      }
      if (!spread) continue;
      const std::uint32_t up = add(j, kSwitch, part, Use::keep, {sum});
      for (std::uint32_t d = 0; d < n; ++d) add(kSwitch, d, part, Use::keep, {up});
    }
  }

  // From device 0 to all others through the switch's multicast, piece by piece.
  void spread_through_switch(std::uint32_t n, Part part) {
    const std::uint64_t pieces = std::clamp<std::uint64_t>(part.bytes / (256 * kKiB), 1, 64);
    const std::uint64_t piece = ceil_div<std::uint64_t>(part.bytes, pieces);
    std::uint32_t sent = kNone;
    for (std::uint64_t p = 0; p < pieces; ++p) {
      sent = add(0, kSwitch, {piece, part.offset + p * piece}, Use::keep, {sent});
      for (std::uint32_t d = 1; d < n; ++d)
        add(kSwitch, d, {piece, part.offset + p * piece}, Use::keep, {sent});
    }
  }

  // Inside groups, between the devices of the same place, inside groups again.
  void hierarchical(std::uint32_t n, std::uint32_t group, std::uint64_t bytes, Op op) {
    const std::uint32_t groups = n / group;
    const std::uint64_t chunk = ceil_div<std::uint64_t>(bytes, group);
    std::vector<Devices> ready(n);
    const auto inside = [&](std::uint32_t g) {
      Devices members(group);
      std::iota(members.begin(), members.end(), g * group);
      return members;
    };
    const bool reduces = op != Op::all_gather;
    if (reduces) {
      for (std::uint32_t g = 0; g < groups; ++g) {
        const auto arrived = scatter(inside(g), {bytes, 0}, Use::sum);
        for (std::uint32_t m = 0; m < group; ++m) ready[g * group + m] = arrived[m];
      }
    }
    const std::uint32_t rounds = op == Op::all_reduce ? 2 : 1;
    const std::uint64_t piece = ceil_div<std::uint64_t>(chunk, groups);
    for (std::uint32_t m = 0; m < group; ++m) {
      Devices order;
      for (std::uint32_t g = 0; g < groups; ++g) order.push_back(g * group + m);
      for (std::uint32_t s = 0; s < rounds * (groups - 1); ++s) {
        std::vector<std::uint32_t> arrived(groups, kNone);
        for (std::uint32_t g = 0; g < groups; ++g) {
          const std::uint32_t which = (g + 2 * groups - s) % groups;
          arrived[(g + 1) % groups] =
              add(order[g], order[(g + 1) % groups], {piece, m * chunk + which * piece},
                  reduces && s + 1 < groups ? Use::sum : Use::keep, ready[order[g]]);
        }
        for (std::uint32_t g = 0; g < groups; ++g) ready[order[g]] = {arrived[g]};
      }
    }
    if (op != Op::reduce_scatter) {
      for (std::uint32_t g = 0; g < groups; ++g) {
        std::vector<Devices> held;
        for (std::uint32_t m = 0; m < group; ++m) held.push_back(ready[g * group + m]);
        scatter(inside(g), {bytes, 0}, Use::keep, held, true);
      }
    }
  }

  // Rows go once to each group, to the device of the sender's place, which spreads their copies there. Of
  // `copies` that are drawn from all, 1 - (1 - 1 / groups)^copies reach a group, on the mean.
  void by_groups(std::uint32_t n, std::uint32_t group, std::uint64_t bytes, std::uint32_t copies) {
    const std::uint32_t groups = n / group;
    const double reached = 1 - std::pow(1 - 1.0 / groups, copies);
    const auto across =
        static_cast<std::uint64_t>(std::llround(static_cast<double>(bytes) / copies * reached));
    const std::uint64_t chunk = ceil_div<std::uint64_t>(bytes, n);
    constexpr std::uint64_t kPiece = 1U << 20;
    const std::uint64_t pieces = std::clamp<std::uint64_t>(across / kPiece, 1, 8);
    const auto spread_in = [&](std::uint32_t g, std::uint32_t from, std::uint32_t after,
                               std::uint64_t piece) {
      for (std::uint32_t j = 1; j < group; ++j) {
        const std::uint32_t to = g * group + (from + j) % group;
        add(from, to, {chunk / pieces, to * chunk + piece * (chunk / pieces)}, Use::keep, {after});
      }
    };
    for (std::uint32_t d = 0; d < n; ++d) {
      for (std::uint64_t p = 0; p < pieces; ++p) {
        spread_in(d / group, d, kNone, p);
        std::uint32_t sent = kNone;  // one node after the other
        for (std::uint32_t shift = 1; shift < groups; ++shift) {
          const std::uint32_t g = (d / group + shift) % groups;
          const std::uint32_t gate = g * group + d % group;
          sent = add(d, gate, {across / pieces, g * group * chunk}, Use::keep, {sent});
          schedule.back().original = true;
          spread_in(g, gate, sent, p);
        }
      }
    }
  }
};

}  // namespace

std::vector<std::vector<std::uint32_t>> ring_orders(NodeTopology topology, std::uint32_t devices) {
  std::vector<Devices> orders;
  Devices plain(devices);
  std::iota(plain.begin(), plain.end(), 0u);
  // Over hops that are not alike several channels run the same ring: the next one's chunks fill a slow hop
  // while a chunk is on fast ones (NCCL, src/graph: duplicated channels).
  constexpr std::size_t kChannels = 4;
  if (topology == NodeTopology::pairwise_host && devices > 2) return std::vector<Devices>(kChannels, plain);
  if (topology != NodeTopology::fully_connected || devices < 3) return {plain};
  if (devices <= 5) {
    // All circles: each link lies in as many of them as any other.
    do {
      orders.push_back(plain);
    } while (std::next_permutation(plain.begin() + 1, plain.end()));
    return orders;
  }
  for (std::uint32_t stride = 1; stride < devices; ++stride) {
    if (std::gcd(stride, devices) != 1) continue;
    for (std::uint32_t d = 0; d < devices; ++d) plain[d] = d * stride % devices;
    orders.push_back(plain);
  }
  return orders;
}

CollectiveSchedule make_schedule(CollectiveOperation op, CollectiveAlgorithm algorithm, NodeTopology topology,
                                 std::uint32_t n, std::uint32_t group, std::uint64_t bytes,
                                 std::uint32_t copies) {
  Builder b;
  if (n < 2) return {};
  const auto refuse = [&](const std::string& why) {
    throw ConfigError(
        "", std::string("algorithm ") + to_string(algorithm) + " for " + to_string(op) + ": " + why);
  };
  using Use = Builder::Use;
  const Builder::Part whole = {bytes, 0};
  const bool reduces = op == Op::all_reduce || op == Op::reduce_scatter;
  const bool gathers = op == Op::all_reduce || op == Op::all_gather;
  Devices all(n);
  std::iota(all.begin(), all.end(), 0u);
  if (op == Op::send_recv) {
    b.add(0, 1, whole, Use::keep, {});
    return b.schedule;
  }
  if (op == Op::shift) {
    for (std::uint32_t d = 0; d < n; ++d) b.add(d, (d + 1) % n, whole, Use::keep, {});
    return b.schedule;
  }
  if (op == Op::all_to_all) {
    if (algorithm == CollectiveAlgorithm::hierarchical) {
      if (group < 2 || n % group != 0 || n == group) refuse("groups must be alike, and more than one");
      b.by_groups(n, group, bytes, copies);
      return b.schedule;
    }
    if (algorithm != CollectiveAlgorithm::direct) refuse("only direct and hierarchical");
    b.scatter(all, whole, Use::keep);
    // A chunk is stored where its sender's place is.
    const std::uint64_t chunk = ceil_div<std::uint64_t>(bytes, n);
    for (CollectiveTransfer& t : b.schedule) t.stored_at = t.from * chunk;
    return b.schedule;
  }
  switch (algorithm) {
    case CollectiveAlgorithm::ring: {
      const auto orders = ring_orders(topology, n);
      for (std::uint32_t r = 0; r < orders.size(); ++r) {
        const std::uint64_t share = ceil_div<std::uint64_t>(bytes, orders.size());
        if (op == Op::broadcast) {
          b.chain(orders[r], {share, r * share});
        } else {
          b.ring(orders[r], (op == Op::all_reduce ? 2 : 1) * (n - 1), reduces ? n - 1 : 0,
                 {share, r * share});
        }
      }
      break;
    }
    case CollectiveAlgorithm::tree: {
      if (op != Op::all_reduce && op != Op::broadcast) refuse("a tree sums or spreads whole arrays");
      // Two trees, the leaves of one being inner nodes of the other, with half the data each.
      Devices mirrored(all.rbegin(), all.rend());
      if (op == Op::broadcast) {
        b.tree(all, whole, false, true);
      } else {
        b.tree(all, {bytes / 2, 0}, true, true);
        b.tree(mirrored, {bytes / 2, bytes / 2}, true, true);
      }
      break;
    }
    case CollectiveAlgorithm::halving_doubling:
      if (!power_of_two(n)) refuse("the number of devices must be a power of two");
      if (!reduces && !gathers) refuse("not this collective");
      b.halving_doubling(n, bytes, reduces, gathers);
      break;
    case CollectiveAlgorithm::direct: {
      if (op == Op::broadcast) {
        for (std::uint32_t d = 1; d < n; ++d) b.add(0, d, whole, Use::keep, {});
        break;
      }
      std::vector<Devices> arrived;
      if (reduces) arrived = b.scatter(all, whole, Use::sum);
      if (gathers) b.scatter(all, whole, Use::keep, arrived, true);
      break;
    }
    case CollectiveAlgorithm::one_shot:
      if (op != Op::all_reduce) refuse("every device sums up what all have");
      for (std::uint32_t shift = 1; shift < n; ++shift) {
        for (std::uint32_t d = 0; d < n; ++d) b.add(d, (d + shift) % n, whole, Use::sum, {});
      }
      break;
    case CollectiveAlgorithm::hierarchical:
      if (group < 2 || n % group != 0 || n / group < 2) refuse("needs groups of devices that are alike");
      if (!reduces && !gathers) refuse("not this collective");
      b.hierarchical(n, group, bytes, op);
      break;
    case CollectiveAlgorithm::in_switch:
      if (op == Op::broadcast) {
        b.spread_through_switch(n, whole);
      } else {
        b.in_switch(n, bytes, reduces, gathers);
      }
      break;
  }
  return b.schedule;
}

CollectiveSchedule spread(CollectiveSchedule schedule, const DeviceGroup& group) {
  if (group.stride == 1) return schedule;
  CollectiveSchedule all;
  all.reserve(schedule.size() * group.stride);
  for (std::uint32_t g = 0; g < group.stride; ++g) {
    const auto first = static_cast<std::uint32_t>(all.size());
    for (CollectiveTransfer t : schedule) {
      for (std::uint32_t* end : {&t.from, &t.to}) {
        if (*end != kSwitch) *end = *end * group.stride + g;
      }
      for (std::uint32_t& before : t.after) before += first;
      all.push_back(std::move(t));
    }
  }
  return all;
}

std::uint32_t schedule_steps(const CollectiveSchedule& schedule) {
  std::vector<std::uint32_t> depth(schedule.size(), 1);
  std::uint32_t most = 0;
  for (std::size_t i = 0; i < schedule.size(); ++i) {
    for (const std::uint32_t before : schedule[i].after) depth[i] = std::max(depth[i], depth[before] + 1);
    most = std::max(most, depth[i]);
  }
  return most;
}

}  // namespace orrery
