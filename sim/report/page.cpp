#include "sim/report/page.h"

#include <fmt/format.h>

#include "sim/report/vega_library.h"

namespace orrery {
namespace {

constexpr const char* kStyle = R"(
:root{color-scheme:light dark;--ink:#1c1c1c;--paper:#ffffff;--line:#c9c9c9;--soft:#f3f3f3}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--paper:#17181a;--line:#4a4c50;--soft:#222427}}
body{font:16px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:62rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem;border-bottom:1px solid var(--line)}
p.verdict{font-size:1.15rem;font-weight:600}
table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}
caption{text-align:left;font-weight:600;padding-bottom:.3rem}
th,td{border-bottom:1px solid var(--line);padding:.2rem .8rem .2rem 0;text-align:right;vertical-align:top}
th:first-child,td:first-child{text-align:left}
thead th{background:var(--soft)}
figure{margin:1rem 0;overflow-x:auto}figcaption{font-size:.85rem}
@media print{:root{--ink:#000;--paper:#fff;--line:#999;--soft:#eee}h2,figure,table{break-inside:avoid}body{max-width:none}}
)";

constexpr const char* kDraw = R"(
(function(){
  var charts=JSON.parse(document.getElementById('charts').textContent);
  var dark=window.matchMedia&&matchMedia('(prefers-color-scheme: dark)');
  var views=[];
  function draw(light){
    var ink=light?'#1c1c1c':'#e8e8e8',line=light?'#888888':'#777777';
    var config={background:light?'#ffffff':'#17181a',
      axis:{labelColor:ink,titleColor:ink,domainColor:line,tickColor:line,gridColor:line},
      legend:{labelColor:ink,titleColor:ink},title:{color:ink}};
    views.forEach(function(v){v.finalize();});
    views=charts.map(function(spec,i){
      var view=new orreryVega.View(orreryVega.parse(spec,config),
        {renderer:'canvas',container:document.getElementById('chart'+i),hover:true});
      view.runAsync();return view;});
  }
  draw(!(dark&&dark.matches));
  if(dark&&dark.addEventListener)dark.addEventListener('change',function(e){draw(!e.matches);});
  window.addEventListener('beforeprint',function(){draw(true);});
  window.addEventListener('afterprint',function(){draw(!(dark&&dark.matches));});
})();
)";

// JSON inside a script element: nothing of it may end the element.
std::string json_in_html(const nlohmann::ordered_json& value) {
  std::string out;
  for (const char c : value.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace))
    out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

}  // namespace

std::string html_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

void Page::heading(const std::string& text) {
  body_ += "<h2>" + html_escaped(text) + "</h2>\n";
}

void Page::paragraph(const std::string& text, bool strong) {
  body_ += (strong ? "<p class=\"verdict\">" : "<p>") + html_escaped(text) + "</p>\n";
}

void Page::table(const std::string& caption, const std::vector<std::vector<std::string>>& rows) {
  if (rows.empty()) return;
  body_ += "<table><caption>" + html_escaped(caption) + "</caption>\n<thead><tr>";
  for (const std::string& cell : rows.front()) body_ += "<th scope=\"col\">" + html_escaped(cell) + "</th>";
  body_ += "</tr></thead>\n<tbody>\n";
  for (std::size_t r = 1; r < rows.size(); ++r) {
    body_ += "<tr>";
    for (std::size_t c = 0; c < rows[r].size(); ++c)
      body_ += fmt::format(c == 0 ? "<th scope=\"row\">{}</th>" : "<td>{}</td>", html_escaped(rows[r][c]));
    body_ += "</tr>\n";
  }
  body_ += "</tbody></table>\n";
}

void Page::chart(const nlohmann::ordered_json& vega, const std::string& said) {
  body_ += fmt::format(
      "<figure><div id=\"chart{0}\" role=\"img\" "
      "aria-label=\"{1}\"></div><figcaption>{1}</figcaption></figure>\n",
      charts_.size(), html_escaped(said));
  charts_.push_back(vega);
}

std::string Page::html() const {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>" +
      html_escaped(title_) + "</title>\n<style>" + kStyle + "</style></head>\n<body><main>\n<h1>" +
      html_escaped(title_) + "</h1>\n" + body_ + "</main>\n";
  if (!charts_.empty()) {
    out += "<script type=\"application/json\" id=\"charts\">" + json_in_html(charts_) +
           "</script>\n<script>\n" + vega_script() + kDraw + "</script>\n";
  }
  return out + "</body></html>\n";
}

}  // namespace orrery
