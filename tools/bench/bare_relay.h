// The floor: the least code that does a relay's job on Linux. recvmmsg, sendmmsg of 1,024 over headers laid
// out once, nothing counted, nothing checked, nobody forgotten. Not to be used for anything but comparison.
#pragma once

namespace hubbub::bench {

struct BareOptions {
  bool dual_stack = false;     // one IPv6 socket for both families, as hubbub-relay's, instead of an IPv4 one
  bool choose_source = false;  // reply from the address that was spoken to, by a control message a copy
  bool epoll = false;          // wait for readiness, then receive; otherwise a receive that blocks
};

// Binds a port of the system's choice, says which on standard error, and relays until it is killed. Throws
// std::system_error where it cannot bind.
[[noreturn]] void run_bare_relay(const BareOptions& options);

}  // namespace hubbub::bench
