#include "sim/serve/request_trace.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sim/util/errors.h"

namespace orrery::test {
namespace {

class TraceFile {
 public:
  explicit TraceFile(const std::string& text)
      : path_(std::filesystem::temp_directory_path() / ("requests-" + std::to_string(getpid()))) {
    std::ofstream(path_) << text;
  }
  ~TraceFile() { std::filesystem::remove(path_); }
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;
  std::vector<Request> read(bool needs_arrivals = true) const {
    const auto source = open_request_trace(path_.string(), needs_arrivals);
    std::vector<Request> all;
    for (Request r; source->next(r);) all.push_back(r);
    return all;
  }
  std::string refusal(bool needs_arrivals = true) const {
    try {
      read(needs_arrivals);
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

 private:
  std::filesystem::path path_;
};

TEST(RequestTrace, ReadsOurOwn) {
  const auto all = TraceFile("arrival_s,input_tokens,output_tokens\n1.5,10,20\n2,30,0\n").read();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].arrival_s, 0);
  EXPECT_EQ(all[1].arrival_s, 0.5);
  EXPECT_EQ(all[1].input, 30U);
  EXPECT_EQ(all[1].output, 0U);
}

TEST(RequestTrace, ReadsAzuresDates) {
  const auto all = TraceFile(
                       "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 23:59:59.5000000,374,44\n"
                       "2023-11-17 00:00:01.0000000,396,109\n")
                       .read();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NEAR(all[1].arrival_s, 1.5, 1e-6);
}

TEST(RequestTrace, ReadsBurstGptOfBothReleases) {
  EXPECT_EQ(TraceFile("Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n"
                      "5,ChatGPT,472,18,490,Conversation log\n")
                .read()
                .at(0)
                .input,
            472U);
  EXPECT_EQ(
      TraceFile("Timestamp,Session ID,Elapsed time,Model,Request tokens,Response tokens,Total tokens,Log "
                "Type\n5,1,2,\"a, b\",472,18,490,x\n")
          .read()
          .at(0)
          .output,
      18U);
}

TEST(RequestTrace, ReadsMooncakesBlocks) {
  const auto all =
      TraceFile(
          "{\"timestamp\": 1000, \"input_length\": 600, \"output_length\": 3, \"hash_ids\": [4, 5]}\n"
          "{\"timestamp\": 1500, \"input_length\": 700, \"output_length\": 3, \"hash_ids\": [4, 6]}\n"
          "{\"timestamp\": 1500, \"input_length\": 700, \"output_length\": 3, \"hash_ids\": [7, 6]}\n")
          .read();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[1].arrival_s, 0.5);
  EXPECT_EQ(all[0].content_tokens, 512U);
  EXPECT_EQ(all[0].content[0], all[1].content[0]);
  EXPECT_NE(all[1].content[1], all[2].content[1]);  // the same block behind another one
}

TEST(RequestTrace, ReadsABenchmarkClientsLengths) {
  const TraceFile file("{\"input_lens\": [5, 6], \"output_lens\": [7, 8], \"request_rate\": 1}\n");
  EXPECT_EQ(file.read(false).at(1).output, 8U);
  EXPECT_NE(file.refusal().find("--rate"), std::string::npos);
}

TEST(RequestTrace, SaysWhichLineIsWrong) {
  const std::string head = "arrival_s,input_tokens,output_tokens\n";
  EXPECT_NE(TraceFile("").refusal().find("empty"), std::string::npos);
  EXPECT_NE(TraceFile(head + "2,1,1\n1,1,1\n").refusal().find("line 3"), std::string::npos);
  EXPECT_NE(TraceFile(head + "2,1,1\n1,1,1\n").refusal().find("sort"), std::string::npos);
  EXPECT_NE(TraceFile(head + "1,-5,1\n").refusal().find("line 2: input_tokens: -5"), std::string::npos);
  EXPECT_NE(TraceFile(head + "1,5,-1\n").refusal().find("output_tokens"), std::string::npos);
  EXPECT_NE(TraceFile(head + "1,5\n").refusal().find("missing"), std::string::npos);
  EXPECT_NE(TraceFile(head + "x,5,1\n").refusal().find("no number"), std::string::npos);
  EXPECT_NE(TraceFile("a,b\n1,2\n").refusal().find("header"), std::string::npos);
  EXPECT_NE(TraceFile("{\"timestamp\": 1}\n").refusal().find("input_length"), std::string::npos);
  EXPECT_NE(TraceFile("[{\"conversations\": []}]\n").refusal().find("tokenised"), std::string::npos);
  EXPECT_NE(TraceFile("input_tokens,output_tokens\n5,5\n").refusal().find("arrivals"), std::string::npos);
}

}  // namespace
}  // namespace orrery::test
