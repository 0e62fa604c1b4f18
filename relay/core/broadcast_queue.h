// The queue between receiving and broadcasting: bounded, allocated once, and kind to what is still of use.
// Voice and everything else wait apart; a full class pushes out its own oldest. `Origin` says whose a
// datagram is: an endpoint in an open room, a member in a sealed one.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>

#include "codec/wire/check.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/units.h"

namespace hubbub::relay {

template <class Origin>
struct BasicQueuedDatagram {  // NOLINT(cppcoreguidelines-pro-type-member-init): storage means nothing beyond
                              // `size`
  TimePoint arrived;
  Origin origin;
  std::size_t size = 0;
  std::array<std::byte, kMaxOpenDatagramBytes> storage;

  [[nodiscard]] std::span<const std::byte> bytes() const { return std::span(storage).first(size); }
  // Only the bytes there are: a slot is far larger than the usual frame.
  void assign(TimePoint at, const Origin& whose, std::span<const std::byte> what) {
    arrived = at;
    origin = whose;
    size = what.size();
    if (!what.empty()) std::memcpy(storage.data(), what.data(), what.size());
  }
};

template <class Origin>
class BasicBroadcastQueue {
 public:
  enum class Class : std::uint8_t { kVoice, kData };
  using Datagram = BasicQueuedDatagram<Origin>;

  [[nodiscard]] std::size_t size() const { return voice_.count + data_.count; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // How many more of this class fit without pushing one out.
  [[nodiscard]] std::size_t space(Class kind) const {
    const Ring& ring = kind == Class::kVoice ? voice_ : data_;
    return ring.capacity - ring.count;
  }

  // Copies the datagram in. True when the oldest of its class had to go for it.
  bool push(Class kind, TimePoint arrived, const Origin& origin, std::span<const std::byte> bytes) {
    CHECK(bytes.size() <= kMaxOpenDatagramBytes);
    Ring& ring = kind == Class::kVoice ? voice_ : data_;
    const bool full = ring.count == ring.capacity;
    if (full) ring.drop_oldest();
    ring.add().assign(arrived, origin, bytes);
    return full;
  }

  // Discards voice that arrived before `oldest_useful`; returns how many datagrams that were.
  std::size_t discard_stale_voice(TimePoint oldest_useful) {
    std::size_t discarded = 0;
    while (voice_.count > 0 && voice_.oldest().arrived < oldest_useful) {
      voice_.drop_oldest();
      ++discarded;
    }
    return discarded;
  }

  // Takes out what goes next: data first, but one voice datagram after every kDataBurst of data. Not when
  // empty.
  void pop_into(Datagram& out) {
    CHECK(!empty());
    const bool voices_turn = data_.count == 0 || data_in_a_row_ >= kDataBurst;
    Ring& ring = voices_turn && voice_.count > 0 ? voice_ : data_;
    data_in_a_row_ = &ring == &data_ ? std::min(data_in_a_row_ + 1, kDataBurst) : 0;
    out.assign(ring.oldest().arrived, ring.oldest().origin, ring.oldest().bytes());
    ring.drop_oldest();
  }

 private:
  struct Ring {
    explicit Ring(std::size_t datagrams)
        : slots(std::make_unique_for_overwrite<Datagram[]>(datagrams)), capacity(datagrams) {}

    // Not written before it is needed, so a quiet room has no memory for it.
    std::unique_ptr<Datagram[]> slots;  // NOLINT(modernize-avoid-c-arrays)
    std::size_t capacity;
    std::size_t first = 0;
    std::size_t count = 0;

    Datagram& oldest() { return slots[first]; }
    void drop_oldest() {
      CHECK(count > 0);
      --count;
      // An empty ring starts over: a relay that keeps up uses one slot, which stays in the processor's cache.
      first = count == 0 ? 0 : (first + 1) % capacity;
    }
    Datagram& add() {
      CHECK(count < capacity);
      return slots[(first + count++) % capacity];
    }
  };

  Ring voice_{kVoiceQueueDatagrams};
  Ring data_{kDataQueueDatagrams};
  int data_in_a_row_ = 0;
};

using QueuedDatagram = BasicQueuedDatagram<Endpoint>;
using BroadcastQueue = BasicBroadcastQueue<Endpoint>;

}  // namespace hubbub::relay
