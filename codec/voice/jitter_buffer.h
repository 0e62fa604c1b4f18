// The jitter buffer of one stream: packets go in as they arrive, frames come out when they are to be heard.
// It knows neither Opus nor a clock. Late and lost are told apart: a late packet came, but after its time.
//
// A frame is to be heard `playout_delay` after the fastest packet of the last seconds would have arrived with
// it:
//   play at = media time + least transit seen + playout delay
// so an unlucky first packet does not fix the delay of a whole talk spurt.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "codec/wire/limits.h"
#include "codec/wire/rtp.h"
#include "codec/wire/units.h"

namespace hubbub::voice {

struct JitterBufferStats {
  std::uint64_t received = 0;  // packets, duplicates apart
  std::uint64_t duplicates = 0;
  std::uint64_t late = 0;       // came after their time, and were not heard
  std::uint64_t lost = 0;       // never came
  std::uint64_t reordered = 0;  // came behind a newer one
  std::uint64_t played = 0;     // packets heard
  std::uint64_t concealed = 0;  // samples made up because theirs were missing
  std::uint64_t skipped =
      0;  // packets left out because playout had fallen behind (the sender's clock is the faster)
  std::uint64_t restarts = 0;  // the stream began anew under its old SSRC
  Duration jitter{};           // interarrival jitter, RFC 3550 section 6.4.1
};

class JitterBuffer {
 public:
  // 64 packets of 20 ms are 1.28 s, more than any sensible delay.
  static constexpr std::size_t kSlots = 64;
  // After this much without a packet, concealment has nothing left to say: the talk spurt is over.
  static constexpr Duration kLongestConcealment = 100ms;
  // This much late speech in a row means that the path got slower for good: the transit is learned anew.
  static constexpr Duration kRelearnAfter = 500ms;
  // How long playout must have been a frame off before a frame is skipped or one of concealment put in.
  static constexpr Duration kDriftPatience = 1s;
  // The least transit is that of the last one to two of these.
  static constexpr Duration kTransitWindow = 5s;

  enum class Kind : std::uint8_t {
    kNothing,  // silence: no talk spurt, or it is not yet time
    kFrame,    // decode `payload`
    kConceal   // make `samples` up
  };
  struct Taken {
    Kind kind = Kind::kNothing;
    std::span<const std::byte> payload;  // valid until the next `put`
    int samples = 0;
    bool ending = false;  // of kConceal: nothing newer is here either, so fade out
  };

  explicit JitterBuffer(Duration playout_delay);

  // `samples`: what `payload` decodes to.
  void put(TimePoint now, const RtpHeader& header, std::span<const std::byte> payload, int samples);
  // The next piece of playout. Called whenever the listener has room for more.
  Taken take(TimePoint now);

  [[nodiscard]] const JitterBufferStats& stats() const { return stats_; }
  [[nodiscard]] bool playing() const { return playing_; }
  // What lies buffered, in playout time.
  [[nodiscard]] Duration depth() const;

 private:
  enum class Slot : std::uint8_t { kEmpty, kBuffered, kPlayed };
  struct Packet {  // NOLINT(cppcoreguidelines-pro-type-member-init): storage means nothing beyond `size`
    Slot state = Slot::kEmpty;
    std::int64_t sequence = 0;   // extended
    std::int64_t timestamp = 0;  // extended, samples
    int samples = 0;
    bool marker = false;
    std::size_t size = 0;
    std::array<std::byte, kMaxOpusPacketBytes> storage;
  };

  // The least of (arrival - media time) over the last one to two windows.
  class LeastTransit {
   public:
    void observe(TimePoint now, Duration transit);
    void restart(TimePoint now, Duration transit);
    [[nodiscard]] Duration least() const { return std::min(current_, previous_); }

   private:
    TimePoint window_start_{};
    Duration current_ = Duration::max();
    Duration previous_ = Duration::max();
  };

  Packet& slot(std::int64_t sequence) { return (*packets_)[static_cast<std::size_t>(sequence) % kSlots]; }
  [[nodiscard]] bool is(std::int64_t sequence, Slot state) const;
  bool follow(TimePoint now, const RtpHeader& header);
  void restart(TimePoint now, const RtpHeader& header);
  void observe(TimePoint now, std::int64_t timestamp);
  [[nodiscard]] TimePoint play_at(std::int64_t timestamp) const;
  Packet* earliest_buffered();
  void mark_played(Packet& packet, std::int64_t sequence);
  bool start_playing(TimePoint now);
  Taken play(Packet& packet);
  Taken bridge_gap(TimePoint now, const Packet& after);
  Taken run_dry();
  std::optional<Taken> correct_drift(TimePoint now, Packet& packet);
  void count_late(TimePoint now, std::int64_t timestamp, int samples);

  Duration playout_delay_;
  JitterBufferStats stats_;
  std::unique_ptr<std::array<Packet, kSlots>> packets_;

  // Following the sender's counters.
  bool started_ = false;
  std::int64_t first_sequence_ = 0;
  std::int64_t highest_sequence_ = 0;
  std::int64_t highest_timestamp_ = 0;
  std::uint64_t unique_since_restart_ = 0;
  std::uint64_t lost_before_restart_ = 0;
  std::optional<SequenceNumber> restart_candidate_;

  // Timing.
  LeastTransit transit_;
  std::optional<Duration> last_transit_;
  Duration late_in_a_row_{};
  std::optional<TimePoint> off_since_;

  // Playout: the next packet due, and the media time that is due with it.
  bool playing_ = false;
  std::int64_t next_sequence_ = 0;
  std::int64_t last_played_ = 0;
  std::int64_t next_timestamp_ = 0;
  int last_samples_ = 0;
  std::int64_t dry_samples_ =
      0;  // concealed since the buffer ran dry: lost speech, or only the end of the spurt
};

}  // namespace hubbub::voice
