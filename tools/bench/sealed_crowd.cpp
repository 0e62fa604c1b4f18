#include "tools/bench/sealed_crowd.h"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <vector>

#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/sealed.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/voice_elements.h"
#include "relay/net/clock.h"

namespace hubbub::bench {
namespace {

// A member's SSRC says which peer it is, and is far from those that open rooms are measured with.
constexpr std::uint32_t kFirstSsrc = 0x5EA1'0000;
constexpr Duration kTickEvery = 10ms;

constexpr std::array<std::byte, SealedCrowd::kOpusBytes> make_opus() {
  std::array<std::byte, SealedCrowd::kOpusBytes> opus{};
  opus.fill(std::byte{0x5A});
  return opus;
}
constexpr std::array<std::byte, SealedCrowd::kOpusBytes> kOpus = make_opus();

std::uint32_t ssrc_for(std::size_t peer) {
  return kFirstSsrc + static_cast<std::uint32_t>(peer);
}

session::LinkOptions options_of(const seal::Invite& invite, const seal::RoomKeys& keys) {
  return {.relay_key = *invite.relay_key, .psk = {}, .unknown_psk = {}, .room_id = keys.room_id()};
}

const seal::Invite& whole(const seal::Invite& invite) {
  if (!invite.relay_key || !invite.room_secret) throw std::runtime_error("the relay's invite names no room");
  return invite;
}

}  // namespace

SealedCrowd::SealedCrowd(Crowd& crowd, std::uint16_t relay_port, const seal::Invite& invite)
    : crowd_(crowd),
      relay_port_(relay_port),
      keys_(*whole(invite).relay_key, *invite.room_secret),
      options_(options_of(invite, keys_)) {}

session::ClientLink SealedCrowd::make_link(std::size_t peer) {
  return {options_, ssrc_for(peer), random_, [this, peer](std::span<const std::byte> datagram) {
            ++datagrams_sent_;
            last_size_sent_ = datagram.size();
            crowd_.send(peer, relay_port_, datagram);
          }};
}

void SealedCrowd::join(std::size_t members) {
  std::vector<std::size_t> joining;
  TimePoint deadline = net::now() + kJoinPatience;
  TimePoint next_tick;
  while (members_.size() < members || !joining.empty()) {
    const TimePoint now = net::now();
    while (members_.size() < members && joining.size() < kJoiningAtOnce) {
      joining.push_back(members_.size());
      members_.push_back(make_link(members_.size()));
      members_.back().connect(now);
    }
    for (const Crowd::Copy& copy : crowd_.receive()) {
      if (copy.peer < members_.size()) static_cast<void>(members_[copy.peer].receive(now, copy.bytes));
    }
    if (std::erase_if(joining, [this](std::size_t member) { return members_[member].joined(); }) > 0)
      deadline = now + kJoinPatience;
    if (now >= deadline)
      throw std::runtime_error("of " + std::to_string(members) + " members only " +
                               std::to_string(members_.size() - joining.size()) +
                               " are in the relay's sealed room");
    if (now < next_tick) continue;
    next_tick = now + kTickEvery;
    for (const std::size_t member : joining) members_[member].tick(now);
  }
}

void SealedCrowd::send_padding(std::size_t member, int envelopes) {
  for (int i = 0; i < envelopes; ++i) CHECK(members_[member].send({}));
}

SealedCrowd::Join SealedCrowd::join_and_leave(std::size_t peer) {
  session::ClientLink link = make_link(peer);
  const std::uint64_t sent_before = datagrams_sent_;
  const TimePoint start = net::now();
  TimePoint now = start;
  for (link.connect(start); !link.joined(); now = net::now()) {
    if (now - start >= kJoinPatience) throw std::runtime_error("nobody gets into the relay's sealed room");
    for (const Crowd::Copy& copy : crowd_.receive()) {
      if (copy.peer == peer) static_cast<void>(link.receive(net::now(), copy.bytes));
    }
    link.tick(now);
  }
  const Join join{.took = now - start, .round_trips = static_cast<int>(datagrams_sent_ - sent_before)};
  link.leave();
  return join;
}

// --- Voice

SealedCrowd::Voice& SealedCrowd::voice_of(std::size_t member) {
  const std::uint32_t ssrc = ssrc_for(member);
  const auto found = voices_.find(ssrc);
  if (found != voices_.end()) return found->second;
  const session::StreamId id{.ssrc = ssrc, .kid = session::draw_kid(random_)};
  session::FrameSealer sealer(keys_, id, SequenceNumber{0});
  const std::uint32_t first = sealer.next_ctr();
  return voices_.emplace(ssrc, Voice{.id = id, .sealer = std::move(sealer), .first_of_turn = first})
      .first->second;
}

void SealedCrowd::begin_turn() {
  for (auto& [ssrc, voice] : voices_) voice.first_of_turn = voice.sealer.next_ctr();
}

void SealedCrowd::speak(std::size_t member) {
  Voice& voice = voice_of(member);
  const std::uint32_t ctr = voice.sealer.next_ctr();
  RtpHeader header;
  header.sequence = SequenceNumber{static_cast<std::uint16_t>(ctr)};
  header.timestamp = header.timestamp + static_cast<std::int64_t>(ctr) * samples_in(kFrameDuration);
  header.ssrc = voice.id.ssrc;
  std::array<std::byte, SealedFrame::kMaxBytes> sealed{};
  const auto frame = voice.sealer.seal(header, kOpus, sealed);
  std::array<std::byte, Element::kHeaderBytes + 1 + SealedFrame::kMaxBytes> bytes{};
  ByteWriter writer(bytes);
  const FrameElement element{.level = {.voice = true, .minus_dbov = 20}, .frame = frame};
  CHECK(element.serialize(writer) && members_[member].send(writer.written()));
}

std::uint64_t SealedCrowd::take() {
  std::uint64_t copies = 0;
  for (const Crowd::Copy& copy : crowd_.receive()) {
    if (sealed_kind_of(copy.bytes) != SealedKind::kFrame) continue;
    const auto frame = SealedFrame::parse(copy.bytes);
    if (!frame) continue;
    const auto voice = voices_.find(frame->header.ssrc);
    if (voice != voices_.end() && frame->kid == voice->second.id.kid &&
        frame->ctr >= voice->second.first_of_turn)
      ++copies;
  }
  return copies;
}

SealedCrowd::FrameSizes SealedCrowd::weigh_frame(std::size_t member) {
  speak(member);
  FrameSizes sizes{.up = last_size_sent_};
  for (const TimePoint deadline = net::now() + kPatience; net::now() < deadline;) {
    for (const Crowd::Copy& copy : crowd_.receive()) {
      const auto frame = SealedFrame::parse(copy.bytes);
      if (!frame || frame->header.ssrc != ssrc_for(member)) continue;
      std::array<std::byte, SealedFrame::kMaxOpusBytes> opus{};
      const auto opened = session::FrameOpener(keys_, voice_of(member).id).open(*frame, opus);
      if (!opened || !std::ranges::equal(*opened, kOpus))
        throw std::runtime_error("a sealed frame does not open as what was said");
      sizes.down = copy.bytes.size();
      return sizes;
    }
  }
  throw std::runtime_error("a sealed frame was not heard");
}

}  // namespace hubbub::bench
