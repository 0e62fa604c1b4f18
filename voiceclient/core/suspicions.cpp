#include "voiceclient/core/suspicions.h"

#include <utility>

namespace hubbub::client {
namespace {

constexpr Duration kTellEvery = 60s;  // of one kind

}  // namespace

std::optional<std::string> Suspicions::found(TimePoint now, MessageOrder::Finding finding,
                                             const session::Message& message, bool sent_again) {
  if (finding != MessageOrder::Finding::kUnseen || !sent_again || awaited_.size() >= kMaxAwaited)
    return tell(now, finding, message.name);
  awaited_.push_back({.digest = message.seen_digest, .author = message.name, .until = now + kPatience});
  return std::nullopt;
}

void Suspicions::came(const session::EntryDigest& digest) {
  std::erase_if(awaited_, [&](const Awaited& awaited) { return awaited.digest == digest; });
}

std::optional<std::string> Suspicions::overdue(TimePoint now) {
  if (awaited_.empty() || now < awaited_.front().until) return std::nullopt;
  const std::string author = std::move(awaited_.front().author);
  awaited_.pop_front();
  return tell(now, MessageOrder::Finding::kUnseen, author);
}

std::optional<std::string> Suspicions::tell(TimePoint now, MessageOrder::Finding finding,
                                            const std::string& author) {
  using Finding = MessageOrder::Finding;
  if (finding == Finding::kNone || finding == Finding::kEarlier) return std::nullopt;
  const auto last = told_.find(finding);
  if (last != told_.end() && now - last->second < kTellEvery) return std::nullopt;
  told_[finding] = now;
  const std::string who = author.empty() ? "somebody" : author;
  switch (finding) {
    case Finding::kMissing:
      return "a message of " + who +
             " is missing before this one: the relay withholds it, or lost it when it restarted";
    case Finding::kReordered:
      return "the next message, of " + who +
             ", does not stand where it was written: the relay has changed the order";
    case Finding::kUnseen:
      return "a message that " + who +
             " had seen when writing is missing: the relay withholds it, or lost it when it restarted";
    default:
      return "the relay has shown " + who + " other messages than you: do not trust it";
  }
}

}  // namespace hubbub::client
