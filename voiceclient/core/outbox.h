// Our own messages on their way into the room's log: kept in the order in which they were written, sent until
// the relay has acknowledged them, and kept on until they cannot be lost any more, since a relay that starts
// anew may have forgotten them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "codec/wire/limits.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/units.h"

namespace hubbub::client {

class Outbox {
 public:
  // More are not taken: whoever writes faster than the network carries has to wait.
  static constexpr std::size_t kMaxWaiting = 1'024;
  // Messages that are under way at once.
  static constexpr std::uint32_t kWindow = 24;
  // Messages a second, since a relay drops what comes faster (kDefaultPeerRate) and the rest of us needs some
  // too.
  static constexpr double kRate = 0.8 * kDefaultPeerRate;
  // Acknowledged ones that are kept, for a relay without a history that starts anew.
  static constexpr std::size_t kMaxKept = 1'024;
  static constexpr Duration kKeptFor = 10min;

  struct Item {
    std::uint32_t sequence = 0;
    std::array<std::byte, 16> id{};
    std::vector<std::byte> object;
    TimePoint written;
    bool acknowledged = false;
    std::uint64_t number = 0;  // 0: not known
  };

  [[nodiscard]] bool full() const { return waiting() >= kMaxWaiting; }
  void add(TimePoint now, const std::array<std::byte, 16>& id, std::vector<std::byte> object);

  // We are in. A relay that knows nothing of us is sent again what it may not have: all that we did not know
  // to be stored.
  void welcome(TimePoint now, const Welcome& welcome);
  // The message that is acknowledged, where it was not before; valid until the next call.
  const Item* acknowledge(TimePoint now, const TextAck& ack);
  // All of the log up to this number outlives the relay. Said in the epoch of the last Welcome.
  void stored(std::uint64_t through);

  // Gives the messages that are to be sent now, one envelope's worth of elements after the other.
  using Send = std::function<void(std::span<const std::byte> elements)>;
  void send_due(TimePoint now, std::optional<Duration> round_trip, const Send& send);

  [[nodiscard]] std::size_t waiting() const;
  // Acknowledged, but not known to outlive the relay.
  [[nodiscard]] std::size_t unstored() const { return items_.size() - waiting(); }

 private:
  [[nodiscard]] std::size_t index_of(std::uint32_t sequence) const;
  void forget(TimePoint now);

  std::deque<Item> items_;  // by sequence, without gaps; the acknowledged ones first
  std::uint32_t next_sequence_ = 0;
  std::size_t acknowledged_ = 0;     // how many of the items
  std::uint32_t unsent_ = 0;         // the first sequence that is not under way
  std::optional<TimePoint> resend_;  // when all that is under way is sent again
  Duration backoff_{};
  static constexpr double kBurst = 0.2 * kDefaultPeerRate;
  double allowance_ = kBurst;  // of messages that may be sent now
  TimePoint refilled_{};
  std::uint64_t epoch_ = 0;
};

}  // namespace hubbub::client
