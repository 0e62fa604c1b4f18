// Datagrams on their way out until the shell takes them: a ring of fixed size, allocated once.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "codec/wire/check.h"

namespace hubbub::client {

template <std::size_t kMaxBytes, std::size_t kSlots>
class DatagramRing {
 public:
  DatagramRing() : slots_(kSlots) {}

  // Where nobody took what waits, the oldest gives way.
  void push(std::span<const std::byte> datagram) {
    Slot& slot = slots_[(first_ + count_) % kSlots];
    CHECK(datagram.size() <= slot.bytes.size());
    std::copy(datagram.begin(), datagram.end(), slot.bytes.begin());
    slot.size = datagram.size();
    if (count_ < kSlots) {
      ++count_;
    } else {
      first_ = (first_ + 1) % kSlots;
    }
  }

  // The oldest, which may be empty; `nullopt` where none waits. Valid until the next call.
  std::optional<std::span<const std::byte>> pop() {
    if (count_ == 0) return std::nullopt;
    const Slot& slot = slots_[first_];
    first_ = (first_ + 1) % kSlots;
    --count_;
    return std::span(slot.bytes).first(slot.size);
  }

 private:
  struct Slot {
    std::size_t size = 0;
    std::array<std::byte, kMaxBytes> bytes{};
  };

  std::vector<Slot> slots_;
  std::size_t first_ = 0;
  std::size_t count_ = 0;
};

}  // namespace hubbub::client
