// The queue between receiving and broadcasting: bounded, allocated once, and kind to what is still of use.
// Voice and everything else wait apart; a full class pushes out its own oldest.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/units.h"

namespace hubbub::relay {

struct QueuedDatagram {  // NOLINT(cppcoreguidelines-pro-type-member-init): storage means nothing beyond
                         // `size`
  TimePoint arrived;
  Endpoint origin;
  std::size_t size = 0;
  std::array<std::byte, kMaxOpenDatagramBytes> storage;

  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(storage).first(size); }
};

class BroadcastQueue {
 public:
  enum class Class : std::uint8_t { kVoice, kData };

  BroadcastQueue();

  [[nodiscard]] std::size_t size() const { return voice_.count + data_.count; }
  [[nodiscard]] bool empty() const { return size() == 0; }

  // Copies the datagram in. True when the oldest of its class had to go for it.
  bool push(Class kind, TimePoint arrived, const Endpoint& origin, std::span<const std::byte> bytes);

  // Discards voice that arrived before `oldest_useful`; returns how many datagrams that were.
  std::size_t discard_stale_voice(TimePoint oldest_useful);

  // Takes out what goes next: data first, but one voice datagram after every kDataBurst of data. Not when
  // empty.
  void pop_into(QueuedDatagram& out);

 private:
  struct Ring {
    std::vector<QueuedDatagram> slots;
    std::size_t first = 0;
    std::size_t count = 0;

    QueuedDatagram& oldest() { return slots[first]; }
    void drop_oldest();
    QueuedDatagram& add();
  };

  Ring voice_;
  Ring data_;
  int data_in_a_row_ = 0;
};

}  // namespace hubbub::relay
