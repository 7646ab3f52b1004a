#include "tools/orrery/sweep_commands.h"

namespace orrery {

int sweep_submit_command(const Arguments&) {
  throw UsageError("submit is not there yet");
}

}  // namespace orrery
