#include "sim/util/key_path.h"

namespace orrery {

std::string child_pointer(const std::string& pointer, const std::string& key) {
  std::string escaped;
  for (const char c : key) {
    if (c == '~') {
      escaped += "~0";
    } else if (c == '/') {
      escaped += "~1";
    } else {
      escaped += c;
    }
  }
  return pointer + "/" + escaped;
}

std::string key_path(const std::string& pointer) {
  if (pointer.empty()) return "(top level)";
  std::string path = pointer.substr(1);
  for (char& c : path) {
    if (c == '/') c = '.';
  }
  return path;
}

}  // namespace orrery
