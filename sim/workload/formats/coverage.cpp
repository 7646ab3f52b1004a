#include "sim/workload/formats/coverage.h"

#include <fmt/format.h>

#include <algorithm>

#include "sim/util/text_file.h"

namespace orrery {
namespace {

constexpr std::size_t kMostNames = 12;  // of a list

void count(Coverage::Left& left, const std::string& why) {
  ++left.count;
  left.why = why;
}

std::string names(const std::map<std::string, Coverage::Left>& left) {
  std::string text;
  std::size_t said = 0;
  for (const auto& [name, of] : left) {
    if (said++ == kMostNames) return text + fmt::format("\n  and {} more names", left.size() - kMostNames);
    text += fmt::format("\n  {} x {}: {}", of.count, name, of.why);
  }
  return text;
}

std::uint64_t total(const std::map<std::string, Coverage::Left>& left) {
  std::uint64_t sum = 0;
  for (const auto& [name, of] : left) sum += of.count;
  return sum;
}

}  // namespace

void Coverage::ignore(const std::string& name, const std::string& why) {
  count(ignored[printable(name)], why);
}

void Coverage::refuse(const std::string& name, const std::string& why) {
  count(refused[printable(name)], printable(why));
}

void Coverage::understand(const std::string& name) {
  ++understood[printable(name)];
}

void Coverage::assume(const std::string& said) {
  const std::string what = printable(said);
  if (std::find(assumed.begin(), assumed.end(), what) == assumed.end()) assumed.push_back(what);
}

void Coverage::add(const Coverage& other) {
  for (const auto& [name, n] : other.understood) understood[name] += n;
  for (const auto& [mine, theirs] :
       {std::pair(&ignored, &other.ignored), std::pair(&refused, &other.refused)}) {
    for (const auto& [name, left] : *theirs) {
      (*mine)[name].count += left.count;
      (*mine)[name].why = left.why;
    }
  }
  for (const std::string& what : other.assumed) assume(what);
}

std::string describe(const Coverage& coverage) {
  std::uint64_t understood = 0;
  std::string kinds;
  std::size_t said = 0;
  for (const auto& [name, count] : coverage.understood) {
    understood += count;
    if (said++ < kMostNames) kinds += fmt::format("\n  {} x {}", count, name);
  }
  if (said > kMostNames) kinds += fmt::format("\n  and {} more names", said - kMostNames);
  std::string text = fmt::format("{}: {} operator(s) understood{}", coverage.format, understood, kinds);
  if (!coverage.ignored.empty())
    text += fmt::format("\n{} ignored{}", total(coverage.ignored), names(coverage.ignored));
  if (!coverage.refused.empty())
    text += fmt::format("\n{} refused{}", total(coverage.refused), names(coverage.refused));
  for (const std::string& what : coverage.assumed) text += "\nassumed: " + what;
  return text;
}

}  // namespace orrery
