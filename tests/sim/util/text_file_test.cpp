#include "sim/util/text_file.h"

#include <gtest/gtest.h>

#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

TEST(TextFile, OpensRegularFilesOfText) {
  EXPECT_EQ(read_text_file(temporary_file("a.txt", "a: \xc3\xa4\n")), "a: \xc3\xa4\n");
  EXPECT_NE(config_error([] { read_text_file("/dev/zero"); }).find("only regular files"), std::string::npos);
  EXPECT_NE(config_error([] { read_text_file("/tmp"); }).find("it is a folder"), std::string::npos);
  EXPECT_NE(config_error([] { read_text_file("/nowhere"); }).find("cannot read"), std::string::npos);
  const std::string file = temporary_file("b.txt", "12345");
  EXPECT_NE(config_error([&] { read_text_file(file, 4); }).find("holds 5 bytes; at most 4"),
            std::string::npos);
}

TEST(TextFile, SaysWhereATextIsNone) {
  const auto found = [](const std::string& text) { return config_error([&] { check_text(text, "f"); }); };
  EXPECT_EQ(found("a\tb\r\n\xe2\x82\xac \xf0\x9f\x98\x80\n"), "");
  EXPECT_NE(found("ok\nb\xff").find("f:2:2: a byte that is no UTF-8"), std::string::npos);
  EXPECT_NE(found("\xc0\x80").find("f:1:1"), std::string::npos);      // longer than need be
  EXPECT_NE(found("\xed\xa0\x80").find("f:1:1"), std::string::npos);  // half of a UTF-16 pair
  EXPECT_NE(found("\xe2\x82").find("f:1:1"), std::string::npos);      // cut short
  EXPECT_NE(found("a\x1b[31m").find("f:1:2: a control character"), std::string::npos);
}

TEST(TextFile, KnowsWhatPeopleBring) {
  EXPECT_EQ(foreign_format("GGUF\x03", "m.gguf"), "a GGUF model");
  EXPECT_EQ(foreign_format("m,n,k\n1,2,3\n", "a.csv"), "a CSV table");
  EXPECT_EQ(foreign_format(std::string("\x0a\x04\x00", 3), "w.0.et"), "a Chakra execution trace");
  EXPECT_EQ(foreign_format(std::string("\x40\0\0\0\0\0\0\0{\"a\"", 12), "m.safetensors"),
            "a safetensors model");
  EXPECT_EQ(foreign_format("schema: orrery/arch/1\n", "a.yaml"), "");
  EXPECT_EQ(foreign_format("# sizes, rates, energies\n# of one, two, three\nschema: x\n", "a.yaml"), "");
  EXPECT_EQ(foreign_format("a, b, c\n", "a.yaml"), "");
  EXPECT_EQ(foreign_format("{\"model_type\": \"llama\", \"a\": 1, \"b\": 2}", "config.json"), "");
}

}  // namespace
}  // namespace orrery::test
