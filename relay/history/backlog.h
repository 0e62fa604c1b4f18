// The entries that wait to be stored, oldest first, bounded; and what may be said of those that were. Knows
// no lock and no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <vector>

#include "codec/seal/room_keys.h"
#include "relay/core/log_entry.h"

namespace hubbub::relay {

struct Kept {
  seal::RoomId room{};
  LogEntry entry;
};

class Backlog {
 public:
  // Rooms with a hole are remembered one by one up to here; with more, nothing is claimed of any room.
  static constexpr std::size_t kMaxRoomsWithHoles = 65'536;

  explicit Backlog(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Gives up the oldest where it gets too much.
  void add(Kept kept);
  // The oldest, to be stored; they count as waiting until they are settled or put back.
  std::vector<Kept> take(std::size_t most);
  void put_back(std::vector<Kept> batch);
  // These are stored, but for those at the places `refused`. By room, the number through which everything
  // that was ever handed over is stored; a room of which nothing new can be said is not there.
  std::map<seal::RoomId, std::uint64_t> settle(std::span<const Kept> batch,
                                               std::span<const std::size_t> refused);

  // Of the entries that the file has of a room, ascending: the number up to which nothing is missing that was
  // ever handed over; 0 where nothing can be said.
  [[nodiscard]] std::uint64_t stored_through(const seal::RoomId& room,
                                             std::span<const LogEntry> in_file) const;
  [[nodiscard]] std::vector<LogEntry> entries_of(const seal::RoomId& room) const;
  [[nodiscard]] bool empty() const { return queue_.empty(); }
  [[nodiscard]] std::size_t waiting() const { return queue_.size() + taken_; }
  [[nodiscard]] std::size_t waiting_bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t given_up() const { return given_up_; }

 private:
  static std::size_t weight(const Kept& kept);
  void give_up(const Kept& kept);
  void trim();
  [[nodiscard]] bool below_holes(const seal::RoomId& room, std::uint64_t number) const;

  std::size_t max_bytes_;
  std::deque<Kept> queue_;
  std::size_t taken_ = 0;
  std::size_t bytes_ = 0;
  std::uint64_t given_up_ = 0;
  std::map<seal::RoomId, std::uint64_t> first_hole_;
};

}  // namespace hubbub::relay
