// The members of one sealed room who write and read, each at an address of its own on a Crowd: a client's own
// link, outbox, log follower and pings, and nothing that opens or verifies what members sealed, so that what
// is measured is the relay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <random>
#include <span>
#include <vector>

#include "codec/seal/invite.h"
#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/session/client_link.h"
#include "codec/session/identity.h"
#include "codec/session/message.h"
#include "tools/bench/crowd.h"
#include "voiceclient/core/log_follower.h"
#include "voiceclient/core/outbox.h"
#include "voiceclient/core/relay_watch.h"

namespace hubbub::bench {

// A message of 60 characters.
inline constexpr std::size_t kTextCharacters = 60;

// Datagrams and their payload's bytes; UDP's and IPv4's headers are 28 bytes more, each.
struct Traffic {
  static constexpr std::size_t kUdpIpBytes = 28;
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;

  void add(std::size_t payload_bytes) {
    ++datagrams;
    bytes += payload_bytes;
  }
  [[nodiscard]] std::uint64_t on_the_wire() const { return bytes + datagrams * kUdpIpBytes; }
  friend Traffic operator-(const Traffic& a, const Traffic& b) {
    return {.datagrams = a.datagrams - b.datagrams, .bytes = a.bytes - b.bytes};
  }
};

// Somebody's words, sealed and signed as a client does it.
class Author {
 public:
  explicit Author(const seal::RoomKeys& keys);
  struct Sealed {
    session::MessageId id{};
    std::vector<std::byte> object;
  };
  // The next message.
  Sealed write();

 private:
  const seal::RoomKeys& keys_;
  seal::SystemRandom random_;
  session::Identity identity_;
  session::ObjectSealer sealer_;
  std::uint64_t run_;
  std::uint32_t count_ = 0;
};

class TextMember {
 public:
  TextMember(const session::LinkOptions& options, std::uint32_t ssrc, seal::Random& random,
             session::ClientLink::Send send)
      : link_(options, ssrc, random, std::move(send)), tokens_(random.u64()) {}

  // Shows itself in the roster. Before it connects.
  void show(const seal::RoomKeys& keys, std::uint32_t ssrc, seal::Random& random);
  void connect(TimePoint now) { link_.connect(now); }
  void receive(TimePoint now, std::span<const std::byte> datagram);
  void tick(TimePoint now);

  // Whether it would take another message now, without more waiting than can be under way twice.
  [[nodiscard]] bool ready() const { return outbox_.waiting() < std::size_t{2} * client::Outbox::kWindow; }
  void say(TimePoint now, const session::MessageId& id, std::vector<std::byte> object);

  [[nodiscard]] bool joined() const { return link_.joined(); }
  [[nodiscard]] std::size_t unacknowledged() const { return outbox_.waiting(); }
  struct Tally {
    std::uint64_t said = 0;
    std::uint64_t given_out = 0;  // messages of everybody, our own too, in their order, each once
    std::uint64_t live = 0;       // entries that came in a Bundle
    std::uint64_t asked_for = 0;  // entries that came in an answer
    std::uint64_t asks = 0;
    std::uint64_t roster_datagrams = 0;
  };
  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  void act_on(TimePoint now, const Element& element, bool sealed);
  void send_due(TimePoint now);

  session::ClientLink link_;
  std::mt19937_64 tokens_;
  client::Outbox outbox_;
  client::LogFollower log_;
  client::RelayWatch watch_{kSealedPingInterval};
  std::uint64_t known_at_ping_ = 0;
  Tally tally_;
};

class TextCrowd {
 public:
  enum class Presence : std::uint8_t { kNone, kShown };

  // `crowd` outlives it. The invite is the relay's own, with a room's secret in it.
  TextCrowd(Crowd& crowd, std::uint16_t relay_port, const seal::Invite& invite, Presence presence);

  // Brings the next members in, until there are so many. Throws std::runtime_error where they do not get in.
  void join(std::size_t members);
  // What has come, at most a batch, and timers. False where nothing had come.
  bool turn(TimePoint now);
  // Turns until nothing but pings has come for a while: rosters are told, and logs read.
  void settle();

  [[nodiscard]] std::deque<TextMember>& members() { return members_; }
  [[nodiscard]] const seal::RoomKeys& keys() const { return keys_; }
  [[nodiscard]] const Traffic& up() const { return up_; }
  [[nodiscard]] const Traffic& down() const { return down_; }
  [[nodiscard]] TextMember::Tally total() const;

 private:
  Crowd& crowd_;
  std::uint16_t relay_port_;
  seal::SystemRandom random_;
  seal::RoomKeys keys_;
  session::LinkOptions options_;
  Presence presence_;
  std::deque<TextMember> members_;
  std::size_t next_tick_ = 0;  // of which member
  TimePoint ticked_at_;
  Traffic up_;
  Traffic down_;
};

}  // namespace hubbub::bench
