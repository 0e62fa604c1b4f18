// Endpoints to and from the system's socket addresses. An address is canonical as soon as it is an Endpoint.
#pragma once

#include <optional>

#include <sys/socket.h>

#include "codec/wire/endpoint.h"

namespace hubbub::net {

// An address of family AF_INET or AF_INET6; `nullopt` for any other.
std::optional<Endpoint> endpoint_of(const sockaddr* address);

// Writes what a socket of `family` (AF_INET or AF_INET6) wants to be given and returns its length. An
// AF_INET6 socket takes IPv4 v4-mapped; asking an AF_INET socket for an IPv6 address is our own bug.
socklen_t write_sockaddr(const Endpoint& endpoint, int family, sockaddr_storage& out);

}  // namespace hubbub::net
