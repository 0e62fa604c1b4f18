#include "relay/net/sockaddr.h"

#include <algorithm>
#include <cstring>

#include <netinet/in.h>

#include "codec/wire/check.h"

namespace hubbub::net {

std::optional<Endpoint> endpoint_of(const sockaddr* address) {
  if (address == nullptr) return std::nullopt;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &v4.sin_addr, bytes.size());
    return Endpoint{IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3]), ntohs(v4.sin_port)};
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    Endpoint endpoint{IpAddress(bytes), ntohs(v6.sin6_port)};
    if (!endpoint.address.is_v4() && endpoint.address.is_link_local()) endpoint.zone = v6.sin6_scope_id;
    return endpoint;
  }
  return std::nullopt;
}

socklen_t write_sockaddr(const Endpoint& endpoint, int family, sockaddr_storage& out) {
  const auto& bytes = endpoint.address.bytes();
  if (family == AF_INET) {
    CHECK(endpoint.address.is_v4());
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, bytes.data() + 12, 4);
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port);
  v6.sin6_scope_id = endpoint.zone;
  std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
  std::memcpy(&out, &v6, sizeof v6);
  return sizeof v6;
}

}  // namespace hubbub::net
