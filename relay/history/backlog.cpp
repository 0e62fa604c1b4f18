#include "relay/history/backlog.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace hubbub::relay {

std::size_t Backlog::weight(const Kept& kept) {
  return sizeof(Kept) + kept.entry.object.size();
}

void Backlog::add(Kept kept) {
  bytes_ += weight(kept);
  queue_.push_back(std::move(kept));
  trim();
}

std::vector<Kept> Backlog::take(std::size_t most) {
  const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(std::min(most, queue_.size()));
  std::vector<Kept> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(end));
  queue_.erase(queue_.begin(), end);
  taken_ += batch.size();
  return batch;
}

void Backlog::put_back(std::vector<Kept> batch) {
  taken_ -= batch.size();
  queue_.insert(queue_.begin(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
  trim();
}

std::map<seal::RoomId, std::uint64_t> Backlog::settle(std::span<const Kept> batch,
                                                      std::span<const std::size_t> refused) {
  for (const std::size_t place : refused) give_up(batch[place]);
  std::map<seal::RoomId, std::uint64_t> through;
  for (const Kept& kept : batch) {
    bytes_ -= weight(kept);
    // They come in the order of their numbers.
    if (below_holes(kept.room, kept.entry.number)) through[kept.room] = kept.entry.number;
  }
  taken_ -= batch.size();
  return through;
}

std::uint64_t Backlog::stored_through(const seal::RoomId& room, std::span<const LogEntry> in_file) const {
  std::uint64_t through = 0;
  for (const LogEntry& entry : in_file) {
    if (below_holes(room, entry.number)) through = entry.number;
  }
  return through;
}

std::vector<LogEntry> Backlog::entries_of(const seal::RoomId& room) const {
  std::vector<LogEntry> entries;
  for (const Kept& kept : queue_) {
    if (kept.room == room) entries.push_back(kept.entry);
  }
  return entries;
}

bool Backlog::below_holes(const seal::RoomId& room, std::uint64_t number) const {
  if (first_hole_.size() >= kMaxRoomsWithHoles) return false;
  const auto hole = first_hole_.find(room);
  return hole == first_hole_.end() || number < hole->second;
}

void Backlog::give_up(const Kept& kept) {
  ++given_up_;
  if (first_hole_.size() >= kMaxRoomsWithHoles) return;
  const auto [hole, is_first] = first_hole_.try_emplace(kept.room, kept.entry.number);
  if (!is_first) hole->second = std::min(hole->second, kept.entry.number);
}

void Backlog::trim() {
  while (bytes_ > max_bytes_ && !queue_.empty()) {
    give_up(queue_.front());
    bytes_ -= weight(queue_.front());
    queue_.pop_front();
  }
}

}  // namespace hubbub::relay
