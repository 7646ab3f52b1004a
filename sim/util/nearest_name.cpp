#include "sim/util/nearest_name.h"

#include <algorithm>
#include <cstdint>

namespace orrery {
namespace {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitution = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, substitution});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

constexpr std::size_t kMostNamed = 6;
constexpr std::size_t kShortestPart = 3;  // fewer letters are in half of all names

// Candidates that begin with `name`, with or without their folder, or have it as a whole part between
// hyphens and the like.
std::vector<std::string> that_continue(const std::string& name, const std::vector<std::string>& candidates) {
  const auto is_edge = [](char c) { return c == '-' || c == '_' || c == '/' || c == '.'; };
  std::vector<std::string> beginning, holding;
  if (name.empty()) return {};
  for (const std::string& candidate : candidates) {
    const std::size_t at = candidate.find(name);
    if (at == std::string::npos || candidate == name) continue;
    const std::size_t end = at + name.size();
    const bool whole_end = end == candidate.size() || is_edge(candidate[end]);
    const bool starts = at == 0 || is_edge(candidate[at - 1]);
    if (at == 0 || (candidate[at - 1] == '/' && name.size() >= kShortestPart)) {
      beginning.push_back(candidate);
    } else if (starts && whole_end && name.size() >= kShortestPart) {
      holding.push_back(candidate);
    }
  }
  return beginning.empty() ? holding : beginning;
}

}  // namespace

std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t folder = candidate.rfind('/');  // a name may be given without its folder
    const std::size_t distance =
        std::min(edit_distance(name, candidate),
                 folder == std::string::npos ? SIZE_MAX : edit_distance(name, candidate.substr(folder + 1)));
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates) {
  std::vector<std::string> near = that_continue(name, candidates);
  if (near.empty() || near.size() > kMostNamed) {
    const std::string nearest = nearest_name(name, candidates);
    if (nearest.empty() && near.empty()) return "";
    if (!nearest.empty()) near = {nearest};
    near.resize(std::min(near.size(), kMostNamed));
  }
  std::string text = " (did you mean '" + near.front() + "'";
  for (std::size_t i = 1; i < near.size(); ++i)
    text += (i + 1 < near.size() ? ", '" : " or '") + near[i] + "'";
  return text + "?)";
}

}  // namespace orrery
