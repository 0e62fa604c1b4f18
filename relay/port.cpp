#include "relay/port.h"

#include <algorithm>
#include <cerrno>

#include "relay/net/clock.h"

namespace hubbub::relay {
namespace {

// How much is done for one port before the loop looks at the others, the timers and the signals: about 10 ms
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

Port::Port(net::Loop& loop, const Endpoint& local, DatagramCore& core)
    : core_(core), socket_(loop, local, [this](bool readable, bool) { serve(net::now(), readable); }) {}

// Receiving goes first and has no patience: what cannot be broadcast in time waits in our bounded queue,
// which gives up the oldest, and not in the kernel's, which would give up the newest.
void Port::serve(TimePoint now, bool readable) {
  std::size_t copies_left = kCopiesPerTurn;
  for (int batch = 0; readable && batch < kBatchesPerTurn; ++batch) {
    readable = receive(now);
    broadcast(now, copies_left);
  }
  broadcast(now, copies_left);
  socket_.want_writable(core_.next(now).has_value());
}

bool Port::receive(TimePoint now) {
  const auto datagrams = socket_.receive();
  for (const auto& datagram : datagrams)
    core_.receive(now, datagram.from, datagram.to, datagram.bytes, datagram.truncated);
  return datagrams.size() == net::BatchSocket::kReceiveBatch;
}

void Port::broadcast(TimePoint now, std::size_t& copies_left) {
  while (copies_left > 0) {
    const auto outgoing = core_.next(now);
    if (!outgoing) return;
    const auto sent = socket_.send(outgoing->payload, outgoing->recipients);
    core_.settle(sent.done, sent.error == 0 ? 0 : 1, reason_for(sent.error));
    if (sent.blocked) return;
    copies_left -= std::min(copies_left, sent.done);
  }
}

void Port::flush(TimePoint now) {
  std::size_t copies_left = SIZE_MAX;
  broadcast(now, copies_left);
  socket_.want_writable(core_.next(now).has_value());
}

}  // namespace hubbub::relay
