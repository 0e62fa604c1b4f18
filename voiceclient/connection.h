// The client's way to its relay: finds it by name, keeps a socket to it, and makes a new one when the old
// leads nowhere.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "relay/net/loop.h"
#include "relay/net/resolver.h"
#include "relay/net/udp_socket.h"

namespace hubbub::client {

class Connection {
 public:
  struct Callbacks {
    std::function<void(TimePoint now)> opened;  // a new socket: the relay does not know us yet
    std::function<void(TimePoint now, std::span<const std::byte> bytes)> receive;
    std::function<void(TimePoint now, const std::string& why)> failed;  // nobody there, or no way there
  };

  Connection(net::Loop& loop, const HostPort& relay, Callbacks callbacks);

  // Looks the name up and opens a socket; again whenever called, with the next address the name has.
  void open();
  // False where the system did not take it; `failed` has then been called.
  bool send(TimePoint now, std::span<const std::byte> datagram);

 private:
  void use(TimePoint now, const std::vector<Endpoint>& addresses);

  net::Loop& loop_;
  HostPort relay_;
  Callbacks callbacks_;
  net::Resolver resolver_;
  std::size_t attempts_ = 0;
  std::unique_ptr<net::UdpSocket> socket_;
};

}  // namespace hubbub::client
