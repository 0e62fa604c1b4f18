// What a member is told of a relay that does not give them the room's log as it was written: in a sentence,
// not too often, and not before it is sure.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "codec/session/message.h"
#include "codec/wire/units.h"
#include "voiceclient/core/message_order.h"

namespace hubbub::client {

class Suspicions {
 public:
  // An entry that an author had seen and we have not may stand behind what that author wrote: a relay that
  // was killed is sent its last entries again by their authors, in any order.
  static constexpr Duration kPatience = 10s;
  static constexpr std::size_t kMaxAwaited = 64;

  // What was found at a message. `sent_again`: it may have been, since it was written before this log began.
  // The sentence, where it is to be told now.
  std::optional<std::string> found(TimePoint now, MessageOrder::Finding finding,
                                   const session::Message& message, bool sent_again);
  // An entry took its turn, and need not be waited for.
  void came(const session::EntryDigest& digest);
  // The relay no longer has what is missing, and says so: there is nothing to wait for.
  void gap() { awaited_.clear(); }
  // The sentence for an entry that was waited for in vain.
  std::optional<std::string> overdue(TimePoint now);

 private:
  struct Awaited {
    session::EntryDigest digest{};
    std::string author;
    TimePoint until;
  };
  std::optional<std::string> tell(TimePoint now, MessageOrder::Finding finding, const std::string& author);

  std::deque<Awaited> awaited_;  // by time
  std::map<MessageOrder::Finding, TimePoint> told_;
};

}  // namespace hubbub::client
