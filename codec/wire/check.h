// CHECK: our own bugs. Its condition is unreachable from a peer's bytes; a failure aborts with file and line.
#pragma once

namespace hubbub {

[[noreturn]] void check_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace hubbub

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) ::hubbub::check_failed(#condition, __FILE__, __LINE__); \
  } while (false)
