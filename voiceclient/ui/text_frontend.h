// Words for people: the same sentences on a terminal, above the line being typed, and as plain lines
// everywhere else.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "voiceclient/ui/frontend.h"
#include "voiceclient/ui/screen.h"

namespace hubbub::client {

class TextFrontend final : public Frontend {
 public:
  // One message, in segments; to be shown on a line of its own.
  using Print = std::function<void(const std::vector<Segment>& message)>;
  // `echo`: show our own texts too, as a terminal needs it where Enter clears the line.
  TextFrontend(Print print, bool echo, std::function<bool()> alive);

  void joining(const std::string& room, std::uint32_t ssrc) override;
  void relay_here(std::optional<Duration> round_trip) override;
  void relay_away(const std::string& why) override;
  void text(const TextHeard& heard, Trust trust) override;
  void members(const MembersReport& report) override;
  void name_taken(const NameTaken& taken) override;
  void name_changed(const std::string& name) override;
  void speaking(const Speaking& event) override;
  void muted(bool muted) override;
  void notice(const std::string& sentence) override;
  void refused(const std::string& why) override;
  void who(const WhoReport& report) override;
  void stats(const StatsReport& report) override;
  void help() override;
  void left() override;
  [[nodiscard]] bool alive() const override { return alive_(); }

 private:
  Print print_;
  bool echo_;
  std::function<bool()> alive_;
  std::set<std::uint32_t> announced_;  // speakers already told of; bounded
};

// A message as one plain line, cleaned of anything that moves a terminal.
std::string plain_line(const std::vector<Segment>& message);

}  // namespace hubbub::client
