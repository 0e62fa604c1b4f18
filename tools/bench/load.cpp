#include "tools/bench/load.h"

#include <stdexcept>
#include <string>

#include "relay/net/clock.h"

namespace hubbub::bench {
namespace {

constexpr Duration kQuiet = 300ms;  // no copy for so long, and none will come
constexpr int kJoinAttempts = 5;
constexpr std::size_t kKeepalivesAtOnce = 32;
constexpr Duration kKeepalivePause = 500us;

}  // namespace

// NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): filled in below
Speaker::Speaker(std::size_t peer) : peer_(peer) {
  header_.ssrc = static_cast<std::uint32_t>(peer);
  frame_.fill(std::byte{0x5A});
}

std::span<const std::byte> Speaker::next_frame() {
  ByteWriter writer(frame_);
  header_.serialize(writer);
  header_.sequence = header_.sequence + 1;
  header_.timestamp = header_.timestamp + samples_in(kFrameDuration);
  return frame_;
}

std::size_t speaker_of(std::span<const std::byte> frame) {
  const auto packet = RtpPacket::parse(frame);
  return packet ? packet->header.ssrc : Crowd::kMaxPeers;
}

std::size_t speaking_peer(std::size_t turn, std::size_t peers) {
  return (turn % kSpeakers) * peers / kSpeakers;
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

std::uint64_t gather(Crowd& crowd, std::uint64_t wanted) {
  std::uint64_t received = 0;
  TimePoint patience = net::now() + kQuiet;
  while (received < wanted && net::now() < patience) {
    const std::size_t more = crowd.receive().size();
    if (more > 0) patience = net::now() + kQuiet;
    received += more;
  }
  return received;
}

void join(Crowd& crowd, std::uint16_t relay_port, std::size_t first, std::size_t last) {
  Speaker speaker(0);
  std::uint64_t heard = 0;
  for (int attempt = 0; attempt < kJoinAttempts; ++attempt) {
    send_keepalives(crowd, relay_port, first, last);
    crowd.send(speaker.peer(), relay_port, speaker.next_frame());
    heard = gather(crowd, last - 1);
    if (heard == last - 1) return;
  }
  throw std::runtime_error("of " + std::to_string(last) + " peers only " + std::to_string(heard + 1) +
                           " are in the relay's room");
}

}  // namespace hubbub::bench
