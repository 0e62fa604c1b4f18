#include "voiceclient/core/open_session.h"

#include <array>
#include <utility>

#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"
#include "codec/wire/open_room.h"
#include "codec/wire/rtcp.h"
#include "codec/wire/text.h"

namespace hubbub::client {
namespace {

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
      speakers_(options.playout_delay) {
  sender_.set_muted(options.muted);
}

// --- In

void OpenSession::receive(TimePoint now, std::span<const std::byte> datagram) {
  ++stats_.datagrams_received;
  if (tap_) tap_(now, datagram);
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
  if (const auto problem = speakers_.put(now, *packet, events_)) drop(*problem);
}

void OpenSession::receive_report(TimePoint now, std::span<const std::byte> datagram) {
  const auto report = RtcpSummary::parse(datagram);
  if (!report) return drop(report.error());
  for (const auto& description : report->descriptions) {
    if (description.ssrc == sender_.ssrc()) continue;
    // A report may come just before the first voice it speaks of.
    const auto name = checked_name(printable(description.name));
    if (speakers_.admit(now, description.ssrc, events_) && name) speakers_.rename(description.ssrc, *name);
  }
  for (const std::uint32_t ssrc : report->leaving) speakers_.goodbye(now, ssrc, events_);
}

void OpenSession::receive_text(TimePoint now, std::span<const std::byte> datagram) {
  auto line = TextLine::parse(datagram);
  if (!line) return drop(line.error());
  ++stats_.texts_received;
  authors_.remember(now, line->author);
  events_.offer(TextHeard{std::move(*line)});
}

void OpenSession::tick(TimePoint now) {
  if (const auto token = watch_.ping_due(now, random_)) {
    std::array<std::byte, Probe::kBytes> ping{};
    ByteWriter writer(ping);
    Probe{*token}.serialize(writer, Probe::kPingByte);
    outgoing_.push(ping);
  }
  if (watch_.update(now)) {
    if (watch_.state() == RelayWatch::State::kHere) events_.add(RelayHere{watch_.round_trip()});
    if (watch_.state() == RelayWatch::State::kAway) events_.add(RelayAway{});
  }
  speakers_.tick(now, events_);
  authors_.tick(now);
}

// --- Our own voice and text

void OpenSession::capture(TimePoint now, std::span<const float> samples) {
  sender_.capture(samples, [&](std::span<const std::byte> packet) { send_voice(now, packet); });
}

void OpenSession::end_capture(TimePoint now) {
  sender_.flush([&](std::span<const std::byte> packet) { send_voice(now, packet); });
}

void OpenSession::send_voice(TimePoint now, std::span<const std::byte> packet) {
  // Who we are goes with the first packet, and every few seconds after.
  if (!last_report_ || now - *last_report_ >= kRtcpInterval) send_report(now, false);
  outgoing_.push(packet);
}

void OpenSession::set_muted(TimePoint, bool muted) {
  if (muted == sender_.muted()) return;
  sender_.set_muted(muted);
  if (!muted) last_report_.reset();
}

std::optional<DropReason> OpenSession::say(TimePoint, std::string_view typed) {
  const auto line = checked_text(options_.name, typed);
  if (!line) return line.error();
  const std::string datagram = line->serialize();
  // Its first byte decides what it is taken for, and typed text begins with no control character and no RTP
  // version.
  CHECK(kind_of(as_bytes(datagram)) == OpenKind::kText);
  ++stats_.texts_sent;
  outgoing_.push(as_bytes(datagram));
  return std::nullopt;
}

// As text has always shown it where there is nothing better.
std::optional<DropReason> OpenSession::act(TimePoint now, std::string_view typed) {
  return say(now, "* " + std::string(typed));
}

std::optional<std::string> OpenSession::tell(TimePoint, std::string_view, std::string_view) {
  return "an open room has no direct messages: everybody in it reads everything";
}

std::optional<std::string> OpenSession::set_name(TimePoint, const std::string& name) {
  options_.name = name;
  events_.add(NameChanged{name});
  last_report_.reset();  // speakers are told with the next one
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
  outgoing_.push(writer.written());
}

std::optional<std::span<const std::byte>> OpenSession::next_datagram() {
  const auto datagram = outgoing_.pop();
  if (datagram) ++stats_.datagrams_sent;
  return datagram;
}

SessionStats OpenSession::stats() const {
  SessionStats stats = stats_;
  stats.voice_packets_sent = sender_.packets_sent();
  stats.voice_bytes_sent = sender_.payload_bytes_sent();
  return stats;
}

}  // namespace hubbub::client
