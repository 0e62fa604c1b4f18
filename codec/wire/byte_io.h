// Bounds-checked, big-endian reading and writing of wire structures. An overrun sticks: every later read
// gives zero, and `ok()` says so once at the end. Header-only: it is on the path of every frame.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include "codec/wire/drop_reason.h"

namespace hubbub {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  // True when nothing was overrun and no byte is left: trailing bytes are an error of the peer's.
  [[nodiscard]] bool finish() const noexcept { return ok_ && rest_.empty(); }
  // Why not, where it isn't.
  [[nodiscard]] std::optional<DropReason> problem() const noexcept {
    if (!ok_) return DropReason::kTruncated;
    if (!rest_.empty()) return DropReason::kTrailingBytes;
    return std::nullopt;
  }
  [[nodiscard]] std::size_t remaining() const noexcept { return rest_.size(); }

  std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() noexcept { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(integer(4)); }
  std::uint64_t u64() noexcept { return integer(8); }

  // The next `count` bytes, or an empty span (and a sticky error) when there are fewer.
  std::span<const std::byte> bytes(std::size_t count) noexcept {
    if (count > rest_.size()) {
      fail();
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  std::span<const std::byte> rest() noexcept { return bytes(rest_.size()); }
  // As many bytes as `out` has; it stays as it is where there are fewer.
  template <std::size_t N>
  void into(std::array<std::byte, N>& out) noexcept {
    const auto taken = bytes(N);
    if (!taken.empty()) std::memcpy(out.data(), taken.data(), taken.size());
  }

  void fail() noexcept {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::uint64_t integer(std::size_t width) noexcept {
    std::uint64_t value = 0;
    for (const std::byte b : bytes(width)) value = (value << 8U) | std::to_integer<std::uint64_t>(b);
    return value;
  }

  std::span<const std::byte> rest_;
  bool ok_ = true;
};

class ByteWriter {
 public:
  explicit ByteWriter(std::span<std::byte> out) noexcept : out_(out) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool fits(std::size_t count) const noexcept { return ok_ && count <= out_.size() - size_; }
  [[nodiscard]] std::span<const std::byte> written() const noexcept { return out_.first(size_); }

  void u8(std::uint8_t value) noexcept { integer(value, 1); }
  void u16(std::uint16_t value) noexcept { integer(value, 2); }
  void u32(std::uint32_t value) noexcept { integer(value, 4); }
  void u64(std::uint64_t value) noexcept { integer(value, 8); }

  void bytes(std::span<const std::byte> data) noexcept {
    if (!room_for(data.size())) return;
    if (!data.empty()) std::memcpy(out_.data() + size_, data.data(), data.size());
    size_ += data.size();
  }
  void text(std::string_view text) noexcept { bytes(std::as_bytes(std::span(text))); }

 private:
  bool room_for(std::size_t count) noexcept {
    if (!ok_ || count > out_.size() - size_) ok_ = false;
    return ok_;
  }
  void integer(std::uint64_t value, std::size_t width) noexcept {
    if (!room_for(width)) return;
    for (std::size_t i = 0; i < width; ++i) {
      out_[size_ + i] = static_cast<std::byte>((value >> (8 * (width - 1 - i))) & 0xFFU);
    }
    size_ += width;
  }

  std::span<std::byte> out_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text));
}

}  // namespace hubbub
