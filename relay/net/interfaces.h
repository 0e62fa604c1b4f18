// The addresses this machine has now, which change while a relay runs.
#pragma once

#include <vector>

#include "codec/wire/endpoint.h"

namespace hubbub::net {

struct InterfaceAddress {
  IpAddress address;
  IpAddress broadcast;  // of an IPv4 network; unspecified where there is none
};

// Empty where the system will not say.
std::vector<InterfaceAddress> interface_addresses();

}  // namespace hubbub::net
