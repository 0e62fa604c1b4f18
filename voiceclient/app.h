// A client in a room: the session wired to a loop, a socket, sound, and the person in front of it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relay/net/loop.h"
#include "relay/net/udp_socket.h"
#include "voiceclient/connection.h"
#include "voiceclient/core/player_stream.h"
#include "voiceclient/core/sealed_session.h"
#include "voiceclient/core/session.h"
#include "voiceclient/options.h"
#include "voiceclient/people.h"
#include "voiceclient/sound.h"
#include "voiceclient/ui/command.h"
#include "voiceclient/ui/console.h"

namespace hubbub::client {

class App {
 public:
  // Opens files and devices. Throws std::runtime_error, its text ready for the person.
  App(const JoinOptions& options, std::uint64_t seed);

  // Until the person or the options say to leave; the process's exit status.
  int run();

 private:
  void tick(TimePoint now);
  void pump_sound(TimePoint now);
  void typed(const std::string& line);
  void obey(TimePoint now, const TypedLine& line);
  void say(const std::string& text, bool action);
  void say_in_open_room(const std::string& text, bool action);
  void send_waiting_texts();
  void tell(TimePoint now, const std::string& argument);
  void take_name(TimePoint now, const std::string& name);
  void verify(const std::string& argument);
  void ignore(const std::string& argument);
  void who(TimePoint now);
  // Somebody in the room by what they are called; says so where there is nobody.
  std::optional<MemberInfo> find_member(const std::string& name);
  [[nodiscard]] std::vector<std::string> names() const;
  void received(TimePoint now, std::span<const std::byte> datagram);
  void unreachable(TimePoint now, const std::string& why);
  void remember_relay();
  // Sends and shows whatever the session has for us.
  void settle(TimePoint now);
  void show(const Event& event);
  void show_text(const TextHeard& heard);
  void show_members(const MembersChanged& changed);
  void show_name_taken(const NameTaken& taken);
  void refuse(const std::string& why);
  void leave();
  StatsReport report() const;

  JoinOptions options_;
  TimePoint started_;
  net::Loop loop_;
  seal::SystemRandom random_;
  std::optional<SealedRoom> room_;  // nothing in an open room
  std::unique_ptr<Session> session_;
  Console console_;
  std::optional<People> people_;  // nothing in an open room
  Sound sound_;
  Connection connection_;
  PlayerStream player_stream_;
  std::unique_ptr<net::UdpSocket> player_;  // of --rtp-to
  net::Timer ticker_;
  net::Timer sound_pump_;
  net::Timer exit_;
  net::Timer stats_;  // of `hubbub tail --json`
  std::vector<std::unique_ptr<net::Signal>> signals_;

  // Typed while the relay is not there; whether as an action.
  std::deque<std::pair<std::string, bool>> waiting_texts_;
  std::string why_away_;
  std::optional<TimePoint> reconnect_at_;
  bool relay_answered_ = false;
  bool refused_ = false;
  std::optional<TimePoint> leave_by_;  // asked to leave, with something still to be sent
  bool leaving_ = false;
};

}  // namespace hubbub::client
