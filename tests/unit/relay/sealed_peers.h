// A sealed relay, and clients made by hand before it: each step of theirs is the test's own, and after each
// the relay's books must balance.
#pragma once

#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/session/handshake.h"
#include "codec/session/hello_keys.h"
#include "codec/session/sealed_channel.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/voice_elements.h"
#include "relay/core/sealed_relay.h"
#include "tests/unit/session/scripted_relay.h"

namespace hubbub::relay {

using session::element_of;
using session::Heard;
using session::ping_of;

inline Endpoint at(int n) {
  return {IpAddress::v4(198, 51, static_cast<std::uint8_t>(n / 200), static_cast<std::uint8_t>(1 + n % 200)),
          40'000};
}
inline seal::RoomId room_id(int n) {
  seal::RoomId id{};
  id.fill(static_cast<std::byte>(n));
  id.back() = static_cast<std::byte>(n / 256);
  return id;
}

// A frame that nobody can open: the relay does not try.
inline Bytes bare_frame(std::uint32_t ssrc, std::uint32_t ctr, std::size_t opus_bytes = 20,
                        std::uint32_t kid = 0xA0000001) {
  Bytes bytes(SealedFrame::kOverheadBytes + opus_bytes);
  ByteWriter writer(bytes);
  SealedFrame::serialize_headers(
      {.sequence = {static_cast<std::uint16_t>(ctr)}, .timestamp = {960 * ctr}, .ssrc = ssrc}, kid, ctr,
      writer);
  for (std::size_t i = writer.size(); i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * ctr);
  return bytes;
}
inline Bytes frame_element(const Bytes& frame) {
  Bytes bytes(frame.size() + 4);
  ByteWriter writer(bytes);
  EXPECT_TRUE((FrameElement{.level = {}, .frame = frame}.serialize(writer)));
  return bytes;
}
// An object of this member's, sealed by nobody.
inline Bytes bare_object(std::uint32_t ssrc, int mark) {
  Bytes bytes(20, static_cast<std::byte>(mark));
  ByteWriter writer(bytes);
  writer.u32(ssrc);
  return bytes;
}
inline Bytes operator+(Bytes first, const Bytes& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

// A message whose id and object nobody else's are, of this place among its sender's.
inline MessageId message_id(int mark) {
  MessageId id{};
  ByteWriter writer(id);
  writer.u32(static_cast<std::uint32_t>(mark));
  return id;
}
inline Bytes text_element(std::uint32_t sequence, int mark, std::uint32_t floor = 0,
                          std::size_t object_bytes = 20) {
  const Bytes object(object_bytes, static_cast<std::byte>(mark));
  TextElement text{.floor = floor, .sequence = sequence, .id = message_id(mark), .object = object};
  return element_of(text);
}

struct Peer {
  Endpoint where;
  std::uint32_t ssrc = 0;
  int room = 0;
  std::optional<session::SealedChannel> channel{};
  Grant grant{};
  seal::Digest hash{};
};

class SealedPeers : public testing::Test {
 protected:
  static constexpr TimePoint kStart{1h};

  explicit SealedPeers(SealedOptions options = {}) : options_(with_keys(std::move(options))) {}

  // --- The relay, watched
  void hear(const Endpoint& from, const Bytes& datagram, bool truncated = false) {
    relay_.receive(now_, from, kOurs, datagram, truncated);
    check();
    deliver();
  }
  // Sends at most so many copies; all of them, unless a test has set a limit.
  void deliver() {
    while (limit_ > 0) {
      const auto outgoing = relay_.next(now_);
      check();
      if (!outgoing) return;
      ASSERT_FALSE(outgoing->recipients.empty());
      const std::size_t count = std::min(limit_, outgoing->recipients.size());
      for (const Recipient& recipient : outgoing->recipients.first(count)) {
        mail_[recipient.to].push_back(bytes_of(outgoing->payload));
        EXPECT_EQ(recipient.from, kOurs);
      }
      relay_.settle(count, 0, UnsentReason::kOtherError);
      check();
      limit_ -= count;
    }
  }
  void block() { limit_ = 0; }
  void let_through(std::size_t copies) {
    limit_ = copies;
    deliver();
  }
  void unblock() { let_through(kNoLimit); }
  void expire(Duration later) {
    now_ += later;
    relay_.expire(now_);
    check();
    deliver();
  }
  void check() { ASSERT_TRUE(relay_.books_balance()); }
  std::uint64_t dropped(DropReason reason) const { return relay_.books().dropped_for(reason); }
  std::uint64_t refused(DropReason reason) const { return relay_.books().refused_for(reason); }

  std::vector<Bytes> take_mail(const Endpoint& where) { return std::exchange(mail_[where], {}); }
  std::vector<Bytes> take_mail(const Peer& peer) { return take_mail(peer.where); }
  // What was sealed for the peer, wherever it came; the rest of its mail stays.
  std::vector<Heard> take_sealed(Peer& peer) {
    std::vector<Heard> heard;
    for (auto& [where, mail] : mail_) {
      std::erase_if(mail, [&](const Bytes& datagram) {
        const auto envelope = Envelope::parse(datagram);
        if (datagram[0] != std::byte{0x07} || !envelope.ok() ||
            envelope->session_id != peer.channel->session_id())
          return false;
        Bytes out(Envelope::kMaxPlaintextBytes);
        const auto opened = peer.channel->open(*envelope, out);
        EXPECT_TRUE(opened.ok());
        if (!opened.ok()) return false;
        for (Heard& element : session::elements_in(opened->elements)) heard.push_back(std::move(element));
        return true;
      });
    }
    return heard;
  }
  std::vector<Bytes> take_sealed(Peer& peer, ElementType type) {
    std::vector<Bytes> bodies;
    for (const Heard& heard : take_sealed(peer)) {
      if (heard.type == type) bodies.push_back(heard.body);
    }
    return bodies;
  }

  // --- The peers' steps
  Bytes hello_of(const session::Initiator& initiator, const Cookie& cookie = {},
                 std::uint8_t version = kSealedVersion) {
    Hello hello;
    hello.preamble.version = version;
    hello.cookie = cookie;
    hello.noise = initiator.hello();
    std::array<std::byte, Hello::kBytes> bytes{};
    hello.serialize(bytes);
    hello_keys_.sign(bytes);
    return bytes_of(bytes);
  }
  Cookie cookie_for(const Endpoint& where, const session::Initiator& initiator) {
    hear(where, hello_of(initiator));
    const auto mail = take_mail(where);
    EXPECT_EQ(mail.size(), 1U);
    const auto retry =
        mail.empty() ? Result<Retry, DropReason>(DropReason::kTruncated) : Retry::parse(mail[0]);
    EXPECT_TRUE(retry.ok());
    return retry.ok() ? retry->cookie : Cookie{};
  }
  session::Initiator initiator() { return {options_.door.keys.public_key, {}, {}, random_}; }

  Peer enter(int n, std::uint32_t ssrc, int room = 1) {
    Peer peer{.where = at(n), .ssrc = ssrc, .room = room};
    session::Initiator noise = initiator();
    hear(peer.where, hello_of(noise, cookie_for(peer.where, noise)));
    const auto mail = take_mail(peer);
    EXPECT_EQ(mail.size(), 1U);
    if (mail.size() != 1) return peer;
    const auto reply = Reply::parse(mail[0]);
    EXPECT_TRUE(reply.ok());
    const auto established = reply.ok() ? noise.finish(reply->noise) : std::nullopt;
    EXPECT_TRUE(established.has_value());
    if (!established) return peer;
    take_up(peer, *established);
    return peer;
  }
  static void take_up(Peer& peer, const session::Established& established) {
    peer.grant = established.grant;
    peer.hash = established.hash;
    peer.channel.emplace(established.grant.session_id, established.keys, seal::Role::kInitiator);
  }
  Bytes sealed(Peer& peer, const Bytes& elements) {
    Bytes datagram(kMaxSealedDatagramBytes);
    datagram.resize(peer.channel->seal(elements, datagram));
    return datagram;
  }
  void send(Peer& peer, const Bytes& elements) { hear(peer.where, sealed(peer, elements)); }
  static Bytes join_of(const Peer& peer) {
    Join join;
    join.room_id = room_id(peer.room);
    join.ssrc = peer.ssrc;
    return element_of(join);
  }
  // The answer to a Join: the members there are, or why not.
  struct Welcomed {
    std::uint32_t members = 0;
    std::optional<TurnedAway::Reason> turned_away{};
  };
  Welcomed join(Peer& peer) {
    send(peer, join_of(peer));
    const auto heard = take_sealed(peer);
    EXPECT_EQ(heard.size(), 1U);
    if (heard.size() != 1) return {};
    if (heard[0].type == ElementType::kTurnedAway) {
      const auto turned_away = TurnedAway::parse(heard[0].body);
      EXPECT_EQ(turned_away->ssrc, peer.ssrc);
      return {.turned_away = turned_away->reason};
    }
    EXPECT_EQ(heard[0].type, ElementType::kWelcome);
    const auto welcome = Welcome::parse(heard[0].body);
    EXPECT_EQ(welcome->ssrc, peer.ssrc);
    return {.members = welcome->members};
  }
  Peer member(int n, std::uint32_t ssrc, int room = 1) {
    Peer peer = enter(n, ssrc, room);
    EXPECT_GT(join(peer).members, 0U);
    return peer;
  }
  void say_goodbye(Peer& peer) { send(peer, element_of(Goodbye{})); }

 private:
  static constexpr std::size_t kNoLimit = 1'000'000'000;
  static inline const IpAddress kOurs = IpAddress::v4(192, 0, 2, 1);
  static SealedOptions with_keys(SealedOptions options) {
    seal::SeededRandom random(17);
    options.door.keys = seal::KeyPair::generate(random);
    return options;
  }

 protected:
  seal::SeededRandom random_{3};
  TimePoint now_ = kStart;
  SealedOptions options_;
  SourcePolicy policy_{true};
  SealedRelay relay_{options_, policy_, kStart, random_};
  session::HelloKeys hello_keys_{options_.door.keys.public_key, {}};

 private:
  std::size_t limit_ = kNoLimit;
  std::map<Endpoint, std::vector<Bytes>> mail_;
};

}  // namespace hubbub::relay
