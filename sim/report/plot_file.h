#pragma once
// Plots as files, drawn by Vega.

#include <nlohmann/json.hpp>
#include <string>

namespace orrery {

// Whether a plot can be drawn into a file of this name: .html, .svg, .pdf.
bool is_plot_file(const std::string& path);
// The programs that draw .svg and print .pdf, as paths; "" where they are not installed.
std::string node_program();
std::string browser_program();

// Draws a Vega specification into `path`: .html as a page; .svg by Node.js, .pdf by Chromium, where they are
// installed. Where they are not, path + ".html" is written in place. What was written, where that is not
// `path`, as a sentence; else "". `said`: what it shows, in words. Throws ConfigError: another ending, a file
// that cannot be written, no Vega.
std::string write_plot(const nlohmann::ordered_json& vega, const std::string& said, const std::string& path);

// The same for a page of HTML and .pdf or .html.
std::string write_page(const std::string& html, const std::string& path);

}  // namespace orrery
