// A ClientLink before a ScriptedRelay, in steps of virtual time.
#pragma once

#include <gtest/gtest.h>

#include "codec/session/client_link.h"
#include "codec/wire/element.h"
#include "codec/wire/session_elements.h"
#include "tests/unit/session/scripted_relay.h"

namespace hubbub::session {

class LinkedClient : public testing::Test {
 protected:
  static constexpr TimePoint kStart{1h};
  static constexpr Duration kStep = 10ms;
  static constexpr std::uint32_t kSsrc = 0x1234;

  [[nodiscard]] LinkOptions options() const {
    LinkOptions options;
    options.relay_key = relay_.public_key();
    options.unknown_psk.view()[0] = std::byte{5};
    options.room_id.fill(std::byte{9});
    return options;
  }

  [[nodiscard]] Duration elapsed() const { return now_ - kStart; }
  void step() {
    now_ += kStep;
    link_.tick(now_);
  }
  void run(Duration duration) {
    for (const TimePoint end = now_ + duration; now_ < end;) step();
  }

  // Why a datagram was of no use.
  std::optional<DropReason> hear(const Bytes& datagram) {
    const auto received = link_.receive(now_, datagram);
    return received.ok() ? std::nullopt : std::optional(received.error());
  }

  // Takes what was sent of one kind; the rest stays.
  std::vector<Bytes> take(SealedKind kind) {
    std::vector<Bytes> taken;
    std::erase_if(sent_, [&](const Bytes& datagram) {
      if (sealed_kind_of(datagram) != kind) return false;
      taken.push_back(datagram);
      return true;
    });
    return taken;
  }
  std::vector<Hello> hellos() {
    std::vector<Hello> hellos;
    for (const Bytes& datagram : take(SealedKind::kHello)) {
      const auto hello = relay_.read_hello(datagram);
      EXPECT_TRUE(hello.has_value());
      if (hello) hellos.push_back(*hello);
    }
    return hellos;
  }
  Hello only_hello() {
    const auto all = hellos();
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? Hello{} : all.back();
  }

  // All that was sealed of one type, with how old the session is that it came in: 0 for the newest.
  struct Sealed {
    Bytes body;
    std::size_t age = 0;
  };
  std::vector<Sealed> take(ElementType type) {
    for (const Bytes& datagram : take(SealedKind::kEnvelope)) {
      auto opened = relay_.open(datagram);
      EXPECT_TRUE(opened.has_value());
      if (!opened) continue;
      for (Heard& heard : opened->elements)
        heard_.emplace_back(heard.type, Sealed{std::move(heard.body), opened->age});
    }
    std::vector<Sealed> taken;
    std::erase_if(heard_, [&](auto& heard) {
      if (heard.first != type) return false;
      taken.push_back(std::move(heard.second));
      return true;
    });
    return taken;
  }
  std::vector<Join> take_joins() {
    std::vector<Join> joins;
    for (const Sealed& sealed : take(ElementType::kJoin)) {
      const auto join = Join::parse(sealed.body);
      EXPECT_TRUE(join.ok());
      joins.push_back(*join);
      joins.back().presence = {};
    }
    return joins;
  }

  // The last Hello is answered.
  void let_in(std::uint32_t session_id) {
    const auto all = hellos();
    ASSERT_FALSE(all.empty());
    ASSERT_EQ(hear(relay_.reply(all.back(), session_id)), std::nullopt);
  }
  void welcome(std::uint32_t ssrc = kSsrc, std::uint32_t members = 1) {
    ASSERT_EQ(hear(relay_.seal(element_of(Welcome{.ssrc = ssrc, .members = members}))), std::nullopt);
  }
  void turned_away(TurnedAway::Reason reason, std::uint32_t ssrc = kSsrc) {
    ASSERT_EQ(hear(relay_.seal(element_of(TurnedAway{.ssrc = ssrc, .reason = reason}))), std::nullopt);
  }
  void join(std::uint32_t session_id) {
    sent_.clear();
    link_.connect(now_);
    let_in(session_id);
    welcome();
    ASSERT_TRUE(link_.joined());
    static_cast<void>(link_.take_welcome());
    static_cast<void>(take_joins());
  }

  seal::SeededRandom random_{7};
  ScriptedRelay relay_;
  TimePoint now_ = kStart;
  std::vector<Bytes> sent_;
  std::vector<std::pair<ElementType, Sealed>> heard_;
  ClientLink link_{options(), kSsrc, random_,
                   [this](std::span<const std::byte> bytes) { sent_.push_back(bytes_of(bytes)); }};
};

}  // namespace hubbub::session
