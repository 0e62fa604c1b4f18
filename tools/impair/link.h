// One direction of an impaired link: told of each packet, it says when each copy of it arrives, or why none
// does. Holds no packet and reads no clock; the same seed, options and packets give the same run on every
// machine.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/wire/units.h"
#include "tools/impair/link_options.h"
#include "tools/impair/random.h"

namespace hubbub::impair {

// What a datagram costs on a link of limited rate beyond its payload: an IPv4 and a UDP header.
inline constexpr std::size_t kHeaderBytes = 28;

enum class Fate : std::uint8_t {
  kDelivered,     // one or more copies arrive
  kLostRandom,    // by the loss model
  kLostOutage,    // pushed during an outage
  kDroppedQueue,  // no room in the queue of a link of limited rate
};

struct Verdict {
  static constexpr std::size_t kMaxCopies = 2;

  Fate fate = Fate::kDelivered;
  std::size_t copies = 0;
  std::array<TimePoint, kMaxCopies> arrivals{};
  std::optional<std::size_t> flipped_bit{};  // of every copy; bit 0 is the lowest of the first byte

  [[nodiscard]] std::span<const TimePoint> deliveries() const { return std::span(arrivals).first(copies); }
  void flip(std::span<std::byte> packet) const;  // corrupts the packet as the verdict says
};

struct LinkStats {
  std::uint64_t in = 0;
  std::uint64_t duplicated = 0;  // packets that were given a second copy
  std::uint64_t delivered = 0;   // copies, duplicates included
  std::uint64_t lost_random = 0;
  std::uint64_t lost_outage = 0;
  std::uint64_t dropped_queue = 0;
  std::uint64_t corrupted = 0;  // packets delivered with a flipped bit
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_delivered = 0;

  // in + duplicated = delivered + lost_random + lost_outage + dropped_queue: nothing is unaccounted for.
  [[nodiscard]] bool balances() const;
  LinkStats& operator+=(const LinkStats& other);
  friend bool operator==(const LinkStats&, const LinkStats&) = default;
};

class Link {
 public:
  // The options are valid (`validate()` found nothing). Outages count from `start`.
  Link(LinkOptions options, std::uint64_t seed, TimePoint start);

  // A packet of `bytes` of payload enters at `now`, which never goes back. In this order: an outage loses it,
  // or the queue has no room, or the loss model takes it (it has used the link by then); else it may be
  // corrupted and duplicated, and each copy is delayed. The loss pattern depends on the seed, the loss
  // settings and the packets' count alone: every packet costs the same number of draws, whatever becomes of
  // it.
  Verdict push(TimePoint now, std::size_t bytes);

  [[nodiscard]] const LinkStats& stats() const { return stats_; }
  [[nodiscard]] const LinkOptions& options() const { return options_; }

 private:
  [[nodiscard]] bool in_outage(TimePoint now) const;
  bool loses(double draw);
  std::optional<TimePoint> enqueue(TimePoint now, std::size_t bytes);
  TimePoint arrival(TimePoint leaves, double draw);

  LinkOptions options_;
  Random random_;
  TimePoint start_;
  TimePoint newest_push_;
  TimePoint idle_from_;       // when the rate limiter has sent everything it accepted
  TimePoint newest_arrival_;  // of a link that keeps its order
  double enter_bad_ = 0;      // Gilbert-Elliott's two transition probabilities
  double leave_bad_ = 0;
  bool bad_ = false;
  LinkStats stats_;
};

}  // namespace hubbub::impair
