#include "sim/util/end_with_parent.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

namespace orrery {

void end_with_parent(pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it was gone already
}

}  // namespace orrery
