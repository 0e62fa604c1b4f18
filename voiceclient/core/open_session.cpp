#include "voiceclient/core/open_session.h"

#include <algorithm>
#include <cmath>

#include "codec/wire/check.h"
#include "codec/wire/open_room.h"

namespace hubbub::client {
namespace {

// Without voice for this long, a talk spurt is over for those who watch. Longer than a burst of losses.
constexpr Duration kSpurtEndsAfter = 400ms;
// A full house takes a new speaker in the place of one that was silent for this long.
constexpr Duration kGivesWayAfter = 2s;
constexpr std::size_t kMaxAuthors = 64;
// Events wait for the shell, which takes them after every call: more than this means nobody is looking.
constexpr std::size_t kMaxEvents = 1'024;

// Several people at once may sum to more than full scale. Below the knee nothing changes; above it the curve
// bends smoothly towards 1, which it never passes.
float limited(float sample) {
  constexpr float kKnee = 0.8F;
  const float size = std::abs(sample);
  if (size <= kKnee) return sample;
  const float over = (size - kKnee) / (1.0F - kKnee);
  return std::copysign(kKnee + (1.0F - kKnee) * std::tanh(over), sample);
}

std::string random_cname(std::mt19937_64& random) {  // RFC 7022 section 4.2: short-term, of random bits only
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string name;
  for (std::uint64_t bits = random(), i = 0; i < 16; ++i, bits >>= 4U) name += kDigits[bits & 0xFU];
  return name;
}

}  // namespace

OpenSession::OpenSession(const SessionOptions& options)
    : options_(options),
      random_(options.seed),
      sender_(options.format, random_),
      cname_(random_cname(random_)),
      outgoing_(kOutgoingSlots) {
  sender_.set_muted(options.muted);
}

// --- In
// ---------------------------------------------------------------------------------------------------------------

void OpenSession::receive(TimePoint now, std::span<const std::byte> datagram) {
  ++stats_.datagrams_received;
  const OpenKind kind = kind_of(datagram);
  if (kind == OpenKind::kPong) {
    watch_.pong(now, Probe::parse(datagram).token);
  } else {
    watch_.heard(now);
  }
  switch (kind) {
    case OpenKind::kRtp:
      return receive_voice(now, datagram);
    case OpenKind::kRtcp:
      return receive_report(now, datagram);
    case OpenKind::kText:
      return receive_text(now, datagram);
    case OpenKind::kKeepalive:
    case OpenKind::kPong:
      return;
    case OpenKind::kPing:
    case OpenKind::kUnknown:
      return drop(DropReason::kUnknownKind);
  }
}

void OpenSession::receive_voice(TimePoint now, std::span<const std::byte> datagram) {
  const auto packet = RtpPacket::parse(datagram);
  if (!packet) return drop(packet.error());
  if (packet->header.payload_type < kFirstDynamicPayloadType) return drop(DropReason::kBadPayloadType);
  if (packet->header.ssrc == sender_.ssrc()) {
    // A relay never sends us our own: somebody drew the same number.
    sender_.change_identity(random_);
    return drop(DropReason::kOwnStream);
  }
  if (const auto samples = voice::packet_samples(packet->payload); !samples) return drop(samples.error());
  Speaker* speaker = admit(now, packet->header.ssrc);
  if (speaker == nullptr) return drop(DropReason::kTooManyStreams);
  if (const auto put = speaker->player.put(now, *packet); !put) return drop(put.error());
  speaker->last_voice = now;
  begin_speaking(now, *speaker);
}

void OpenSession::receive_report(TimePoint now, std::span<const std::byte> datagram) {
  const auto report = RtcpSummary::parse(datagram);
  if (!report) return drop(report.error());
  for (const auto& description : report->descriptions) {
    const auto name = checked_name(printable(description.name));
    Speaker* speaker = find(description.ssrc);
    // A report may come just before the first voice it speaks of.
    if (speaker == nullptr && description.ssrc != sender_.ssrc()) speaker = admit(now, description.ssrc);
    if (speaker != nullptr && name) speaker->name = *name;
  }
  for (const std::uint32_t ssrc : report->leaving) {
    if (Speaker* speaker = find(ssrc)) {
      speaker->said_goodbye = now;
      end_speaking(*speaker);
    }
  }
}

void OpenSession::receive_text(TimePoint now, std::span<const std::byte> datagram) {
  auto line = TextLine::parse(datagram);
  if (!line) return drop(line.error());
  ++stats_.texts_received;
  if (!line->author.empty()) remember_author(now, line->author);
  if (events_.size() < kMaxEvents) events_.emplace_back(TextHeard{std::move(*line)});
}

void OpenSession::tick(TimePoint now) {
  if (const auto token = watch_.ping_due(now, random_)) {
    std::array<std::byte, Probe::kBytes> ping{};
    ByteWriter writer(ping);
    Probe{*token}.serialize(writer, Probe::kPingByte);
    send(ping);
  }
  if (watch_.update(now)) {
    if (watch_.state() == RelayWatch::State::kHere) events_.emplace_back(RelayHere{watch_.round_trip()});
    if (watch_.state() == RelayWatch::State::kAway) events_.emplace_back(RelayAway{});
  }
  for (const auto& speaker : speakers_) {
    if (speaker->speaking && now - speaker->last_voice >= kSpurtEndsAfter) end_speaking(*speaker);
  }
  std::erase_if(speakers_, [now](const auto& speaker) { return now - speaker->last_voice >= kHeardLately; });
  std::erase_if(authors_, [now](const auto& author) { return now - author.last_text >= kHeardLately; });
}

// --- Our own voice and text
// -------------------------------------------------------------------------------------------

void OpenSession::capture(TimePoint now, std::span<const float> samples) {
  sender_.capture(samples, [&](std::span<const std::byte> packet) { send_voice(now, packet); });
}

void OpenSession::end_capture(TimePoint now) {
  sender_.flush([&](std::span<const std::byte> packet) { send_voice(now, packet); });
}

void OpenSession::send_voice(TimePoint now, std::span<const std::byte> packet) {
  // Who we are goes with the first packet, and every few seconds after.
  if (!last_report_ || now - *last_report_ >= kRtcpInterval) send_report(now, false);
  send(packet);
}

void OpenSession::set_muted(bool muted) {
  if (muted == sender_.muted()) return;
  sender_.set_muted(muted);
  if (!muted) last_report_.reset();
}

std::optional<DropReason> OpenSession::say(std::string_view typed) {
  const auto line = checked_text(options_.name, typed);
  if (!line) return line.error();
  const std::string datagram = line->serialize();
  // Its first byte decides what it is taken for, and typed text begins with no control character and no RTP
  // version.
  CHECK(kind_of(as_bytes(datagram)) == OpenKind::kText);
  ++stats_.texts_sent;
  send(as_bytes(datagram));
  return std::nullopt;
}

void OpenSession::leave(TimePoint now) {
  if (sender_.packets_sent() > 0) send_report(now, true);
}

void OpenSession::send_report(TimePoint now, bool leaving) {
  last_report_ = now;
  const RtcpReport report{.ssrc = sender_.ssrc(),
                          .sender_clock = now.time_since_epoch(),
                          .timestamp = sender_.timestamp(),
                          .packets_sent = static_cast<std::uint32_t>(sender_.packets_sent()),
                          .payload_bytes_sent = static_cast<std::uint32_t>(sender_.payload_bytes_sent()),
                          .cname = cname_,
                          .name = options_.name,
                          .leaving = leaving};
  std::array<std::byte, RtcpReport::kMaxBytes> datagram{};
  ByteWriter writer(datagram);
  report.serialize(writer);
  CHECK(writer.ok());
  send(writer.written());
}

// --- Hearing
// ----------------------------------------------------------------------------------------------------------

void OpenSession::hear(TimePoint now, std::span<float> mix, const EachSpeaker& each) {
  std::fill(mix.begin(), mix.end(), 0.0F);
  voice_.resize(mix.size());
  for (const auto& speaker : speakers_) {
    if (!speaker->player.play(now, voice_)) continue;
    for (std::size_t i = 0; i < mix.size(); ++i) mix[i] += voice_[i];
    if (each) each(speaker->ssrc, speaker->name, voice_);
  }
  for (float& sample : mix) sample = limited(sample);
}

OpenSession::Speaker* OpenSession::find(std::uint32_t ssrc) {
  const auto found = std::find_if(speakers_.begin(), speakers_.end(),
                                  [ssrc](const auto& speaker) { return speaker->ssrc == ssrc; });
  return found == speakers_.end() ? nullptr : found->get();
}

OpenSession::Speaker* OpenSession::admit(TimePoint now, std::uint32_t ssrc) {
  if (Speaker* known = find(ssrc)) return known;
  if (speakers_.size() >= kMaxStreams) {
    const auto quietest =
        std::min_element(speakers_.begin(), speakers_.end(),
                         [](const auto& a, const auto& b) { return a->last_voice < b->last_voice; });
    if (now - (*quietest)->last_voice < kGivesWayAfter) return nullptr;
    end_speaking(**quietest);
    speakers_.erase(quietest);
  }
  auto& speaker = speakers_.emplace_back(std::make_unique<Speaker>(ssrc, options_.playout_delay));
  speaker->last_voice = now;
  return speaker.get();
}

void OpenSession::begin_speaking(TimePoint now, Speaker& speaker) {
  // A goodbye may overtake the last voice before it, since the relay lets control go first.
  if (speaker.said_goodbye && now - *speaker.said_goodbye < kSpurtEndsAfter) return;
  if (std::exchange(speaker.speaking, true)) return;
  if (events_.size() < kMaxEvents)
    events_.emplace_back(Speaking{.ssrc = speaker.ssrc, .name = speaker.name, .begins = true});
}

void OpenSession::end_speaking(Speaker& speaker) {
  if (!std::exchange(speaker.speaking, false)) return;
  if (events_.size() < kMaxEvents)
    events_.emplace_back(Speaking{.ssrc = speaker.ssrc, .name = speaker.name, .begins = false});
}

void OpenSession::remember_author(TimePoint now, const std::string& name) {
  std::erase_if(authors_, [&name](const auto& author) { return author.name == name; });
  authors_.insert(authors_.begin(), AuthorInfo{.name = name, .last_text = now});
  if (authors_.size() > kMaxAuthors) authors_.pop_back();
}

// --- Out
// --------------------------------------------------------------------------------------------------------------

void OpenSession::send(std::span<const std::byte> datagram) {
  Outgoing& slot = outgoing_[(outgoing_first_ + outgoing_count_) % kOutgoingSlots];
  CHECK(datagram.size() <= slot.bytes.size());
  std::copy(datagram.begin(), datagram.end(), slot.bytes.begin());
  slot.size = datagram.size();
  if (outgoing_count_ < kOutgoingSlots) {
    ++outgoing_count_;
  } else {
    outgoing_first_ = (outgoing_first_ + 1) % kOutgoingSlots;  // nobody took them: the oldest gives way
  }
}

std::optional<std::span<const std::byte>> OpenSession::next_datagram() {
  if (outgoing_count_ == 0) return std::nullopt;
  const Outgoing& slot = outgoing_[outgoing_first_];
  outgoing_first_ = (outgoing_first_ + 1) % kOutgoingSlots;
  --outgoing_count_;
  ++stats_.datagrams_sent;
  return std::span(slot.bytes).first(slot.size);
}

std::optional<Event> OpenSession::next_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

std::vector<SpeakerInfo> OpenSession::speakers() const {
  std::vector<SpeakerInfo> infos;
  for (const auto& speaker : speakers_) {
    infos.push_back({.ssrc = speaker->ssrc,
                     .name = speaker->name,
                     .speaking = speaker->speaking,
                     .last_voice = speaker->last_voice,
                     .stats = speaker->player.stats(),
                     .depth = speaker->player.depth()});
  }
  return infos;
}

SessionStats OpenSession::stats() const {
  SessionStats stats = stats_;
  stats.voice_packets_sent = sender_.packets_sent();
  stats.voice_bytes_sent = sender_.payload_bytes_sent();
  return stats;
}

}  // namespace hubbub::client
