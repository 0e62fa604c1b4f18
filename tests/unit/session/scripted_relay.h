// A relay as a test writes it: it opens what a client sends, and answers when it is told to and as it is told
// to.
#pragma once

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/session/handshake.h"
#include "codec/session/hello_keys.h"
#include "codec/session/sealed_channel.h"
#include "codec/wire/element.h"
#include "codec/wire/sealed.h"
#include "codec/wire/session_elements.h"
#include "tests/unit/seal/test_vectors.h"

namespace hubbub::session {

template <class Message>
Bytes datagram_of(const Message& message) {
  Bytes bytes(kMaxSealedDatagramBytes);
  ByteWriter writer(bytes);
  message.serialize(writer);
  EXPECT_TRUE(writer.ok());
  bytes.resize(writer.size());
  return bytes;
}

template <class Message>
Bytes element_of(const Message& message) {
  return datagram_of(message);
}
inline Bytes element_of(ElementType type, std::span<const std::byte> body) {
  Bytes bytes(Element::kHeaderBytes + body.size());
  ByteWriter writer(bytes);
  EXPECT_TRUE(write_element(writer, type, body));
  return bytes;
}
inline Bytes ping_of(std::uint64_t token, ElementType type) {
  Bytes bytes(Element::kHeaderBytes + PingElement::kBytes);
  ByteWriter writer(bytes);
  EXPECT_TRUE((PingElement{.token = token}.serialize(writer, type)));
  return bytes;
}

// An element on its own, which outlives the datagram it came in.
struct Heard {
  ElementType type;
  Bytes body;
};
inline std::vector<Heard> elements_in(std::span<const std::byte> bytes) {
  std::vector<Heard> heard;
  ElementReader reader(bytes);
  while (const auto element = reader.next())
    heard.push_back({element->type, {element->body.begin(), element->body.end()}});
  EXPECT_FALSE(reader.problem().has_value());
  return heard;
}

class ScriptedRelay {
 public:
  explicit ScriptedRelay(std::uint64_t seed = 1, const seal::Key& psk = {})
      : random_(seed),
        keys_(seal::KeyPair::generate(random_)),
        psk_(psk),
        hello_keys_(keys_.public_key, psk) {}

  [[nodiscard]] const seal::PublicKey& public_key() const { return keys_.public_key; }

  // A Hello that the relay would answer at all: both of its MACs are good.
  [[nodiscard]] std::optional<Hello> read_hello(std::span<const std::byte> datagram) const {
    if (datagram.size() != Hello::kBytes || datagram[0] != std::byte{0x01}) return std::nullopt;
    const auto bytes = datagram.first<Hello::kBytes>();
    if (!hello_keys_.knows_key(bytes) || !hello_keys_.knows_token(bytes)) return std::nullopt;
    const auto hello = Hello::parse(datagram);
    return hello.ok() ? std::optional(*hello) : std::nullopt;
  }

  template <class Message>
  [[nodiscard]] Bytes answer(Message message, const Nonce& nonce) const {
    message.preamble.nonce = nonce;
    Bytes bytes = datagram_of(message);
    hello_keys_.sign_answer(bytes);
    return bytes;
  }
  [[nodiscard]] Bytes retry(const Hello& hello, int cookie) const {
    Retry message;
    message.cookie.fill(static_cast<std::byte>(cookie));
    return answer(message, hello.preamble.nonce);
  }
  [[nodiscard]] Bytes refusal(const Hello& hello, RefusalReason reason,
                              std::uint8_t version = kSealedVersion) const {
    return answer(Refusal{.preamble = {.kind = SealedKind::kRefusal, .version = version}, .reason = reason},
                  hello.preamble.nonce);
  }
  [[nodiscard]] Bytes key_answer(const Nonce& nonce) const {
    return answer(KeyAnswer{.relay_key = keys_.public_key}, nonce);
  }

  // Lets the client in: from now on `open` and `seal` are of this session.
  Bytes reply(const Hello& hello, std::uint32_t session_id) {
    Reply message{.preamble = {.kind = SealedKind::kReply, .nonce = hello.preamble.nonce}};
    const auto established = respond(keys_, psk_, {}, hello.noise, grant(session_id), random_, message.noise);
    EXPECT_TRUE(established.has_value());
    take_up(*established);
    return datagram_of(message);
  }
  // The answer to a Rekey's first message; what comes next is expected under the new keys.
  Bytes rekeyed(std::span<const std::byte> body, std::uint32_t session_id) {
    NoiseHello hello{};
    EXPECT_EQ(body.size(), hello.size());
    std::copy_n(body.begin(), hello.size(), hello.begin());
    NoiseReply reply{};
    const auto established =
        respond(keys_, psk_, {.rekeyed = hash_}, hello, grant(session_id), random_, reply);
    EXPECT_TRUE(established.has_value());
    const Bytes datagram = seal(element_of(ElementType::kRekeyed, reply));
    take_up(*established);
    return datagram;
  }

  Bytes seal(const Bytes& elements) { return seal_in(channels_.back(), elements); }
  Bytes seal_in_old(const Bytes& elements) { return seal_in(channels_[channels_.size() - 2], elements); }

  // The elements of an envelope of any session that was, and in which one they came: 0 is the newest.
  struct Opened {
    std::vector<Heard> elements;
    std::size_t age = 0;
  };
  std::optional<Opened> open(std::span<const std::byte> datagram) {
    if (datagram.empty() || datagram[0] != std::byte{0x07}) return std::nullopt;
    const auto envelope = Envelope::parse(datagram);
    if (!envelope.ok()) return std::nullopt;
    for (std::size_t age = 0; age < channels_.size(); ++age) {
      SealedChannel& channel = channels_[channels_.size() - 1 - age];
      if (channel.session_id() != envelope->session_id) continue;
      Bytes out(Envelope::kMaxPlaintextBytes);
      const auto opened = channel.open(*envelope, out);
      EXPECT_TRUE(opened.ok());
      if (!opened.ok()) return std::nullopt;
      return Opened{.elements = elements_in(opened->elements), .age = age};
    }
    return std::nullopt;
  }

  [[nodiscard]] static Grant grant(std::uint32_t session_id) {
    Grant grant{.session_id = session_id, .reset_token = {}, .idle_timeout_ms = 30'000};
    grant.reset_token.fill(static_cast<std::byte>(session_id));
    return grant;
  }
  [[nodiscard]] static Bytes reset(std::uint32_t session_id) {
    return datagram_of(Reset{.session_id = session_id, .token = grant(session_id).reset_token});
  }

 private:
  void take_up(const Established& established) {
    hash_ = established.hash;
    channels_.emplace_back(established.grant.session_id, established.keys, seal::Role::kResponder);
  }
  static Bytes seal_in(SealedChannel& channel, const Bytes& elements) {
    Bytes datagram(kMaxSealedDatagramBytes);
    datagram.resize(channel.seal(elements, datagram));
    return datagram;
  }

  seal::SeededRandom random_;
  seal::KeyPair keys_;
  seal::Key psk_;
  HelloKeys hello_keys_;
  seal::Digest hash_{};
  std::deque<SealedChannel> channels_;  // the newest last
};

}  // namespace hubbub::session
