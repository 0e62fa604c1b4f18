// The datagrams of a sealed port, told apart by their first byte (PROTOCOL.md, section 2): what a stranger
// and a relay say to each other before there is a session, and the outer form of what they say in one. Bytes
// and structures only; what they mean, and whether they are genuine, is for codec/session.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/wire/byte_io.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub {

inline constexpr std::uint8_t kSealedVersion = 1;
// What one UDP payload holds at most, on any path of today's internet without fragments.
inline constexpr std::size_t kMaxSealedDatagramBytes = 1'200;

enum class SealedKind : std::uint8_t {
  kHello = 0x01,       // client: let me in
  kRetry = 0x02,       // relay: prove that you are where you say; here is a cookie
  kReply = 0x03,       // relay: the handshake's second message
  kRefusal = 0x04,     // relay: not with this version, or token, or now
  kKeyRequest = 0x05,  // client: who are you?
  kKeyAnswer = 0x06,   // relay: this is my key
  kEnvelope = 0x07,    // both: elements, sealed for the other
  kBundle = 0x08,      // relay: elements that are sealed end to end as they are
  kReset = 0x09,       // relay: I don't know this session
  kFrame = 0x80,       // relay: one frame of voice, bare; all of 0x80 to 0xBF
};

// `nullopt` for a first byte that begins nothing this version knows.
constexpr std::optional<SealedKind> sealed_kind_of(std::span<const std::byte> datagram) {
  if (datagram.empty()) return std::nullopt;
  const auto first = std::to_integer<std::uint8_t>(datagram[0]);
  if ((first & 0xC0U) == 0x80U) return SealedKind::kFrame;
  if (first >= 0x01 && first <= 0x09) return static_cast<SealedKind>(first);
  return std::nullopt;
}

using Nonce = std::array<std::byte, 8>;    // ties an answer to its question
using Mac = std::array<std::byte, 16>;     // HMAC-SHA-256, its first half
using Cookie = std::array<std::byte, 16>;  // all zero: none yet

// What begins every datagram of a handshake, in every version: so that versions can refuse each other.
struct Preamble {
  static constexpr std::size_t kBytes = 10;

  SealedKind kind = SealedKind::kHello;
  std::uint8_t version = kSealedVersion;
  Nonce nonce{};

  static Preamble parse(ByteReader& reader);
  void serialize(ByteWriter& writer) const;
};

// Hello and KeyRequest: padded, so that no answer is longer than the question. In every version the last 32
// of 512 bytes are two MACs: over all before them, and over all before the second.
struct Hello {
  static constexpr std::size_t kBytes = 512;
  static constexpr std::size_t kNoiseBytes = 48;  // an ephemeral key and the tag of an empty payload
  static constexpr std::size_t kMac1At = kBytes - 32;
  static constexpr std::size_t kMac2At = kBytes - 16;

  Preamble preamble;
  Cookie cookie{};
  std::array<std::byte, kNoiseBytes> noise{};
  Mac key_mac{};
  Mac token_mac{};

  static Result<Hello, DropReason> parse(std::span<const std::byte> datagram);
  // With zeros in the place of the MACs, which are made over these bytes.
  void serialize(std::span<std::byte, kBytes> out) const;
};

struct Retry {
  static constexpr std::size_t kBytes = Preamble::kBytes + 32;

  Preamble preamble{.kind = SealedKind::kRetry};
  Cookie cookie{};
  Mac mac{};

  static Result<Retry, DropReason> parse(std::span<const std::byte> datagram);
  void serialize(ByteWriter& writer) const;
};

enum class RefusalReason : std::uint8_t { kVersion = 1, kToken = 2, kFull = 3 };

struct Refusal {
  static constexpr std::size_t kBytes = Preamble::kBytes + 1 + 16;

  Preamble preamble{.kind = SealedKind::kRefusal};
  RefusalReason reason = RefusalReason::kVersion;
  Mac mac{};

  static Result<Refusal, DropReason> parse(std::span<const std::byte> datagram);
  void serialize(ByteWriter& writer) const;
};

struct KeyAnswer {
  static constexpr std::size_t kBytes = Preamble::kBytes + 32 + 16;

  Preamble preamble{.kind = SealedKind::kKeyAnswer};
  std::array<std::byte, 32> relay_key{};
  Mac mac{};

  static Result<KeyAnswer, DropReason> parse(std::span<const std::byte> datagram);
  void serialize(ByteWriter& writer) const;
};

// What the relay gives a new session; the payload of the handshake's second message.
struct Grant {
  static constexpr std::size_t kBytes = 4 + 16 + 4;

  std::uint32_t session_id = 0;
  std::array<std::byte, 16> reset_token{};
  std::uint32_t idle_timeout_ms = 0;

  static Grant parse(ByteReader& reader);
  void serialize(ByteWriter& writer) const;
};

struct Reply {
  static constexpr std::size_t kNoiseBytes = 32 + Grant::kBytes + 16;
  static constexpr std::size_t kBytes = Preamble::kBytes + kNoiseBytes;

  Preamble preamble{.kind = SealedKind::kReply};
  std::array<std::byte, kNoiseBytes> noise{};

  static Result<Reply, DropReason> parse(std::span<const std::byte> datagram);
  void serialize(ByteWriter& writer) const;
};

struct Envelope {
  static constexpr std::size_t kHeaderBytes = 8;  // also the associated data
  static constexpr std::size_t kOverheadBytes = kHeaderBytes + 16;
  static constexpr std::size_t kMaxPlaintextBytes = kMaxSealedDatagramBytes - kOverheadBytes;
  static constexpr unsigned kCounterBits = 24;

  std::uint32_t session_id = 0;
  std::uint32_t counter_low = 0;  // the low 24 bits
  std::span<const std::byte> header;
  std::span<const std::byte> sealed;  // ciphertext and tag

  static Result<Envelope, DropReason> parse(std::span<const std::byte> datagram);
  static void serialize_header(std::uint32_t session_id, std::uint64_t counter, ByteWriter& writer);
  // The counter with these low bits that is nearest to the one after `newest` (RFC 9000 appendix A.3).
  static std::uint64_t extend(std::uint32_t counter_low, std::uint64_t newest);
};

struct Reset {
  // Shorter than any envelope, so that two relays cannot keep answering each other.
  static constexpr std::size_t kBytes = 1 + 4 + 16;

  std::uint32_t session_id = 0;
  std::array<std::byte, 16> token{};

  static Result<Reset, DropReason> parse(std::span<const std::byte> datagram);
  void serialize(ByteWriter& writer) const;
};

// No answer to a stranger is longer than this, and none before a cookie longer than what it answers.
inline constexpr std::size_t kMaxAnswerBytes = 64;
static_assert(Retry::kBytes <= kMaxAnswerBytes && Refusal::kBytes <= kMaxAnswerBytes &&
              KeyAnswer::kBytes <= kMaxAnswerBytes);
static_assert(Reply::kBytes <= Hello::kBytes);
static_assert(Reset::kBytes < Envelope::kOverheadBytes);

}  // namespace hubbub
