// Bytes as tests write them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "codec/wire/drop_reason.h"

namespace hubbub {

using Bytes = std::vector<std::byte>;

inline Bytes bytes_of(std::initializer_list<int> values) {
  Bytes bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}
inline Bytes bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text));
  return {view.begin(), view.end()};
}
inline Bytes bytes_of(std::span<const std::byte> view) {
  return {view.begin(), view.end()};
}

inline bool same(std::span<const std::byte> a, std::span<const std::byte> b) {
  return std::ranges::equal(a, b);
}

// Why bytes are no such thing; nothing where they are one.
template <class Message>
std::optional<DropReason> problem(std::span<const std::byte> bytes) {
  const auto parsed = Message::parse(bytes);
  return parsed.ok() ? std::nullopt : std::optional(parsed.error());
}

// Neither fewer bytes will do, nor one more.
template <class Message>
void expect_one_length(std::span<const std::byte> whole) {
  EXPECT_EQ(problem<Message>(whole), std::nullopt);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(problem<Message>(whole.first(size)), DropReason::kTruncated) << size;
  Bytes longer = bytes_of(whole);
  longer.push_back(std::byte{0});
  EXPECT_EQ(problem<Message>(longer), DropReason::kTrailingBytes);
}

}  // namespace hubbub
