#include "sim/config/config_document.h"

#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

std::string document_error(const std::string& text) {
  return config_error([&] { ConfigDocument::parse(text, "file.yaml"); });
}

TEST(ConfigDocument, TypesPlainScalarsByTheYaml12CoreSchema) {
  const auto document =
      ConfigDocument::parse("a: 12\nb: -1.5e3\nc: true\nd: ~\ne: yes\nf: \"12\"\ng: 0x10\nh: 1_000\n", "f");
  const auto& root = document.root();
  EXPECT_EQ(root["a"], 12);
  EXPECT_TRUE(root["a"].is_number_integer());
  EXPECT_EQ(root["b"], -1500.0);
  EXPECT_EQ(root["c"], true);
  EXPECT_TRUE(root["d"].is_null());
  EXPECT_EQ(root["e"], "yes");
  EXPECT_EQ(root["f"], "12");
  EXPECT_TRUE(root["g"].is_string());
  EXPECT_EQ(root["h"], "1_000");
}

TEST(ConfigDocument, RefusesADuplicateKeyWithBothLines) {
  const std::string message = document_error("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n");
  EXPECT_NE(message.find("file.yaml:5:3"), std::string::npos) << message;
  EXPECT_NE(message.find("'b.c'"), std::string::npos) << message;
  EXPECT_NE(message.find("line 3"), std::string::npos) << message;
}

TEST(ConfigDocument, ReportsSyntaxErrorsWithTheirLine) {
  EXPECT_NE(document_error("a: [1, 2\nb: 3\n").find("file.yaml:"), std::string::npos);
}

TEST(ConfigDocument, RemembersWhereAValueWasWritten) {
  const auto document = ConfigDocument::parse("a:\n  - x: 1\n  - x: 2\n", "f.yaml");
  EXPECT_EQ(document.where("/a/1/x"), "f.yaml:3:5");
  EXPECT_EQ(document.where("/a/1/missing"), "f.yaml:3:5");
}

TEST(ConfigDocument, DerivesFromABaseKeyByKeyAndKindByKind) {
  temporary_file("base.yaml", "x: 1\nlist:\n  - {kind: a, v: 1, w: 2}\n  - {kind: b, v: 3}\nplain: [1, 2]\n");
  const auto document = ConfigDocument::load(
      temporary_file("derived.yaml", "base: base.yaml\nlist:\n  - {kind: b, v: 4}\nplain: [9]\ny: 5\n"));
  EXPECT_EQ(document.root()["x"], 1);
  EXPECT_EQ(document.root()["y"], 5);
  EXPECT_EQ(document.root()["plain"].size(), 1U);
  EXPECT_FALSE(document.root().contains("base"));
  ASSERT_EQ(document.root()["list"].size(), 2U);
  EXPECT_EQ(document.root()["list"][0]["w"], 2);  // in the base's order, so that its sources still apply
  EXPECT_EQ(document.root()["list"][1]["kind"], "b");
  EXPECT_EQ(document.root()["list"][1]["v"], 4);
  EXPECT_NE(document.where("/list/1/v").find("derived.yaml:3"), std::string::npos)
      << document.where("/list/1/v");
  EXPECT_NE(document.where("/list/0/w").find("base.yaml:3"), std::string::npos);
  EXPECT_NE(document.where("/x").find("base.yaml:1"), std::string::npos);
}

TEST(ConfigDocument, NumbersCarryTheNearestProvenance) {
  const auto document = ConfigDocument::parse(
      "a: {value: 1.5, source: sheet, grade: datasheet}\nb: {c: 2, d: 3}\ne: 4\n"
      "sources:\n  b: {source: book, grade: recalled}\n  b.d: {source: lab, grade: measured}\n",
      "f");
  EXPECT_EQ(document.root()["a"], 1.5);
  std::map<std::string, std::string> grades;
  for (const Provenance& p : document.provenance()) grades[key_path(p.pointer)] = p.grade;
  EXPECT_EQ(grades, (std::map<std::string, std::string>{
                        {"a", "datasheet"}, {"b.c", "recalled"}, {"b.d", "measured"}, {"e", ""}}));
}

TEST(ConfigDocument, ABracketTooManyEndsTheFile) {
  // yaml-cpp 0.7 finds documents behind it for ever.
  for (const char* text :
       {"{\n\"a\": b\",\n \"c\": 1\n }\n}\n", "a: 1\n}\n", "a: 1\n---\nb: 2\n", "a: 1\n...\nb: 2\n"}) {
    try {
      ConfigDocument::parse(text, "file.json");
      FAIL() << text;
    } catch (const ConfigError& error) {
      EXPECT_NE(std::string(error.what()).find("file.json:"), std::string::npos) << error.what();
    }
  }
  EXPECT_EQ(ConfigDocument::parse("---\na: '}'\n", "file.yaml").root()["a"], "}");
}

}  // namespace
}  // namespace orrery::test
