// The floor: the least code that does a relay's job on Linux. recvmmsg, sendmmsg of 1,024 over headers laid
// out once, nothing counted, nothing checked, nobody forgotten. Not to be used for anything but comparison.
#pragma once

#include <cstdint>

namespace hubbub::bench {

// What the bare loop takes on itself.
enum class BareDuties : std::uint8_t {
  kFewest,      // an IPv4 socket, each copy's source address left to the system
  kSameAsOurs,  // a socket for IPv4 and IPv6, each copy from the address that its peer speaks to, as NATs
                // want it
};

// Binds a port of the system's choice, says which on standard error, and relays until it is killed. Throws
// std::system_error where it cannot bind.
[[noreturn]] void run_bare_relay(BareDuties duties);

}  // namespace hubbub::bench
