#include "voiceclient/connection.h"

#include "relay/net/clock.h"

namespace hubbub::client {
namespace {

// In words that help: libuv's own are for programmers.
std::string reason_for(int code) {
  switch (code) {
    case UV_ECONNREFUSED:
      return "no relay answers there";
    case UV_ENETUNREACH:
    case UV_ENETDOWN:
      return "there is no network that leads there";
    case UV_EHOSTUNREACH:
      return "the host cannot be reached";
    case UV_EACCES:
    case UV_EPERM:
      return "the system forbids sending there";
    default:
      return uv_strerror(code);
  }
}

}  // namespace

Connection::Connection(net::Loop& loop, const HostPort& relay, Callbacks callbacks)
    : loop_(loop), relay_(relay), callbacks_(std::move(callbacks)), resolver_(loop) {}

void Connection::open() {
  try {
    resolver_.resolve(relay_, [this](const std::vector<Endpoint>& addresses, const std::string& error) {
      const TimePoint now = net::now();
      if (addresses.empty()) {
        callbacks_.failed(now, error);
      } else {
        use(now, addresses);
      }
    });
  } catch (const net::SystemError& error) {
    callbacks_.failed(net::now(), error.what());
  }
}

void Connection::use(TimePoint now, const std::vector<Endpoint>& addresses) {
  const Endpoint& relay = addresses[attempts_++ % addresses.size()];
  const Endpoint any{relay.address.is_v4() ? IpAddress::v4(0, 0, 0, 0) : IpAddress(), 0};
  socket_.reset();
  try {
    socket_ = std::make_unique<net::UdpSocket>(
        loop_, any,
        [this](TimePoint at, const Endpoint&, std::span<const std::byte> bytes) {
          callbacks_.receive(at, bytes);
        },
        [this](TimePoint at, int code) { callbacks_.failed(at, reason_for(code)); });
    net::checked(socket_->connect(relay), "connecting to " + relay.to_string());
  } catch (const net::SystemError& error) {
    socket_.reset();
    callbacks_.failed(now, reason_for(error.code()));
    return;
  }
  callbacks_.opened(now);
}

bool Connection::send(TimePoint now, std::span<const std::byte> datagram) {
  if (!socket_) return false;
  int code = socket_->send(datagram);
  // A refusal may be the answer to an earlier datagram: it is reported once, and this one has not been tried.
  if (code == UV_ECONNREFUSED) {
    callbacks_.failed(now, reason_for(code));
    code = socket_->send(datagram);
  }
  if (code == UV_EAGAIN || code == 0)
    return code == 0;  // a full buffer loses one datagram, as the network may
  callbacks_.failed(now, reason_for(code));
  return false;
}

}  // namespace hubbub::client
