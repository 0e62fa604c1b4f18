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

#include "codec/seal/ed25519.h"
#include "codec/voice/jitter_buffer.h"
#include "codec/voice/opus_codec.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/text.h"
#include "codec/wire/units.h"
#include "voiceclient/core/relay_watch.h"

namespace hubbub::client {

struct SessionOptions {
  std::string name;  // passed `checked_name`, or empty: text then carries no author
  std::function<std::uint64_t()> unix_ms = [] { return std::uint64_t{0}; };  // the time of day
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
  // In a sealed room:
  std::optional<seal::IdentityKey> author{};  // who signed it
  bool own = false;                           // ours, now that it has its place
  bool action = false;                        // something done rather than said: "/me"
  bool direct = false;                        // for us alone, or, where it is ours, for `to` alone
  std::string to{};
  bool earlier = false;            // said before we came
  std::uint64_t sent_unix_ms = 0;  // by the author's clock
  std::uint64_t number = 0;        // in the room's log
};
// Who a member is, whatever many sessions they have.
struct MemberInfo {
  seal::IdentityKey identity{};
  std::string name;  // empty: none
  std::uint64_t since_unix_ms = 0;
  bool muted = false;
  bool own = false;
  std::vector<std::uint32_t> ssrcs;
};
struct MembersChanged {
  bool first = false;  // these were here before us
  std::vector<MemberInfo> joined;
  std::vector<MemberInfo> left;
  std::vector<std::pair<std::string, MemberInfo>> renamed;  // from
};
// Somebody else in the room has the name that we wanted.
struct NameTaken {
  std::string name;
  std::string suggestion;
  bool joined = false;  // we are in the room under the name from before; else we are not in
};
// The relay has agreed to another name.
struct NameChanged {
  std::string name;
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
using Event = std::variant<RelayHere, RelayAway, TextHeard, Speaking, Refused, Notice, MembersChanged,
                           NameTaken, NameChanged>;

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

// Our own messages that are not done with.
struct TextsWaiting {
  std::size_t unacknowledged = 0;  // the relay has not said that it has them
  std::size_t unstored = 0;        // it has them, and keeps a history, but has not said that they are in it
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
  virtual void set_muted(TimePoint now, bool muted) = 0;
  // Sends a line; why not, where it cannot be sent. `act` says what we do rather than speak.
  virtual std::optional<DropReason> say(TimePoint now, std::string_view typed) = 0;
  virtual std::optional<DropReason> act(TimePoint now, std::string_view typed) = 0;
  // For the one with this name alone; a sentence where that cannot be.
  virtual std::optional<std::string> tell(TimePoint now, std::string_view name, std::string_view typed) = 0;
  // Another name, `checked_name`; a sentence where there can be none. Whether it is free comes as an event.
  virtual std::optional<std::string> set_name(TimePoint now, const std::string& name) = 0;
  // Hears and reads no more of this person, or again.
  virtual void ignore(const seal::IdentityKey& identity, bool ignored) = 0;
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
  // Everybody in the room, ourselves included; nothing where nobody can know.
  [[nodiscard]] virtual std::optional<std::vector<MemberInfo>> members() const = 0;
  [[nodiscard]] virtual std::uint32_t member_count() const = 0;
  [[nodiscard]] virtual TextsWaiting texts_waiting() const = 0;
  [[nodiscard]] virtual std::optional<seal::IdentityKey> identity() const = 0;
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
