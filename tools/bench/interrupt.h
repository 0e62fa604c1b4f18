// Ctrl-C, asked for where it suits: the signals are blocked and looked at between two datagrams, so that a
// run ends by unwinding and every child is stopped.
#pragma once

#include <stdexcept>

namespace hubbub::bench {

// The user wants to stop.
class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

class Interrupt {
 public:
  // Blocks SIGINT and SIGTERM for this process; children unblock them for themselves.
  Interrupt();
  // Throws Interrupted when one of them has come.
  void check() const;
};

}  // namespace hubbub::bench
