#include "sim/serve/sizes_elsewhere.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <type_traits>

#include "sim/util/errors.h"

namespace orrery {
namespace {

enum class Said : std::uint8_t { cost, config_error, simulation_error };

bool write_all(int to, const void* bytes, std::size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::write(to, at, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    at += written;
    count -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int from, void* bytes, std::size_t count) {
  char* at = static_cast<char*>(bytes);
  while (count > 0) {
    const ssize_t got = ::read(from, at, count);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    at += got;
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

bool say(int to, Said what, const std::string& text) {
  const std::uint64_t length = text.size();
  return write_all(to, &what, sizeof what) && write_all(to, &length, sizeof length) &&
         write_all(to, text.data(), length);
}

}  // namespace

// The same program on both ends: values go as they lie in memory.
static_assert(std::is_trivially_copyable_v<StepCost>);

void SizesElsewhere::answer_questions(StepSizes& sizes, int from, int to) {
  Question q;
  while (read_all(from, &q, sizeof q)) {
    try {
      StepCost cost;
      if (q.wanted == Wanted::stages) cost.kernels = static_cast<double>(sizes.stages());
      if (q.wanted == Wanted::has) cost.kernels = sizes.has(q.size.stage, q.size.part) ? 1 : 0;
      if (q.wanted == Wanted::size) cost = sizes.simulated(q.size);
      const Said good = Said::cost;
      if (!write_all(to, &good, sizeof good) || !write_all(to, &cost, sizeof cost)) return;
    } catch (const ConfigError& error) {
      if (!say(to, Said::config_error, error.what())) return;
    } catch (const std::exception& error) {
      if (!say(to, Said::simulation_error, error.what())) return;
    }
  }
}

SizesElsewhere::SizesElsewhere(const std::function<void(const Answer&)>& serve) {
  std::array<int, 2> questions{};
  std::array<int, 2> answers{};
  if (::pipe(questions.data()) != 0 || ::pipe(answers.data()) != 0)
    throw SimulationError("worker", "no pipe to a second machine's process");
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ < 0) throw SimulationError("worker", "no process for a second machine");
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    ::close(questions[1]);
    ::close(answers[0]);
    const int from = questions[0];
    const int to = answers[1];
    const Answer answer = [&](StepSizes& sizes) { answer_questions(sizes, from, to); };
    try {
      serve(answer);
    } catch (const std::exception& error) {
      // Before it could answer: said to the first question.
      Question q;
      if (read_all(from, &q, sizeof q)) say(to, Said::config_error, error.what());
    }
    ::_exit(0);
  }
  ::close(questions[0]);
  ::close(answers[1]);
  to_ = questions[1];
  from_ = answers[0];
  Question q;
  q.wanted = Wanted::stages;
  stages_ = static_cast<std::size_t>(ask(q).kernels);
}

SizesElsewhere::~SizesElsewhere() {
  ::close(to_);
  ::close(from_);
  ::waitpid(child_, nullptr, 0);
}

StepCost SizesElsewhere::ask(const Question& question) const {
  Said said = Said::cost;
  if (!write_all(to_, &question, sizeof question) || !read_all(from_, &said, sizeof said))
    throw SimulationError("worker", "the process of the second machine ended");
  StepCost cost;
  if (said == Said::cost && read_all(from_, &cost, sizeof cost)) return cost;
  std::uint64_t length = 0;
  std::string text;
  if (said != Said::cost && read_all(from_, &length, sizeof length)) {
    text.resize(length);
    if (read_all(from_, text.data(), length)) {
      if (said == Said::config_error) throw ConfigError("", text);
      throw SimulationError("simulation", text);
    }
  }
  throw SimulationError("worker", "the process of the second machine ended");
}

bool SizesElsewhere::has(std::size_t stage, StepPart part) {
  Question q;
  q.wanted = Wanted::has;
  q.size.stage = static_cast<std::uint32_t>(stage);
  q.size.part = part;
  return ask(q).kernels > 0;
}

StepCost SizesElsewhere::simulated(const StepSize& size) {
  Question q;
  q.size = size;
  return ask(q);
}

}  // namespace orrery
