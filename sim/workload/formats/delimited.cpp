#include "sim/workload/formats/delimited.h"

#include <fmt/format.h>

#include "sim/util/errors.h"

namespace orrery {
namespace {

constexpr unsigned kMore = 0x80;  // the top bit of a varint's byte: another follows

}  // namespace

bool DelimitedReader::read_length(std::uint64_t& length) {
  const std::uint64_t begun = at_;
  length = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const int byte = in_.get();
    if (byte < 0) {
      if (shift == 0) return false;
      throw ConfigError(file_, fmt::format("cut short: a message's length at byte {} does not end", begun));
    }
    ++at_;
    length |= (static_cast<std::uint64_t>(byte) & ~std::uint64_t{kMore}) << shift;
    if ((static_cast<unsigned>(byte) & kMore) == 0) return true;
  }
  throw ConfigError(file_, fmt::format("no length of a message at byte {}", begun));
}

bool DelimitedReader::next(google::protobuf::MessageLite& message) {
  const std::uint64_t begun = at_;
  std::uint64_t length = 0;
  if (!read_length(length)) return false;
  if (length > kMostBytes) {
    throw ConfigError(file_, fmt::format("a message of {} bytes at byte {}; at most {} are read", length,
                                         begun, kMostBytes));
  }
  bytes_.resize(length);
  in_.read(bytes_.data(), static_cast<std::streamsize>(length));
  if (static_cast<std::uint64_t>(in_.gcount()) != length) {
    throw ConfigError(file_, fmt::format("cut short: {} of the {} bytes of the message at byte {} are there",
                                         in_.gcount(), length, begun));
  }
  at_ += length;
  const QuietMessages quiet;
  if (!message.ParseFromString(bytes_))
    throw ConfigError(file_, fmt::format("the message at byte {} is damaged", begun));
  return true;
}

void write_delimited(const google::protobuf::MessageLite& message, std::ostream& out) {
  const std::string bytes = message.SerializeAsString();
  std::uint64_t length = bytes.size();
  for (; length >= kMore; length >>= 7) out.put(static_cast<char>((length & ~std::uint64_t{kMore}) | kMore));
  out.put(static_cast<char>(length));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace orrery
