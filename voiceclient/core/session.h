// What a client's session is, whichever kind of room it is in: voice and text out, voice and text in, who is
// there, whether the relay is. A state machine without I/O: time, datagrams, samples and lines go in;
// datagrams, samples and events come out.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "codec/voice/jitter_buffer.h"
#include "codec/voice/opus_codec.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/text.h"
#include "codec/wire/units.h"
#include "voiceclient/core/relay_watch.h"

namespace hubbub::client {

struct SessionOptions {
  std::string name;  // passed `checked_name`, or empty: text then carries no author
  voice::VoiceFormat format;
  Duration playout_delay = 60ms;
  bool muted = false;
  std::uint64_t seed = 0;  // of every random choice; fresh for each run of a real client
};

// --- What happened

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
// The relay or the link is wrong, and no waiting makes it right: the session is over.
struct Refused {
  std::string why;  // a sentence for the person
};
// Something the person should know.
struct Notice {
  std::string sentence;
};
using Event = std::variant<RelayHere, RelayAway, TextHeard, Speaking, Refused, Notice>;

// --- Who is there

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

// Gets one speaker's own samples, while everybody's are mixed.
using EachSpeaker =
    std::function<void(std::uint32_t ssrc, const std::string& name, std::span<const float> samples)>;

class Session {
 public:
  virtual ~Session() = default;

  // --- In. After each of these, and after `tick`, datagrams and events may be waiting.
  virtual void receive(TimePoint now, std::span<const std::byte> datagram) = 0;
  // The system reports that the relay cannot be reached.
  virtual void refused() = 0;
  // A new socket or address: the relay is asked at once.
  virtual void reconnect() = 0;
  // Timers. To be called every kTick or more often.
  virtual void tick(TimePoint now) = 0;
  static constexpr Duration kTick = 50ms;

  // What the microphone gave, any number of samples.
  virtual void capture(TimePoint now, std::span<const float> samples) = 0;
  // The recording is over: send what is left of the last frame.
  virtual void end_capture(TimePoint now) = 0;
  virtual void set_muted(bool muted) = 0;
  // Sends a line; why not, where it cannot be sent.
  virtual std::optional<DropReason> say(std::string_view typed) = 0;
  // Says goodbye, where anybody knows of us.
  virtual void leave(TimePoint now) = 0;

  // The next samples of everybody together, limited to [-1, 1].
  virtual void hear(TimePoint now, std::span<float> mix, const EachSpeaker& each) = 0;
  void hear(TimePoint now, std::span<float> mix) { hear(now, mix, {}); }

  // Gets the datagrams of an open room as they come; of a sealed one its voice, opened, as RTP.
  using Tap = std::function<void(TimePoint now, std::span<const std::byte> datagram)>;
  void set_tap(Tap tap) { tap_ = std::move(tap); }

  // --- Out.
  // The next datagram to send, which may be empty; `nullopt` where none waits. Valid until the next call.
  virtual std::optional<std::span<const std::byte>> next_datagram() = 0;
  virtual std::optional<Event> next_event() = 0;

  [[nodiscard]] virtual std::vector<SpeakerInfo> speakers() const = 0;
  [[nodiscard]] virtual const std::vector<AuthorInfo>& authors() const = 0;
  [[nodiscard]] virtual SessionStats stats() const = 0;
  [[nodiscard]] virtual RelayWatch::State relay_state() const = 0;
  [[nodiscard]] virtual std::optional<Duration> round_trip() const = 0;
  [[nodiscard]] virtual std::uint32_t ssrc() const = 0;
  [[nodiscard]] virtual bool muted() const = 0;
  [[nodiscard]] virtual const std::string& name() const = 0;
  [[nodiscard]] virtual Duration lookahead() const = 0;

 protected:
  Session() = default;
  Session(const Session&) = default;
  Session(Session&&) = default;
  Session& operator=(const Session&) = default;
  Session& operator=(Session&&) = default;

  Tap tap_;
};

}  // namespace hubbub::client
