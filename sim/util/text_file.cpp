#include "sim/util/text_file.h"

#include <algorithm>
#include <array>
#include <sstream>
#include <string_view>
#include <vector>

#include "sim/util/errors.h"

namespace orrery {
namespace {

// Bytes of the UTF-8 sequence at `at`; 0 where there is none.
std::size_t utf8_length(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80) return 0;
  }
  const unsigned second = byte(at + 1);
  const bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  const bool beyond = (first == 0xed && second >= 0xa0) || (first == 0xf4 && second >= 0x90);
  return overlong || beyond ? 0 : length;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n' && c != '\r') || byte == 0x7f;
}

struct Magic {
  std::string_view bytes;
  const char* format;
};
constexpr std::array<Magic, 7> kMagic = {{{"GGUF", "a GGUF model"},
                                          {"\x1f\x8b", "a gzip archive"},
                                          {"PK\x03\x04", "a zip archive"},
                                          {"\x93NUMPY", "a NumPy array"},
                                          {"\x89HDF", "an HDF5 file"},
                                          {"SQLite format 3", "an SQLite database"},
                                          {"%PDF", "a PDF document"}}};

// Chakra's nodes: protocol-buffer messages, each behind its length.
bool is_chakra(const std::string& head, const std::filesystem::path& path) {
  return path.extension() == ".et" && std::any_of(head.begin(), head.end(), is_control);
}

// A protocol-buffer message that begins with the version of its format.
bool is_onnx(const std::string& head, const std::filesystem::path& path) {
  return path.extension() == ".onnx" && !head.empty() && head[0] == 0x08;
}

bool is_safetensors(const std::string& head) {
  return head.size() > 9 && head[8] == '{' && head[7] == 0;
}

// The commas of a line that part two cells: none at its end.
std::ptrdiff_t commas(std::string line) {
  while (!line.empty() && (line.back() == ',' || line.back() == '\r' || line.back() == ' ')) line.pop_back();
  return std::count(line.begin(), line.end(), ',');
}

// A file called so whose first line that is no remark has commas; or a header line and a row of as many
// cells.
bool is_csv(const std::string& head, const std::filesystem::path& path) {
  std::istringstream lines(head);
  std::vector<std::string> first;
  for (std::string line; first.size() < 2 && std::getline(lines, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin != std::string::npos && line[begin] != '#' && line.compare(begin, 2, "//") != 0)
      first.push_back(line);
  }
  if (first.empty() || commas(first[0]) < 2 || first[0].find_first_of("#:{}[]") != std::string::npos)
    return false;
  return path.extension() == ".csv" || (first.size() == 2 && commas(first[0]) == commas(first[1]));
}

// JSON of events, as torch.profiler exports it.
bool is_profile(const std::string& head) {
  return head.find('{') == head.find_first_not_of(" \t\r\n") &&
         (head.find("\"traceEvents\"") != std::string::npos ||
          (head.find("\"schemaVersion\"") != std::string::npos &&
           head.find("\"deviceProperties\"") != std::string::npos));
}

// JSON of a folder of safetensors files.
bool is_safetensors_index(const std::string& head, const std::filesystem::path& path) {
  return path.extension() == ".json" && head.find('{') == head.find_first_not_of(" \t\r\n") &&
         (head.find("\"weight_map\"") != std::string::npos ||
          path.filename().string().find(".safetensors.index") != std::string::npos);
}

}  // namespace

std::string foreign_format(const std::string& head, const std::filesystem::path& path) {
  for (const Magic& magic : kMagic) {
    if (head.compare(0, magic.bytes.size(), magic.bytes) == 0) return magic.format;
  }
  if (is_onnx(head, path)) return "an ONNX model";
  if (is_chakra(head, path)) return "a Chakra execution trace";
  if (is_safetensors(head)) return "a safetensors model";
  if (is_profile(head)) return "a PyTorch profile";
  if (is_safetensors_index(head, path)) return "a safetensors index";
  if (is_csv(head, path)) return "a CSV table";
  return "";
}

std::ifstream open_file(const std::filesystem::path& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw ConfigError(path.string(), std::filesystem::is_directory(status)
                                         ? "cannot read this file: it is a folder"
                                         : "cannot read this file: only regular files are read");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) throw ConfigError(path.string(), "cannot read this file");
  return file;
}

void check_text(const std::string& text, const std::string& name) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || is_control(text[at])) {
      throw ConfigError(name + ":" + std::to_string(line) + ":" + std::to_string(column),
                        length == 0 ? "a byte that is no UTF-8 text" : "a control character");
    }
    if (text[at] == '\n') {
      ++line;
      column = 0;
    }
    at += length;
    ++column;
  }
}

std::string printable(const std::string& text) {
  std::string fit;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || is_control(text[at]) || text[at] == '\n' || text[at] == '\r') {
      fit += '?';
      ++at;
    } else {
      fit.append(text, at, length);
      at += length;
    }
  }
  return fit;
}

std::string read_text_file(const std::filesystem::path& path, std::uint64_t most) {
  std::ifstream file = open_file(path);
  if (const auto size = std::filesystem::file_size(path); size > most) {
    throw ConfigError(path.string(), "holds " + std::to_string(size) + " bytes; at most " +
                                         std::to_string(most) + " are read");
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace orrery
