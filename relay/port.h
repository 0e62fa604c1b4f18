// One core of the relay on its socket: the path of a datagram from the system, through the core, and back to
// the system.
#pragma once

#include "codec/wire/endpoint.h"
#include "relay/core/datagram_core.h"
#include "relay/net/batch_socket.h"
#include "relay/net/loop.h"

namespace hubbub::relay {

class Port {
 public:
  // `core` outlives the port. Throws net::SystemError where the port cannot be had.
  Port(net::Loop& loop, const Endpoint& local, DatagramCore& core);

  // Sends what waits, as far as the system takes it.
  void flush(TimePoint now);
  [[nodiscard]] Endpoint local() const { return socket_.local(); }
  [[nodiscard]] int receive_buffer_bytes() const { return socket_.receive_buffer_bytes(); }
  // By the kernel, before they reached us.
  [[nodiscard]] std::uint64_t kernel_dropped() const { return socket_.kernel_dropped(); }

 private:
  void serve(TimePoint now, bool readable);
  // False when nothing more can be read now.
  bool receive(TimePoint now);
  void broadcast(TimePoint now, std::size_t& copies_left);

  DatagramCore& core_;
  net::BatchSocket socket_;
};

}  // namespace hubbub::relay
