#include "voiceclient/send_app.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include <unistd.h>

#include "codec/wire/limits.h"
#include "codec/wire/text.h"
#include "relay/net/clock.h"
#include "voiceclient/exit_status.h"
#include "voiceclient/known_relays.h"
#include "voiceclient/sealed_entry.h"

namespace hubbub::client {
namespace {

// How long a relay that has everything is given to put it on disk: some trouble of its own is not ours.
constexpr Duration kStorePatience = 3s;
// Lines read ahead of the network; more wait in the pipe.
constexpr std::size_t kMostReadAhead = 256;

SessionOptions session_options(const SendOptions& options, std::uint64_t seed) {
  SessionOptions session;
  session.name = options.join.name;
  session.unix_ms = net::unix_ms;
  session.muted = true;
  session.seed = seed;
  return session;
}

}  // namespace

SendApp::SendApp(const SendOptions& options, std::uint64_t seed)
    : options_(options),
      room_(keys_for(*options.join.sealed)),
      session_(session_options(options, seed), room_, random_),
      connection_(loop_, options.join.relay,
                  {.opened =
                       [this](TimePoint now) {
                         session_.reconnect();
                         tick(now);
                       },
                   .receive =
                       [this](TimePoint now, std::span<const std::byte> bytes) {
                         session_.receive(now, bytes);
                         settle(now);
                       },
                   .failed =
                       [this](TimePoint, const std::string& why) {
                         why_away_ = why;
                         session_.refused();
                       }}),
      ticker_(loop_, [this](TimePoint now) { tick(now); }),
      progress_(net::now()) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    signals_.push_back(std::make_unique<net::Signal>(
        loop_, number, [this] { finish(kNotDelivered, "stopped before everything was sent"); }));
  }
}

int SendApp::run() {
  connection_.open();
  input_ = std::make_unique<net::Input>(loop_, STDIN_FILENO, net::Input::Terminal::kLines,
                                        [this](std::string_view bytes) { read(bytes); });
  ticker_.start(Duration::zero(), Session::kTick);
  loop_.run();
  return status_;
}

void SendApp::read(std::string_view bytes) {
  input_over_ = bytes.empty();
  for (const char c : bytes) {
    if (c == '\n') {
      add_line(std::exchange(partial_line_, {}));
    } else {
      partial_line_ += c;
    }
  }
  if (input_over_) add_line(std::exchange(partial_line_, {}));
  progress_ = net::now();
  if (waiting_.size() >= kMostReadAhead) input_->pause(true);
  send_waiting(progress_);
}

void SendApp::add_line(std::string_view line) {
  if (!is_utf8(line))
    return finish(kNotDelivered, "standard input is not UTF-8: \"" + printable(line) + "\" was not sent");
  const std::string text = printable(line);
  if (columns_of(text) == 0) return;
  for (std::string& piece : split_text(text, kMaxSealedTextBytes - options_.join.name.size()))
    waiting_.push_back(std::move(piece));
}

void SendApp::tick(TimePoint now) {
  if (finished_) return;
  session_.tick(now);
  settle(now);
  send_waiting(now);
  if (finished_) return;
  const TextsWaiting texts = session_.texts_waiting();
  const std::size_t left = waiting_.size() + texts.unacknowledged + texts.unstored;
  if (left != std::exchange(left_, left)) progress_ = now;
  const bool delivered = waiting_.empty() && texts.unacknowledged == 0;
  if (input_over_ && joined_ && delivered && texts.unstored == 0) return finish(EXIT_SUCCESS);
  if (input_over_ && joined_ && delivered) session_.ask_relay();  // whether it is stored
  if (input_over_ && joined_ && delivered && now - progress_ >= kStorePatience)
    return finish(EXIT_SUCCESS, "the room has it all, but the relay has not put it into its history");
  if (now - progress_ < options_.patience || (joined_ && delivered)) return;
  if (!joined_)
    return finish(kNotJoined, "no way in: " + (why_away_.empty() ? "it does not answer" : why_away_));
  finish(kNotDelivered, std::to_string(waiting_.size() + texts.unacknowledged) +
                            " lines were not acknowledged: the relay is away");
}

void SendApp::settle(TimePoint now) {
  while (const auto datagram = session_.next_datagram()) connection_.send(now, *datagram);
  while (const auto event = session_.next_event()) act_on(*event);
}

void SendApp::act_on(const Event& event) {
  if (std::holds_alternative<RelayHere>(event)) {
    if (std::exchange(joined_, true)) return;
    progress_ = net::now();
    const KnownRelays known(options_.join.sealed->known_relays);
    if (const auto problem = known.pin(options_.join.relay, room_.relay_key))
      std::fprintf(stderr, "hubbub: %s\n", problem->c_str());
  } else if (const auto* refused = std::get_if<Refused>(&event)) {
    finish(kNotJoined, refused->why);
  } else if (const auto* taken = std::get_if<NameTaken>(&event)) {
    finish(kNotJoined, "somebody in the room is " + taken->name + " already; " + taken->suggestion +
                           " would be free: --name " + taken->suggestion);
  }
}

std::optional<bool> SendApp::recipient_is_here() const {
  if (!session_.chat().company().roster().complete()) return std::nullopt;
  for (const auto& [ssrc, presence] : session_.chat().company().roster().members()) {
    if (folded_name(presence.name) == folded_name(options_.to)) return true;
  }
  return false;
}

void SendApp::send_waiting(TimePoint now) {
  if (finished_ || waiting_.empty()) return;
  if (!options_.to.empty()) {
    const auto here = recipient_is_here();
    if (!here) return;
    if (!*here) return finish(kNobodyThere, "nobody called " + options_.to + " is here");
  }
  while (!waiting_.empty()) {
    const std::string& line = waiting_.front();
    if (!options_.to.empty()) {
      if (session_.texts_waiting().unacknowledged >= Outbox::kMaxWaiting) break;
      if (const auto problem = session_.tell(now, options_.to, line)) return finish(kNobodyThere, *problem);
    } else {
      const auto problem = options_.action ? session_.act(now, line) : session_.say(now, line);
      if (problem == DropReason::kQueueFull) break;
      if (problem) return finish(kNotDelivered, "not sent: " + std::string(name_of(*problem)));
    }
    waiting_.pop_front();
  }
  if (waiting_.size() < kMostReadAhead) input_->pause(false);
  settle(now);
}

void SendApp::finish(int status, const std::string& sentence) {
  if (std::exchange(finished_, true)) return;
  status_ = status;
  if (!sentence.empty()) std::fprintf(stderr, "hubbub: %s\n", printable(sentence).c_str());
  const TimePoint now = net::now();
  session_.leave(now);
  while (const auto datagram = session_.next_datagram()) connection_.send(now, *datagram);
  loop_.stop();
}

}  // namespace hubbub::client
