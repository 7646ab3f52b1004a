#pragma once
// What is asked of the machines of a sweep, told apart from what is chosen for them: points of one workload
// (model, lengths, trace) are compared with each other, a design (all the rest) is scored over workloads.

#include <map>
#include <string>
#include <vector>

#include "sim/study/sweep_results.h"

namespace orrery {

class SweepWorkloads {
 public:
  // `sweep` must outlive it.
  explicit SweepWorkloads(const StoredSweep& sweep);

  // Each by a number, from 0 in the order in which they are first asked for.
  std::size_t workload_of(const StoredPoint& point);
  std::size_t design_of(const StoredPoint& point);
  // "llama-3-8b, 512 in, 128 out".
  const std::string& in_words(std::size_t workload) const { return words_[workload]; }
  std::size_t workloads() const { return words_.size(); }

 private:
  struct Split {
    nlohmann::json workload;  // its keys by their pointers; a model by its digest
    std::string design;       // digest of the rest
    std::string model;
  };
  const StoredSweep& sweep_;
  std::vector<Split> bases_;
  std::map<std::pair<std::size_t, std::string>, std::string> pointers_;
  std::map<std::string, std::size_t> workload_numbers_, design_numbers_;
  std::vector<std::string> words_;

  const std::string& pointer(std::size_t base, const std::string& key, const nlohmann::json& value);
};

// Of bases alone: those of one workload together, by their numbers.
std::vector<std::vector<std::size_t>> bases_by_workload(const std::vector<nlohmann::json>& bases);

enum class WorkloadScore : std::uint8_t { geometric_mean, worst };
template <>
struct EnumNames<WorkloadScore> {
  static constexpr std::array<const char*, 2> kWords = {"geomean", "worst"};
};
// Of one figure of a design on each workload, over the best that any design has there (smaller is better,
// maximised ones come negated): their geometric mean, or the largest. 1 = the best everywhere. NaN where a
// figure is 0 or signs differ.
double score_over(const std::vector<double>& figures, const std::vector<double>& best, WorkloadScore score);

}  // namespace orrery
