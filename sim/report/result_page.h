#pragma once
// Results as a page that a person reads and mails: what they say first, then figures, where time and energy
// go, and how far all of it may be off.

#include <nlohmann/json.hpp>
#include <vector>

#include "sim/report/page.h"

namespace orrery {

// `results` are of runs (several are compared), or one of a kernel or of serving, as their JSON has them;
// refused ones of a comparison keep their place. Throws ConfigError: none, kinds that are not of a page
// together, or a file's content that is no result.
Page result_page(const std::vector<nlohmann::ordered_json>& results);

}  // namespace orrery
