#include "sim/study/sweep_workloads.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "sim/study/configuration.h"
#include "sim/study/configuration_key.h"

namespace orrery {
namespace {

using nlohmann::json;

// What is asked; a model is its whole part.
constexpr std::array<const char*, 9> kAsked = {
    "/scenario/input",  "/scenario/output",       "/scenario/step",
    "/scenario/layers", "/serving/input",         "/serving/output",
    "/serving/trace",   "/serving/shared_prefix", "/serving/distinct_prompts"};

bool is_model(const std::string& pointer) {
  return pointer.rfind("/llm/", 0) == 0;
}

bool is_asked(const std::string& pointer) {
  return is_model(pointer) || std::find(kAsked.begin(), kAsked.end(), pointer) != kAsked.end();
}

json workload_of_base(const json& base) {
  json asked = {{"/llm", digest(base.at("llm"))}};
  for (const char* at : kAsked) {
    const json::json_pointer place(at);
    if (base.contains(place)) asked[at] = base[place];
  }
  return asked;
}

std::string design_of_base(const json& base) {
  json rest = base;
  rest.erase("llm");
  for (const char* at : kAsked) {
    const json::json_pointer place(at);
    if (rest.contains(place)) rest[place.parent_pointer()].erase(place.back());
  }
  if (rest.contains("cost")) {
    for (const char* key : {"model", "workload"}) rest["cost"].erase(key);
  }
  return digest(rest);
}

std::string described(const json& asked, const std::string& model) {
  std::string words = model;
  for (const auto& [key, value] : asked.items()) {
    if (key.rfind("/llm", 0) == 0 && key != "/llm")
      words += fmt::format(", {} {}", key.substr(1), value.dump());
  }
  const auto value = [&](const char* key) {
    for (const char* part : {"/serving/", "/scenario/"}) {
      const auto found = asked.find(part + std::string(key));
      if (found != asked.end()) return found->is_string() ? found->get<std::string>() : found->dump();
    }
    return std::string();
  };
  for (const auto& [key, after] :
       {std::pair("step", ""), std::pair("trace", ""), std::pair("input", " in"), std::pair("output", " out"),
        std::pair("layers", " layers"), std::pair("shared_prefix", " shared"),
        std::pair("distinct_prompts", " prompts")}) {
    if (const std::string is = value(key); !is.empty()) words += ", " + is + after;
  }
  return words;
}

std::size_t number_of(std::map<std::string, std::size_t>& numbers, const std::string& key) {
  return numbers.emplace(key, numbers.size()).first->second;
}

}  // namespace

SweepWorkloads::SweepWorkloads(const StoredSweep& sweep) : sweep_(sweep) {
  for (const json& base : sweep.bases)
    bases_.push_back({workload_of_base(base), design_of_base(base), base["llm"].value("name", "model")});
}

const std::string& SweepWorkloads::pointer(std::size_t base, const std::string& key, const json& value) {
  const auto [it, fresh] = pointers_.try_emplace({base, key});
  if (fresh) it->second = resolve_key(sweep_.bases.at(base), key, value);
  return it->second;
}

std::size_t SweepWorkloads::workload_of(const StoredPoint& point) {
  const Split& base = bases_.at(point.base);
  json asked = base.workload;
  const json inputs = json::parse(point.inputs);
  for (const auto& [key, value] : inputs.items()) {
    if (const std::string& at = pointer(point.base, key, value); is_asked(at)) asked[at] = value;
  }
  const std::size_t number = number_of(workload_numbers_, asked.dump());
  if (number == words_.size()) words_.push_back(described(asked, base.model));
  return number;
}

std::size_t SweepWorkloads::design_of(const StoredPoint& point) {
  json chosen = json::object();
  const json inputs = json::parse(point.inputs);
  for (const auto& [key, value] : inputs.items()) {
    if (const std::string& at = pointer(point.base, key, value); !is_asked(at)) chosen[at] = value;
  }
  return number_of(design_numbers_, bases_.at(point.base).design + chosen.dump());
}

std::vector<std::vector<std::size_t>> bases_by_workload(const std::vector<json>& bases) {
  std::vector<std::vector<std::size_t>> groups;
  std::map<std::string, std::size_t> numbers;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const std::size_t number = number_of(numbers, workload_of_base(bases[i]).dump());
    if (number == groups.size()) groups.emplace_back();
    groups[number].push_back(i);
  }
  return groups;
}

double score_over(const std::vector<double>& figures, const std::vector<double>& best, WorkloadScore score) {
  double sum = 0;
  double largest = 0;
  for (std::size_t i = 0; i < figures.size(); ++i) {
    if (figures[i] * best[i] <= 0) return std::numeric_limits<double>::quiet_NaN();
    // Of a maximised figure the best is the largest.
    const double ratio = best[i] > 0 ? figures[i] / best[i] : best[i] / figures[i];
    sum += std::log(ratio);
    largest = std::max(largest, ratio);
  }
  return score == WorkloadScore::worst ? largest : std::exp(sum / static_cast<double>(figures.size()));
}

}  // namespace orrery
