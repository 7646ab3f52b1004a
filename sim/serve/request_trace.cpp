#include "sim/serve/request_trace.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "sim/util/errors.h"
#include "sim/util/random.h"
#include "sim/util/text_file.h"

namespace orrery {
namespace {

using nlohmann::json;

constexpr double kMostTokens = 1e8;            // of a prompt or an answer
constexpr std::uint32_t kMooncakeBlock = 512;  // kvcache-ai/Mooncake FAST25-release: tokens of a hash id

class Lines {
 public:
  explicit Lines(const std::string& path) : path_(path), in_(open_file(path)) {}
  bool next(std::string& line) {
    while (std::getline(in_, line)) {
      ++number_;
      if (!line.empty() && line.back() == '\r') line.pop_back();
      if (!line.empty()) return true;
    }
    return false;
  }
  [[noreturn]] void refuse(const std::string& what) const {
    throw ConfigError(path_, fmt::format("line {}: {}", number_, what));
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  std::ifstream in_;
  std::size_t number_ = 0;
};

double number_of(const Lines& lines, const std::string& text, const std::string& column) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !std::isfinite(value))
    lines.refuse(fmt::format("{}: '{}' is no number", column, text));
  return value;
}

std::uint32_t tokens_of(const Lines& lines, double value, const std::string& column, double least) {
  if (value < least || value > kMostTokens || value != std::floor(value))
    lines.refuse(
        fmt::format("{}: {:g} tokens; whole numbers of {:g} to {:g} are", column, value, least, kMostTokens));
  return static_cast<std::uint32_t>(value);
}

// Days since 1970-01-01 of a date (Howard Hinnant, chrono-compatible low-level date algorithms).
double days_of(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int era = year / 400;
  const int of_era = year - era * 400;
  const int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097.0 + of_era * 365.0 + of_era / 4 - of_era / 100 + of_year - 719468.0;
}

// "2023-11-16 18:15:46.6805900", or seconds.
double time_of(const Lines& lines, const std::string& text, const std::string& column) {
  std::array<int, 5> parts{};
  double seconds = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%d%*[ T]%d:%d:%lf", &parts[0], &parts[1], &parts[2], &parts[3],
                  &parts[4], &seconds) == 6)
    return days_of(parts[0], parts[1], parts[2]) * 86400 + parts[3] * 3600 + parts[4] * 60 + seconds;
  return number_of(lines, text, column);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  return cells;
}

// Times from the first one on, never backwards.
class Clock {
 public:
  double since_first(const Lines& lines, double time) {
    if (!started_) first_ = last_ = time;
    started_ = true;
    if (time < last_)
      lines.refuse(
          fmt::format("arrives {:g} s before the request above it; sort the trace by arrival", last_ - time));
    last_ = time;
    return time - first_;
  }

 private:
  bool started_ = false;
  double first_ = 0, last_ = 0;
};

class CsvTrace : public RequestSource {
 public:
  CsvTrace(Lines lines, const std::string& header, bool needs_arrivals, const std::string& output)
      : lines_(std::move(lines)) {
    columns_ = cells_of(header);
    time_ = place({"arrival_s", "TIMESTAMP", "Timestamp"});
    input_ = place({"input_tokens", "ContextTokens", "Request tokens"});
    output_ =
        output.empty() ? place({"output_tokens", "GeneratedTokens", "Response tokens"}) : place({output});
    if (input_ == kNone || output_ == kNone)
      throw ConfigError(lines_.path(),
                        "no trace of requests: its header needs arrival_s, input_tokens and output_tokens "
                        "(or TIMESTAMP, ContextTokens, GeneratedTokens; Timestamp, Request tokens, Response "
                        "tokens)");
    if (needs_arrivals && time_ == kNone)
      throw ConfigError(lines_.path(),
                        "says lengths and no arrivals: give --rate, --concurrency or --offline");
  }

  bool next(Request& request) override {
    std::string line;
    if (!lines_.next(line)) return false;
    const std::vector<std::string> cells = cells_of(line);
    const auto cell = [&](std::size_t column) -> const std::string& {
      if (column >= cells.size())
        lines_.refuse(fmt::format("{} cells; {} is missing", cells.size(), columns_[column]));
      return cells[column];
    };
    if (time_ != kNone)
      request.arrival_s = clock_.since_first(lines_, time_of(lines_, cell(time_), columns_[time_]));
    request.input = tokens_of(lines_, number_of(lines_, cell(input_), columns_[input_]), columns_[input_], 1);
    request.output =
        tokens_of(lines_, number_of(lines_, cell(output_), columns_[output_]), columns_[output_], 0);
    return true;
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  Lines lines_;
  std::vector<std::string> columns_;
  std::size_t time_ = kNone, input_ = kNone, output_ = kNone;
  Clock clock_;

  std::size_t place(const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
      const auto at = std::find(columns_.begin(), columns_.end(), name);
      if (at != columns_.end()) return static_cast<std::size_t>(at - columns_.begin());
    }
    return kNone;
  }
};

