#include "tools/bench/text.h"

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <thread>

#include <unistd.h>

#include "relay/net/clock.h"
#include "tools/bench/sealed_child.h"
#include "tools/bench/text_crowd.h"

namespace hubbub::bench {
namespace {

// Nothing more is given out for so long, and nothing will be.
constexpr Duration kDeliveryPatience = 10s;
constexpr double kSecondsAnHour = 3'600;
constexpr std::size_t kFirstMembers = 2;

// What `hubbub-bench` waits for on a terminal.
class Progress {
 public:
  Progress() = default;
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void tell(const char* what) const {
    if (watched_) std::fprintf(stderr, "\r%-40s", what);
  }
  ~Progress() {
    if (watched_) std::fprintf(stderr, "\r%-40s\r", "");
  }

 private:
  bool watched_ = isatty(STDERR_FILENO) == 1;
};

// --- Messages a second

class WritingRoom {
 public:
  WritingRoom(const TextOptions& options, double paced, const Interrupt& interrupt)
      : options_(options),
        paced_(paced),
        interrupt_(interrupt),
        relay_(options.relay_path, options.members, 2 * options.members),
        crowd_(options.members),
        room_(crowd_, relay_.child.port(), relay_.invite, TextCrowd::Presence::kNone),
        message_(Author(room_.keys()).write()) {
    room_.join(options.members);
    room_.settle();
  }

  ThroughputRun run() {
    const std::uint64_t overrun = crowd_.overrun();
    const Duration cpu_before = relay_.child.cpu_time();
    const TimePoint start = net::now();
    write(start, start + Duration(static_cast<std::int64_t>(options_.seconds * 1e9)));
    const TimePoint written = net::now();
    const TimePoint done = let_everybody_have_everything();
    const std::chrono::duration<double, std::micro> cpu = relay_.child.cpu_time() - cpu_before;

    const TextMember::Tally all = room_.total();
    const auto said = static_cast<double>(all.said);
    const std::uint64_t copies_due = all.said * (options_.members - 1);
    const std::uint64_t delivered = all.given_out - std::min(all.given_out, all.said);
    ThroughputRun run;
    run.numbered_a_second = said / to_seconds(written - start);
    run.delivered_a_second = static_cast<double>(delivered) / to_seconds(done - start);
    run.us_per_message = cpu.count() / said;
    run.us_per_copy = cpu.count() / static_cast<double>(delivered);
    run.busy_share = cpu / (done - start);
    run.live_share = static_cast<double>(all.live) / static_cast<double>(copies_due);
    run.asked_share = static_cast<double>(all.asked_for) / static_cast<double>(copies_due);
    run.behind_ms = to_ms(done - written);
    run.undelivered = copies_due - delivered;
    run.overrun = crowd_.overrun() - overrun;
    return run;
  }

 private:
  // Until the last is acknowledged. The relay looks at a message's id alone: the rest is the same each time.
  void write(TimePoint start, TimePoint end) {
    std::uint64_t said = 0;
    std::size_t turn = 0;
    for (TimePoint now = start;; now = net::now()) {
      interrupt_.check();
      room_.turn(now);
      const bool over = now >= end;
      std::uint64_t due = UINT64_MAX;
      if (paced_ > 0) due = static_cast<std::uint64_t>(paced_ * to_seconds(now - start));
      bool idle = true;
      for (std::size_t i = 0; i < options_.senders && !over && said < due; ++i) {
        // Those who write sit all over the room.
        TextMember& sender =
            room_.members()[(turn++ % options_.senders) * options_.members / options_.senders];
        if (!sender.ready()) continue;
        random_.fill(message_.id);
        sender.say(now, message_.id, message_.object);
        ++said;
        idle = false;
      }
      if (over && idle && all_acknowledged()) return;
      if (now >= end + kDeliveryPatience)
        throw std::runtime_error("the relay does not take a room's messages");
    }
  }

  bool all_acknowledged() {
    return std::ranges::all_of(room_.members(),
                               [](const TextMember& member) { return member.unacknowledged() == 0; });
  }

