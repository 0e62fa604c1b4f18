// What a stateful target takes its decisions from: the fuzzer's bytes, then zeros.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/wire/byte_io.h"

namespace hubbub {

class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : reader_(std::as_bytes(std::span(data, size))) {}

  [[nodiscard]] bool empty() const { return reader_.remaining() == 0; }
  std::uint8_t byte() { return reader_.remaining() == 0 ? std::uint8_t{0} : reader_.u8(); }
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8U | byte()); }
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : word() % bound; }
  std::span<const std::byte> bytes(std::size_t count) {
    return reader_.bytes(std::min(count, reader_.remaining()));
  }

 private:
  ByteReader reader_;
};

}  // namespace hubbub
