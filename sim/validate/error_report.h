#pragma once
// Errors by group as people and programs read them.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/report/plot.h"
#include "sim/validate/validation.h"

namespace orrery {

// A group with its worst rows, worst first.
struct GroupReport {
  ErrorGroup group;
  std::vector<ValidatedRow> worst;
};
// `rows` in the order in which groups come; `worst` of each group are kept.
std::vector<GroupReport> group_reports(std::vector<ValidatedRow> rows, std::size_t worst);

// {group, quantity, n, failed, bias, median_abs, mean_abs, p90_abs, worst?}: fractions, null where no row
// could be simulated.
nlohmann::ordered_json errors_json(const std::vector<GroupReport>& reports);
// Simulated against measured, a series a group.
Plot scatter_plot(const std::vector<ValidatedRow>& rows);
std::string errors_table(const std::vector<GroupReport>& reports);

}  // namespace orrery
