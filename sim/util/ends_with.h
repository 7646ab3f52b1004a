#pragma once
// The ends of names.

#include <string_view>

namespace orrery {

inline bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

}  // namespace orrery
