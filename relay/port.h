// One open room on its socket: the path of a datagram from the system, through the room, and back to the
// system.
#pragma once

#include "codec/wire/endpoint.h"
#include "relay/core/open_room.h"
#include "relay/net/batch_socket.h"
#include "relay/net/loop.h"
#include "relay/stats.h"

namespace hubbub::relay {

class OpenPort {
 public:
  // Throws net::SystemError where the port cannot be had.
  OpenPort(net::Loop& loop, const Endpoint& local, const OpenRoomOptions& options, const SourcePolicy& policy,
           std::uint64_t hash_secret);

  void expire(TimePoint now) { room_.expire(now); }
  void shut_down() { room_.shut_down(); }
  [[nodiscard]] RoomSummary summary() const;
  [[nodiscard]] Endpoint local() const { return socket_.local(); }
  [[nodiscard]] int receive_buffer_bytes() const { return socket_.receive_buffer_bytes(); }

 private:
  void serve(TimePoint now, bool readable);
  // False when nothing more can be read now.
  bool receive(TimePoint now);
  void broadcast(TimePoint now, std::size_t& copies_left);

  OpenRoom room_;
  net::BatchSocket socket_;
};

}  // namespace hubbub::relay
