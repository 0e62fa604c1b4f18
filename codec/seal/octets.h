// Our bytes as OpenSSL spells them. For the .cpp files of this room only.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <type_traits>

#include "codec/wire/check.h"

namespace hubbub::seal {

// Writable where the bytes are.
template <class Range>
auto* octets(Range&& range) noexcept {
  const std::span view(range);
  using Octet = std::conditional_t<std::is_const_v<typename decltype(view)::element_type>,
                                   const unsigned char, unsigned char>;
  return reinterpret_cast<Octet*>(view.data());
}

// A length as EVP's `int`. What we seal are datagrams and files of settings: longer is our own bug.
inline int length(std::span<const std::byte> bytes) noexcept {
  CHECK(bytes.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  return static_cast<int>(bytes.size());
}

}  // namespace hubbub::seal
