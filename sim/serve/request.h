#pragma once
// A request as a client sends it, and what became of it.

#include <cstdint>
#include <vector>

namespace orrery {

struct Request {
  double arrival_s = 0;
  std::uint32_t input = 0, output = 0;  // tokens; an output of 0 asks for none
  // Which prompts begin alike: an identity for each `content_tokens` of the prompt, the last for what is
  // left. None: alike no other.
  std::vector<std::uint64_t> content;
  std::uint32_t content_tokens = 0;
};

struct RequestOutcome {
  std::uint64_t number = 0;                                                       // in the order of arrival
  double arrival_s = 0, scheduled_s = -1, first_token_s = -1, last_token_s = -1;  // -1: not yet
  std::uint32_t input = 0, output = 0;
  std::uint32_t cached = 0;  // prompt tokens found in the prefix cache
  std::uint32_t preemptions = 0;
};

}  // namespace orrery
