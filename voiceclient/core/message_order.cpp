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
  if (seen != digests_.end() && seen->first == message.seen) {
    if (seen->second != message.seen_digest) return Finding::kForked;
  } else if (seen != digests_.begin() && seen != digests_.end()) {
    return Finding::kForked;  // between two of ours, and not one of them
  }
  return finding;
}

void MessageOrder::passed(std::uint64_t number, const session::EntryDigest& digest) {
  if (!digests_.empty() && number <= digests_.back().first) digests_.clear();  // another log
  digests_.emplace_back(number, digest);
  if (digests_.size() > kMaxDigests) digests_.pop_front();
}

}  // namespace hubbub::client
