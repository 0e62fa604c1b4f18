#include "codec/voice/jitter_buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "codec/wire/check.h"

namespace hubbub::voice {
namespace {

// A jump further than this is no loss but another stream under the same SSRC (RFC 3550 appendix A.1).
constexpr int kMaxDropout = 3'000;

}  // namespace

void JitterBuffer::LeastTransit::observe(TimePoint now, Duration transit) {
  if (now - window_start_ >= kTransitWindow) {
    const bool adjacent = now - window_start_ < 2 * kTransitWindow;
    previous_ = adjacent ? current_ : Duration::max();
    current_ = Duration::max();
    window_start_ = now;
  }
  current_ = std::min(current_, transit);
}

void JitterBuffer::LeastTransit::restart(TimePoint now, Duration transit) {
  window_start_ = now;
  current_ = transit;
  previous_ = Duration::max();
}

JitterBuffer::JitterBuffer(Duration playout_delay)
    : playout_delay_(playout_delay), packets_(std::make_unique<std::array<Packet, kSlots>>()) {
  CHECK(playout_delay >= Duration::zero());
}

bool JitterBuffer::is(std::int64_t sequence, Slot state) const {
  const Packet& packet = (*packets_)[static_cast<std::size_t>(sequence) % kSlots];
  return packet.state == state && packet.sequence == sequence;
}

Duration JitterBuffer::depth() const {
  int samples = 0;
  for (const Packet& packet : *packets_) {
    if (packet.state == Slot::kBuffered) samples += packet.samples;
  }
  return duration_of(samples);
}

// --- In
// ---------------------------------------------------------------------------------------------------------------

// Put: follow the counters, sort out what is of no use, learn the timing, keep.
void JitterBuffer::put(TimePoint now, const RtpHeader& header, std::span<const std::byte> payload,
                       int samples) {
  CHECK(payload.size() <= kMaxOpusPacketBytes && samples > 0);
  if (!follow(now, header)) return;
  const std::int64_t sequence = extend(header.sequence, highest_sequence_);
  const std::int64_t timestamp =
      highest_timestamp_ + (header.timestamp - RtpTime{static_cast<std::uint32_t>(highest_timestamp_)});
  if (is(sequence, Slot::kBuffered) || is(sequence, Slot::kPlayed)) {
    ++stats_.duplicates;
    return;
  }

  // Count.
  ++stats_.received;
  ++unique_since_restart_;
  if (sequence < highest_sequence_) ++stats_.reordered;
  if (sequence > highest_sequence_) {
    highest_sequence_ = sequence;
    highest_timestamp_ = timestamp;
  }
  first_sequence_ = std::min(first_sequence_, sequence);
  const std::int64_t expected = highest_sequence_ - first_sequence_ + 1;
  stats_.lost = lost_before_restart_ + static_cast<std::uint64_t>(std::max<std::int64_t>(
                                           expected - static_cast<std::int64_t>(unique_since_restart_), 0));
  observe(now, timestamp);

  // Keep, or find that its time has passed.
  const bool before_first = !playing_ && sequence > last_played_;
  if (before_first) next_sequence_ = std::min(next_sequence_, sequence);
  Packet& packet = slot(sequence);
  if (sequence < next_sequence_) {
    count_late(now, timestamp, samples);
    if (packet.sequence < sequence) mark_played(packet, sequence);  // so that its duplicate is known as one
    return;
  }
  packet.state = Slot::kBuffered;
  packet.sequence = sequence;
  packet.timestamp = timestamp;
  packet.samples = samples;
  packet.marker = header.marker;
  packet.size = payload.size();
  if (!payload.empty()) std::memcpy(packet.storage.data(), payload.data(), payload.size());
}

// Follows the sequence number. False where the packet must not be used: the first of a jump too far to be
// loss, which may be a stray; the one after it proves that the stream really began anew.
bool JitterBuffer::follow(TimePoint now, const RtpHeader& header) {
  if (!started_) {
    restart(now, header);
    started_ = true;
    return true;
  }
  const std::int64_t sequence = extend(header.sequence, highest_sequence_);
  const std::int64_t ahead = sequence - highest_sequence_;
  const bool plausible = ahead < kMaxDropout && ahead > -static_cast<std::int64_t>(kSlots);
  if (plausible) {
    restart_candidate_.reset();
    if (ahead >= static_cast<std::int64_t>(kSlots) ||
        sequence - next_sequence_ >= static_cast<std::int64_t>(kSlots)) {
      // What is buffered is from before a long outage.
      for (Packet& packet : *packets_) packet.state = Slot::kEmpty;
      next_sequence_ = sequence;
      playing_ = false;
    }
    return true;
  }
  if (restart_candidate_ == header.sequence) {
    ++stats_.restarts;
    restart(now, header);
    return true;
  }
  restart_candidate_ = header.sequence + 1;
  return false;
}

void JitterBuffer::restart(TimePoint now, const RtpHeader& header) {
  lost_before_restart_ = stats_.lost;
  unique_since_restart_ = 0;
  // One turn of 2^32 up, so that a reordered packet before the first does not go below zero.
  first_sequence_ = highest_sequence_ = next_sequence_ = (std::int64_t{1} << 32) + header.sequence.value;
  highest_timestamp_ = (std::int64_t{1} << 32) + header.timestamp.value;
  last_played_ = 0;
  for (Packet& packet : *packets_) packet.state = Slot::kEmpty;
  restart_candidate_.reset();
  playing_ = false;
  dry_samples_ = 0;
  last_transit_.reset();
  late_in_a_row_ = {};
  transit_.restart(now, now.time_since_epoch() - duration_of(highest_timestamp_));
}

void JitterBuffer::observe(TimePoint now, std::int64_t timestamp) {
  const Duration transit = now.time_since_epoch() - duration_of(timestamp);
  transit_.observe(now, transit);
  if (last_transit_) {
    const Duration difference =
        transit > *last_transit_ ? transit - *last_transit_ : *last_transit_ - transit;
    stats_.jitter += (difference - stats_.jitter) / 16;
  }
  last_transit_ = transit;
}

void JitterBuffer::count_late(TimePoint now, std::int64_t timestamp, int samples) {
  ++stats_.late;
  late_in_a_row_ += duration_of(samples);
  if (late_in_a_row_ < kRelearnAfter) return;
  late_in_a_row_ = {};
  transit_.restart(now, now.time_since_epoch() - duration_of(timestamp));
}

// --- Out
// --------------------------------------------------------------------------------------------------------------

TimePoint JitterBuffer::play_at(std::int64_t timestamp) const {
  return TimePoint(duration_of(timestamp) + transit_.least() + playout_delay_);
}

JitterBuffer::Packet* JitterBuffer::earliest_buffered() {
  Packet* earliest = nullptr;
  for (Packet& packet : *packets_) {
    if (packet.state == Slot::kBuffered && (earliest == nullptr || packet.sequence < earliest->sequence))
      earliest = &packet;
  }
  return earliest;
}

void JitterBuffer::mark_played(Packet& packet, std::int64_t sequence) {
  packet.state = Slot::kPlayed;
  packet.sequence = sequence;
  last_played_ = std::max(last_played_, sequence);
  next_sequence_ = std::max(next_sequence_, sequence + 1);
}

JitterBuffer::Taken JitterBuffer::take(TimePoint now) {
  if (!playing_ && !start_playing(now)) return {};

  if (Packet& due = slot(next_sequence_); is(next_sequence_, Slot::kBuffered)) {
    const std::int64_t ahead = due.timestamp - next_timestamp_;
    if (dry_samples_ > 0 && ahead < 0 && ahead > -dry_samples_ - due.samples) {
      // It came, but what stands for it has been heard already.
      mark_played(due, next_sequence_);
      count_late(now, due.timestamp, due.samples);
      return take(now);
    }
    if (ahead > 0) {  // the sender paused: a new talk spurt, with a playout time of its own
      playing_ = false;
      return take(now);
    }
    if (const auto correction = correct_drift(now, due)) return *correction;
    return play(due);
  }
  const Packet* after = earliest_buffered();
  return after != nullptr ? bridge_gap(now, *after) : run_dry();
}

// Begins a talk spurt with the earliest packet that is not too late. False while it is not yet time.
bool JitterBuffer::start_playing(TimePoint now) {
  while (Packet* first = earliest_buffered()) {
    const Duration overdue = now - play_at(first->timestamp);
    if (overdue < Duration::zero()) return false;
    if (overdue > duration_of(first->samples)) {
      mark_played(*first, first->sequence);
      count_late(now, first->timestamp, first->samples);
      continue;
    }
    playing_ = true;
    next_sequence_ = first->sequence;
    next_timestamp_ = first->timestamp;
    last_samples_ = first->samples;
    dry_samples_ = 0;
    off_since_.reset();
    return true;
  }
  return false;
}

JitterBuffer::Taken JitterBuffer::play(Packet& packet) {
  mark_played(packet, packet.sequence);
  stats_.concealed +=
      static_cast<std::uint64_t>(dry_samples_);  // the spurt went on, so it was missing indeed
  dry_samples_ = 0;
  late_in_a_row_ = {};
  ++stats_.played;
  next_timestamp_ = packet.timestamp + packet.samples;
  last_samples_ = packet.samples;
  return {.kind = Kind::kFrame,
          .payload = std::span(packet.storage).first(packet.size),
          .samples = packet.samples};
}

// Packets are missing before `after`: one more piece of concealment, or a pause that began with a loss.
JitterBuffer::Taken JitterBuffer::bridge_gap(TimePoint now, const Packet& after) {
  const std::int64_t missing_packets = after.sequence - next_sequence_;
  const std::int64_t missing_samples = after.timestamp - next_timestamp_;
  if (missing_samples <= 0) {  // concealment reached it already: on with what is here
    next_sequence_ = after.sequence;
    return take(now);
  }
  if (missing_samples > missing_packets * last_samples_) {
    next_sequence_ = after.sequence;
    playing_ = false;
    return {};
  }
  const int samples = static_cast<int>(std::min<std::int64_t>(last_samples_, missing_samples));
  ++next_sequence_;
  next_timestamp_ += samples;
  stats_.concealed += static_cast<std::uint64_t>(samples + dry_samples_);
  dry_samples_ = 0;
  return Taken{.kind = Kind::kConceal, .payload = {}, .samples = samples};
}

// Nothing is here. Until a packet tells, nobody knows whether speech is missing or the spurt is over, so the
// sequence number waits while time goes on.
JitterBuffer::Taken JitterBuffer::run_dry() {
  if (duration_of(dry_samples_ + last_samples_) > kLongestConcealment) {
    playing_ = false;
    dry_samples_ = 0;
    return {};
  }
  dry_samples_ += last_samples_;
  next_timestamp_ += last_samples_;
  return Taken{.kind = Kind::kConceal, .payload = {}, .samples = last_samples_, .ending = true};
}

// The listener's clock and the sender's are two. When playout has been more than a frame away from where it
// belongs for a while, one frame is skipped, or one piece of concealment put in.
std::optional<JitterBuffer::Taken> JitterBuffer::correct_drift(TimePoint now, Packet& packet) {
  const Duration behind = now - play_at(packet.timestamp);
  const Duration frame = duration_of(packet.samples);
  if (behind <= frame && behind >= -frame) {
    off_since_.reset();
    return std::nullopt;
  }
  if (!off_since_) off_since_ = now;
  if (now - *off_since_ < kDriftPatience) return std::nullopt;
  off_since_.reset();
  if (behind < Duration::zero()) {
    stats_.concealed += static_cast<std::uint64_t>(packet.samples);
    return Taken{.kind = Kind::kConceal, .payload = {}, .samples = packet.samples};
  }
  mark_played(packet, packet.sequence);
  ++stats_.skipped;
  next_timestamp_ = packet.timestamp + packet.samples;
  return take(now);
}

}  // namespace hubbub::voice
