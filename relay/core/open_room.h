// An open room: one UDP port, whose datagrams go byte for byte to every other live peer. A state machine
// without I/O: the shell hands it what arrives, and asks it what to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/open_room.h"
#include "codec/wire/units.h"
#include "relay/core/books.h"
#include "relay/core/broadcast_queue.h"
#include "relay/core/source_policy.h"
#include "relay/core/token_bucket.h"

namespace hubbub::relay {

struct OpenRoomOptions {
  Duration timeout = kDefaultPeerTimeout;
  std::size_t max_peers = kDefaultMaxPeers;
  double peer_rate = kDefaultPeerRate;  // datagrams a second; 0 for no limit
};

// One payload and who is due a copy of it. Valid until the room is next called.
struct Outgoing {
  std::span<const std::byte> payload;
  std::span<const Recipient> recipients;
};

class OpenRoom {
 public:
  // `policy` outlives the room. `hash_secret` keeps strangers from choosing addresses that collide.
  OpenRoom(const OpenRoomOptions& options, const SourcePolicy& policy, std::uint64_t hash_secret);

  // One datagram from `from`, sent to our address `to`. `truncated`: it was longer than `bytes`.
  void receive(TimePoint now, const Endpoint& from, const IpAddress& to, std::span<const std::byte> bytes,
               bool truncated);

  // What is to be sent next, or nothing. The answer stays the same until `settle` has dealt with it.
  std::optional<Outgoing> next(TimePoint now);
  // The first `done` recipients of `next` were dealt with; of these, `unsent` did not get theirs, for
  // `reason`.
  void settle(std::size_t done, std::size_t unsent, UnsentReason reason);

  // Forgets peers that were silent for the timeout: at once, or as soon as the broadcast under way is
  // through.
  void expire(TimePoint now);
  // Closes the books: what still waits is counted as dropped.
  void shut_down();

  [[nodiscard]] const Books& books() const { return books_; }
  [[nodiscard]] std::size_t peers() const { return peers_.size(); }
  [[nodiscard]] std::size_t waiting() const { return queue_.size(); }
  [[nodiscard]] std::uint64_t unsettled() const;
  [[nodiscard]] bool books_balance() const { return books_.balance(waiting(), unsettled()); }

 private:
  struct Peer {
    TimePoint last_heard;
    TokenBucket bucket;
  };
  struct Pong {
    Recipient recipient;
    std::array<std::byte, Probe::kBytes> bytes{};
  };

  std::optional<std::size_t> admit(TimePoint now, const Endpoint& from, const IpAddress& to);
  void answer_ping(const Recipient& recipient, std::span<const std::byte> ping);
  void start_broadcast();
  void trade_places(std::size_t a, std::size_t b);
  void forget(std::size_t index);

  OpenRoomOptions options_;
  const SourcePolicy& policy_;
  Books books_;

  // Peers lie densely, so that a broadcast is a walk through `recipients_`; `index_` finds one by its
  // endpoint.
  std::vector<Peer> peers_;
  std::vector<Recipient> recipients_;
  std::unordered_map<Endpoint, std::uint32_t, EndpointHash> index_;

  BroadcastQueue queue_;
  std::vector<Pong> pongs_;  // bounded by kMaxPongs, sent before anything else

  // The broadcast under way: recipients [cursor_, end_) are still due.
  QueuedDatagram current_;
  bool expiry_due_ = false;
  std::size_t cursor_ = 0;
  std::size_t end_ = 0;
};

}  // namespace hubbub::relay
