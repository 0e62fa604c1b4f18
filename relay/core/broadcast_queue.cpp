#include "relay/core/broadcast_queue.h"

#include <algorithm>
#include <cstring>

#include "codec/wire/check.h"

namespace hubbub::relay {
namespace {

// Only the bytes there are: a slot is far larger than the usual frame.
void copy(TimePoint arrived, const Endpoint& origin, std::span<const std::byte> bytes, QueuedDatagram& out) {
  out.arrived = arrived;
  out.origin = origin;
  out.size = bytes.size();
  if (!bytes.empty()) std::memcpy(out.storage.data(), bytes.data(), bytes.size());
}

}  // namespace

BroadcastQueue::BroadcastQueue() {
  voice_.slots.resize(kVoiceQueueDatagrams);
  data_.slots.resize(kDataQueueDatagrams);
}

void BroadcastQueue::Ring::drop_oldest() {
  CHECK(count > 0);
  --count;
  // An empty ring starts over: a relay that keeps up uses one slot, which stays in the processor's cache.
  first = count == 0 ? 0 : (first + 1) % slots.size();
}

QueuedDatagram& BroadcastQueue::Ring::add() {
  CHECK(count < slots.size());
  return slots[(first + count++) % slots.size()];
}

bool BroadcastQueue::push(Class kind, TimePoint arrived, const Endpoint& origin,
                          std::span<const std::byte> bytes) {
  CHECK(bytes.size() <= kMaxOpenDatagramBytes);
  Ring& ring = kind == Class::kVoice ? voice_ : data_;
  const bool full = ring.count == ring.slots.size();
  if (full) ring.drop_oldest();
  copy(arrived, origin, bytes, ring.add());
  return full;
}

std::size_t BroadcastQueue::discard_stale_voice(TimePoint oldest_useful) {
  std::size_t discarded = 0;
  while (voice_.count > 0 && voice_.oldest().arrived < oldest_useful) {
    voice_.drop_oldest();
    ++discarded;
  }
  return discarded;
}

void BroadcastQueue::pop_into(QueuedDatagram& out) {
  CHECK(!empty());
  const bool voices_turn = data_.count == 0 || data_in_a_row_ >= kDataBurst;
  Ring& ring = voices_turn && voice_.count > 0 ? voice_ : data_;
  data_in_a_row_ = &ring == &data_ ? std::min(data_in_a_row_ + 1, kDataBurst) : 0;
  copy(ring.oldest().arrived, ring.oldest().origin, ring.oldest().bytes(), out);
  ring.drop_oldest();
}

}  // namespace hubbub::relay
