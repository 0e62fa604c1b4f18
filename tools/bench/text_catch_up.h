// A member who was cut off while thousands of messages were written, and comes back: a whole client core on a
// socket of its own, which opens and verifies every message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "codec/seal/invite.h"
#include "codec/seal/random.h"
#include "tools/bench/interrupt.h"
#include "tools/bench/text_crowd.h"
#include "voiceclient/core/sealed_session.h"

namespace hubbub::bench {

// hubbub's client core without sound, at a real socket, driven as its program drives it: it sleeps until a
// datagram or a timer is due.
class TextClient {
 public:
  // The port is that of 127.0.0.1. Throws std::system_error.
  TextClient(std::uint16_t relay_port, const seal::Invite& invite);
  TextClient(const TextClient&) = delete;
  TextClient& operator=(const TextClient&) = delete;
  ~TextClient();

  // One wait for a datagram or a timer, at most as long as `longest`, and what is to be done then.
  void turn(Duration longest);
  // Turns until it is so; throws std::runtime_error where it is not in time.
  void run_until(const std::function<bool()>& done, Duration patience, const char* what);
  // Without a network and without time passing, until `come_back`: what comes meanwhile is lost.
  void go_away();
  void come_back();

  [[nodiscard]] bool here() const { return session_.relay_state() == client::RelayWatch::State::kHere; }
  [[nodiscard]] std::uint64_t texts() const { return texts_; }
  [[nodiscard]] std::uint64_t notices() const { return notices_; }
  [[nodiscard]] const client::SealedSession& session() const { return session_; }
  [[nodiscard]] const Traffic& up() const { return up_; }
  [[nodiscard]] const Traffic& down() const { return down_; }

 private:
  [[nodiscard]] TimePoint now() const;
  void send_and_hear();

  int descriptor_ = -1;
  seal::SystemRandom random_;
  client::SealedSession session_;
  Duration away_{};
  TimePoint went_away_;
  TimePoint next_tick_;
  std::uint64_t texts_ = 0;
  std::uint64_t notices_ = 0;
  Traffic up_;
  Traffic down_;
};

struct CatchUp {
  std::size_t messages = 0;
  double wall_ms = 0;
  Traffic up;
  Traffic down;
  double relay_cpu_ms = 0;
  double client_cpu_ms = 0;
};

CatchUp measure_catch_up(const std::string& relay_path, std::size_t messages, const Interrupt& interrupt);

}  // namespace hubbub::bench
