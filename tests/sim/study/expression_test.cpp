#include "sim/study/expression.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"

namespace orrery::test {
namespace {

nlohmann::json names(const std::string& name) {
  if (name == "llm.batch") return 4;
  if (name == "arch.name") return "gpu/a";
  throw ConfigError("", "no name " + name);
}
nlohmann::json value(const std::string& text) {
  return Expression(text).value(names);
}
std::string refusal(const std::string& text) {
  try {
    value(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(Expression, ComputesAsOneReadsIt) {
  EXPECT_EQ(value("llm.batch * 2 + 1"), 9);
  EXPECT_EQ(value("1 + 2 * 3 - 4 / 2"), 5);
  EXPECT_EQ(value("-2 - -3"), 1);
  EXPECT_EQ(value("2 * (3 + 4) % 5"), 4);
  EXPECT_EQ(value("1e3 / 4"), 250);
  EXPECT_EQ(value("min(3, llm.batch, 9) + max(1, 2)"), 5);
  EXPECT_EQ(value("ceil(log2(9)) + floor(2.9) + round(2.5) + sqrt(16) + abs(-1)"), 4 + 2 + 3 + 4 + 1);
  EXPECT_EQ(value("arch.name == 'gpu/a' and not llm.batch > 4"), true);
  EXPECT_EQ(value("llm.batch >= 5 or llm.batch != 4"), false);
  EXPECT_EQ(value("1 if llm.batch < 4 else 2 if llm.batch == 4 else 3"), 2);
}

TEST(Expression, SaysWhatIsWrongAndWhere) {
  EXPECT_NE(refusal("1 +").find("something is missing at character 4"), std::string::npos);
  EXPECT_NE(refusal("(1 + 2").find("expected ')'"), std::string::npos);
  EXPECT_NE(refusal("flor(2)").find("did you mean 'floor'"), std::string::npos);
  EXPECT_NE(refusal("system('x')").find("no function"), std::string::npos);
  EXPECT_NE(refusal("1 / (llm.batch - 4)").find("division by zero"), std::string::npos);
  EXPECT_NE(refusal("arch.name + 1").find("is no number"), std::string::npos);
  EXPECT_NE(refusal("1 and 2").find("neither true nor false"), std::string::npos);
  EXPECT_NE(refusal("nobody").find("no name nobody"), std::string::npos);
  EXPECT_NE(refusal("2 3").find("unexpected '3'"), std::string::npos);
  EXPECT_NE(refusal("'open").find("not closed"), std::string::npos);
  EXPECT_NE(refusal(std::string(2000, '(')).find("too many parentheses"), std::string::npos);
  EXPECT_NE(refusal(std::string(300000, '-') + "1").find("too many"), std::string::npos);
  EXPECT_NE(refusal("sqrt(-1)").find("sqrt of -1"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
