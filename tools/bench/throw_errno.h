// A failed system call, as an exception that says what was being done.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace hubbub::bench {

[[noreturn]] inline void throw_errno(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

}  // namespace hubbub::bench
