#include "voiceclient/core/message_order.h"

#include <algorithm>

namespace hubbub::client {

MessageOrder::Finding MessageOrder::check(std::uint64_t number, const session::Message& message) {
  if (counts_.size() >= kMaxAuthors) counts_.clear();
  Finding finding = Finding::kNone;
  const auto [found, is_first] = counts_.try_emplace(
      {message.author, message.run}, Counts{.first = message.count, .last = message.count, .log = log_});
  Counts& counts = found->second;
  if (!is_first) {
    if (message.count < counts.first && counts.log != log_) return Finding::kEarlier;
    if (message.count > counts.last + 1) finding = Finding::kMissing;
    if (message.count <= counts.last) finding = Finding::kReordered;
    counts.last = std::max(counts.last, message.count);
  }
  if (message.seen >= number) return Finding::kReordered;
  const auto seen =
      std::lower_bound(digests_.begin(), digests_.end(), message.seen,
                       [](const auto& entry, std::uint64_t wanted) { return entry.first < wanted; });
  if (seen != digests_.end() && seen->first == message.seen)
    return seen->second == message.seen_digest ? finding : Finding::kForked;
  if (finding != Finding::kNone || seen == digests_.begin()) return finding;  // before all that we know
  // A relay that restarted may have given it another number.
  const bool renumbered =
      std::ranges::find(before_, message.seen_digest) != before_.end() ||
      std::ranges::any_of(digests_, [&](const auto& entry) { return entry.second == message.seen_digest; });
  return renumbered ? Finding::kNone : Finding::kUnseen;
}

void MessageOrder::begin_anew() {
  ++log_;
  for (const auto& [number, digest] : digests_) before_.push_back(digest);
  digests_.clear();
  while (before_.size() > kMaxDigests) before_.pop_front();
}

void MessageOrder::passed(std::uint64_t number, const session::EntryDigest& digest) {
  if (!digests_.empty() && number <= digests_.back().first) begin_anew();
  digests_.emplace_back(number, digest);
  if (digests_.size() > kMaxDigests) digests_.pop_front();
}

}  // namespace hubbub::client
