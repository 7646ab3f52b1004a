#pragma once
// Protocol-buffer messages one after the other in a file, each behind its length as a varint.

#include <google/protobuf/message_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <cstdint>
#include <istream>
#include <ostream>
#include <string>

namespace orrery {

// While it lives, protobuf says nothing on stderr of its own: what is wrong is said once, with the file.
class QuietMessages {
 public:
  QuietMessages() : before_(google::protobuf::SetLogHandler(nullptr)) {}
  ~QuietMessages() { google::protobuf::SetLogHandler(before_); }
  QuietMessages(const QuietMessages&) = delete;
  QuietMessages& operator=(const QuietMessages&) = delete;

 private:
  google::protobuf::LogHandler* before_;
};

class DelimitedReader {
 public:
  // `file`: its name, in messages.
  DelimitedReader(std::istream& in, std::string file) : in_(in), file_(std::move(file)) {}

  // False at the end of the file. Throws ConfigError with the byte where a message is cut short or is none of
  // that kind.
  bool next(google::protobuf::MessageLite& message);

 private:
  static constexpr std::uint64_t kMostBytes = std::uint64_t{64} << 20;  // of a message
  std::istream& in_;
  std::string file_;
  std::string bytes_;
  std::uint64_t at_ = 0;

  bool read_length(std::uint64_t& length);
};

void write_delimited(const google::protobuf::MessageLite& message, std::ostream& out);

}  // namespace orrery