// Lines of JSON, as Mooncake writes them.
class JsonTrace : public RequestSource {
 public:
  JsonTrace(Lines lines, std::string first) : lines_(std::move(lines)), line_(std::move(first)) {}

  bool next(Request& request) override {
    if (line_.empty() && !lines_.next(line_)) return false;
    const json object = json::parse(line_, nullptr, false);
    line_.clear();
    if (!object.is_object()) lines_.refuse("is no JSON object");
    const auto number = [&](const char* key) {
      const auto at = object.find(key);
      if (at == object.end() || !at->is_number()) lines_.refuse(fmt::format("{} is missing", key));
      return at->get<double>();
    };
    request.arrival_s = clock_.since_first(lines_, 1e-3 * number("timestamp"));
    request.input = tokens_of(lines_, number("input_length"), "input_length", 1);
    request.output = tokens_of(lines_, number("output_length"), "output_length", 0);
    request.content.clear();
    if (const auto ids = object.find("hash_ids"); ids != object.end() && ids->is_array()) {
      std::uint64_t chain = 0;
      for (const json& id : *ids) {
        if (!id.is_number_integer()) lines_.refuse("hash_ids: whole numbers are");
        chain = RandomStream(chain ^ id.get<std::uint64_t>()).next();
        request.content.push_back(chain);
      }
      request.content_tokens = kMooncakeBlock;
      if (request.content.size() * std::uint64_t{kMooncakeBlock} < request.input)
        lines_.refuse(fmt::format("{} hash_ids of {} tokens do not cover a prompt of {}",
                                  request.content.size(), kMooncakeBlock, request.input));
    }
    return true;
  }

 private:
  Lines lines_;
  std::string line_;
  Clock clock_;
};

// What a benchmark client saved: lengths of all its requests.
class ClientResult : public RequestSource {
 public:
  ClientResult(const std::string& path, const json& object) : path_(path) {
    const auto list = [&](const char* key) {
      const auto at = object.find(key);
      if (at == object.end() || !at->is_array())
        throw ConfigError(path, fmt::format("no {}: have the client save details of each request", key));
      return at->get<std::vector<double>>();
    };
    inputs_ = list("input_lens");
    outputs_ = list("output_lens");
    if (inputs_.size() != outputs_.size())
      throw ConfigError(path, "input_lens and output_lens are not as many");
  }
  bool next(Request& request) override {
    if (at_ == inputs_.size()) return false;
    if (inputs_[at_] < 1 || outputs_[at_] < 0 || std::max(inputs_[at_], outputs_[at_]) > kMostTokens)
      throw ConfigError(path_,
                        fmt::format("request {}: {:g} and {:g} tokens", at_, inputs_[at_], outputs_[at_]));
    request.input = static_cast<std::uint32_t>(inputs_[at_]);
    request.output = static_cast<std::uint32_t>(outputs_[at_]);
    ++at_;
    return true;
  }

 private:
  const std::string path_;
  std::vector<double> inputs_, outputs_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<RequestSource> open_request_trace(const std::string& path, bool needs_arrivals,
                                                  const std::string& output_column) {
  Lines lines(path);
  std::string first;
  if (!lines.next(first)) throw ConfigError(path, "is empty: no request");
  if (first.front() != '{' && first.front() != '[')
    return std::make_unique<CsvTrace>(std::move(lines), first, needs_arrivals, output_column);
  const json object = json::parse(first, nullptr, false);
  if (object.is_object() && object.contains("timestamp"))
    return std::make_unique<JsonTrace>(std::move(lines), first);
  std::ifstream whole = open_file(path);
  const json all = json::parse(whole, nullptr, false);
  if (object.is_object() ? object.contains("input_lens") : all.is_object() && all.contains("input_lens")) {
    if (needs_arrivals)
      throw ConfigError(path, "says lengths and no arrivals: give --rate, --concurrency or --offline");
    return std::make_unique<ClientResult>(path, object.is_object() ? object : all);
  }
  throw ConfigError(path,
                    "no trace of requests: JSON lines need timestamp, input_length and output_length; a "
                    "client's result needs input_lens and output_lens. Conversations as text (ShareGPT) are "
                    "not tokenised here");
}

}  // namespace orrery
