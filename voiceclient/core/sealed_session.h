// A client's session in a sealed room: voice and text, sealed from member to member, through a relay that can
// read neither. A state machine without I/O, as every session is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/session/client_link.h"
#include "codec/session/stream_seal.h"
#include "voiceclient/core/authors.h"
#include "voiceclient/core/datagram_ring.h"
#include "voiceclient/core/event_queue.h"
#include "voiceclient/core/relay_watch.h"
#include "voiceclient/core/room_chat.h"
#include "voiceclient/core/sealed_streams.h"
#include "voiceclient/core/session.h"
#include "voiceclient/core/speakers.h"
#include "voiceclient/core/voice_sender.h"

namespace hubbub::client {

// What a sealed session needs beyond an open one.
struct SealedRoom {
  seal::PublicKey relay_key{};
  seal::Key room_secret;
  seal::Key identity_seed;  // who we are
  seal::Key psk;            // of the access token for this relay; zeros without one
  seal::Key unknown_psk;    // of the same token for a relay whose key is not known
  // What the person can do where the relay turns out to have another key: it depends on who told us this one.
  std::string if_other_key = "ask whoever sent the link for a new one, and how the key came to change";
};

class SealedSession final : public Session {
 public:
  // `random` outlives the session.
  SealedSession(const SessionOptions& options, const SealedRoom& room, seal::Random& random);

  void receive(TimePoint now, std::span<const std::byte> datagram) override;
  void refused() override;
  void reconnect() override { way_changed_ = true; }
  void tick(TimePoint now) override;

  void capture(TimePoint now, std::span<const float> samples) override;
  void end_capture(TimePoint now) override;
  void set_muted(TimePoint now, bool muted) override;
  std::optional<DropReason> say(TimePoint now, std::string_view typed) override;
  std::optional<DropReason> act(TimePoint now, std::string_view typed) override;
  std::optional<std::string> tell(TimePoint now, std::string_view name, std::string_view typed) override;
  std::optional<std::string> set_name(TimePoint now, const std::string& name) override;
  void ignore(const seal::IdentityKey& identity, bool ignored) override { chat_.ignore(identity, ignored); }
  void leave(TimePoint now) override;

  using Session::hear;
  void hear(TimePoint now, std::span<float> mix, const EachSpeaker& each) override {
    speakers_.mix(now, mix, each);
  }

  std::optional<std::span<const std::byte>> next_datagram() override;
  std::optional<Event> next_event() override { return events_.next(); }

  [[nodiscard]] std::vector<SpeakerInfo> speakers() const override { return speakers_.infos(); }
  [[nodiscard]] const std::vector<AuthorInfo>& authors() const override { return authors_.list(); }
  [[nodiscard]] std::optional<std::vector<MemberInfo>> members() const override {
    return chat_.company().members();
  }
  [[nodiscard]] std::uint32_t member_count() const override;
  [[nodiscard]] TextsWaiting texts_waiting() const override { return chat_.waiting(); }
  [[nodiscard]] std::optional<seal::IdentityKey> identity() const override { return chat_.identity(); }
  [[nodiscard]] SessionStats stats() const override;
  [[nodiscard]] RelayWatch::State relay_state() const override { return state_; }
  [[nodiscard]] std::optional<Duration> round_trip() const override { return watch_.round_trip(); }
  [[nodiscard]] std::uint32_t ssrc() const override { return sender_.ssrc(); }
  [[nodiscard]] bool muted() const override { return sender_.muted(); }
  [[nodiscard]] const std::string& name() const override { return chat_.name(); }
  [[nodiscard]] Duration lookahead() const override { return sender_.lookahead(); }

  // Asks the relay how things stand now, and not at the next interval.
  void ask_relay() { watch_.restart(); }

  [[nodiscard]] const session::ClientLink& link() const { return link_; }
  [[nodiscard]] const RoomChat& chat() const { return chat_; }
  // What the relay last said of our own stream.
  [[nodiscard]] const std::optional<Report>& own_report() const { return own_report_; }

 private:
  static constexpr std::size_t kOutgoingSlots = 64;
  static constexpr std::size_t kSentFrames = 16;
  // Our own stream: drawn anew whenever we may have been somebody else.
  struct OwnStream {
    OwnStream(const seal::RoomKeys& room, const session::StreamId& its_id, SequenceNumber first)
        : id(its_id),
          voice(room, its_id, first),
          ask(room, session::kAskLabel, its_id),
          echo(room, session::kEchoLabel, its_id) {}
    session::StreamId id;
    session::FrameSealer voice;
    session::ObjectSealer ask;
    session::ObjectSealer echo;
  };
  struct Asker {
    std::uint32_t ssrc = 0;
    LiveNonce nonce{};
  };
  struct SentFrame {
    std::uint16_t sequence = 0;
    std::vector<std::byte> element;
  };

  void become_someone_new(TimePoint now);
  [[nodiscard]] OwnStream draw_stream();
  void watch_relay(TimePoint now);
  void report_obstacle();
  void away();

  void receive_frame(TimePoint now, std::span<const std::byte> frame);
  void hear_packet(TimePoint arrived, const RtpPacket& packet);
  void receive_elements(TimePoint now, std::span<const std::byte> elements, bool sealed);
  void receive_element(TimePoint now, const Element& element, bool sealed,
                       std::span<const std::byte>& last_frame);
  void receive_ask(TimePoint now, const Element& element);
  void receive_echo(TimePoint now, const Element& element);
  void receive_chat(TimePoint now, const Element& element, bool sealed);
  void name_speakers();
  void answer_nack(const Element& element);
  void ask_for_life(TimePoint now);
  void answer_askers(TimePoint now);

  void send_voice(std::span<const std::byte> packet);
  void drop(DropReason reason) { ++stats_.dropped[static_cast<std::size_t>(reason)]; }
  void drop(const std::optional<DropReason>& reason) {
    if (reason) drop(*reason);
  }

  SessionOptions options_;
  std::string if_other_key_;
  seal::Random& seal_random_;
  std::mt19937_64 random_;
  seal::RoomKeys keys_;
  VoiceSender sender_;
  OwnStream own_;
  DatagramRing<kMaxSealedDatagramBytes, kOutgoingSlots> outgoing_;
  session::ClientLink link_;
  RelayWatch watch_;
  EventQueue events_;
  RoomChat chat_;
  Speakers speakers_;
  SealedStreams streams_;
  Authors authors_;
  SessionStats stats_;

  RelayWatch::State state_ = RelayWatch::State::kUnknown;
  bool ever_joined_ = false;
  bool way_changed_ = true;  // the first way is a new way
  session::Obstacle reported_ = session::Obstacle::kNone;
  std::optional<TimePoint> last_tick_;
  std::optional<TimePoint> last_connect_;
  std::optional<TimePoint> last_voice_;  // of anybody
  std::optional<TimePoint> last_stall_ping_;

  std::deque<Asker> askers_;  // at most kMaxAskersWaiting
  std::optional<TimePoint> last_echo_;
  std::uint64_t named_version_ = 0;  // of the roster, when speakers got their names from it
  std::deque<SentFrame> sent_frames_;
  std::optional<Report> own_report_;
};

}  // namespace hubbub::client
