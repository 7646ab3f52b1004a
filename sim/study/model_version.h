#pragma once

namespace orrery {

// Part of every stored result's address: raised by tools/update-golden whenever a result moves, so that
// results of an older model are not taken for today's. A golden test holds it to that.
inline constexpr int kModelVersion = 70;

inline constexpr const char* kVersionName = "0.1.0";  // of the program

}  // namespace orrery
