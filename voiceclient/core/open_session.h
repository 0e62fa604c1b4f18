// A client's session in an open room: voice and text out, voice and text in, who is there, whether the relay
// is. A state machine without I/O: time, datagrams, samples and lines go in; datagrams, samples and events
// come out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/voice/stream_player.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/limits.h"
#include "codec/wire/result.h"
#include "codec/wire/rtcp.h"
#include "codec/wire/text.h"
#include "codec/wire/units.h"
#include "voiceclient/core/relay_watch.h"
#include "voiceclient/core/voice_sender.h"

namespace hubbub::client {

struct SessionOptions {
  std::string name;  // passed `checked_name`, or empty: text then carries no author
  voice::VoiceFormat format;
  Duration playout_delay = 60ms;
  bool muted = false;
  std::uint64_t seed = 0;  // of every random choice; fresh for each run of a real client
};

// --- What happened
// ----------------------------------------------------------------------------------------------------

struct RelayHere {
  std::optional<Duration> round_trip;
};
struct RelayAway {};
struct TextHeard {
  TextLine line;
};
struct Speaking {
  std::uint32_t ssrc = 0;
  std::string name;     // empty until the speaker tells
  bool begins = false;  // false: the talk spurt is over
};
using Event = std::variant<RelayHere, RelayAway, TextHeard, Speaking>;

// --- Who is there
// -----------------------------------------------------------------------------------------------------

struct SpeakerInfo {
  std::uint32_t ssrc = 0;
  std::string name;
  bool speaking = false;
  TimePoint last_voice;
  voice::JitterBufferStats stats;
  Duration depth{};
};
struct AuthorInfo {
  std::string name;
  TimePoint last_text;
};

struct SessionStats {
  std::uint64_t datagrams_received = 0;
  std::uint64_t datagrams_sent = 0;
  std::uint64_t texts_sent = 0;
  std::uint64_t texts_received = 0;
  std::uint64_t voice_packets_sent = 0;
  std::uint64_t voice_bytes_sent = 0;
  std::array<std::uint64_t, kDropReasons> dropped{};
};

class OpenSession {
 public:
  explicit OpenSession(const SessionOptions& options);

  // --- In. After each of these, and after `tick`, datagrams and events may be waiting.
  void receive(TimePoint now, std::span<const std::byte> datagram);
  // The system reports that the relay cannot be reached.
  void refused() { watch_.refused(); }
  // A new socket or address: ping at once.
  void reconnect() { watch_.restart(); }
  // Timers. To be called every kTick or more often.
  void tick(TimePoint now);
  static constexpr Duration kTick = 50ms;

  // What the microphone gave, any number of samples.
  void capture(TimePoint now, std::span<const float> samples);
  // The recording is over: send what is left of the last frame.
  void end_capture(TimePoint now);
  void set_muted(bool muted);
  // Sends a line; why not, where it cannot be sent.
  std::optional<DropReason> say(std::string_view typed);
  // Says goodbye, where we have been heard at all.
  void leave(TimePoint now);

  // The next samples of everybody together, limited to [-1, 1]. `each(ssrc, name, samples)` gets each
  // speaker's own.
  using EachSpeaker =
      std::function<void(std::uint32_t ssrc, const std::string& name, std::span<const float> samples)>;
  void hear(TimePoint now, std::span<float> mix, const EachSpeaker& each = {});

  // --- Out.
  // The next datagram to send; empty span for an empty queue is told apart by `nullopt`. Valid until the next
  // call.
  std::optional<std::span<const std::byte>> next_datagram();
  std::optional<Event> next_event();

  [[nodiscard]] std::vector<SpeakerInfo> speakers() const;
  [[nodiscard]] const std::vector<AuthorInfo>& authors() const { return authors_; }
  [[nodiscard]] SessionStats stats() const;
  [[nodiscard]] RelayWatch::State relay_state() const { return watch_.state(); }
  [[nodiscard]] std::optional<Duration> round_trip() const { return watch_.round_trip(); }
  [[nodiscard]] std::uint32_t ssrc() const { return sender_.ssrc(); }
  [[nodiscard]] bool muted() const { return sender_.muted(); }
  [[nodiscard]] const std::string& name() const { return options_.name; }
  [[nodiscard]] Duration lookahead() const { return sender_.lookahead(); }

 private:
  struct Speaker {
    Speaker(std::uint32_t its_ssrc, Duration playout_delay) : ssrc(its_ssrc), player(playout_delay) {}
    std::uint32_t ssrc;
    std::string name;
    voice::StreamPlayer player;
    TimePoint last_voice;
    bool speaking = false;
    std::optional<TimePoint> said_goodbye;
  };
  struct Outgoing {
    std::size_t size = 0;
    std::array<std::byte, RtpHeader::kBytes + kMaxOpusPacketBytes> bytes{};
  };
  // More than one call in can produce; the shell empties the queue after each.
  static constexpr std::size_t kOutgoingSlots = 64;

  void receive_voice(TimePoint now, std::span<const std::byte> datagram);
  void receive_report(TimePoint now, std::span<const std::byte> datagram);
  void receive_text(TimePoint now, std::span<const std::byte> datagram);
  void send(std::span<const std::byte> datagram);
  void send_report(TimePoint now, bool leaving);
  void send_voice(TimePoint now, std::span<const std::byte> packet);
  Speaker* find(std::uint32_t ssrc);
  Speaker* admit(TimePoint now, std::uint32_t ssrc);
  void begin_speaking(TimePoint now, Speaker& speaker);
  void end_speaking(Speaker& speaker);
  void remember_author(TimePoint now, const std::string& name);
  void drop(DropReason reason) { ++stats_.dropped[static_cast<std::size_t>(reason)]; }

  SessionOptions options_;
  std::mt19937_64 random_;
  RelayWatch watch_;
  VoiceSender sender_;
  std::string cname_;
  std::optional<TimePoint> last_report_;
  SessionStats stats_;
  std::vector<std::unique_ptr<Speaker>> speakers_;  // at most kMaxStreams
  std::vector<AuthorInfo> authors_;                 // at most kMaxAuthors, most recent first
  std::vector<float> voice_;                        // one speaker's samples, while mixing
  std::vector<Outgoing> outgoing_;                  // a ring
  std::size_t outgoing_first_ = 0;
  std::size_t outgoing_count_ = 0;
  std::deque<Event> events_;
};

}  // namespace hubbub::client
