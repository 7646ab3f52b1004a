#pragma once
// `orrery trace show`.

#include "tools/orrery/commands.h"

namespace orrery {

extern const char* const kTraceShowUsage;
extern const char* const kTraceShowExamples;

int trace_show_command(const Arguments& arguments);

}  // namespace orrery
