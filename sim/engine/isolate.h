#pragma once
// Runs work in a process of its own: SystemC allows one elaboration a process. The parent must not have
// touched SystemC. Errors come back as what they were; a child ends with its parent.

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace orrery {

// Runs each task in a child, at most `jobs` at a time, and returns what each returned, in order. A task that
// threw ConfigError or SimulationError makes this throw the same (of the first such task); a child that dies
// makes it throw SimulationError.
std::vector<std::string> run_isolated(const std::vector<std::function<std::string()>>& tasks,
                                      std::size_t jobs);

// The same, but a task that fails takes no other along.
struct IsolatedAnswer {
  std::string text;
  std::string failure;  // why there is none; empty when there is
};
std::vector<IsolatedAnswer> answers_of_isolated(const std::vector<std::function<std::string()>>& tasks,
                                                std::size_t jobs);

}  // namespace orrery
