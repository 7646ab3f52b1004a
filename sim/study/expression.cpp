#include "sim/study/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "sim/util/errors.h"
#include "sim/util/nearest_name.h"

namespace orrery {

using nlohmann::json;

struct Expression::Node {
  enum class Kind : std::uint8_t { constant, name, call, unary, binary, choice };
  Kind kind = Kind::constant;
  std::string word;  // name, function or operator
  json constant;
  std::vector<std::shared_ptr<const Node>> operands;
};

namespace {

using Node = Expression::Node;
using NodePointer = std::shared_ptr<const Node>;

const std::vector<std::string> kFunctions = {"min", "max", "floor", "ceil", "round", "log2", "sqrt", "abs"};

[[noreturn]] void refuse(const std::string& text, const std::string& why) {
  throw ConfigError("", fmt::format("'{}': {}", text, why));
}

class Parser {
 public:
  Parser(const std::string& text, std::vector<std::string>& names) : text_(text), names_(names) {}

  NodePointer parse() {
    NodePointer root = choice();
    space();
    if (at_ != text_.size()) wrong("unexpected '" + text_.substr(at_, 1) + "'");
    return root;
  }

 private:
  const std::string& text_;
  std::vector<std::string>& names_;
  std::size_t at_ = 0;
  int depth_ = 0;

  [[noreturn]] void wrong(const std::string& why) const {
    refuse(text_, fmt::format("{} at character {}", why, at_ + 1));
  }
  void space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }
  static bool in_name(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
  }
  bool sign(const std::string& s) {
    space();
    if (text_.compare(at_, s.size(), s) != 0) return false;
    at_ += s.size();
    return true;
  }
  bool word(const std::string& w) {
    space();
    if (text_.compare(at_, w.size(), w) != 0) return false;
    if (at_ + w.size() < text_.size() && in_name(text_[at_ + w.size()])) return false;
    at_ += w.size();
    return true;
  }
  static NodePointer make(Node::Kind kind, const std::string& op, std::vector<NodePointer> operands) {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->word = op;
    node->operands = std::move(operands);
    return node;
  }
  static NodePointer literal(json value) {
    auto node = std::make_shared<Node>();
    node->constant = std::move(value);
    return node;
  }

  void deeper() {
    constexpr int kDeepest = 100;
    if (++depth_ > kDeepest) wrong("too many parentheses or signs");
  }

  NodePointer choice() {
    deeper();
    NodePointer value = either();
    if (word("if")) {
      NodePointer condition = either();
      if (!word("else")) wrong("expected 'else'");
      value = make(Node::Kind::choice, "if", {condition, value, choice()});
    }
    --depth_;
    return value;
  }
  NodePointer either() {
    NodePointer left = both();
    while (word("or")) left = make(Node::Kind::binary, "or", {left, both()});
    return left;
  }
  NodePointer both() {
    NodePointer left = negated();
    while (word("and")) left = make(Node::Kind::binary, "and", {left, negated()});
    return left;
  }
  NodePointer negated() {
    if (word("not")) {
      deeper();
      NodePointer of = negated();
      --depth_;
      return make(Node::Kind::unary, "not", {of});
    }
    return comparison();
  }
  NodePointer comparison() {
    NodePointer left = sum();
    for (const char* op : {"<=", ">=", "==", "!=", "<", ">"}) {
      if (sign(op)) return make(Node::Kind::binary, op, {left, sum()});
    }
    return left;
  }
  NodePointer sum() {
    NodePointer left = product();
    while (true) {
      if (sign("+")) {
        left = make(Node::Kind::binary, "+", {left, product()});
      } else if (sign("-")) {
        left = make(Node::Kind::binary, "-", {left, product()});
      } else {
        return left;
      }
    }
  }
  NodePointer product() {
    NodePointer left = factor();
    while (true) {
      if (sign("*")) {
        left = make(Node::Kind::binary, "*", {left, factor()});
      } else if (sign("/")) {
        left = make(Node::Kind::binary, "/", {left, factor()});
      } else if (sign("%")) {
        left = make(Node::Kind::binary, "%", {left, factor()});
      } else {
        return left;
      }
    }
  }
  NodePointer factor() {
    if (sign("-")) {
      deeper();
      NodePointer of = factor();
      --depth_;
      return make(Node::Kind::unary, "-", {of});
    }
    space();
    if (at_ == text_.size()) wrong("something is missing");
    if (sign("(")) {
      NodePointer inner = choice();
      if (!sign(")")) wrong("expected ')'");
      return inner;
    }
    const char c = text_[at_];
    if (c == '\'' || c == '"') return quoted(c);
    if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') return numeral();
    if (std::isalpha(static_cast<unsigned char>(c)) == 0 && c != '_')
      wrong("unexpected '" + std::string(1, c) + "'");
    return named();
  }
  NodePointer quoted(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string::npos) wrong("a quote is not closed");
    const std::string inside = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return literal(inside);
  }
  NodePointer numeral() {
    std::size_t length = 0;
    double value = 0;
    try {
      value = std::stod(text_.substr(at_), &length);
    } catch (const std::exception&) {
      wrong("not a number");
    }
    at_ += length;
    return literal(value);
  }
  NodePointer named() {
    const std::size_t from = at_;
    while (at_ < text_.size() && in_name(text_[at_])) ++at_;
    const std::string name = text_.substr(from, at_ - from);
    if (name == "true" || name == "false") return literal(name == "true");
    if (!sign("(")) {
      names_.push_back(name);
      auto node = std::make_shared<Node>();
      node->kind = Node::Kind::name;
      node->word = name;
      return node;
    }
    if (std::find(kFunctions.begin(), kFunctions.end(), name) == kFunctions.end())
      wrong("no function is named '" + name + "'" + did_you_mean(name, kFunctions));
    std::vector<NodePointer> operands = {choice()};
    while (sign(",")) operands.push_back(choice());
    if (!sign(")")) wrong("expected ')'");
    const bool several = name == "min" || name == "max";
    if (!several && operands.size() != 1) wrong("'" + name + "' takes one value");
    return make(Node::Kind::call, name, operands);
  }
};

