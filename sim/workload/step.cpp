#include "sim/workload/step.h"

#include <algorithm>
#include <map>
#include <regex>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr std::size_t kMostSteps = 1'000'000;

// Gathers steps that are alike.
class StepList {
 public:
  void add(Step step, std::uint64_t times) {
    const auto [at, fresh] = index_.emplace(step, runs_.size());
    if (!fresh) {
      runs_[at->second].times += times;
      return;
    }
    if (runs_.size() == kMostSteps)
      throw ConfigError(
          "", "more than a million different steps: fewer or shorter prompts, or a larger token budget");
    runs_.push_back({std::move(step), times});
  }
  std::vector<StepRun> take() { return std::move(runs_); }

 private:
  std::map<Step, std::size_t> index_;
  std::vector<StepRun> runs_;
};

// The next `budget` tokens of prompts of which `left` stand before `done` tokens of the first; both are moved
// on.
Step next_step(std::uint64_t& left, std::uint64_t& done, std::uint64_t input, std::uint64_t budget) {
  Step step;
  std::uint64_t room = budget;
  if (done > 0) {
    const std::uint64_t piece = std::min(room, input - done);
    done += piece;
    room -= piece;
    step.groups.push_back({Phase::prefill, 1, piece, done, 0});
    if (done == input) {
      done = 0;
      --left;
    }
  }
  if (const std::uint64_t prompts = std::min(left, room / input); prompts > 0 && done == 0) {
    step.groups.push_back({Phase::prefill, prompts, input, input, 0});
    left -= prompts;
    room -= prompts * input;
  }
  if (left > 0 && room > 0 && done == 0) {
    done = room;
    step.groups.push_back({Phase::prefill, 1, done, done, 0});
  }
  return step;
}

}  // namespace

std::uint64_t Step::sequences() const {
  std::uint64_t sum = 0;
  for (const SequenceGroup& g : groups) sum += g.sequences;
  return sum;
}

std::uint64_t Step::tokens() const {
  std::uint64_t sum = 0;
  for (const SequenceGroup& g : groups) sum += g.sequences * g.new_tokens;
  return sum;
}

std::uint64_t Step::scored() const {
  std::uint64_t sum = 0;
  for (const SequenceGroup& g : groups) sum += g.sequences * (g.phase == Phase::prefill ? 1 : g.new_tokens);
  return sum;
}

Phase Step::phase() const {
  if (!groups.empty() && groups.front().phase == Phase::training) return Phase::training;
  const bool prefill = std::any_of(groups.begin(), groups.end(),
                                   [](const SequenceGroup& g) { return g.phase == Phase::prefill; });
  return prefill ? Phase::prefill : Phase::decode;
}

Step step_named(const std::string& text) {
  static const std::regex form("(prefill|decode|verify):([0-9]{1,9})(?:x([0-9]{1,9}))?(?:@([0-9]{1,9}))?");
  Step step;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    const std::string group = text.substr(at, end - at);
    at = end + 1;
    const auto refuse = [&group](const std::string& why) {
      throw ConfigError("", "--step: '" + group + "' " + why);
    };
    std::smatch found;
    if (!std::regex_match(group, found, form))
      refuse("is no group; expected KIND:SEQUENCES[xNEW]@CONTEXT, KIND being prefill, decode or verify");
    const std::string kind = found[1];
    if (kind == "decode" && found[3].matched) refuse("says new tokens; a decoding sequence has one");
    if (kind != "decode" && !found[3].matched) refuse("lacks the new tokens of a sequence (2x512)");
    if (kind != "prefill" && !found[4].matched) refuse("lacks the context (@4096)");
    SequenceGroup g;
    g.phase = kind == "prefill" ? Phase::prefill : Phase::decode;
    g.sequences = std::stoull(found[2]);
    g.new_tokens = found[3].matched ? std::stoull(found[3]) : 1;
    g.context = found[4].matched ? std::stoull(found[4]) : g.new_tokens;
    if (g.sequences == 0 || g.new_tokens == 0) refuse("has no sequences or no tokens");
    if (g.new_tokens > g.context) refuse("has more new tokens than its context, which they are part of");
    step.groups.push_back(g);
  }
  return step;
}

std::vector<StepRun> prefill_steps(std::uint64_t batch, std::uint64_t input, std::uint64_t budget,
                                   bool whole) {
  StepList steps;
  if (whole) {
    const std::uint64_t prompts = std::min(batch, std::max<std::uint64_t>(1, budget / input));
    const SequenceGroup full{Phase::prefill, prompts, input, input, 0};
    steps.add({{full}}, batch / prompts);
    if (const std::uint64_t rest = batch % prompts; rest > 0)
      steps.add({{{Phase::prefill, rest, input, input, 0}}}, 1);
    return steps.take();
  }
  // Steps repeat from where one ends with a prompt.
  std::uint64_t left = batch;
  std::uint64_t done = 0;
  std::vector<Step> period;
  while (left > 0) {
    period.push_back(next_step(left, done, input, budget));
    if (period.size() > kMostSteps) break;
    if (done > 0) continue;
    const std::uint64_t prompts = batch - left;
    const std::uint64_t times = batch / prompts;
    for (const Step& step : period) steps.add(step, times);
    left = batch % prompts;
    period.clear();
    break;
  }
  while (left > 0) steps.add(next_step(left, done, input, budget), 1);
  for (Step& step : period) steps.add(std::move(step), 1);
  return steps.take();
}

}  // namespace orrery
