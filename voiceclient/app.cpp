#include "voiceclient/app.h"

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "relay/net/clock.h"
#include "voiceclient/core/open_session.h"
#include "voiceclient/known_relays.h"
#include "voiceclient/sealed_entry.h"
#include "voiceclient/ui/command.h"

namespace hubbub::client {
namespace {

// While the relay is away, a new socket and a new look at its name this often: either may be what is wrong.
constexpr Duration kReconnectInterval = 10s;
// Texts that wait for a relay that is away. A person types few; a pipe is told.
constexpr std::size_t kMaxWaitingTexts = 100;
constexpr int kNotJoined = 1;  // the relay never answered, or it or the link is wrong
constexpr const char* kNoAnswer = "it does not answer";

SessionOptions session_options(const JoinOptions& options, std::uint64_t seed) {
  return {.name = options.name,
          .format = options.format,
          .playout_delay = options.playout_delay,
          .muted = options.muted,
          .seed = seed};
}

std::unique_ptr<Session> make_session(const JoinOptions& options, const std::optional<SealedRoom>& room,
                                      seal::Random& random, std::uint64_t seed) {
  if (!room) return std::make_unique<OpenSession>(session_options(options, seed));
  return std::make_unique<SealedSession>(session_options(options, seed), *room, random);
}

std::optional<SealedRoom> room_of(const JoinOptions& options) {
  if (!options.sealed) return std::nullopt;
  return keys_for(*options.sealed);
}

}  // namespace

App::App(const JoinOptions& options, std::uint64_t seed)
    : options_(options),
      started_(net::now()),
      room_(room_of(options)),
      session_(make_session(options, room_, random_, seed)),
      console_(loop_, options.json, started_,
               {.typed = [this](const std::string& line) { typed(line); }, .leave = [this] { leave(); }}),
      sound_(options, [this](const std::string& text) { console_.frontend().notice(text); }),
      connection_(
          loop_, options.relay,
          {.opened =
               [this](TimePoint now) {
                 session_->reconnect();
                 tick(now);
               },
           .receive = [this](TimePoint now, std::span<const std::byte> bytes) { received(now, bytes); },
           .failed = [this](TimePoint now, const std::string& why) { unreachable(now, why); }}),
      player_stream_(std::mt19937_64(seed + 1)),  // other numbers than the session's own
      ticker_(loop_, [this](TimePoint now) { tick(now); }),
      sound_pump_(loop_, [this](TimePoint now) { pump_sound(now); }),
      exit_(loop_, [this](TimePoint) { leave(); }),
      waiting_texts_(options.texts.begin(), options.texts.end()),
      why_away_(kNoAnswer) {
  if (options.rtp_to) {
    const Endpoint any{options.rtp_to->address.is_v4() ? IpAddress::v4(0, 0, 0, 0) : IpAddress(), 0};
    player_ = std::make_unique<net::UdpSocket>(
        loop_, any, [](TimePoint, const Endpoint&, std::span<const std::byte>) {}, [](TimePoint, int) {});
    session_->set_tap([this](TimePoint now, std::span<const std::byte> datagram) {
      // What the player's socket does not take is lost to it, as on any network.
      if (const auto voice = player_stream_.hand_on(now, datagram))
        static_cast<void>(player_->send_to(*options_.rtp_to, *voice));
    });
  }
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    signals_.push_back(std::make_unique<net::Signal>(loop_, number, [this] { leave(); }));
  }
}

int App::run() {
  console_.frontend().joining(options_.link, session_->ssrc());
  connection_.open();
  ticker_.start(Duration::zero(), Session::kTick);
  sound_pump_.start(Duration::zero(), Sound::kPumpInterval);
  if (options_.exit_after) exit_.start(*options_.exit_after);
  loop_.run();

  if (refused_) return kNotJoined;
  console_.frontend().stats(report());
  console_.frontend().left();
  return relay_answered_ ? EXIT_SUCCESS : kNotJoined;
}

void App::tick(TimePoint now) {
  session_->tick(now);
  settle(now);
  const bool away = session_->relay_state() == RelayWatch::State::kAway;
  if (!away) {
    reconnect_at_.reset();
  } else if (!reconnect_at_) {
    reconnect_at_ = now + kReconnectInterval;
  } else if (now >= *reconnect_at_) {
    reconnect_at_ = now + kReconnectInterval;
    connection_.open();
  }
  if (!console_.frontend().alive()) leave();
}

