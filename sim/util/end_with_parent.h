#pragma once
// Nobody is left behind: a child process dies with the one that started it, however that ended.

#include <sys/types.h>

namespace orrery {

// In a child, right after fork(); `parent` is what getpid() said before it.
void end_with_parent(pid_t parent);

}  // namespace orrery
