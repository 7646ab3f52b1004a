#include "sim/workload/parallelism.h"

#include <fmt/format.h>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr std::uint64_t kMostDevices = 65536;

// "--tp 2 x --pp 3": the degrees that were asked for.
std::string said(const AskedDegrees& asked) {
  std::string all;
  const auto add = [&all](const char* name, const std::optional<std::uint32_t>& degree) {
    if (degree) all += fmt::format("{}--{} {}", all.empty() ? "" : " x ", name, *degree);
  };
  add("tp", asked.tensor);
  add("cp", asked.context);
  add("dp", asked.data);
  add("pp", asked.pipeline);
  return all;
}

void check_experts(const Parallelism& p) {
  if (p.expert == 1) return;
  const std::uint32_t side_by_side = p.tensor * p.data;
  const bool fits = p.expert <= p.tensor ? p.tensor % p.expert == 0
                                         : p.expert % p.tensor == 0 && side_by_side % p.expert == 0;
  if (!fits)
    throw ConfigError("",
                      fmt::format("--ep {}: experts are shared out over the {} devices of a tensor-parallel "
                                  "group, or over those of whole replicas (--tp {} x --dp {}): --ep must "
                                  "divide the one or be a multiple of it that divides the other",
                                  p.expert, p.tensor, p.tensor, p.data));
  if (p.context > 1 && p.experts_across_replicas())
    throw ConfigError("", "--cp with experts across replicas (--ep beyond --tp) is not modelled");
}

}  // namespace

std::string undivided(std::uint64_t count, const char* of, const Parallelism& split) {
  return count % split.tensor == 0 ? "" : fmt::format("{} {} over --tp {}", count, of, split.tensor);
}

std::string whole_context(const Parallelism& split, const char* block) {
  return split.context == 1 ? "" : fmt::format("{} over --cp {} is not modelled", block, split.context);
}

Parallelism divided(const AskedDegrees& asked, std::uint32_t usual) {
  Parallelism p;
  p.tensor = asked.tensor.value_or(1);
  p.pipeline = asked.pipeline.value_or(1);
  p.data = asked.data.value_or(1);
  p.context = asked.context.value_or(1);
  p.expert = asked.expert.value_or(1);
  p.micro_batches = asked.micro_batches.value_or(0);
  const bool none = !asked.tensor && !asked.pipeline && !asked.data && !asked.context;
  const std::uint64_t product = std::uint64_t{p.tensor} * p.pipeline * p.data * p.context;
  if (product > kMostDevices)
    throw ConfigError("", fmt::format("{} are {} devices; at most {}", said(asked), product, kMostDevices));
  if (none || asked.devices) {
    const std::uint32_t devices = asked.devices.value_or(usual);
    const auto left = static_cast<std::uint32_t>(devices / product);
    if (left * product != devices || (left > 1 && asked.tensor && asked.pipeline))
      throw ConfigError(
          "", fmt::format("{} {} {} devices, --devices is {}: change either", said(asked),
                          said(asked).find('x') == std::string::npos ? "takes" : "take", product, devices));
    (asked.tensor ? p.pipeline : p.tensor) *= left;
  }
  check_experts(p);
  return p;
}

}  // namespace orrery
