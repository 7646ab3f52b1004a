#include "sim/report/plot_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "sim/report/page.h"
#include "sim/report/vega_library.h"
#include "sim/util/ends_with.h"
#include "sim/util/errors.h"
#include "sim/util/outside_program.h"
#include "sim/util/whole_file.h"

namespace orrery {
namespace {

namespace fs = std::filesystem;

void write_text(const fs::path& path, const std::string& text) {
  write_whole(path, [&](std::ostream& out) { out << text; });
}

// A folder that goes with the object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string name = (fs::temp_directory_path() / "orrery-plot-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw ConfigError("", "cannot make a folder for temporary files");
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

// Whether a program made `made`, which then is at `path`.
bool made_by(const std::vector<std::string>& command, const fs::path& made, const std::string& path) {
  if (!run_outside(command) || !fs::exists(made) || fs::file_size(made) == 0) return false;
  const std::string bytes = read_bytes(made);
  write_text(path, bytes);
  return true;
}

std::string instead(const std::string& html, const std::string& path, const char* why) {
  const std::string page = path + ".html";
  write_text(page, html);
  return fmt::format("{}: {} was written, which a browser opens, prints and saves", why, page);
}

}  // namespace

bool is_plot_file(const std::string& path) {
  return ends_with(path, ".html") || ends_with(path, ".svg") || ends_with(path, ".pdf");
}

std::string node_program() {
  return program_on_path({"node", "nodejs"});
}

std::string browser_program() {
  return program_on_path({"chromium", "chromium-browser", "google-chrome"});
}

std::string write_page(const std::string& html, const std::string& path) {
  if (ends_with(path, ".html")) {
    write_text(path, html);
    return "";
  }
  if (!ends_with(path, ".pdf")) throw ConfigError("", "'" + path + "': expected a file .html or .pdf");
  const std::string browser = browser_program();
  if (browser.empty()) return instead(html, path, "Chromium, which prints .pdf, is not installed");
  const ScratchFolder scratch;
  const fs::path page = scratch / "page.html";
  const fs::path pdf = scratch / "page.pdf";
  write_text(page, html);
  std::vector<std::string> command = {browser,
                                      "--headless",
                                      "--disable-gpu",
                                      "--disable-dev-shm-usage",
                                      "--no-pdf-header-footer",
                                      "--user-data-dir=" + (scratch / "profile").string(),
                                      "--print-to-pdf=" + pdf.string()};
  if (geteuid() == 0) command.emplace_back("--no-sandbox");
  command.push_back("file://" + page.string());
  if (made_by(command, pdf, path)) return "";
  return instead(html, path, "Chromium did not print the page");
}

std::string write_plot(const nlohmann::ordered_json& vega, const std::string& said, const std::string& path) {
  Page page(said);
  page.chart(vega, said);
  if (!is_plot_file(path)) throw ConfigError("", "'" + path + "': a plot is a file .svg, .pdf or .html");
  if (!ends_with(path, ".svg")) return write_page(page.html(), path);
  const std::string node = node_program();
  if (node.empty()) return instead(page.html(), path, "Node.js, which draws .svg, is not installed");
  const ScratchFolder scratch;
  const fs::path script = scratch / "draw.js";
  const fs::path svg = scratch / "plot.svg";
  write_text(script,
             vega_script() + "const fs=require('fs');\nconst spec=" + vega.dump() +
                 ";\nnew orreryVega.View(orreryVega.parse(spec,{background:'#ffffff'}),{renderer:'none'})"
                 ".toSVG().then(function(s){fs.writeFileSync(process.argv[2],s);},"
                 "function(){process.exitCode=1;});\n");
  if (made_by({node, script.string(), svg.string()}, svg, path)) return "";
  return instead(page.html(), path, "Node.js did not draw the plot");
}

}  // namespace orrery
