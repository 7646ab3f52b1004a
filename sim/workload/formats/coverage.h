#pragma once
// What became of a foreign file: its operators understood, those that are no work of a machine, those that
// nobody here can run, and what the file leaves open.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orrery {

class Coverage {
 public:
  struct Left {
    std::uint64_t count = 0;
    std::string why;
  };

  explicit Coverage(std::string file_format) : format(std::move(file_format)) {}

  // `name`: as the file calls it.
  void understand(const std::string& name);
  void ignore(const std::string& name, const std::string& why);
  void refuse(const std::string& name, const std::string& why);
  // Said once, however often it is assumed.
  void assume(const std::string& what);
  // What another part of the same trace says.
  void add(const Coverage& other);

  std::string format;  // in words
  std::map<std::string, std::uint64_t> understood;
  std::map<std::string, Left> ignored, refused;
  std::vector<std::string> assumed;  // units, devices, formats that the file does not state
};

// Lines of text, the longest lists cut ("and 12 more").
std::string describe(const Coverage& coverage);

}  // namespace orrery
