// Pages and plots, as a user asks for them.

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "sim/util/outside_program.h"
#include "tests/support/command.h"

namespace orrery::test {
namespace {

std::string saved(const std::string& name, const std::string& command) {
  const CommandResult r = orrery_command(command + " --format json");
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return temporary_file(name, r.out);
}

std::string page_of(const std::string& files) {
  const std::string page = temporary_folder() + "/page.html";
  const CommandResult r = orrery_command("report " + files + " --output " + page);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_EQ(r.out + r.err, "");
  return read_file(page);
}

std::string report_refused(const std::string& arguments) {
  const CommandResult r = orrery_command("report " + arguments);
  EXPECT_EQ(r.exit_code, 2) << arguments;
  return r.err;
}

const std::string kTwo =
    "compare --arch gpu/h100-sxm --arch asic/tpu-v5e --model gpt2 --input 128 --output 8";

TEST(Report, OfAComparisonSaysWhichIsFastestAndHowSureThatIs) {
  const std::string file = saved("two.json", kTwo);
  const std::string html = page_of(file);
  EXPECT_NE(html.find("Fastest of 2: "), std::string::npos);
  EXPECT_NE(html.find("expected error"), std::string::npos);
  EXPECT_NE(html.find("prefill time"), std::string::npos);
  EXPECT_NE(html.find("decode bound by"), std::string::npos);
  EXPECT_NE(html.find("roof of gpu/h100-sxm"), std::string::npos);
  EXPECT_LT(html.size(), 3'000'000U);
  // The same of the two by themselves.
  const auto both = nlohmann::ordered_json::parse(read_file(file));
  const std::string apart =
      temporary_file("a.json", both[0].dump()) + " " + temporary_file("b.json", both[1].dump());
  EXPECT_EQ(page_of(apart), html);
}

TEST(Report, OfAKernelOfServingAndOfOneToken) {
  EXPECT_NE(page_of(saved("k.json", "kernel --arch asic/edge-npu --op matmul --m 64 --n 64 --k 64"))
                .find("bound by"),
            std::string::npos);
  const std::string served = page_of(
      saved("s.json", "serve --arch gpu/h100-sxm --model gpt2 --rate 4 --requests 10 --input 64 --output 8"));
  EXPECT_NE(served.find("10 of 10 requests finished"), std::string::npos);
  EXPECT_NE(served.find("time to first token"), std::string::npos);
  const std::string prompt =
      page_of(saved("p.json", "run --arch asic/edge-npu --model bert-base --input 64"));
  EXPECT_EQ(prompt.find("decode time"), std::string::npos);
}

TEST(Report, NamesWithHtmlAreText) {
  auto result = nlohmann::ordered_json::parse(
      read_file(saved("r.json", "run --arch asic/edge-npu --model gpt2 --layers 1 --input 16 --output 2")));
  result["arch"] = "<img src=x onerror=alert(1)>";
  const std::string html = page_of(temporary_file("evil.json", result.dump()));
  EXPECT_EQ(html.find("<img"), std::string::npos);
  EXPECT_NE(html.find("&lt;img src=x"), std::string::npos);
}

TEST(Report, WhatIsNoResultIsRefused) {
  EXPECT_NE(report_refused(temporary_file("e.json", "[]") + " --output x.html").find("holds no result"),
            std::string::npos);
  EXPECT_NE(report_refused(temporary_file("n.json", "not json") + " --output x.html").find("is no JSON"),
            std::string::npos);
  EXPECT_NE(report_refused(temporary_file("o.json", "{\"a\": 1}") + " --output x.html")
                .find("is no result of Orrery"),
            std::string::npos);
  EXPECT_NE(report_refused(temporary_file("v.json", "{\"schema\": \"orrery/result/9\", \"kind\": \"run\"}") +
                           " --output x.html")
                .find("orrery/result/9"),
            std::string::npos);
  EXPECT_NE(report_refused(temporary_file("h.json", "{\"schema\": \"orrery/result/1\", \"kind\": \"run\"}") +
                           " --output x.html")
                .find("no whole result"),
            std::string::npos);
  const std::string one = saved("r.json", "kernel --arch asic/edge-npu --op add --m 8 --n 8");
  EXPECT_NE(report_refused(one + " --output x.txt").find("expected a file .html or .pdf"), std::string::npos);
  EXPECT_NE(report_refused(one + " --output /nowhere/x.html").find("/nowhere/x.html"), std::string::npos);
  EXPECT_NE(report_refused(one + " " + one + " --output x.html").find("no page together"), std::string::npos);
}

// A real browser draws every chart, and nothing of a page goes wrong: what a script throws would leave a
// chart's place empty.
TEST(Report, ABrowserDrawsAllCharts) {
  const std::string browser = program_on_path({"chromium"});
  ASSERT_NE(browser, "") << "tools/install-dependencies --tests installs it";
  const std::string page = temporary_folder() + "/drawn.html";
  ASSERT_EQ(orrery_command("report " + saved("two.json", kTwo) + " --output " + page).exit_code, 0);
  const std::string dom = temporary_folder() + "/dom.html";
  const std::string command = "timeout 100 " + browser +
                              " --headless --no-sandbox --disable-gpu --disable-dev-shm-usage "
                              "--virtual-time-budget=5000 --user-data-dir=" +
                              temporary_folder() + "/profile --dump-dom file://" + page + " > " + dom +
                              " 2> /dev/null";
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::string drawn = read_file(dom);
  const auto count = [&drawn](const std::string& word) {
    std::size_t n = 0;
    for (std::size_t at = drawn.find(word); at != std::string::npos; at = drawn.find(word, at + 1)) ++n;
    return n;
  };
  EXPECT_EQ(count("id=\"chart"), 6U + 1);  // and the list of them
  EXPECT_EQ(count("<canvas"), 6U);
}

TEST(Report, APageIsPrinted) {
  const std::string pdf = temporary_folder() + "/kernel.pdf";
  const std::string one = saved("k.json", "kernel --arch asic/edge-npu --op matmul --m 64 --n 64 --k 64");
  const CommandResult r = orrery_command("report " + one + " --output " + pdf);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  EXPECT_EQ(read_file(pdf).substr(0, 5), "%PDF-");
}

TEST(Report, PlotsAreDrawnWhereNodeIs) {
  const std::string svg = temporary_folder() + "/plot.svg";
  const CommandResult r = orrery_command(kTwo + " --plot " + svg);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  if (program_on_path({"node", "nodejs"}).empty()) {
    EXPECT_NE(r.err.find(svg + ".html was written"), std::string::npos) << r.err;
    EXPECT_NE(read_file(svg + ".html").find("critical path"), std::string::npos);
  } else {
    EXPECT_NE(read_file(svg).find("<svg"), std::string::npos);
    EXPECT_NE(read_file(svg).find("gpu/h100-sxm"), std::string::npos);
  }
  const std::string page = temporary_folder() + "/plot.html";
  EXPECT_EQ(orrery_command("kernel --arch asic/edge-npu --op add --m 8 --n 8 --plot " + page).exit_code, 0);
  EXPECT_NE(read_file(page).find("orreryVega"), std::string::npos);
  const CommandResult wrong = orrery_command("kernel --arch asic/edge-npu --op add --m 8 --n 8 --plot x.png");
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_EQ(wrong.out, "");
}

}  // namespace
}  // namespace orrery::test
