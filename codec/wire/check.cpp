#include "codec/wire/check.h"

#include <cstdio>
#include <cstdlib>

namespace hubbub {

void check_failed(const char* condition, const char* file, int line) noexcept {
  std::fprintf(stderr, "hubbub: bug: CHECK(%s) failed at %s:%d; please report it\n", condition, file, line);
  std::abort();
}

}  // namespace hubbub
