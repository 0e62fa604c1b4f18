// The obvious relay: libuv's own UDP handle, and one uv_udp_send with a request of its own for each
// recipient.
#pragma once

namespace hubbub::bench {

// Binds a port of the system's choice, says which on standard error, and relays until it is killed. Throws
// net::SystemError where it cannot bind.
[[noreturn]] void run_naive_relay();

}  // namespace hubbub::bench
