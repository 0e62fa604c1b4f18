#include "voiceclient/app.h"

#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "codec/seal/room_keys.h"
#include "codec/wire/limits.h"
#include "codec/wire/text.h"
#include "relay/net/clock.h"
#include "voiceclient/core/open_session.h"
#include "voiceclient/exit_status.h"
#include "voiceclient/known_relays.h"
#include "voiceclient/sealed_entry.h"

namespace hubbub::client {
namespace {

// While the relay is away, a new socket and a new look at its name this often: either may be what is wrong.
constexpr Duration kReconnectInterval = 10s;
// Texts that wait for a relay that is away. A person types few; a pipe is told.
constexpr std::size_t kMaxWaitingTexts = 100;
constexpr const char* kNoAnswer = "it does not answer";

// How long one who leaves waits for what they wrote to be acknowledged.
constexpr Duration kLastWordsLast = 2s;
// While nobody reads it but a program, how things stand is told so often.
constexpr Duration kStatsInterval = 10s;

SessionOptions session_options(const JoinOptions& options, std::uint64_t seed) {
  return {.name = options.name,
          .unix_ms = net::unix_ms,
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
      console_(loop_, {.json = options.json, .listen_only = options.listen_only}, started_,
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
      stats_(loop_, [this](TimePoint) { console_.frontend().stats(report()); }),
      why_away_(kNoAnswer) {
  if (room_) {
    people_.emplace(options.sealed->known_people,
                    seal::RoomKeys(room_->relay_key, room_->room_secret).room_id(), *session_->identity(),
                    [this](const std::string& sentence) { console_.frontend().notice(sentence); });
  }
  for (const std::string& text : options.texts) waiting_texts_.emplace_back(text, false);
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
  if (options_.listen_only && options_.json) stats_.start(kStatsInterval, kStatsInterval);
  if (room_) send_waiting_texts();  // they wait in the session
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
  if (!leave_by_ && !console_.frontend().alive()) leave();
  if (leave_by_ && (now >= *leave_by_ || session_->texts_waiting().unacknowledged == 0)) leave();
}

void App::pump_sound(TimePoint now) {
  sound_.pump(now, *session_);
  settle(now);
  if (!leave_by_ && options_.exit_at_end && sound_.recording_over()) leave();
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
    show_text(*heard);
  } else if (const auto* speaking = std::get_if<Speaking>(&event)) {
    frontend.speaking(*speaking);
  } else if (const auto* notice = std::get_if<Notice>(&event)) {
    frontend.notice(notice->sentence);
  } else if (const auto* changed = std::get_if<MembersChanged>(&event)) {
    show_members(*changed);
  } else if (const auto* taken = std::get_if<NameTaken>(&event)) {
    show_name_taken(*taken);
  } else if (const auto* name = std::get_if<NameChanged>(&event)) {
    frontend.name_changed(name->name);
  } else if (const auto* refused = std::get_if<Refused>(&event)) {
    refuse(refused->why);
  }
}

void App::refuse(const std::string& why) {
  if (std::exchange(refused_, true)) return;  // once is enough
  console_.frontend().refused(why);
  leave();
}

void App::show_text(const TextHeard& heard) {
  const Trust trust = heard.author ? people_->meet(*heard.author, heard.line.author) : Trust::kNone;
  console_.frontend().text(heard, trust);
}

void App::show_members(const MembersChanged& changed) {
  MembersReport report{.first = changed.first, .joined = {}, .left = {}, .renamed = {}};
  report.members = session_->member_count();
  for (const MemberInfo& member : changed.joined) {
    people_->meet(member.identity, member.name);
    report.joined.push_back(people_->person(member));
  }
  for (const MemberInfo& member : changed.left) report.left.push_back(people_->person(member));
  for (const auto& [before, member] : changed.renamed) {
    people_->meet(member.identity, member.name);
    report.renamed.emplace_back(before, people_->person(member));
  }
  console_.frontend().members(report);
}

// Who sits at a terminal chooses another; a script is told, and ends.
void App::show_name_taken(const NameTaken& taken) {
  if (taken.joined || console_.interactive()) return console_.frontend().name_taken(taken);
  refuse("somebody in the room is " + taken.name + " already; " + taken.suggestion +
         " would be free: --name " + taken.suggestion);
}

// --- What is typed

void App::typed(const std::string& line) {
  const auto parsed = parse_typed_line(line);
  if (!parsed) return console_.frontend().notice(parsed.error());
  const TimePoint now = net::now();
  obey(now, *parsed);
  settle(now);
}

void App::obey(TimePoint now, const TypedLine& line) {
  Frontend& frontend = console_.frontend();
  switch (line.command) {
    case Command::kSay:
      return say(line.argument, false);
    case Command::kMe:
      return say(line.argument, true);
    case Command::kMsg:
      return tell(now, line.argument);
    case Command::kName:
      return take_name(now, line.argument);
    case Command::kVerify:
      return verify(line.argument);
    case Command::kIgnore:
      return ignore(line.argument);
    case Command::kQuit:
      return leave();
    case Command::kWho:
      return who(now);
    case Command::kMute:
      session_->set_muted(now, !session_->muted());
      return frontend.muted(session_->muted());
    case Command::kStats:
      return frontend.stats(report());
    case Command::kHelp:
      return frontend.help();
  }
}

void App::say(const std::string& text, bool action) {
  if (text.empty()) return;
  if (!room_) return say_in_open_room(text, action);
  // The session keeps what the relay cannot have yet, and shows it when it has its place in the room.
  for (const std::string& piece : split_text(text, kMaxSealedTextBytes - session_->name().size())) {
    const auto problem = action ? session_->act(net::now(), piece) : session_->say(net::now(), piece);
    if (problem == DropReason::kQueueFull)
      return console_.frontend().notice("not sent: too many lines wait for the relay already");
    if (problem) return console_.frontend().notice("not sent: " + std::string(name_of(*problem)));
  }
  if (session_->relay_state() == RelayWatch::State::kAway)
    console_.frontend().notice("the relay is away; your line is sent when it is back");
}

void App::say_in_open_room(const std::string& text, bool action) {
  Frontend& frontend = console_.frontend();
  // What was typed first goes first, also while the news that the relay is here has not come round.
  if (session_->relay_state() != RelayWatch::State::kHere || !waiting_texts_.empty()) {
    if (waiting_texts_.size() >= kMaxWaitingTexts)
      return frontend.notice("not sent: " + std::to_string(kMaxWaitingTexts) +
                             " lines already wait for the relay");
    waiting_texts_.emplace_back(text, action);
    if (session_->relay_state() == RelayWatch::State::kAway)
      frontend.notice("the relay is away; your line is sent when it is back");
    return;
  }
  const std::string line = action ? "* " + text : text;
  if (const auto problem = session_->say(net::now(), line)) {
    const std::string why = *problem == DropReason::kTextTooLong
                                ? "longer than " + std::to_string(kMaxTextBytes) + " bytes"
                                : std::string(name_of(*problem));
    return frontend.notice("not sent: " + why);
  }
  TextHeard heard;
  heard.line = {.author = session_->name(), .text = line};
  heard.own = true;
  frontend.text(heard, Trust::kNone);
}

void App::tell(TimePoint now, const std::string& argument) {
  const auto [name, text] = split_name(argument, names());
  if (text.empty()) return console_.frontend().notice("It takes more than that: /msg NAME TEXT.");
  for (const std::string& piece : split_text(text, kMaxSealedTextBytes - session_->name().size())) {
    if (const auto problem = session_->tell(now, name, piece)) return console_.frontend().notice(*problem);
  }
}

void App::take_name(TimePoint now, const std::string& name) {
  Frontend& frontend = console_.frontend();
  if (name.empty()) {
    return frontend.notice(session_->name().empty() ? "you have no name; /name NAME gives you one"
                                                    : "you are " + session_->name());
  }
  const auto checked = checked_name(name);
  if (!checked)
    return frontend.notice("a name is 1 to 32 characters, without control characters, '<' and '>'");
  if (const auto problem = session_->set_name(now, *checked)) frontend.notice(*problem);
}

std::vector<std::string> App::names() const {
  std::vector<std::string> names;
  for (const MemberInfo& member : session_->members().value_or(std::vector<MemberInfo>()))
    names.push_back(member.name);
  return names;
}

std::optional<MemberInfo> App::find_member(const std::string& name) {
  const auto members = session_->members();
  if (!members) {
    console_.frontend().notice("only a sealed room knows who is who");
    return std::nullopt;
  }
  for (const MemberInfo& member : *members) {
    if (!member.name.empty() && folded_name(member.name) == folded_name(name)) return member;
  }
  console_.frontend().notice("nobody called " + name + " is here; /who shows who is");
  return std::nullopt;
}

void App::verify(const std::string& argument) {
  const auto [name, answer] = split_name(argument, names());
  const auto member = find_member(name);
  if (!member) return;
  Frontend& frontend = console_.frontend();
  if (member->own) return frontend.notice("that is you");
  if (answer == "yes" || answer == "no") {
    people_->set_verified(member->identity, member->name, answer == "yes");
    return frontend.notice(member->name +
                           (answer == "yes" ? " is verified from now on" : " is not verified"));
  }
  if (!answer.empty()) return frontend.notice("It is /verify NAME, /verify NAME yes, or /verify NAME no.");
  frontend.notice("your code with " + member->name + ": " + people_->code_with(member->identity));
  frontend.notice("ask " + member->name +
                  " for theirs on another way, by voice perhaps; if it is the same: /verify " + member->name +
                  " yes");
}

void App::ignore(const std::string& argument) {
  const auto member = find_member(argument);
  if (!member) return;
  if (member->own) return console_.frontend().notice("that is you");
  const bool ignored = people_->toggle_ignored(member->identity);
  session_->ignore(member->identity, ignored);
  console_.frontend().notice(ignored ? "you hear and read no more of " + member->name +
                                           "; /ignore again ends that"
                                     : "you hear and read " + member->name + " again");
}

void App::who(TimePoint now) {
  WhoReport report{.now = now,
                   .unix_ms = net::unix_ms(),
                   .people = {},
                   .members = session_->member_count(),
                   .speakers = session_->speakers(),
                   .authors = session_->authors()};
  if (const auto members = session_->members()) {
    auto& people = report.people.emplace();
    for (const MemberInfo& member : *members) people.push_back(people_->person(member));
  }
  console_.frontend().who(report);
}

void App::send_waiting_texts() {
  for (const auto& [text, action] : std::exchange(waiting_texts_, {})) {
    say(text, action);
    settle(net::now());
  }
}

// What was typed last has still to get there: a moment is given to it, unless one is in a hurry and asks
// twice.
void App::leave() {
  if (leaving_) return;
  const TimePoint now = net::now();
  const std::size_t unsent = session_->texts_waiting().unacknowledged;
  const bool here = session_->relay_state() == RelayWatch::State::kHere;
  if (unsent > 0 && here && !refused_ && !leave_by_) {
    leave_by_ = now + kLastWordsLast;
    return;
  }
  leaving_ = true;
  if (unsent > 0 && relay_answered_)
    console_.frontend().notice(std::to_string(unsent) + " of your lines did not get to the relay");
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
