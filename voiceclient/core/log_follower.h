// A room's log as a member follows it: entries come live, as acknowledgements, and as answers to questions,
// in any order and more than once; they leave in the order of their numbers, each once. What is missing is
// asked for; what the relay no longer has is told as a gap. Knows nothing of what the entries say.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/units.h"
#include "voiceclient/core/ask_timer.h"

namespace hubbub::client {

class LogFollower {
 public:
  // Entries that came before their turn; more are asked for again.
  static constexpr std::size_t kMaxHeld = 512;

  struct Entry {
    std::uint64_t number = 0;
    std::array<std::byte, 16> id{};
    std::vector<std::byte> object;  // empty: messages are missing here that the relay no longer has
    bool earlier = false;           // written before we came
    bool sealed = false;            // the relay itself says that it stands here
  };

  // We are in, again or for the first time.
  void welcome(TimePoint now, const Welcome& welcome);
  // The relay says how far its log goes (a Pong). `asked_at`: what `known()` was when we asked.
  void announce(TimePoint now, std::uint64_t newest, std::uint64_t asked_at);
  // All of the log up to this number outlives the relay.
  void stored(std::uint64_t through) { stored_ = std::max(stored_, through); }
  // `sealed`: by the relay, so that its number can be believed.
  void put(TimePoint now, const LogEntryElement& entry, bool sealed);
  void range(TimePoint now, const TextRange& range);
  // The entry that `next` just gave cannot be read. One that came live may be of somebody on the way: it is
  // asked for. True where the relay itself sent it so, and it has to be passed over.
  [[nodiscard]] bool refuse(TimePoint now, const Entry& entry);

  // The next entry whose turn it is.
  std::optional<Entry> next();
  // What to ask now, if anything is missing.
  std::optional<TextAsk> ask_due(TimePoint now);

  // All up to this number has been given out.
  [[nodiscard]] std::uint64_t known() const { return known_; }

 private:
  struct Held {
    std::uint64_t previous = 0;
    Entry entry;
  };

  bool started_ = false;  // we know where to begin
  std::uint64_t known_ = 0;
  std::uint64_t before_ = 0;   // what was known before the last entry was given out
  std::uint64_t trusted_ = 0;  // what was known when the relay's own word last covered it
  std::uint64_t newest_ = 0;   // by the relay's own word
  std::uint64_t stored_ = 0;   // by that too: with an epoch that is new, it stands in the log still
  std::uint64_t earlier_through_ = 0;
  std::uint64_t epoch_ = 0;           // 0: we were never in
  std::optional<std::uint64_t> gap_;  // to be told before anything else
  std::map<std::uint64_t, Held> held_;
  AskTimer asks_;
};

}  // namespace hubbub::client
