#include "relay/core/text_log.h"

#include <algorithm>
#include <utility>

#include "codec/wire/check.h"
#include "codec/wire/room_elements.h"

namespace hubbub::relay {
namespace {

constexpr std::size_t kLargestEntryBytes = TextLog::kEntryOverheadBytes + LogEntryElement::kMaxObjectBytes;

}  // namespace

const LogEntry& TextLog::append(const MessageId& id, std::span<const std::byte> object) {
  CHECK(!numbers_.contains(id));
  entries_.push_back({.number = next_++, .id = id, .object = {object.begin(), object.end()}});
  numbers_[id] = entries_.back().number;
  bytes_ += cost_of(entries_.back());
  make_room();
  return entries_.back();
}

void TextLog::merge(std::vector<LogEntry> past) {
  std::size_t cost = 0;
  for (const LogEntry& entry : past) cost += cost_of(entry);
  // As many as a log holds: there may be older ones, and whoever was away longer is told of a gap.
  const bool full = past.size() >= kMaxLogEntries || cost + kLargestEntryBytes > kMaxLogBytes;
  if (full) lost_ = std::max(lost_, past.front().number - 1);
  for (LogEntry& entry : past) {
    next_ = std::max(next_, entry.number + 1);
    // Below what was dropped nothing comes back: it would stand behind a gap that is told already.
    if (entry.number <= lost_ || numbers_.contains(entry.id)) continue;
    const std::size_t index = first_after(entry.number);
    if (index > 0 && entries_[index - 1].number == entry.number) continue;
    numbers_[entry.id] = entry.number;
    bytes_ += cost_of(entry);
    entries_.insert(entries_.begin() + static_cast<std::ptrdiff_t>(index), std::move(entry));
  }
  make_room();
}

void TextLog::shrink(std::size_t bytes) {
  while (bytes_ > bytes && !entries_.empty()) drop_oldest();
}

std::size_t TextLog::first_after(std::uint64_t number) const {
  const auto first =
      std::upper_bound(entries_.begin(), entries_.end(), number,
                       [](std::uint64_t wanted, const LogEntry& entry) { return wanted < entry.number; });
  return static_cast<std::size_t>(first - entries_.begin());
}

std::optional<std::size_t> TextLog::find(const MessageId& id) const {
  const auto found = numbers_.find(id);
  if (found == numbers_.end()) return std::nullopt;
  return first_after(found->second) - 1;
}

void TextLog::drop_oldest() {
  lost_ = entries_.front().number;
  bytes_ -= cost_of(entries_.front());
  numbers_.erase(entries_.front().id);
  entries_.pop_front();
}

void TextLog::make_room() {
  // The newest stays, whatever it costs: it has to be sent.
  while (entries_.size() > 1 && (entries_.size() > kMaxLogEntries || bytes_ > kMaxLogBytes)) drop_oldest();
}

}  // namespace hubbub::relay
