// Any bytes as a file of a format that traces come in (ORRERY_FORMAT): read, or refused by a ConfigError.
// Nothing else may come of it, and not late.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "sim/util/errors.h"
#include "sim/workload/formats/trace_format.h"

namespace {

const orrery::TraceFormat& format() {
  static const orrery::TraceFormat& found = [&]() -> const orrery::TraceFormat& {
    for (const orrery::TraceFormat& each : orrery::trace_formats()) {
      if (std::string(each.name) == ORRERY_FORMAT) return each;
    }
    std::abort();
  }();
  return found;
}

// A file of this process, in memory where the machine has such a place.
std::filesystem::path place() {
  static const std::filesystem::path path = [] {
    const std::filesystem::path shared = "/dev/shm";
    const std::filesystem::path folder =
        (std::filesystem::is_directory(shared) ? shared : std::filesystem::temp_directory_path()) /
        ("orrery-fuzz-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    return folder / (std::string("input") + format().extension);
  }();
  return path;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  {
    std::ofstream out(place(), std::ios::binary);
    out.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  }
  try {
    if (format().read_weights != nullptr) {
      format().read_weights(place()).bytes();
    } else {
      format().read(place(), {});
    }
  } catch (const orrery::ConfigError&) {
    // Said what is wrong.
  }
  return 0;
}
