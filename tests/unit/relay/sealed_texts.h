// What tests of a sealed relay's log and roster do as members: write, ask, and look at what came.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "tests/unit/relay/sealed_peers.h"

namespace hubbub::relay {

struct Answer {
  std::vector<TextRange> ranges;  // one a datagram
  std::vector<std::uint64_t> numbers;
  std::vector<std::uint64_t> previous;
};

class SealedTexts : public SealedPeers {
 protected:
  explicit SealedTexts(SealedOptions options = {}) : SealedPeers(std::move(options)) {}

  std::vector<TextAck> say(Peer& peer, std::uint32_t sequence, int mark, std::uint32_t floor = 0,
                           std::size_t object_bytes = 20) {
    now_ += 2ms;  // what a member may cost
    send(peer, text_element(sequence, mark, floor, object_bytes));
    return take_acks(peer);
  }
  std::vector<TextAck> take_acks(Peer& peer) {
    std::vector<TextAck> acks;
    for (const Bytes& body : take_sealed(peer, ElementType::kTextAck)) acks.push_back(*TextAck::parse(body));
    return acks;
  }
  // The entries that came live.
  std::vector<std::uint64_t> take_live(const Peer& peer) {
    std::vector<std::uint64_t> numbers;
    for (const Bytes& datagram : take_mail(peer)) {
      if (sealed_kind_of(datagram) != SealedKind::kBundle) continue;
      for (const Heard& heard : session::elements_in(std::span(datagram).subspan(1)))
        numbers.push_back(LogEntryElement::parse(heard.body)->number);
    }
    return numbers;
  }
  Answer ask(Peer& peer, std::uint64_t after, std::uint16_t before = 0) {
    now_ += 1s;
    send(peer, element_of(TextAsk{.after = after, .before = before}));
    Answer answer;
    for (const Heard& heard : take_sealed(peer)) {
      if (heard.type == ElementType::kTextRange) answer.ranges.push_back(*TextRange::parse(heard.body));
      if (heard.type != ElementType::kLogEntry) continue;
      const auto entry = LogEntryElement::parse(heard.body);
      EXPECT_TRUE(entry.ok());
      answer.numbers.push_back(entry->number);
      answer.previous.push_back(entry->previous);
    }
    return answer;
  }
  Pong ping(Peer& peer) {
    send(peer, ping_of(1, ElementType::kPing));
    const auto pongs = take_sealed(peer, ElementType::kPong);
    EXPECT_EQ(pongs.size(), 1U);
    return pongs.empty() ? Pong{} : *Pong::parse(pongs[0]);
  }
  std::optional<Welcome> welcome(Peer& peer) {
    send(peer, join_of(peer));
    const auto welcomes = take_sealed(peer, ElementType::kWelcome);
    EXPECT_LE(welcomes.size(), 1U);
    return welcomes.empty() ? std::nullopt : std::optional(*Welcome::parse(welcomes[0]));
  }
  using Numbers = std::vector<std::uint64_t>;
};

}  // namespace hubbub::relay
