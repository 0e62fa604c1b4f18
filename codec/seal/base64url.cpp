#include "codec/seal/base64url.h"

#include <cstdint>

namespace hubbub::seal {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static_assert(kAlphabet.size() == 64);

}  // namespace

std::string base64url_encode(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  unsigned count = 0;  // of bits that are not written yet
  for (const std::byte b : bytes) {
    bits = (bits << 8U) | std::to_integer<std::uint32_t>(b);
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[(bits >> (count - 6)) & 0x3FU];
  }
  if (count > 0) text += kAlphabet[(bits << (6 - count)) & 0x3FU];
  return text;
}

std::optional<std::vector<std::byte>> base64url_decode(std::string_view text) {
  // One character alone is six bits: no byte.
  if (text.size() % 4 == 1) return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  unsigned count = 0;  // of bits that are not a byte yet
  for (const char c : text) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<std::byte>((bits >> count) & 0xFFU));
  }
  const std::uint32_t left_over = bits & ((std::uint32_t{1} << count) - 1);
  if (left_over != 0) return std::nullopt;
  return bytes;
}

}  // namespace hubbub::seal
