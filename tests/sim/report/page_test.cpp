#include "sim/report/page.h"

#include <gtest/gtest.h>

#include "sim/report/plot.h"

namespace orrery::test {
namespace {

TEST(Page, TextIsText) {
  Page page("<b>a & b</b>");
  page.heading("</h2><script>alert(1)</script>");
  page.paragraph("\"x\" < y", true);
  page.table("<i>", {{"<u>", "n"}, {"</td>", "1 > 0"}});
  const std::string html = page.html();
  EXPECT_EQ(html.find("<b>"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);  // no chart, no script
  EXPECT_NE(html.find("&lt;b&gt;a &amp; b&lt;/b&gt;"), std::string::npos);
  EXPECT_NE(html.find("<th scope=\"row\">&lt;/td&gt;</th><td>1 &gt; 0</td>"), std::string::npos);
  EXPECT_NE(html.find("&quot;x&quot; &lt; y"), std::string::npos);
}

// Nothing is fetched; what charts hold cannot end their script.
TEST(Page, StandsAlone) {
  Page page("charts");
  Plot plot;
  plot.title = "</script><script>alert(1)";
  plot.series = {{"a", {{1, 2}, {2, 3}}}};
  page.chart(vega_of(plot), "what \"it\" shows");
  const std::string html = page.html();
  EXPECT_EQ(html.find("</script><script>alert"), std::string::npos);
  EXPECT_NE(html.find("\\u003c/script>\\u003cscript>alert(1)"), std::string::npos);
  EXPECT_NE(html.find("aria-label=\"what &quot;it&quot; shows\""), std::string::npos);
  for (const char* fetched : {"src=", "href=", "@import", "url("})
    EXPECT_EQ(html.substr(0, html.find("<script>")).find(fetched), std::string::npos) << fetched;
  EXPECT_NE(html.find("prefers-color-scheme"), std::string::npos);
  EXPECT_LT(html.size(), 1'000'000U);
}

}  // namespace
}  // namespace orrery::test
