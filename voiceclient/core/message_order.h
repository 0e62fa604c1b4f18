// Whether a room's messages stand as their authors wrote them. An author counts their own, and says which
// entry of the log was the newest they had seen: so a relay that withholds, reorders, or shows different
// members different logs is found out by the next message that tells.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "codec/session/message.h"

namespace hubbub::client {

class MessageOrder {
 public:
  enum class Finding : std::uint8_t {
    kNone,
    kMissing,    // messages of this author from before it are not here
    kReordered,  // it comes after one that its author wrote later, or before one that its author had seen
    kUnseen,     // its author had seen an entry that does not stand before it
    kForked,     // its author saw another entry than we did, under the same number
    kEarlier     // of before our time: a relay that forgot it was sent it again
  };
  static constexpr std::size_t kMaxAuthors = 1'024;
  static constexpr std::size_t kMaxDigests = 1'024;

  // The next message in the log, which is new.
  Finding check(std::uint64_t number, const session::Message& message);
  // An entry of the log took its turn, whatever is in it.
  void passed(std::uint64_t number, const session::EntryDigest& digest);
  // The relay no longer has what is missing: nobody's count goes on.
  void gap() {
    counts_.clear();
    digests_.clear();
  }
  // The relay began a new log, and may have lost what others saw.
  void begin_anew();

  // The newest entry, as a message says which one its author has seen.
  [[nodiscard]] std::uint64_t newest() const { return digests_.empty() ? 0 : digests_.back().first; }
  [[nodiscard]] session::EntryDigest newest_digest() const {
    return digests_.empty() ? session::EntryDigest{} : digests_.back().second;
  }

 private:
  using Run = std::pair<seal::IdentityKey, std::uint64_t>;
  struct Counts {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    unsigned log = 0;  // in which the first came
  };
  std::map<Run, Counts> counts_;
  std::deque<std::pair<std::uint64_t, session::EntryDigest>> digests_;  // of this log, by number
  std::deque<session::EntryDigest> before_;                             // of those before it
  unsigned log_ = 0;
};

}  // namespace hubbub::client
