#include "tools/bench/load.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "relay/net/clock.h"

namespace hubbub::bench {
namespace {

constexpr Duration kPause = 300ms;
constexpr std::uint32_t kJoiningSsrc = 0xFFFFFFFF;
constexpr int kJoinAttempts = 5;
constexpr std::size_t kKeepalivesAtOnce = 32;
constexpr Duration kKeepalivePause = 500us;

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled in below
Speaker::Speaker(std::size_t peer, std::uint32_t ssrc) : peer_(peer) {
  header_.ssrc = ssrc;
  frame_.fill(std::byte{0x5A});
}

std::span<const std::byte> Speaker::next_frame() {
  ByteWriter writer(frame_);
  header_.serialize(writer);
  header_.sequence = header_.sequence + 1;
  header_.timestamp = header_.timestamp + samples_in(kFrameDuration);
  return frame_;
}

std::optional<std::uint32_t> ssrc_of(std::span<const std::byte> frame) {
  const auto packet = RtpPacket::parse(frame);
  if (!packet) return std::nullopt;
  return packet->header.ssrc;
}

std::size_t speaking_peer(std::size_t turn, std::size_t peers) {
  return (turn % kSpeakers) * peers / kSpeakers;
}

Pace pace_for(double copies_per_second, double turn_s, std::size_t peers) {
  const double interval_s = static_cast<double>(peers - 1) / copies_per_second;
  return {.datagrams = static_cast<std::size_t>(std::max(1.0, std::round(turn_s / interval_s))),
          .interval = Duration(static_cast<std::int64_t>(interval_s * 1e9))};
}

void send_keepalives(Crowd& crowd, std::uint16_t relay_port, std::size_t first, std::size_t last) {
  for (std::size_t peer = first; peer < last; ++peer) {
    crowd.send(peer, relay_port, {});
    if ((peer - first) % kKeepalivesAtOnce != kKeepalivesAtOnce - 1) continue;
    const TimePoint go_on = net::now() + kKeepalivePause;
    while (net::now() < go_on) {
    }
  }
}

std::uint64_t take(Crowd& crowd, std::uint32_t ssrc) {
  const auto copies = crowd.receive();
  const auto ours = [ssrc](const Crowd::Copy& copy) { return ssrc_of(copy.bytes) == ssrc; };
  return static_cast<std::uint64_t>(std::count_if(copies.begin(), copies.end(), ours));
}

std::uint64_t gather(Crowd& crowd, std::uint32_t ssrc, std::uint64_t wanted, Duration patience) {
  std::uint64_t received = 0;
  TimePoint deadline = net::now() + patience;
  while (received < wanted && net::now() < deadline) {
    const std::uint64_t more = take(crowd, ssrc);
    if (more > 0) deadline = net::now() + patience;
    received += more;
  }
  return received;
}

void pause(Crowd& crowd) {
  gather(crowd, kJoiningSsrc, 1, kPause);
}

void join(Crowd& crowd, std::uint16_t relay_port, std::size_t first, std::size_t last) {
  Speaker speaker(0, kJoiningSsrc);
  std::uint64_t heard = 0;
  for (int attempt = 0; attempt < kJoinAttempts; ++attempt) {
    send_keepalives(crowd, relay_port, first, last);
    crowd.send(speaker.peer(), relay_port, speaker.next_frame());
    heard = gather(crowd, kJoiningSsrc, last - 1);
    if (heard == last - 1) return;
  }
  throw std::runtime_error("of " + std::to_string(last) + " peers only " + std::to_string(heard + 1) +
                           " are in the relay's room");
}

}  // namespace hubbub::bench
