#include "tests/support/sweep_command.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace orrery::test {

const char* const kSweep = R"yaml(schema: orrery/sweep/1
name: small
of:
  arch: [asic/edge-npu, asic/tpu-v5e]
  llm: gpt2
  scenario: {input: 32, output: 4}
axes:
  - {key: scenario.batch, range: {from: 1, to: 8, scale: powers_of_two}}
  - {key: arch.dram.channels, values: [1, 2]}
  - zip:
      - {key: arch.scratchpad.size_kib, values: [512, 1024]}
      - {key: arch.clock_ghz, values: [0.9, 1.0]}
    when: scenario.batch >= 4
derived:
  - {key: scenario.output, value: "max(2, scenario.batch / 2)"
}
constraints:
  outputs: ["latency_s < 1e6"]
objectives:
  - {minimise: latency_s}
  - {minimise: energy_per_token_j}
fidelity: roofline
)yaml";

std::string store(const std::string& name) {
  return temporary_folder() + "/" + name;
}

std::string sweep_file(const std::string& from, const std::string& to) {
  std::string text = kSweep;
  if (!from.empty()) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
  }
  return temporary_file("sweep.yaml", text);
}

CommandResult run(const std::string& arguments) {
  return orrery_command("sweep " + arguments);
}

std::string exported(const std::string& db, const std::string& how) {
  const CommandResult r = run("export " + db + " " + how);
  EXPECT_EQ(r.exit_code, 0) << r.err;
  return r.out;
}

void refused(const std::string& arguments, const std::vector<std::string>& words) {
  const CommandResult r = run(arguments);
  EXPECT_EQ(r.exit_code, 2) << r.out << r.err;
  for (const std::string& word : words)
    EXPECT_NE(r.err.find(word), std::string::npos) << word << " in: " << r.err;
  EXPECT_LE(std::count(r.err.begin(), r.err.end(), '\n'), 2) << r.err;
}

}  // namespace orrery::test
