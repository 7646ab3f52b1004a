#pragma once
// The small language of sweeps: numbers, 'words', names, + - * / %, comparisons, and or not, min max floor
// ceil round log2 sqrt abs, and (a if condition else b). It reads names and computes; nothing else.

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace orrery {

// Number, text or truth value of a name; throws ConfigError for a name that is not known.
using NameValue = std::function<nlohmann::json(const std::string& name)>;

class Expression {
 public:
  // Throws ConfigError: what is wrong and at which character. `where` is the file and line it stands at, for
  // what is thrown here and later.
  explicit Expression(const std::string& text, const std::string& where = "");
  Expression(const Expression&) = default;
  Expression& operator=(const Expression&) = default;
  Expression(Expression&&) noexcept = default;
  Expression& operator=(Expression&&) noexcept = default;
  ~Expression();

  // Throws ConfigError: an unknown name, text where a number is needed, a division by zero.
  nlohmann::json value(const NameValue& names) const;
  double number(const NameValue& names) const;
  bool truth(const NameValue& names) const;

  const std::string& text() const { return text_; }
  const std::string& where() const { return where_; }
  // Every name it reads.
  const std::vector<std::string>& names() const { return names_; }

  struct Node;

 private:
  template <class Compute>
  auto at_its_place(Compute compute) const;
  std::string text_, where_;
  std::vector<std::string> names_;
  std::shared_ptr<const Node> root_;
};

}  // namespace orrery
