#include "sim/serve/sizes_elsewhere.h"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <type_traits>

#include "sim/util/end_with_parent.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

enum class Said : std::uint8_t { cost, config_error, simulation_error };

bool write_all(int to, const void* bytes, std::size_t count) {
  const char* at = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::send(to, at, count, MSG_NOSIGNAL);  // who is gone says so, and kills nobody
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

void SizesElsewhere::answer_questions(StepSizes& sizes, int other) {
  Question q;
  while (read_all(other, &q, sizeof q)) {
    try {
      StepCost cost;
      if (q.wanted == Wanted::stages) cost.kernels = static_cast<double>(sizes.stages());
      if (q.wanted == Wanted::has) cost.kernels = sizes.has(q.size.stage, q.size.part) ? 1 : 0;
      if (q.wanted == Wanted::size) cost = sizes.simulated(q.size);
      const Said good = Said::cost;
      if (!write_all(other, &good, sizeof good) || !write_all(other, &cost, sizeof cost)) return;
    } catch (const ConfigError& error) {
      if (!say(other, Said::config_error, error.what())) return;
    } catch (const std::exception& error) {
      if (!say(other, Said::simulation_error, error.what())) return;
    }
  }
}

SizesElsewhere::SizesElsewhere(const std::function<void(const Answer&)>& serve) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw SimulationError("worker", "no way to a second machine's process");
  const pid_t parent = ::getpid();
  child_ = ::fork();
  if (child_ < 0) throw SimulationError("worker", "no process for a second machine");
  if (child_ == 0) {
    end_with_parent(parent);
    ::close(ends[0]);
    const int other = ends[1];
    const Answer answer = [&](StepSizes& sizes) { answer_questions(sizes, other); };
    try {
      serve(answer);
    } catch (const std::exception& error) {
      // Before it could answer: said to the first question.
      Question q;
      if (read_all(other, &q, sizeof q)) say(other, Said::config_error, error.what());
    }
    ::_exit(0);
  }
  ::close(ends[1]);
  other_ = ends[0];
  try {
    Question q;
    q.wanted = Wanted::stages;
    stages_ = static_cast<std::size_t>(ask(q).kernels);
  } catch (...) {
    end();
    throw;
  }
}

void SizesElsewhere::end() const {
  ::close(other_);
  while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

SizesElsewhere::~SizesElsewhere() {
  end();
}

StepCost SizesElsewhere::ask(const Question& question) const {
  Said said = Said::cost;
  if (!write_all(other_, &question, sizeof question) || !read_all(other_, &said, sizeof said))
    throw SimulationError("worker", "the process of the second machine ended");
  StepCost cost;
  if (said == Said::cost && read_all(other_, &cost, sizeof cost)) return cost;
  std::uint64_t length = 0;
  std::string text;
  if (said != Said::cost && read_all(other_, &length, sizeof length)) {
    text.resize(length);
    if (read_all(other_, text.data(), length)) {
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