void App::pump_sound(TimePoint now) {
  sound_.pump(now, *session_);
  settle(now);
  if (options_.exit_at_end && sound_.recording_over()) leave();
}

void App::received(TimePoint now, std::span<const std::byte> datagram) {
  session_->receive(now, datagram);
  settle(now);
}

void App::unreachable(TimePoint now, const std::string& why) {
  why_away_ = why;
  session_->refused();
  if (!reconnect_at_) reconnect_at_ = now + kReconnectInterval;
}

// It has proved to hold the key: from now on it has to.
void App::remember_relay() {
  if (!room_) return;
  const KnownRelays known(options_.sealed->known_relays);
  if (const auto problem = known.pin(options_.relay, room_->relay_key)) console_.frontend().notice(*problem);
}

void App::settle(TimePoint now) {
  while (const auto datagram = session_->next_datagram()) connection_.send(now, *datagram);
  while (const auto event = session_->next_event()) show(*event);
}

void App::show(const Event& event) {
  Frontend& frontend = console_.frontend();
  if (const auto* here = std::get_if<RelayHere>(&event)) {
    if (!std::exchange(relay_answered_, true)) remember_relay();
    why_away_ = kNoAnswer;
    frontend.relay_here(here->round_trip);
    send_waiting_texts();
  } else if (std::holds_alternative<RelayAway>(event)) {
    frontend.relay_away(why_away_);
  } else if (const auto* heard = std::get_if<TextHeard>(&event)) {
    frontend.text(heard->line);
  } else if (const auto* speaking = std::get_if<Speaking>(&event)) {
    frontend.speaking(*speaking);
  } else if (const auto* notice = std::get_if<Notice>(&event)) {
    frontend.notice(notice->sentence);
  } else if (const auto* refused = std::get_if<Refused>(&event)) {
    if (std::exchange(refused_, true)) return;  // once is enough
    frontend.refused(refused->why);
    leave();
  }
}

void App::typed(const std::string& line) {
  const TimePoint now = net::now();
  Frontend& frontend = console_.frontend();
  const auto parsed = parse_typed_line(line);
  if (!parsed) return frontend.notice(parsed.error());
  switch (parsed->command) {
    case Command::kSay:
      say(parsed->argument);
      break;
    case Command::kQuit:
      leave();
      break;
    case Command::kWho:
      frontend.who(now, session_->speakers(), session_->authors());
      break;
    case Command::kMute:
      session_->set_muted(!session_->muted());
      frontend.muted(session_->muted());
      break;
    case Command::kStats:
      frontend.stats(report());
      break;
    case Command::kHelp:
      frontend.help();
      break;
  }
  settle(now);
}

void App::say(const std::string& text) {
  if (text.empty()) return;
  Frontend& frontend = console_.frontend();
  // What was typed first goes first, also while the news that the relay is here has not come round.
  if (session_->relay_state() != RelayWatch::State::kHere || !waiting_texts_.empty()) {
    if (waiting_texts_.size() >= kMaxWaitingTexts)
      return frontend.notice("not sent: " + std::to_string(kMaxWaitingTexts) +
                             " lines already wait for the relay");
    waiting_texts_.push_back(text);
    if (session_->relay_state() == RelayWatch::State::kAway)
      frontend.notice("the relay is away; your line is sent when it is back");
    return;
  }
  if (const auto problem = session_->say(text)) {
    const std::string why = *problem == DropReason::kTextTooLong
                                ? "longer than " + std::to_string(kMaxTextBytes) + " bytes"
                                : std::string(name_of(*problem));
    return frontend.notice("not sent: " + why);
  }
  if (const auto line = checked_text(options_.name, text)) frontend.own_text(*line);
}

void App::send_waiting_texts() {
  std::deque<std::string> texts;
  std::swap(texts, waiting_texts_);
  for (const std::string& text : texts) {
    say(text);
    settle(net::now());
  }
}

void App::leave() {
  if (std::exchange(leaving_, true)) return;
  const TimePoint now = net::now();
  session_->leave(now);
  settle(now);
  loop_.stop();
}

StatsReport App::report() const {
  return {.session = session_->stats(),
          .speakers = session_->speakers(),
          .round_trip = session_->round_trip(),
          .muted = session_->muted(),
          .frame = options_.format.frame,
          .lookahead = session_->lookahead(),
          .playout_delay = options_.playout_delay,
          .input_latency = sound_.input_latency(),
          .output_latency = sound_.output_latency(),
          .input_started = sound_.input_started(),
          .output_started = sound_.output_started()};
}

}  // namespace hubbub::client
