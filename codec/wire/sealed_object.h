// What members seal for each other and the relay passes on without being able to read it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/wire/drop_reason.h"
#include "codec/wire/result.h"

namespace hubbub {

// Bytes sealed end to end by a member under some label: `SSRC 4 | SFrame header | ciphertext | tag`.
struct SealedObject {
  static constexpr std::size_t kSmallestBytes = 4 + 1 + 10;  // SSRC, the shortest SFrame header, its tag

  std::uint32_t ssrc = 0;
  std::span<const std::byte> sealed;  // from the SFrame header on

  static Result<SealedObject, DropReason> parse(std::span<const std::byte> bytes);
};

}  // namespace hubbub