  // When the last member had the last message.
  TimePoint let_everybody_have_everything() {
    std::uint64_t had = 0;
    TimePoint last = net::now();
    const auto all = [this] { return room_.total(); };
    for (auto tally = all(); tally.given_out < tally.said * options_.members; tally = all()) {
      interrupt_.check();
      if (net::now() - last >= kDeliveryPatience) break;
      for (int i = 0; i < 16; ++i) room_.turn(net::now());
      if (tally.given_out != had) last = net::now();
      had = tally.given_out;
    }
    return last;
  }

  const TextOptions& options_;
  double paced_;
  const Interrupt& interrupt_;
  SealedChild relay_;
  Crowd crowd_;
  TextCrowd room_;
  Author::Sealed message_;
  seal::SystemRandom random_;
};

// --- Members who do nothing

Idle measure_idle(const TextOptions& options, std::size_t members, const Interrupt& interrupt) {
  const SealedChild relay(options.relay_path, members, 2 * members);
  Crowd crowd(members - 1);
  TextCrowd room(crowd, relay.child.port(), relay.invite, TextCrowd::Presence::kShown);
  const auto rss = [&relay] { return static_cast<double>(relay.child.resident_bytes()); };
  room.join(kFirstMembers);
  room.settle();
  const double rss_before = rss();
  room.join(members - 1);
  room.settle();
  const double rss_after = rss();
  TextClient client(relay.child.port(), relay.invite);
  // One socket after the other: neither waits long for the other's.
  const auto live_for = [&](double seconds) {
    const TimePoint end = net::now() + Duration(static_cast<std::int64_t>(seconds * 1e9));
    while (net::now() < end) {
      interrupt.check();
      while (room.turn(net::now())) {
      }
      client.turn(1ms);
    }
  };
  const TimePoint deadline = net::now() + 60s;
  while (!client.session().members() && net::now() < deadline) live_for(0.1);
  live_for(2);
  if (!client.here()) throw std::runtime_error("a client does not get into the relay's sealed room");

  const Traffic up = room.up();
  const Traffic down = room.down();
  const Traffic client_up = client.up();
  const Traffic client_down = client.down();
  const Duration cpu = relay.child.cpu_time();
  const TimePoint start = net::now();
  live_for(options.idle_seconds);
  const double seconds = to_seconds(net::now() - start);
  const double hours = seconds / kSecondsAnHour;
  const auto light = static_cast<double>(members - 1);
  Idle idle;
  idle.members = members;
  idle.seconds = seconds;
  idle.up_bytes = static_cast<double>((room.up() - up).on_the_wire()) / light / hours;
  idle.down_bytes = static_cast<double>((room.down() - down).on_the_wire()) / light / hours;
  idle.client_up_bytes = static_cast<double>((client.up() - client_up).on_the_wire()) / hours;
  idle.client_down_bytes = static_cast<double>((client.down() - client_down).on_the_wire()) / hours;
  idle.relay_cpu_s = to_seconds(relay.child.cpu_time() - cpu) / static_cast<double>(members) / hours;
  idle.rss_bytes = (rss_after - rss_before) / static_cast<double>(members - 1 - kFirstMembers);
  return idle;
}

}  // namespace

TextFigures measure_text(const TextOptions& options, const Interrupt& interrupt) {
  const Progress progress;
  const auto wanted = [&options](const char* part) { return std::ranges::count(options.parts, part) > 0; };
  TextFigures figures;
  if (wanted("throughput")) {
    for (const double paced : {0.0, options.paced}) {
      figures.throughput.push_back({.paced = paced, .runs = {}});
      for (int run = 0; run < options.runs; ++run) {
        progress.tell("writing");
        figures.throughput.back().runs.push_back(WritingRoom(options, paced, interrupt).run());
      }
    }
  }
  for (int run = 0; wanted("catch-up") && run < options.runs; ++run) {
    progress.tell("catching up");
    figures.catch_up.push_back(measure_catch_up(options.relay_path, options.messages, interrupt));
  }
  for (const std::size_t members : options.idle_members) {
    if (!wanted("idle")) break;
    progress.tell("doing nothing");
    figures.idle.push_back(measure_idle(options, members, interrupt));
  }
  if (wanted("roster")) {
    progress.tell("a roster");
    figures.roster.push_back(measure_roster(options.roster, interrupt));
  }
  return figures;
}

}  // namespace hubbub::bench
