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
#include "relay/core/datagram_core.h"
#include "relay/core/source_policy.h"
#include "relay/core/token_bucket.h"

namespace hubbub::relay {

struct OpenRoomOptions {
  Duration timeout = kDefaultPeerTimeout;
  std::size_t max_peers = kDefaultMaxPeers;
  double peer_rate = kDefaultPeerRate;  // datagrams a second; 0 for no limit
};

class OpenRoom final : public DatagramCore {
 public:
  // `policy` outlives the room. `hash_secret` keeps strangers from choosing addresses that collide.
  OpenRoom(const OpenRoomOptions& options, const SourcePolicy& policy, std::uint64_t hash_secret);

  void receive(TimePoint now, const Endpoint& from, const IpAddress& to, std::span<const std::byte> bytes,
               bool truncated) override;
  std::optional<Outgoing> next(TimePoint now) override;
  void settle(std::size_t done, std::size_t unsent, UnsentReason reason) override;
  // Forgets peers that were silent for the timeout: at once, or as soon as the broadcast under way is
  // through.
  void expire(TimePoint now) override;
  // An open room has no words for it.
  void say_goodbye(TimePoint) override {}
  void shut_down() override;

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
