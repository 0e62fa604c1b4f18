// What the system says of a call that failed.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace hubbub::net {

inline std::string error_text(int error = errno) {
  return std::generic_category().message(error);
}

}  // namespace hubbub::net
