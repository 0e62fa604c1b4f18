#include "relay/net/interfaces.h"

#include <span>

#include <netinet/in.h>
#include <uv.h>

#include "relay/net/sockaddr.h"

namespace hubbub::net {
namespace {

IpAddress broadcast_of(const IpAddress& address, const sockaddr_in& netmask) {
  const std::uint32_t mask = ntohl(netmask.sin_addr.s_addr);
  const bool has_broadcast = address.is_v4() && mask < 0xFFFFFFFE && !address.is_loopback();
  if (!has_broadcast) return {};
  const std::uint32_t number = address.v4_number() | ~mask;
  const auto byte = [number](unsigned shift) { return static_cast<std::uint8_t>(number >> shift); };
  return IpAddress::v4(byte(24), byte(16), byte(8), byte(0));
}

}  // namespace

std::vector<InterfaceAddress> interface_addresses() {
  uv_interface_address_t* found = nullptr;
  int count = 0;
  if (uv_interface_addresses(&found, &count) != 0) return {};
  std::vector<InterfaceAddress> addresses;
  for (const uv_interface_address_t& interface : std::span(found, static_cast<std::size_t>(count))) {
    const auto endpoint = endpoint_of(reinterpret_cast<const sockaddr*>(&interface.address));
    if (!endpoint) continue;
    const IpAddress broadcast =
        endpoint->address.is_v4() ? broadcast_of(endpoint->address, interface.netmask.netmask4) : IpAddress();
    addresses.push_back({.address = endpoint->address, .broadcast = broadcast});
  }
  uv_free_interface_addresses(found, count);
  return addresses;
}

}  // namespace hubbub::net
