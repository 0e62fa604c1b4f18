#include "tools/bench/sealed.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <unistd.h>

#include "relay/net/clock.h"
#include "tools/bench/child.h"
#include "tools/bench/crowd.h"
#include "tools/bench/load.h"
#include "tools/bench/sealed_child.h"

namespace hubbub::bench {
namespace {

constexpr int kWeighingEnvelopes = 256;

SealedChild sealed_relay(const SealedOptions& options, std::size_t members) {
  return {options.relay_path, members, members + kMeasuredJoins + 2 * kMeasuredHandshakes};
}

// One of the two rooms: how its members speak, and what they hear.
class Room {
 public:
  Room() = default;
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  virtual ~Room() = default;
  [[nodiscard]] virtual const Child& relay() const = 0;
  virtual void begin_turn() = 0;
  virtual void speak(std::size_t member) = 0;
  virtual std::uint64_t take() = 0;

  Measurement measured;
  std::uint32_t next_speaker = 0;
};

class OpenRoom final : public Room {
 public:
  OpenRoom(const SealedOptions& options, Crowd& crowd)
      : crowd_(crowd), relay_(relay_command(options.relay_path, crowd.peers(), {"--open", "0"})) {
    join(crowd, relay_.port(), 0, crowd.peers());
  }
  [[nodiscard]] const Child& relay() const override { return relay_; }
  void begin_turn() override { ++ssrc_; }
  void speak(std::size_t member) override {
    Speaker speaker(member, ssrc_);
    crowd_.send(member, relay_.port(), speaker.next_frame());
  }
  std::uint64_t take() override { return bench::take(crowd_, ssrc_); }

 private:
  Crowd& crowd_;
  Child relay_;
  std::uint32_t ssrc_ = 0;
};

class SealedRoom final : public Room {
 public:
  SealedRoom(const SealedOptions& options, Crowd& crowd)
      : relay_(sealed_relay(options, crowd.peers())),
        crowd_(crowd),
        members_(crowd, relay_.child.port(), relay_.invite) {}

  // Two members first, and all of the relay's paths warm; what the others then add is theirs.
  double weigh_joining() {
    members_.join(2);
    members_.send_padding(0, kWeighingEnvelopes);
    pause(crowd_);
    const auto before = static_cast<double>(relay_.child.resident_bytes());
    members_.join(crowd_.peers());
    pause(crowd_);
    const auto after = static_cast<double>(relay_.child.resident_bytes());
    return (after - before) / static_cast<double>(crowd_.peers() - 2);
  }
  SealedCrowd::FrameSizes weigh_frame() {
    const auto sizes = members_.weigh_frame(0);
    pause(crowd_);
    return sizes;
  }
  [[nodiscard]] const Child& relay() const override { return relay_.child; }
  void begin_turn() override { members_.begin_turn(); }
  void speak(std::size_t member) override { members_.speak(member); }
  std::uint64_t take() override { return members_.take(); }

 private:
  SealedChild relay_;
  Crowd& crowd_;
  SealedCrowd members_;
};

// Single datagrams, spaced, and none caught up with: as compare.cpp says.
void speak(Room& room, std::size_t members, const Pace& pace) {
  room.begin_turn();
  const Duration before = room.relay().cpu_time();
  std::uint64_t due = 0;
  std::uint64_t received = 0;
  for (std::size_t i = 0; i < pace.datagrams; ++i) {
    room.speak(speaking_peer(room.next_speaker++, members));
    due += members - 1;
    const TimePoint next = net::now() + pace.interval;
    do {
      received += room.take();
    } while (net::now() < next);
  }
  for (TimePoint deadline = net::now() + kPatience; received < due && net::now() < deadline;) {
    const std::uint64_t more = room.take();
    if (more > 0) deadline = net::now() + kPatience;
    received += more;
  }
  const std::chrono::duration<double, std::micro> cpu = room.relay().cpu_time() - before;
  if (received > 0) room.measured.us_per_copy.push_back(cpu.count() / static_cast<double>(received));
  room.measured.due += due;
  room.measured.received += received;
}

SealedRun run_once(const SealedOptions& options, std::size_t members, std::size_t number,
                   SealedCrowd::FrameSizes& frame, const Interrupt& interrupt) {
  Crowd crowd(members);
  SealedRun run;
  SealedRoom sealed(options, crowd);
  run.member_bytes = sealed.weigh_joining();
  frame = sealed.weigh_frame();
  OpenRoom open(options, crowd);
  const std::array<Room*, 2> rooms = {&open, &sealed};

  const Pace pace = pace_for(options.copies_per_second, options.seconds / kTurns, members);
  for (Room* room : rooms) {
    speak(*room, members,
          {.datagrams = std::min(kWarmUpDatagrams, pace.datagrams), .interval = pace.interval});
    room->measured = {};
  }
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    for (std::size_t i = 0; i < rooms.size(); ++i) {
      interrupt.check();
      speak(*rooms[(i + turn + number) % rooms.size()], members, pace);
    }
  }
  run.open = open.measured;
  run.sealed = sealed.measured;
  return run;
}

}  // namespace

SealedFigures measure_sealed(const SealedOptions& options, const Interrupt& interrupt) {
  const bool watched = isatty(STDERR_FILENO) == 1;
  SealedFigures figures;
  for (int number = 0; number < options.runs; ++number) {
    if (watched) std::fprintf(stderr, "\rat the door, run %d of %d ", number + 1, options.runs);
    const SealedChild relay = sealed_relay(options, 2 * kMeasuredHandshakes);
    figures.doors.push_back(measure_door(relay.child, relay.invite, interrupt));
  }
  for (const std::size_t members : options.members) {
    MemberCount& count = figures.counts.emplace_back(MemberCount{.members = members, .runs = {}});
    for (int number = 0; number < options.runs; ++number) {
      if (watched) std::fprintf(stderr, "\r%zu members, run %d of %d ", members, number + 1, options.runs);
      count.runs.push_back(
          run_once(options, members, static_cast<std::size_t>(number), figures.frame, interrupt));
    }
  }
  if (watched) std::fputs("\r                              \r", stderr);
  return figures;
}

}  // namespace hubbub::bench
