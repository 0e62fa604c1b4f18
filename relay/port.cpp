#include "relay/open_port.h"

#include <algorithm>
#include <cerrno>

#include "relay/net/clock.h"

namespace hubbub::relay {
namespace {

// How much is done for one room before the loop looks at the others, the timers and the signals: about 10 ms
// of work.
constexpr int kBatchesPerTurn = 8;
constexpr std::size_t kCopiesPerTurn = 4'096;

UnsentReason reason_for(int error) {
  switch (error) {
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EADDRNOTAVAIL:
    case ENETDOWN:
      return UnsentReason::kUnreachable;
    case EPERM:
    case EACCES:
      return UnsentReason::kRefused;
    default:
      return UnsentReason::kOtherError;
  }
}

}  // namespace

OpenPort::OpenPort(net::Loop& loop, const Endpoint& local, const OpenRoomOptions& options,
                   const SourcePolicy& policy, std::uint64_t hash_secret)
    : room_(options, policy, hash_secret),
      socket_(loop, local, [this](bool readable, bool) { serve(net::now(), readable); }) {}

// Receiving goes first and has no patience: what cannot be broadcast in time waits in our bounded queue,
// which gives up the oldest, and not in the kernel's, which would give up the newest.
void OpenPort::serve(TimePoint now, bool readable) {
  std::size_t copies_left = kCopiesPerTurn;
  for (int batch = 0; readable && batch < kBatchesPerTurn; ++batch) {
    readable = receive(now);
    broadcast(now, copies_left);
  }
  broadcast(now, copies_left);
  socket_.want_writable(room_.next(now).has_value());
}

bool OpenPort::receive(TimePoint now) {
  const auto datagrams = socket_.receive();
  for (const auto& datagram : datagrams)
    room_.receive(now, datagram.from, datagram.to, datagram.bytes, datagram.truncated);
  return datagrams.size() == net::BatchSocket::kReceiveBatch;
}

void OpenPort::broadcast(TimePoint now, std::size_t& copies_left) {
  while (copies_left > 0) {
    const auto outgoing = room_.next(now);
    if (!outgoing) return;
    const auto sent = socket_.send(outgoing->payload, outgoing->recipients);
    room_.settle(sent.done, sent.error == 0 ? 0 : 1, reason_for(sent.error));
    if (sent.blocked) return;
    copies_left -= std::min(copies_left, sent.done);
  }
}

RoomSummary OpenPort::summary() const {
  return {.port = socket_.local().port,
          .peers = room_.peers(),
          .waiting = room_.waiting(),
          .unsettled = room_.unsettled(),
          .kernel_dropped = socket_.kernel_dropped(),
          .books = room_.books()};
}

}  // namespace hubbub::relay
