#include "sim/engine/worker_pool.h"

#include <fmt/format.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>
#include <new>

#include "sim/util/end_with_parent.h"
#include "sim/util/errors.h"

namespace orrery {
namespace {

using Clock = std::chrono::steady_clock;

// One frame an answer: this header, then the text.
struct FrameHeader {
  std::uint64_t task;
  std::uint64_t length;
  double wall_s;
  TaskEnd end;
};

struct Process {
  pid_t pid = -1;
  int pipe = -1;
  std::deque<std::size_t> left;  // tasks not answered yet; the first is at work
  std::string received;
  Clock::time_point since;  // the first task began
  bool answered = false;    // any of its tasks
  bool killed_for_time = false;
};

double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

bool write_whole(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

// The worker's life; does not return.
[[noreturn]] void work(int pipe, const std::vector<std::size_t>& tasks, const WorkerLimits& limits,
                       const MakeWorker& make, pid_t parent) {
  end_with_parent(parent);
  signal(SIGINT, SIG_DFL);
  signal(SIGTERM, SIG_DFL);
  if (limits.memory_limit_mb > 0) {
    const rlimit most{limits.memory_limit_mb << 20U, limits.memory_limit_mb << 20U};
    setrlimit(RLIMIT_AS, &most);
  }
  // Graphs come and go by the megabyte: what is freed is kept for the next.
  constexpr int kKeptBytes = 256 << 20;
  mallopt(M_TRIM_THRESHOLD, kKeptBytes);
  mallopt(M_MMAP_THRESHOLD, kKeptBytes);
  Worker worker;
  for (const std::size_t task : tasks) {
    const Clock::time_point begin = Clock::now();
    std::string text;
    TaskEnd end = TaskEnd::answered;
    bool trusted = true;  // after a failure inside a simulation a machine's state is not
    try {
      if (!worker) worker = make();
      text = worker(task);
    } catch (const std::bad_alloc&) {
      // What earlier tasks left in memory is not this one's: it begins anew, first in a process of its own.
      if (task != tasks.front()) _exit(0);
      end = TaskEnd::out_of_memory;
      text = fmt::format("needs more than {} MB", limits.memory_limit_mb);
    } catch (const ConfigError& error) {
      end = TaskEnd::failed;
      text = error.what();
    } catch (const std::exception& error) {
      end = TaskEnd::failed;
      text = error.what();
      trusted = false;
    }
    const FrameHeader header{task, text.size(), seconds_since(begin), end};
    if (!write_whole(pipe, reinterpret_cast<const char*>(&header), sizeof header) ||
        !write_whole(pipe, text.data(), text.size()))
      _exit(1);
    // The rest goes elsewhere.
    if (!trusted || end == TaskEnd::out_of_memory) _exit(0);
  }
  _exit(0);
}

class Pool {
 public:
  Pool(std::vector<std::vector<std::size_t>> batches, const WorkerLimits& limits, const MakeWorker& make,
       const SameFate& same_fate, const std::function<void(TaskOutcome)>& done)
      : waiting_(batches.begin(), batches.end()),
        limits_(limits),
        make_(make),
        same_fate_(same_fate),
        done_(done) {}
  ~Pool() { kill_all(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  bool finished() const { return waiting_.empty() && running_.empty(); }

  void start_more() {
    while (!waiting_.empty() && running_.size() < limits_.jobs) {
      std::vector<std::size_t> batch = std::move(waiting_.front());
      waiting_.pop_front();
      if (!batch.empty()) start(batch);
    }
  }

  // Waits up to `ms` for answers and deals with them, and with workers that ended or overran.
  void wait(int ms) {
    std::vector<pollfd> waits;
    for (const Process& p : running_) {
      waits.push_back({p.pipe, POLLIN, 0});
      if (limits_.time_limit_s <= 0 || p.killed_for_time) continue;
      const double left_ms = 1e3 * (limits_.time_limit_s - seconds_since(p.since));
      if (left_ms < ms) ms = 1 + static_cast<int>(std::max(0.0, left_ms));
    }
    if (poll(waits.data(), waits.size(), ms) < 0) {
      if (errno == EINTR) return;
      throw SimulationError("poll", std::strerror(errno));
    }
    for (std::size_t i = running_.size(); i-- > 0;) {
      Process& p = running_[i];
      const bool ended = waits[i].revents != 0 && !receive(p);
      if (ended) {
        reap(p);
        running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      } else if (limits_.time_limit_s > 0 && !p.killed_for_time &&
                 seconds_since(p.since) > limits_.time_limit_s) {
        p.killed_for_time = true;
        kill(p.pid, SIGKILL);
      }
    }
  }

  void kill_all() {
    for (Process& p : running_) {
      kill(p.pid, SIGKILL);
      close(p.pipe);
      while (waitpid(p.pid, nullptr, 0) < 0 && errno == EINTR) {
      }
    }
    running_.clear();
  }

 private:
  std::deque<std::vector<std::size_t>> waiting_;
  const WorkerLimits limits_;
  const MakeWorker& make_;
  const SameFate& same_fate_;
  const std::function<void(TaskOutcome)>& done_;
  std::vector<Process> running_;

  void start(const std::vector<std::size_t>& batch) {
    int ends[2];
    if (pipe(ends) != 0) throw SimulationError("pipe", std::strerror(errno));
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid < 0) {
      close(ends[0]);
      close(ends[1]);
      throw SimulationError("fork", std::strerror(errno));
    }
    if (pid == 0) {
      close(ends[0]);
      work(ends[1], batch, limits_, make_, parent);
    }
    close(ends[1]);
    Process p;
    p.pid = pid;
    p.pipe = ends[0];
    p.left.assign(batch.begin(), batch.end());
    p.since = Clock::now();
    running_.push_back(std::move(p));
  }

  // False at the end of the pipe.
  bool receive(Process& p) {
    char buffer[1 << 16];
    const ssize_t n = read(p.pipe, buffer, sizeof buffer);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    if (n == 0) return false;
    p.received.append(buffer, static_cast<std::size_t>(n));
    std::size_t at = 0;
    FrameHeader header{};
    while (p.received.size() - at >= sizeof header) {
      std::memcpy(&header, p.received.data() + at, sizeof header);
      if (p.received.size() - at < sizeof header + header.length) break;
      at += sizeof header;
      p.left.pop_front();
      p.answered = true;
      p.since = Clock::now();
      const TaskOutcome outcome{static_cast<std::size_t>(header.task), header.end,
                                p.received.substr(at, header.length), header.wall_s};
      done_(outcome);
      if (header.end == TaskEnd::out_of_memory) share(p, outcome);
      at += header.length;
    }
    p.received.erase(0, at);
    return true;
  }

  // Ends those of the worker's batch that would fare as this one did.
  void share(Process& p, const TaskOutcome& fate) {
    std::deque<std::size_t> others;
    for (const std::size_t task : p.left) {
      if (same_fate_(fate.task, task)) {
        done_({task, fate.end, fate.text, 0});
      } else {
        others.push_back(task);
      }
    }
    p.left = std::move(others);
  }

  // A worker that ended before its batch did: the task it was at is its fault, unless it gave notice.
  void reap(Process& p) {
    close(p.pipe);
    int status = 0;
    while (waitpid(p.pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (p.left.empty()) return;
    // One that ends without having answered anything would do so again.
    const bool orderly = p.answered && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!orderly) {
      TaskOutcome outcome;
      outcome.task = p.left.front();
      outcome.wall_s = seconds_since(p.since);
      outcome.end = p.killed_for_time ? TaskEnd::timed_out : TaskEnd::crashed;
      outcome.text = p.killed_for_time ? fmt::format("took longer than {:g} s", limits_.time_limit_s)
                     : WIFSIGNALED(status)
                         ? fmt::format("the worker died of signal {} ({})", WTERMSIG(status),
                                       strsignal(WTERMSIG(status)))
                         : fmt::format("the worker ended with code {}", WEXITSTATUS(status));
      p.left.pop_front();
      done_(outcome);
      share(p, outcome);
    }
    if (!p.left.empty()) waiting_.push_front({p.left.begin(), p.left.end()});
  }
};

}  // namespace

void run_workers(std::vector<std::vector<std::size_t>> batches, const WorkerLimits& limits,
                 const MakeWorker& make, const SameFate& same_fate,
                 const std::function<void(TaskOutcome)>& done, const std::function<void()>& idle,
                 const std::atomic<bool>& stop) {
  constexpr int kPatienceMs = 200;
  Pool pool(std::move(batches), limits, make, same_fate, done);
  while (!pool.finished() && !stop) {
    pool.start_more();
    pool.wait(kPatienceMs);
    idle();
  }
  if (stop) pool.kill_all();
}

}  // namespace orrery
