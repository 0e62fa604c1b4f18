// A client's session in an open room: RTP and RTCP, lines of text, and pings of the relay, for anybody to
// read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/wire/drop_reason.h"
#include "codec/wire/limits.h"
#include "codec/wire/rtp.h"
#include "codec/wire/units.h"
#include "voiceclient/core/authors.h"
#include "voiceclient/core/datagram_ring.h"
#include "voiceclient/core/event_queue.h"
#include "voiceclient/core/relay_watch.h"
#include "voiceclient/core/session.h"
#include "voiceclient/core/speakers.h"
#include "voiceclient/core/voice_sender.h"

namespace hubbub::client {

class OpenSession final : public Session {
 public:
  explicit OpenSession(const SessionOptions& options);

  void receive(TimePoint now, std::span<const std::byte> datagram) override;
  void refused() override { watch_.refused(); }
  void reconnect() override { watch_.restart(); }
  void tick(TimePoint now) override;

  void capture(TimePoint now, std::span<const float> samples) override;
  void end_capture(TimePoint now) override;
  void set_muted(TimePoint now, bool muted) override;
  std::optional<DropReason> say(TimePoint now, std::string_view typed) override;
  std::optional<DropReason> act(TimePoint now, std::string_view typed) override;
  std::optional<std::string> tell(TimePoint now, std::string_view name, std::string_view typed) override;
  std::optional<std::string> set_name(TimePoint now, const std::string& name) override;
  void ignore(const seal::IdentityKey&, bool) override {}  // nobody here can be told from another
  void leave(TimePoint now) override;

  using Session::hear;
  void hear(TimePoint now, std::span<float> mix, const EachSpeaker& each) override {
    speakers_.mix(now, mix, each);
  }

  std::optional<std::span<const std::byte>> next_datagram() override;
  std::optional<Event> next_event() override { return events_.next(); }

  [[nodiscard]] std::vector<SpeakerInfo> speakers() const override { return speakers_.infos(); }
  [[nodiscard]] const std::vector<AuthorInfo>& authors() const override { return authors_.list(); }
  [[nodiscard]] std::optional<std::vector<MemberInfo>> members() const override { return std::nullopt; }
  [[nodiscard]] std::uint32_t member_count() const override { return 0; }
  [[nodiscard]] TextsWaiting texts_waiting() const override { return {}; }
  [[nodiscard]] std::optional<seal::IdentityKey> identity() const override { return std::nullopt; }
  [[nodiscard]] SessionStats stats() const override;
  [[nodiscard]] RelayWatch::State relay_state() const override { return watch_.state(); }
  [[nodiscard]] std::optional<Duration> round_trip() const override { return watch_.round_trip(); }
  [[nodiscard]] std::uint32_t ssrc() const override { return sender_.ssrc(); }
  [[nodiscard]] bool muted() const override { return sender_.muted(); }
  [[nodiscard]] const std::string& name() const override { return options_.name; }
  [[nodiscard]] Duration lookahead() const override { return sender_.lookahead(); }

 private:
  // More than one call in can produce; the shell empties the ring after each.
  static constexpr std::size_t kOutgoingSlots = 64;

  void receive_voice(TimePoint now, std::span<const std::byte> datagram);
  void receive_report(TimePoint now, std::span<const std::byte> datagram);
  void receive_text(TimePoint now, std::span<const std::byte> datagram);
  void send_report(TimePoint now, bool leaving);
  void send_voice(TimePoint now, std::span<const std::byte> packet);
  void drop(DropReason reason) { ++stats_.dropped[static_cast<std::size_t>(reason)]; }

  SessionOptions options_;
  std::mt19937_64 random_;
  RelayWatch watch_;
  VoiceSender sender_;
  std::string cname_;
  std::optional<TimePoint> last_report_;
  SessionStats stats_;
  Speakers speakers_;
  Authors authors_;
  DatagramRing<RtpHeader::kBytes + kMaxOpusPacketBytes, kOutgoingSlots> outgoing_;
  EventQueue events_;
};

}  // namespace hubbub::client
