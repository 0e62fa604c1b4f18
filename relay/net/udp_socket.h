// A portable UDP socket for programs with few peers: the client, the laboratory. Sending never queues: what
// the system does not take at once is refused, so a caller can count it (uv_udp_send's own queue has no
// bound).
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <span>

#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "relay/net/loop.h"

namespace hubbub::net {

class UdpSocket {
 public:
  // `bytes` may be empty (an empty datagram) and is valid during the call. The callback may destroy the
  // socket.
  using Receive = std::function<void(TimePoint now, const Endpoint& from, std::span<const std::byte> bytes)>;
  // A pending error of the socket, as a connected one reports when its peer's host says "port unreachable"
  // (UV_ECONNREFUSED).
  using Failure = std::function<void(TimePoint now, int code)>;

  // Bound to `local`: an unspecified address and port 0 let the system choose. Throws SystemError.
  UdpSocket(Loop& loop, const Endpoint& local, Receive receive, Failure failure);

  // From now on only `peer` is sent to and heard. A libuv code, 0 for success.
  [[nodiscard]] int connect(const Endpoint& peer);
  // A libuv code, 0 for success; UV_EAGAIN where the system's buffer is full.
  [[nodiscard]] int send(std::span<const std::byte> bytes);                         // to the connected peer
  [[nodiscard]] int send_to(const Endpoint& to, std::span<const std::byte> bytes);  // when not connected
  [[nodiscard]] Endpoint local() const;

 private:
  static void on_receive(uv_udp_t* handle, ssize_t count, const uv_buf_t* buffer, const sockaddr* from,
                         unsigned flags) noexcept;

  Receive receive_;
  Failure failure_;
  int family_;
  std::array<std::byte, 65'536> buffer_;  // the largest datagram there is, so none is ever cut
  Handle<uv_udp_t> handle_;
};

}  // namespace hubbub::net
