// What members seal for each other, end to end: frames of voice, and objects under other labels (PROTOCOL.md,
// sections 2.6 and 2.7). The relay never has these keys.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "codec/seal/random.h"
#include "codec/seal/replay_window.h"
#include "codec/seal/room_keys.h"
#include "codec/seal/sframe.h"
#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"
#include "codec/wire/sealed_frame.h"

namespace hubbub::session {

inline constexpr std::string_view kAskLabel = "hubbub ask v1";
inline constexpr std::string_view kEchoLabel = "hubbub echo v1";
inline constexpr std::string_view kTextLabel = "hubbub text v1";

// A stream is its SSRC and its KID: both drawn anew at every start, so no key is ever used twice.
struct StreamId {
  std::uint32_t ssrc = 0;
  std::uint32_t kid = 0;

  // NOLINTNEXTLINE(modernize-use-nullptr): the check takes the 0 inside a defaulted comparison for a pointer
  friend auto operator<=>(const StreamId&, const StreamId&) = default;
};

// A KID whose encoding has four bytes.
[[nodiscard]] std::uint32_t draw_kid(seal::Random& random);

// Our own voice on its way out.
class FrameSealer {
 public:
  // `first`: the RTP sequence number with which the stream begins.
  FrameSealer(const seal::RoomKeys& room, const StreamId& stream, SequenceNumber first);

  // The whole frame of this Opus packet, written to `out` (SealedFrame::kMaxBytes). The header's sequence
  // numbers follow each other without a gap.
  [[nodiscard]] std::span<const std::byte> seal(const RtpHeader& header, std::span<const std::byte> opus,
                                                std::span<std::byte> out);
  // The counter of the next frame.
  [[nodiscard]] std::uint32_t next_ctr() const { return next_ctr_; }

 private:
  StreamId stream_;
  std::uint32_t next_ctr_;
  seal::SframeKey key_;
};

// One stream as heard.
class FrameOpener {
 public:
  FrameOpener(const seal::RoomKeys& room, const StreamId& stream);

  // The Opus packet, written to `out` (SealedFrame::kMaxOpusBytes). Each counter is taken once.
  Result<std::span<const std::byte>, DropReason> open(const SealedFrame& frame, std::span<std::byte> out);

 private:
  seal::SframeKey key_;
  seal::ReplayWindow window_;
};

// Our own objects under one label.
class ObjectSealer {
 public:
  ObjectSealer(const seal::RoomKeys& room, std::string_view label, const StreamId& stream);

  // `SSRC | SFrame header | ciphertext | tag`, written to `out`.
  [[nodiscard]] std::span<const std::byte> seal(std::span<const std::byte> metadata,
                                                std::span<const std::byte> plaintext,
                                                std::span<std::byte> out);

 private:
  StreamId stream_;
  std::uint64_t next_ctr_ = 1;
  seal::SframeKey key_;
};

// What an object says, once it verified.
struct OpenedObject {
  StreamId stream;
  std::uint64_t ctr = 0;
  std::span<const std::byte> plaintext;  // into `out`
};
// Opens anybody's object. Whether it came before is for the caller to tell, by its counter.
Result<OpenedObject, DropReason> open_object(const seal::RoomKeys& room, std::string_view label,
                                             std::span<const std::byte> object,
                                             std::span<const std::byte> metadata, std::span<std::byte> out);

}  // namespace hubbub::session
