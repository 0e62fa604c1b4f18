// A client in a room: the session wired to a loop, a socket, sound, and the person in front of it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relay/net/loop.h"
#include "relay/net/udp_socket.h"
#include "voiceclient/connection.h"
#include "voiceclient/core/player_stream.h"
#include "voiceclient/core/sealed_session.h"
#include "voiceclient/core/session.h"
#include "voiceclient/options.h"
#include "voiceclient/sound.h"
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
  void say(const std::string& text);
  void send_waiting_texts();
  void received(TimePoint now, std::span<const std::byte> datagram);
  void unreachable(TimePoint now, const std::string& why);
  void remember_relay();
  // Sends and shows whatever the session has for us.
  void settle(TimePoint now);
  void show(const Event& event);
  void leave();
  StatsReport report() const;

  JoinOptions options_;
  TimePoint started_;
  net::Loop loop_;
  seal::SystemRandom random_;
  std::optional<SealedRoom> room_;  // nothing in an open room
  std::unique_ptr<Session> session_;
  Console console_;
  Sound sound_;
  Connection connection_;
  PlayerStream player_stream_;
  std::unique_ptr<net::UdpSocket> player_;  // of --rtp-to
  net::Timer ticker_;
  net::Timer sound_pump_;
  net::Timer exit_;
  std::vector<std::unique_ptr<net::Signal>> signals_;

  std::deque<std::string> waiting_texts_;  // typed while the relay is not there
  std::string why_away_;
  std::optional<TimePoint> reconnect_at_;
  bool relay_answered_ = false;
  bool refused_ = false;
  bool leaving_ = false;
};

}  // namespace hubbub::client
