#include "codec/seal/hardening.h"

#include <sys/resource.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

namespace hubbub::seal {

void keep_memory_private() noexcept {
  const rlimit none{.rlim_cur = 0, .rlim_max = 0};
  setrlimit(RLIMIT_CORE, &none);
#ifdef __linux__
  // RLIMIT_CORE does not stop a dump that goes to a program (core(5)); this does.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace hubbub::seal
