// A room's text as the relay keeps it: sealed messages in the order of their numbers, bounded by count and
// bytes, each message once. Nothing here can be read, and nothing needs to be.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "codec/wire/limits.h"
#include "relay/core/log_entry.h"

namespace hubbub::relay {

class TextLog {
 public:
  // What an entry costs beside its object, about.
  static constexpr std::size_t kEntryOverheadBytes = 160;
  // What a room costs that is kept for its log alone, about.
  static constexpr std::size_t kLogOverheadBytes = 2'048;

  // `base` is at least as high as any number that this room's log has ever given: in an earlier life of the
  // relay, perhaps, of which nothing is known.
  explicit TextLog(std::uint64_t base) : next_(base + 1) {}

  // The new entry; the oldest give way to it.
  const LogEntry& append(const MessageId& id, std::span<const std::byte> object);
  // Entries of the past, ascending, which were read while others came. What does not fit is left out.
  void merge(std::vector<LogEntry> past);
  // Drops the oldest until they cost no more than this.
  void shrink(std::size_t bytes);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // Of the whole, with its room.
  [[nodiscard]] std::size_t cost() const { return entries_.empty() ? 0 : bytes_ + kLogOverheadBytes; }
  [[nodiscard]] std::uint64_t newest() const { return entries_.empty() ? lost_ : entries_.back().number; }
  // The newest that was dropped; 0 where all that ever was is here.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

  // The index of the first entry after this number; size() where there is none.
  [[nodiscard]] std::size_t first_after(std::uint64_t number) const;
  [[nodiscard]] const LogEntry& at(std::size_t index) const { return entries_[index]; }
  // The number of the entry before, also where that one is dropped.
  [[nodiscard]] std::uint64_t previous(std::size_t index) const {
    return index == 0 ? lost_ : entries_[index - 1].number;
  }
  // The index of the message with this id.
  [[nodiscard]] std::optional<std::size_t> find(const MessageId& id) const;

 private:
  static std::size_t cost_of(const LogEntry& entry) { return kEntryOverheadBytes + entry.object.size(); }
  void drop_oldest();
  void make_room();

  std::deque<LogEntry> entries_;
  std::map<MessageId, std::uint64_t> numbers_;  // a tree: whoever chooses ids cannot make it slow
  std::size_t bytes_ = 0;
  std::uint64_t next_;
  std::uint64_t lost_ = 0;
};

}  // namespace hubbub::relay
