// The client's end of its session with the relay: gets in, stays in, and comes back, whatever the network
// does. A state machine without I/O: time and datagrams go in, datagrams come out. What the elements mean
// beyond the session itself is for whoever owns the link.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/seal/secret.h"
#include "codec/session/handshake.h"
#include "codec/session/hello_keys.h"
#include "codec/session/sealed_channel.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/element.h"
#include "codec/wire/limits.h"
#include "codec/wire/result.h"
#include "codec/wire/sealed.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/units.h"

namespace hubbub::session {

struct LinkOptions {
  seal::PublicKey relay_key{};
  seal::Key psk;          // of the access token for this relay; zeros without one
  seal::Key unknown_psk;  // of the token for a relay whose key is not known
  seal::RoomId room_id{};
};

// What keeps a client out. Each is a sentence for the person.
enum class Obstacle : std::uint8_t {
  kNone,
  kSilence,     // nothing answers there
  kOtherKey,    // a relay answers there, with another key than ours
  kVersion,     // the relay speaks another version of the protocol
  kToken,       // the relay wants an access token, or another one
  kRelayFull,   // the relay has its maximum of sessions
  kRoomFull,    // the room has its maximum of members
  kNameTaken,   // somebody else in the room has our name
  kBadRelayKey  // the link's relay key is one that no relay can have
};

// What a member is to its room, beside its SSRC.
struct Membership {
  seal::NameTag name_tag{};  // all zero: no name
  seal::OwnerTag owner{};
  std::vector<std::byte> presence;  // sealed; empty: not in the roster
};

class ClientLink {
 public:
  using Send = std::function<void(std::span<const std::byte> datagram)>;

  // `random` outlives the link. `send` takes each datagram at once, or loses it.
  ClientLink(const LinkOptions& options, std::uint32_t ssrc, seal::Random& random, Send send);

  // A new handshake, now: at the start, after a suspend, when nothing has answered for a while. A session
  // that is there goes on until the new one is.
  void connect(TimePoint now);
  // Another SSRC from the next Join on, which is due now; a membership that names the SSRC follows.
  void change_ssrc(TimePoint now, std::uint32_t ssrc);
  // Another name or presence: the relay is told at once, and until it has answered.
  void set_membership(TimePoint now, Membership membership);

  struct Received {
    std::span<const std::byte> elements;  // valid until the next call
    bool sealed = false;                  // by the relay; else only what members sealed in it can be believed
  };
  // A datagram from the relay that is no bare frame. The elements that came in it; those that concern the
  // session alone have been acted on.
  Result<Received, DropReason> receive(TimePoint now, std::span<const std::byte> datagram);
  void tick(TimePoint now);

  // Seals elements (at most Envelope::kMaxPlaintextBytes) and sends them. False without a session.
  bool send(std::span<const std::byte> elements);
  // Says goodbye, and is then without a session.
  void leave();

  [[nodiscard]] bool joined() const { return joined_; }
  [[nodiscard]] bool has_session() const { return channel_.has_value(); }
  // The relay stopped, or was restarted: it will not know us until we have joined again.
  [[nodiscard]] bool rejoining() const { return handshake_.has_value(); }
  [[nodiscard]] Obstacle obstacle() const { return obstacle_; }
  // The relay's version, where that is the obstacle.
  [[nodiscard]] std::uint8_t relay_version() const { return relay_version_; }
  // The key a relay there has, where that is the obstacle.
  [[nodiscard]] const seal::PublicKey& other_key() const { return other_key_; }
  // True once for each time the relay says that somebody has our SSRC.
  bool take_ssrc_taken() { return std::exchange(ssrc_taken_, false); }
  // True once for each time the relay says that it stops.
  bool take_relay_left() { return std::exchange(relay_left_, false); }
  // True once for each time the relay says that somebody else has our name. Where we are in already, it is
  // under the name from before.
  bool take_name_taken() { return std::exchange(name_taken_, false); }
  // True once for each Welcome after a new handshake.
  bool take_welcome() { return std::exchange(welcomed_, false); }
  [[nodiscard]] const Welcome& welcome() const { return welcome_; }
  // Whether the relay has answered to the membership as it is now.
  [[nodiscard]] bool membership_told() const { return joined_ && membership_told_; }
  [[nodiscard]] std::uint32_t members() const { return members_; }
  [[nodiscard]] Duration idle_timeout() const { return idle_timeout_; }
  // Handshakes and rekeys that came through, for tests and statistics.
  [[nodiscard]] std::uint64_t handshakes() const { return handshakes_; }
  [[nodiscard]] std::uint64_t rekeys() const { return rekeys_; }

 private:
  struct Handshake {
    Handshake(const LinkOptions& options, seal::Random& random)
        : initiator(options.relay_key, options.psk, {}, random) {}
    Initiator initiator;
    Nonce nonce{};
    Cookie cookie{};
    TimePoint started;
    TimePoint next_hello;
    Duration interval{};
    std::optional<TimePoint> next_key_request;
    bool answered = false;
  };
  struct Rekey {
    Initiator initiator;
    TimePoint next_try;
  };
  struct OldChannel {
    SealedChannel channel;
    TimePoint until;
  };

  void send_hello(TimePoint now);
  void send_key_request(TimePoint now);
  void send_join(TimePoint now);
  void send_goodbye(SealedChannel& channel);
  void send_in(SealedChannel& channel, std::span<const std::byte> elements);
  void rekey_when_due(TimePoint now);

  std::optional<DropReason> receive_retry(TimePoint now, std::span<const std::byte> datagram);
  std::optional<DropReason> receive_reply(TimePoint now, std::span<const std::byte> datagram);
  std::optional<DropReason> receive_refusal(std::span<const std::byte> datagram);
  std::optional<DropReason> receive_key_answer(std::span<const std::byte> datagram);
  std::optional<DropReason> receive_reset(TimePoint now, std::span<const std::byte> datagram);
  Result<Received, DropReason> receive_envelope(TimePoint now, std::span<const std::byte> datagram);
  void receive_welcome(const Element& element);
  void receive_turned_away(TimePoint now, const Element& element);
  void act_on(TimePoint now, const Element& element, SealedChannel& channel);
  void start_session(TimePoint now, const Established& established);

  LinkOptions options_;
  HelloKeys keys_;
  HelloKeys unknown_keys_;
  std::uint32_t ssrc_;
  seal::Random& random_;
  Send send_;

  std::optional<Handshake> handshake_;
  std::optional<TimePoint> last_handshake_;
  std::optional<SealedChannel> channel_;
  Grant grant_;
  seal::Digest hash_{};
  TimePoint established_;
  std::optional<OldChannel> old_;
  std::optional<Rekey> rekey_;

  Membership membership_;
  std::uint32_t revision_ = 0;   // of the membership
  bool membership_told_ = true;  // the relay has answered to it
  Welcome welcome_;

  bool joined_ = false;
  bool ssrc_taken_ = false;
  bool name_taken_ = false;
  bool welcomed_ = false;
  bool relay_left_ = false;
  bool leave_old_ = false;  // the old session is a membership that the relay may still have
  int join_tries_ = 0;
  TimePoint next_join_;
  std::uint32_t members_ = 0;
  Duration idle_timeout_{};
  Obstacle obstacle_ = Obstacle::kNone;
  std::uint8_t relay_version_ = 0;
  seal::PublicKey other_key_{};
  std::uint64_t handshakes_ = 0;
  std::uint64_t rekeys_ = 0;
  std::array<std::byte, Envelope::kMaxPlaintextBytes> plaintext_{};
};

}  // namespace hubbub::session
