#include "sim/study/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstring>
#include <filesystem>

#include "sim/study/configuration.h"

namespace orrery {
namespace {

// The linker's note of the running program; "" where it made none.
std::string noted_id() {
  std::string id;
  const auto read_first = [](dl_phdr_info* info, std::size_t /*size*/, void* into) {
    for (int i = 0; i < info->dlpi_phnum; ++i) {
      const ElfW(Phdr)& header = info->dlpi_phdr[i];
      if (header.p_type != PT_NOTE) continue;
      const auto* at = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
      const char* end = at + header.p_memsz;
      while (at + sizeof(ElfW(Nhdr)) <= end) {
        ElfW(Nhdr) note;
        std::memcpy(&note, at, sizeof note);
        const char* name = at + sizeof note;
        const char* text = name + ((note.n_namesz + 3U) & ~3U);
        if (note.n_type == NT_GNU_BUILD_ID && std::string(name, note.n_namesz) == std::string("GNU\0", 4))
          static_cast<std::string*>(into)->assign(text, note.n_descsz);
        at = text + ((note.n_descsz + 3U) & ~3U);
      }
    }
    return 1;  // the program itself comes first
  };
  dl_iterate_phdr(read_first, &id);
  return id;
}

}  // namespace

const std::string& build_id() {
  static const std::string id = [] {
    std::string noted = noted_id();
    if (noted.empty()) {  // by the file then
      std::error_code none;
      const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", none);
      const auto written = std::filesystem::last_write_time(self, none).time_since_epoch().count();
      noted = self.string() + std::to_string(written);
    }
    return digest(noted);
  }();
  return id;
}

}  // namespace orrery
