#include "sim/workload/attention_table.h"

#include <gtest/gtest.h>

#include "sim/util/errors.h"
#include "tests/support/command.h"
#include "tests/support/config_error.h"

namespace orrery::test {
namespace {

std::string table(const std::string& text) {
  return attention_patterns_of_file(temporary_file("patterns.csv", text));
}

std::string fault(const std::string& text) {
  return config_error([&] { table(text); });
}

TEST(AttentionTable, NamesLayers) {
  EXPECT_EQ(table("layer,attention\n3,window:8\n1,full\n"), "model,full,model,window:8,end");
  EXPECT_EQ(table("# measured\nlayer,attention\r\n# and\n0,density:0.2\r\n"), "density:0.2,end");
  EXPECT_EQ(table("layer,attention\n0,tokens:0.5+window:4\n"), "tokens:0.5+window:4,end");
  EXPECT_NE(fault("layer;attention\n").find(":1"), std::string::npos);
  EXPECT_NE(fault("layer,attention\n0,windw:8\n").find(":2"), std::string::npos);
  EXPECT_NE(fault("layer,attention\n-1,full\n").find("'-1,full'"), std::string::npos);
  EXPECT_NE(fault("layer,attention\n900000,full\n").find("expected a layer's number"), std::string::npos);
  EXPECT_NE(fault("layer,attention\n0,full\n0,full\n").find("named twice"), std::string::npos);
  EXPECT_NE(fault("layer,attention\n0,full,full\n").find("one pattern"), std::string::npos);
  EXPECT_NE(fault("layer,attention\n").find("no layer"), std::string::npos);
}

TEST(AttentionTable, NamesHeadsDensities) {
  EXPECT_EQ(table("layer,head,density\n0,0,0.1\n0,1,0.3\n2,1,1\n2,0,1\n"), "density:0.200000,model,full,end");
  EXPECT_NE(fault("layer,head,density\n0,0,1.5\n").find(":2"), std::string::npos);
  EXPECT_NE(fault("layer,head,density\n0,0,1.5\n").find("above 0, up to 1"), std::string::npos);
  for (const char* wrong : {"0", "-0.1", "nan", "0.5x", ""})
    EXPECT_NE(fault(std::string("layer,head,density\n0,0,") + wrong + "\n"), "") << wrong;
  EXPECT_NE(fault("layer,head,density\n0,0.5\n").find("expected a layer's number, a head's"),
            std::string::npos);
  EXPECT_NE(fault("layer,head,density\n0,0,0.5\n0,0,0.5\n").find("head 0 of layer 0 is named twice"),
            std::string::npos);
  EXPECT_NE(fault("layer,head,density\n0,1,0.5\n").find("layer 0 has 1 heads, the last of them number 1"),
            std::string::npos);
}

}  // namespace
}  // namespace orrery::test
