// Lines from standard input into a sealed room, until they are all there: `hubbub send`.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/seal/random.h"
#include "relay/net/input.h"
#include "relay/net/loop.h"
#include "voiceclient/connection.h"
#include "voiceclient/core/sealed_session.h"
#include "voiceclient/options.h"

namespace hubbub::client {

class SendApp {
 public:
  // Throws std::runtime_error, its text ready for the person.
  SendApp(const SendOptions& options, std::uint64_t seed);

  // Until everything is sent, or cannot be; the process's exit status.
  int run();

 private:
  void read(std::string_view bytes);
  void add_line(std::string_view line);
  void tick(TimePoint now);
  void settle(TimePoint now);
  void act_on(const Event& event);
  void send_waiting(TimePoint now);
  // Whether the one it is for is there; not known before the roster is.
  [[nodiscard]] std::optional<bool> recipient_is_here() const;
  void finish(int status, const std::string& sentence = {});

  SendOptions options_;
  net::Loop loop_;
  seal::SystemRandom random_;
  SealedRoom room_;
  SealedSession session_;
  Connection connection_;
  net::Timer ticker_;
  std::unique_ptr<net::Input> input_;
  std::vector<std::unique_ptr<net::Signal>> signals_;

  std::string partial_line_;
  std::deque<std::string> waiting_;
  bool input_over_ = false;
  bool joined_ = false;
  bool finished_ = false;
  int status_ = 0;
  TimePoint progress_;  // when something last became better
  std::size_t left_ = 0;
  std::string why_away_;
};

}  // namespace hubbub::client
