#include "voiceclient/core/message_order.h"

#include <algorithm>

namespace hubbub::client {

MessageOrder::Finding MessageOrder::check(std::uint64_t number, const session::Message& message) {
  if (counts_.size() >= kMaxAuthors) counts_.clear();
  Finding finding = Finding::kNone;
  const auto [count, first] = counts_.try_emplace({message.author, message.run}, message.count);
  if (!first) {
    if (message.count > count->second + 1) finding = Finding::kMissing;
    if (message.count <= count->second) finding = Finding::kReordered;
    count->second = std::max(count->second, message.count);
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
      std::ranges::any_of(digests_, [&](const auto& entry) { return entry.second == message.seen_digest; });
  return renumbered ? Finding::kNone : Finding::kUnseen;
}

void MessageOrder::passed(std::uint64_t number, const session::EntryDigest& digest) {
  if (!digests_.empty() && number <= digests_.back().first) digests_.clear();  // another log
  digests_.emplace_back(number, digest);
  if (digests_.size() > kMaxDigests) digests_.pop_front();
}

}  // namespace hubbub::client
