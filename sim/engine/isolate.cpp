#include "sim/engine/isolate.h"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/util/end_with_parent.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

// The first byte of a child's answer says what follows.
constexpr char kResult = 'r';
constexpr char kConfigError = 'c';
constexpr char kSimulationError = 's';
constexpr char kComplete = '.';  // and the last one that nothing is missing

struct Child {
  pid_t pid = -1;
  int pipe = -1;
  std::size_t task = 0;
  std::string answer;
};

void write_all(int fd, const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t n = write(fd, text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

std::string answer_of(const std::function<std::string()>& task) {
  try {
    return kResult + task();
  } catch (const ConfigError& error) {
    return kConfigError + std::string(error.what());
  } catch (const std::exception& error) {
    return kSimulationError + std::string(error.what());
  }
}

Child start(const std::function<std::string()>& task, std::size_t index) {
  int ends[2];
  if (pipe(ends) != 0) throw SimulationError("fork", std::strerror(errno));
  Child child;
  child.task = index;
  const pid_t parent = getpid();
  child.pid = fork();
  if (child.pid < 0) {
    close(ends[0]);
    close(ends[1]);
    throw SimulationError("fork", std::strerror(errno));
  }
  if (child.pid == 0) {
    close(ends[0]);
    end_with_parent(parent);
    write_all(ends[1], answer_of(task) + kComplete);
    close(ends[1]);
    _exit(0);  // no destructors or buffers of the parent's
  }
  close(ends[1]);
  child.pipe = ends[0];
  return child;
}

// Reads what is there; true at the end.
bool drain(Child& child) {
  char buffer[1 << 16];
  const ssize_t n = read(child.pipe, buffer, sizeof buffer);
  if (n > 0) child.answer.append(buffer, static_cast<std::size_t>(n));
  return n == 0 || (n < 0 && errno != EINTR);
}

// What the child answered, "" if it died before its answer was complete.
std::string finish(Child& child) {
  close(child.pipe);
  int status = 0;
  while (waitpid(child.pid, &status, 0) < 0 && errno == EINTR) {
  }
  const bool whole = WIFEXITED(status) && WEXITSTATUS(status) == 0 && child.answer.size() >= 2 &&
                     child.answer.back() == kComplete;
  return whole ? child.answer.substr(0, child.answer.size() - 1) : "";
}

void rethrow(const std::string& answer) {
  if (answer.empty()) throw SimulationError("worker", "a simulation process died without an answer");
  if (answer[0] == kConfigError) throw ConfigError("", answer.substr(1));
  if (answer[0] == kSimulationError) throw SimulationError("simulation", answer.substr(1));
}

// What each child said, kind and all; "" of one that died.
std::vector<std::string> run_all(const std::vector<std::function<std::string()>>& tasks, std::size_t jobs) {
  std::vector<std::string> answers(tasks.size());
  std::vector<Child> running;
  std::size_t next = 0;
  while (next < tasks.size() || !running.empty()) {
    while (next < tasks.size() && running.size() < jobs) {
      running.push_back(start(tasks[next], next));
      ++next;
    }
    std::vector<pollfd> waits;
    for (const Child& child : running) waits.push_back({child.pipe, POLLIN, 0});
    if (poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      throw SimulationError("poll", std::strerror(errno));
    }
    for (std::size_t i = running.size(); i-- > 0;) {
      if (waits[i].revents == 0 || !drain(running[i])) continue;
      answers[running[i].task] = finish(running[i]);
      running.erase(running.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  return answers;
}

}  // namespace

std::vector<std::string> run_isolated(const std::vector<std::function<std::string()>>& tasks,
                                      std::size_t jobs) {
  std::vector<std::string> answers = run_all(tasks, jobs);
  for (std::string& answer : answers) {
    rethrow(answer);
    answer.erase(0, 1);
  }
  return answers;
}

std::vector<IsolatedAnswer> answers_of_isolated(const std::vector<std::function<std::string()>>& tasks,
                                                std::size_t jobs) {
  std::vector<IsolatedAnswer> all;
  for (const std::string& answer : run_all(tasks, jobs)) {
    if (answer.empty()) {
      all.push_back({"", "its simulation died without an answer"});
    } else if (answer[0] == kResult) {
      all.push_back({answer.substr(1), ""});
    } else {
      all.push_back({"", answer.substr(1)});
    }
  }
  return all;
}

}  // namespace orrery
