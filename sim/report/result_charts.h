#pragma once
// Charts of what results hold, drawn from their JSON.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/report/plot.h"

namespace orrery {

using Results = std::vector<nlohmann::ordered_json>;

// What a result is called among others: its machine, numbered where the same comes again.
std::vector<std::string> column_names(const Results& results);

// Of each result an object of parts that sum to something (time_s, energy_j), zero ones and a "total" left
// out.
BarPlot split_bars(const Results& results, const std::string& key, const std::string& title,
                   const std::string& unit);
// Time of each kind of operator, the phases apart.
BarPlot operator_bars(const Results& results);
// What a device's memory holds.
BarPlot memory_bars(const Results& results);
// Operators by FLOP per byte of DRAM and FLOPS of a device, under the machine's roof.
Plot roofline(const Results& results);
// Of runs and of serving.
Plot power_curve_of(const Results& results);
// Of serving: requests that wait and run, and the share of the KV blocks in use.
Plot load_curve(const nlohmann::ordered_json& serving);
Plot cache_curve(const nlohmann::ordered_json& serving);

}  // namespace orrery
