// What a shell drives: a core of the relay behind one socket. Time and datagrams go in; what is to be sent
// comes out, one payload and all who are due a copy of it at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "relay/core/books.h"

namespace hubbub::relay {

// One payload and who is due a copy of it. Valid until the core is next called.
struct Outgoing {
  std::span<const std::byte> payload;
  std::span<const Recipient> recipients;
};

class DatagramCore {
 public:
  virtual ~DatagramCore() = default;

  // One datagram from `from`, sent to our address `to`. `truncated`: it was longer than `bytes`.
  virtual void receive(TimePoint now, const Endpoint& from, const IpAddress& to,
                       std::span<const std::byte> bytes, bool truncated) = 0;

  // What is to be sent next, or nothing. The answer stays the same until `settle` has dealt with it.
  virtual std::optional<Outgoing> next(TimePoint now) = 0;
  // The first `done` recipients of `next` were dealt with; of these, `unsent` did not get theirs, for
  // `reason`.
  virtual void settle(std::size_t done, std::size_t unsent, UnsentReason reason) = 0;

  // Timers. To be called about once a second.
  virtual void expire(TimePoint now) = 0;
  // What is still to be said before the end; `next` then gives it.
  virtual void say_goodbye(TimePoint now) = 0;
  // Closes the books: what still waits is counted as dropped.
  virtual void shut_down() = 0;

 protected:
  DatagramCore() = default;
  DatagramCore(const DatagramCore&) = default;
  DatagramCore(DatagramCore&&) = default;
  DatagramCore& operator=(const DatagramCore&) = default;
  DatagramCore& operator=(DatagramCore&&) = default;
};

}  // namespace hubbub::relay
