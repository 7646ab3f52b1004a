#pragma once
// Whether a file is still the one that it was.

#include <cstdint>
#include <string>

namespace orrery {

// Which file a path leads to, links followed; all zero when none.
struct FileIdentity {
  std::uint64_t device = 0, inode = 0;
  friend bool operator==(const FileIdentity& a, const FileIdentity& b) {
    return a.device == b.device && a.inode == b.inode;
  }
};
FileIdentity identity_of(const std::string& path);

}  // namespace orrery