class Evaluation {
 public:
  Evaluation(const std::string& text, const NameValue& names) : text_(text), names_(names) {}

  json value(const Node& n) const {
    switch (n.kind) {
      case Node::Kind::constant:
        return n.constant;
      case Node::Kind::name:
        return names_(n.word);
      case Node::Kind::call:
        return call(n);
      case Node::Kind::unary:
        if (n.word == "not") return !truth(*n.operands[0]);
        return -number(*n.operands[0]);
      case Node::Kind::binary:
        return binary(n);
      case Node::Kind::choice:
        return value(*n.operands[truth(*n.operands[0]) ? 1 : 2]);
    }
    return nullptr;
  }
  double number(const Node& n) const { return number_of(value(n)); }
  double number_of(const json& v) const {
    if (!v.is_number()) refuse(text_, v.dump() + " is no number");
    return v.get<double>();
  }
  bool truth(const Node& n) const { return truth_of(value(n)); }
  bool truth_of(const json& v) const {
    if (!v.is_boolean()) refuse(text_, v.dump() + " is neither true nor false");
    return v.get<bool>();
  }

 private:
  const std::string& text_;
  const NameValue& names_;

  json call(const Node& n) const {
    double result = number(*n.operands[0]);
    for (std::size_t i = 1; i < n.operands.size(); ++i) {
      const double next = number(*n.operands[i]);
      result = n.word == "min" ? std::min(result, next) : std::max(result, next);
    }
    if (n.word == "floor") return std::floor(result);
    if (n.word == "ceil") return std::ceil(result);
    if (n.word == "round") return std::round(result);
    if (n.word == "log2" && result > 0) return std::log2(result);
    if (n.word == "sqrt" && result >= 0) return std::sqrt(result);
    if (n.word == "log2" || n.word == "sqrt") refuse(text_, n.word + " of " + json(result).dump());
    if (n.word == "abs") return std::abs(result);
    return result;
  }
  json binary(const Node& n) const {
    const std::string& op = n.word;
    if (op == "and") return truth(*n.operands[0]) && truth(*n.operands[1]);
    if (op == "or") return truth(*n.operands[0]) || truth(*n.operands[1]);
    const json left = value(*n.operands[0]);
    const json right = value(*n.operands[1]);
    if (op == "==") return left == right;
    if (op == "!=") return left != right;
    const double a = number_of(left);
    const double b = number_of(right);
    if (op == "+") return a + b;
    if (op == "-") return a - b;
    if (op == "*") return a * b;
    if (op == "<") return a < b;
    if (op == ">") return a > b;
    if (op == "<=") return a <= b;
    if (op == ">=") return a >= b;
    if (b == 0) refuse(text_, "division by zero");
    return op == "/" ? a / b : std::fmod(a, b);
  }
};

}  // namespace

// What is thrown on the way says where the expression stands, if it is known.
template <class Compute>
auto Expression::at_its_place(Compute compute) const {
  return where_.empty() ? compute() : located(where_, compute);
}

Expression::Expression(const std::string& text, const std::string& where) : text_(text), where_(where) {
  root_ = at_its_place([this] { return Parser(text_, names_).parse(); });
}
Expression::~Expression() = default;

json Expression::value(const NameValue& names) const {
  return at_its_place([&] { return Evaluation(text_, names).value(*root_); });
}
double Expression::number(const NameValue& names) const {
  return at_its_place([&] {
    const Evaluation evaluation(text_, names);
    return evaluation.number(*root_);
  });
}
bool Expression::truth(const NameValue& names) const {
  return at_its_place([&] {
    const Evaluation evaluation(text_, names);
    return evaluation.truth(*root_);
  });
}

}  // namespace orrery
