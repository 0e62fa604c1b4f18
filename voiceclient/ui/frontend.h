// What the person, or the program, in front of the client is shown. One interface; a terminal, plain lines,
// or JSON.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/wire/text.h"
#include "codec/wire/units.h"
#include "voiceclient/core/session.h"

namespace hubbub::client {

struct StatsReport {
  SessionStats session;
  std::vector<SpeakerInfo> speakers;
  std::optional<Duration> round_trip;
  bool muted = false;
  Duration frame{};
  Duration lookahead{};
  Duration playout_delay{};
  std::optional<Duration> input_latency;
  std::optional<Duration> output_latency;
  std::optional<TimePoint> input_started;
  std::optional<TimePoint> output_started;
};

// What is known of somebody's identity.
enum class Trust : std::uint8_t {
  kNone,      // an open room: nothing can be known
  kSeen,      // as ever, or for the first time
  kVerified,  // the code was compared
  kChanged    // the name was somebody else's before
};
std::string_view name_of(Trust trust);

struct Person {
  MemberInfo member;
  Trust trust = Trust::kSeen;
  std::string fingerprint;
  bool ignored = false;
};

struct WhoReport {
  TimePoint now;
  std::uint64_t unix_ms = 0;
  std::optional<std::vector<Person>> people;  // nothing where nobody can know who is here
  std::uint32_t members = 0;                  // how many are here; more than `people` in a crowd
  std::vector<SpeakerInfo> speakers;
  std::vector<AuthorInfo> authors;
};

// Who came, left or changed names, together.
struct MembersReport {
  bool first = false;  // those who were here before us
  std::vector<Person> joined;
  std::vector<Person> left;
  std::vector<std::pair<std::string, Person>> renamed;
  std::uint32_t members = 0;
};

class Frontend {
 public:
  virtual ~Frontend() = default;

  virtual void joining(const std::string& room, std::uint32_t ssrc) = 0;
  virtual void relay_here(std::optional<Duration> round_trip) = 0;
  virtual void relay_away(const std::string& why) = 0;
  // Others' and, once it stands where everybody sees it, our own.
  virtual void text(const TextHeard& heard, Trust trust) = 0;
  virtual void members(const MembersReport& report) = 0;
  virtual void name_taken(const NameTaken& taken) = 0;
  virtual void name_changed(const std::string& name) = 0;
  virtual void speaking(const Speaking& event) = 0;
  virtual void muted(bool muted) = 0;
  virtual void notice(const std::string& sentence) = 0;
  // The relay or the link is wrong: a sentence of its own, and the last that is shown.
  virtual void refused(const std::string& why) = 0;
  virtual void who(const WhoReport& report) = 0;
  virtual void stats(const StatsReport& report) = 0;
  virtual void help() = 0;
  virtual void left() = 0;
  // False once nobody can be shown anything any more: standard output is closed.
  [[nodiscard]] virtual bool alive() const = 0;
};

// What a speaker is called before a name is known.
std::string label_of(std::uint32_t ssrc, const std::string& name);
// What a member is called who has no name.
std::string label_of(const Person& person);
// The time of day here, as in 14:05.
std::string clock_time(std::uint64_t unix_ms);

// Standard output as whole lines; a reader that left is noticed, not died of.
class LineWriter {
 public:
  void write(const std::string& bytes);
  [[nodiscard]] bool alive() const { return alive_; }

 private:
  bool alive_ = true;
};

}  // namespace hubbub::client
