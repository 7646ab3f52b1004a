#include "tools/orrery/manual.h"

#include <map>

namespace orrery {
namespace {

// Text as troff takes it: no escapes, no line that begins like a request.
std::string troff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if ((out.empty() || out.back() == '\n') && (c == '.' || c == '\'')) out += "\\&";
    out += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return out;
}

std::string words_of(const nlohmann::ordered_json& options) {
  std::string words;
  for (const auto& option : options["options"]) {
    const auto name = option["name"].get<std::string>();
    if (option["value"] == "KEY=VALUE") continue;
    words += (words.empty() ? "--" : " --") + name;
  }
  return words;
}

}  // namespace

std::string manual_page(const std::vector<DescribedCommand>& commands, const std::string& version) {
  std::string page = ".TH ORRERY 1 \"\" \"orrery " + version +
                     "\"\n.SH NAME\norrery \\- cycle-approximate simulator of LLM accelerators\n"
                     ".SH SYNOPSIS\n.B orrery\nCOMMAND [options]\n.SH COMMANDS\n";
  for (const DescribedCommand& c : commands) {
    page += ".SS \"orrery " + troff(c.name) + "\"\n";
    if (!c.summary.empty()) page += troff(c.summary) + "\n.PP\n";
    page += ".nf\n" + troff(c.options["usage"].get<std::string>()) + "\n.fi\n";
    for (const auto& option : c.options["options"]) {
      page += ".TP\n.B \\-\\-" + troff(option["name"].get<std::string>()) + " " +
              troff(option["value"].get<std::string>()) + "\n" +
              troff(option["description"].get<std::string>()) + "\n";
    }
    page += ".PP\nExamples:\n.nf\n" + troff(c.options["examples"].get<std::string>()) + ".fi\n";
  }
  page +=
      ".SH EXIT STATUS\n0 ok, 1 a simulation failed, 2 usage or configuration.\n"
      ".SH ENVIRONMENT\nORRERY_HOME: folder of arch_configs and traces. ORRERY_STORE: file of the kernel "
      "store, or off.\n";
  return page;
}

std::string bash_completion(const std::vector<DescribedCommand>& commands) {
  std::map<std::string, std::string> below;  // subcommands by command
  std::string tops;
  std::string cases;
  for (const DescribedCommand& c : commands) {
    const std::size_t space = c.name.find(' ');
    if (space == std::string::npos) tops += (tops.empty() ? "" : " ") + c.name;
    if (space != std::string::npos) below[c.name.substr(0, space)] += " " + c.name.substr(space + 1);
    cases += "    '" + c.name + "') words='" + words_of(c.options) + "' ;;\n";
  }
  std::string subs;
  for (const auto& [name, words] : below) subs += "    " + name + ") words='" + words.substr(1) + "' ;;\n";
  return "# bash completion of orrery\n"
         "_orrery() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  case $prev in\n"
         "    --arch) COMPREPLY=($(compgen -W \"$(orrery list archs --format csv 2>/dev/null | cut -d, "
         "-f1)\" -- "
         "\"$cur\") $(compgen -f -- \"$cur\")); return ;;\n"
         "    --model) COMPREPLY=($(compgen -W \"$(orrery list models --format csv 2>/dev/null | cut -d, "
         "-f1)\" -- "
         "\"$cur\") $(compgen -f -- \"$cur\")); return ;;\n"
         "    --fidelity) COMPREPLY=($(compgen -W 'roofline tile cycle' -- \"$cur\")); return ;;\n"
         "    --format) COMPREPLY=($(compgen -W 'table json csv' -- \"$cur\")); return ;;\n"
         "  esac\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W '" +
         tops +
         " help' -- \"$cur\")); return\n"
         "  fi\n"
         "  local name=${COMP_WORDS[1]}\n"
         "  case $name in\n" +
         subs +
         "  esac\n"
         "  if [ -n \"$words\" ] && [ \"$COMP_CWORD\" -eq 2 ] && [ \"${cur#-}\" = \"$cur\" ]; then\n"
         "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\") $(compgen -f -- \"$cur\")); return\n"
         "  fi\n"
         "  [ -n \"$words\" ] && [[ \" $words \" == *\" ${COMP_WORDS[2]} \"* ]] && name=\"$name "
         "${COMP_WORDS[2]}\"\n"
         "  words=\n"
         "  case $name in\n" +
         cases +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "  [ -n \"${COMPREPLY[*]}\" ] || COMPREPLY=($(compgen -f -- \"$cur\"))\n"
         "}\n"
         "complete -F _orrery orrery\n";
}

std::string zsh_completion(const std::vector<DescribedCommand>& commands) {
  return "#compdef orrery\nautoload -U +X bashcompinit && bashcompinit\n" + bash_completion(commands);
}

}  // namespace orrery
