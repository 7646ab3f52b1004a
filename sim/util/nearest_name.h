#pragma once
// The nearest valid name to a misspelt one (Damerau-Levenshtein distance, optimal string alignment).

#include <string>
#include <vector>

namespace orrery {

// The candidate closest to `name`, with or without the candidate's folder ("a/"), or "" when none is within a
// third of its length (at least 2 edits).
std::string nearest_name(const std::string& name, const std::vector<std::string>& candidates);

// " (did you mean 'x'?)" or "": names that go on where `name` stops, or have it as a part ("h100" of
// "gpu/h100-sxm"), before ones that are spelt alike.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace orrery
