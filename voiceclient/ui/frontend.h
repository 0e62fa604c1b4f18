// What the person, or the program, in front of the client is shown. One interface; a terminal, plain lines,
// or JSON.
#pragma once

#include <memory>
#include <optional>
#include <string>
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

class Frontend {
 public:
  virtual ~Frontend() = default;

  virtual void joining(const std::string& room, std::uint32_t ssrc) = 0;
  virtual void relay_here(std::optional<Duration> round_trip) = 0;
  virtual void relay_away(const std::string& why) = 0;
  virtual void text(const TextLine& line) = 0;
  virtual void own_text(const TextLine& line) = 0;
  virtual void speaking(const Speaking& event) = 0;
  virtual void muted(bool muted) = 0;
  virtual void notice(const std::string& sentence) = 0;
  // The relay or the link is wrong: a sentence of its own, and the last that is shown.
  virtual void refused(const std::string& why) = 0;
  virtual void who(TimePoint now, const std::vector<SpeakerInfo>& speakers,
                   const std::vector<AuthorInfo>& authors) = 0;
  virtual void stats(const StatsReport& report) = 0;
  virtual void help() = 0;
  virtual void left() = 0;
  // False once nobody can be shown anything any more: standard output is closed.
  [[nodiscard]] virtual bool alive() const = 0;
};

// What a speaker is called before a name is known.
std::string label_of(std::uint32_t ssrc, const std::string& name);

// Standard output as whole lines; a reader that left is noticed, not died of.
class LineWriter {
 public:
  void write(const std::string& bytes);
  [[nodiscard]] bool alive() const { return alive_; }

 private:
  bool alive_ = true;
};

}  // namespace hubbub::client
