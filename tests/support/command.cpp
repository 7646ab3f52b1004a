#include "tests/support/command.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace orrery::test {
namespace {

struct Folder {
  Folder() {
    path = (std::filesystem::temp_directory_path() / ("orrery-test-" + std::to_string(getpid()))).string();
    std::filesystem::create_directories(path);
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::string path;
};

}  // namespace

std::string temporary_folder() {
  static const Folder folder;
  return folder.path;
}

std::string temporary_file(const std::string& name, const std::string& text) {
  const std::string path = temporary_folder() + "/" + name;
  std::ofstream(path, std::ios::binary) << text;
  return path;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

CommandResult orrery_command(const std::string& arguments) {
  setenv("ORRERY_STORE", "off", 0);  // tests of the store say where
  const std::string out = temporary_folder() + "/stdout";
  const std::string err = temporary_folder() + "/stderr";
  // A redirection among the arguments comes after these and wins.
  const std::string command =
      std::string(ORRERY_BINARY) + " </dev/null >" + out + " 2>" + err + " " + arguments;
  const int status = std::system(command.c_str());
  CommandResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.out = read_file(out);
  result.err = read_file(err);
  return result;
}

}  // namespace orrery::test
