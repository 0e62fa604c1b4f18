// Base64url without padding (RFC 4648 section 5): how an invite spells bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hubbub::seal {

[[nodiscard]] std::string base64url_encode(std::span<const std::byte> bytes);
// Strict, so that one value has one spelling: `nullopt` for any other character (padding and space included),
// a length that no bytes have, and bits left over that are not zero.
[[nodiscard]] std::optional<std::vector<std::byte>> base64url_decode(std::string_view text);

}  // namespace hubbub::seal
