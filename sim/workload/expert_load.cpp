#include "sim/workload/expert_load.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>

#include "sim/util/errors.h"
#include "sim/util/random.h"
#include "sim/util/text_file.h"

namespace orrery {
namespace {

constexpr std::uint64_t kDealSeed = 1;

// Scaled so that they sum to `taken` and none exceeds one: a token takes an expert once.
std::vector<double> capped(std::vector<double> weights, double taken) {
  std::vector<bool> full(weights.size(), false);
  for (bool again = true; again;) {
    again = false;
    double sum = 0;
    double left = taken;
    for (std::size_t i = 0; i < weights.size(); ++i) full[i] ? left -= 1 : sum += weights[i];
    if (sum <= 0) break;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if (full[i]) continue;
      weights[i] *= left / sum;
      if (weights[i] < 1) continue;
      weights[i] = 1;
      full[i] = again = true;
    }
  }
  return weights;
}

std::optional<double> number_in(const std::string& text) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return number;
}

void deal(std::vector<double>& weights) {
  RandomStream random(kDealSeed);
  for (std::size_t i = weights.size(); i > 1; --i) std::swap(weights[i - 1], weights[random.below(i)]);
}

double exponent_of(const std::string& text, const std::string& law, double least) {
  const std::optional<double> exponent = number_in(text.substr(law.size()));
  if (!exponent || !(*exponent > least && *exponent <= 100))
    throw ConfigError(
        "", fmt::format("--expert-load {}: expected {} and an exponent above {:g}", text, law, least));
  return *exponent;
}

std::vector<double> read_counts(const std::string& path) {
  std::string text = read_text_file(path);
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return c == ',' || c == ';' || c == '\n' || c == '\t' || c == '\r'; }, ' ');
  std::vector<double> counts;
  for (std::size_t at = 0; (at = text.find_first_not_of(' ', at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::optional<double> count = number_in(text.substr(at, end - at));
    if (!count || *count < 0)
      throw ConfigError(path,
                        fmt::format("'{}' is no count of an expert's tokens", text.substr(at, end - at)));
    counts.push_back(*count);
    at = end;
  }
  if (std::accumulate(counts.begin(), counts.end(), 0.0) <= 0)
    throw ConfigError(path, "no counts of experts' tokens");
  return counts;
}

}  // namespace

std::vector<double> ExpertLoad::probabilities(std::uint64_t experts, std::uint64_t taken) const {
  std::vector<double> weights(experts, 1);
  const double n = static_cast<double>(experts);
  for (std::uint64_t i = 0; i < experts; ++i) {
    if (kind == Kind::zipf) weights[i] = std::pow(static_cast<double>(i + 1), -exponent);
    // The load that a share u of the experts exceed, of a density with this exponent.
    if (kind == Kind::power_law)
      weights[i] = std::pow((static_cast<double>(i) + 0.5) / n, -1 / (exponent - 1));
  }
  if (kind == Kind::zipf || kind == Kind::power_law) deal(weights);
  if (kind == Kind::counts) {
    if (counts.size() != experts)
      throw ConfigError(
          "", fmt::format("{} counts {} experts; the model's mixture has {}", name, counts.size(), experts));
    weights = counts;
  }
  return capped(std::move(weights), static_cast<double>(taken));
}

ExpertLoad expert_load_named(const std::string& text) {
  ExpertLoad load;
  load.name = text;
  if (text == "uniform") return load;
  if (text.rfind("zipf:", 0) == 0) {
    load.kind = ExpertLoad::Kind::zipf;
    load.exponent = exponent_of(text, "zipf:", 0);
  } else if (text.rfind("power:", 0) == 0) {
    load.kind = ExpertLoad::Kind::power_law;
    load.exponent = exponent_of(text, "power:", 1);
  } else if (std::filesystem::is_regular_file(text)) {
    load.kind = ExpertLoad::Kind::counts;
    load.counts = read_counts(text);
  } else {
    throw ConfigError("", "--expert-load " + text +
                              ": expected uniform, zipf:EXPONENT, power:EXPONENT or a file of counts");
  }
  return load;
}

ExpertShare busiest_share(const std::vector<double>& probabilities, std::uint64_t tokens,
                          std::uint32_t devices) {
  const std::size_t each = probabilities.size() / devices;
  const double t = static_cast<double>(tokens);
  ExpertShare busiest;
  for (std::uint32_t d = 0; d < devices; ++d) {
    ExpertShare share;
    double none = 1;  // of them is taken by a token
    for (std::size_t e = d * each; e < (d + 1) * each; ++e) {
      const double p = probabilities[e];
      share.rows += t * p;
      share.active += 1 - std::pow(1 - p, t);
      none *= 1 - p;
    }
    share.received = t * (1 - none);
    if (share.rows > busiest.rows) busiest = share;
  }
  return busiest;
}

}  // namespace orrery
