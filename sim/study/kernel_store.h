#pragma once
// Kernels on disk: what machines did, addressed by what its timing depends on (timing_digest), the kernel and
// the build of this program; and answers to whole questions, by all that they depend on. Any number of
// processes read and write at once; a kill leaves what was committed; a store that cannot be used (full disk,
// damage, no permission) is left alone and said so, and everything runs as without it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sim/engine/kernel_memory.h"

namespace orrery {

// $ORRERY_STORE ("off": none), or kernels.db in $XDG_CACHE_HOME/orrery or ~/.cache/orrery; "" = none.
std::string kernel_store_path();

struct KernelStoreStatus {
  std::string path;
  std::uint64_t kernels = 0, kernels_of_this_build = 0, answers = 0, bytes = 0;
};

class KernelStore {
 public:
  // Opened at first use; each process opens its own.
  explicit KernelStore(std::string path);
  ~KernelStore();
  KernelStore(const KernelStore&) = delete;
  KernelStore& operator=(const KernelStore&) = delete;

  // Of one machine, by its timing_digest(). Valid as long as the store.
  std::unique_ptr<KernelMemory> of_machine(const std::string& digest);

  // An answer to a question of this build that was kept before.
  std::optional<std::string> answer(const std::string& question);
  void keep_answer(const std::string& question, const std::string& answer);

  // Writes what has been kept since. Done by the destructor, too.
  void commit();
  // Why it is not used any more; "" while it is.
  const std::string& trouble() const { return trouble_; }

  // Throws ConfigError.
  KernelStoreStatus status();
  // Drops kernels of other builds, or all of them; how many. Throws ConfigError.
  std::uint64_t prune(bool all);

 private:
  class Database;
  class OfMachine;
  std::string path_;
  std::string trouble_;
  std::unique_ptr<Database> database_;

  // Null where the store cannot be used.
  Database* open();
  template <class Work>
  void with_database(Work work);
};

}  // namespace orrery
