#pragma once
// A page of HTML that stands alone: text, tables and Vega charts, readable offline, printed, in the dark and
// by a screen reader.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace orrery {

class Page {
 public:
  explicit Page(std::string title) : title_(std::move(title)) {}

  void heading(const std::string& text);
  // `strong`: what the page has to say, ahead of all else.
  void paragraph(const std::string& text, bool strong = false);
  // The first row is the header, the first column names the rows.
  void table(const std::string& caption, const std::vector<std::vector<std::string>>& rows);
  // `said`: the same in words, for who cannot see it.
  void chart(const nlohmann::ordered_json& vega, const std::string& said);

  // All text is text: nothing of it is read as HTML. Vega is left out where there is no chart. Throws
  // ConfigError where it is needed and not installed.
  std::string html() const;

 private:
  std::string title_, body_;
  std::vector<nlohmann::ordered_json> charts_;
};

// Text as it stands in HTML.
std::string html_escaped(const std::string& text);

}  // namespace orrery
