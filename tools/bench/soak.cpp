#include "tools/bench/soak.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "relay/net/clock.h"
#include "tools/bench/child.h"
#include "tools/bench/crowd.h"
#include "tools/bench/load.h"
#include "tools/bench/statistics.h"

namespace hubbub::bench {
namespace {

constexpr Duration kKeepaliveEvery = 10s;  // a third of the relay's patience
constexpr Duration kSampleEvery = 5s;
constexpr int kLeastSamples = 20;
constexpr Duration kLongestNap = 1ms;  // the crowd's buffer holds half a second; it need not spin for minutes
constexpr double kWarmUpShare = 0.1;
// Flat: code that is run for the first time comes in by 64 KiB, and the allocator's own pages may come and
// go; a leak of one byte a copy would be tens of MiB in ten minutes.
constexpr double kFlatKib = 128;

// What the room counted.
struct Tally {
  std::uint64_t keepalives = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::uint64_t copies = 0;
  std::uint64_t strays = 0;  // copies that were due to nobody: to the speaker itself, or of no speaker's
  std::vector<std::uint64_t> spoken_by;  // frames, by peer
  std::vector<std::uint64_t> heard_by;   // copies, by peer
};

class Soak {
 public:
  Soak(const SoakOptions& options, const Interrupt& interrupt);
  bool run();

 private:
  void speak_and_listen(TimePoint until);
  TimePoint say_what_is_due(TimePoint now);
  void listen();
  void sample(TimePoint now);
  void check(bool holds, const std::string& what);
  void check_books(const nlohmann::json& room);
  void check_hearing();
  void check_memory();

  const SoakOptions& options_;
  const Interrupt& interrupt_;
  Crowd crowd_;
  Child relay_;
  std::vector<Speaker> speakers_;
  std::vector<TimePoint> next_frame_;
  TimePoint started_;
  TimePoint next_keepalive_;
  TimePoint next_sample_;
  std::size_t keepalive_turn_ = 0;
  Tally tally_;
  std::vector<Sample> resident_;  // KiB over minutes
  bool holds_ = true;
};

Soak::Soak(const SoakOptions& options, const Interrupt& interrupt)
    : options_(options),
      interrupt_(interrupt),
      crowd_(options.peers),
      relay_({options.relay_path, "--open", "0", "--max-peers", std::to_string(options.peers),
              "--stats-format", "json", "--log-level", "off"}) {
  tally_.spoken_by.resize(options.peers);
  tally_.heard_by.resize(options.peers);
  // A speaker's SSRC is the number of its peer, so that a copy says whose it is.
  for (std::size_t i = 0; i < options.speakers; ++i) {
    const std::size_t peer = i * options.peers / options.speakers;
    speakers_.emplace_back(peer, static_cast<std::uint32_t>(peer));
  }
}

bool Soak::run() {
  send_keepalives(crowd_, relay_.port(), 0, crowd_.peers());
  tally_.keepalives += crowd_.peers();
  pause(crowd_);  // the relay lets everybody in

  started_ = net::now();
  next_keepalive_ = started_ + kKeepaliveEvery / static_cast<int>(crowd_.peers());
  next_sample_ = started_;
  for (std::size_t i = 0; i < speakers_.size(); ++i) {
    next_frame_.push_back(started_ +
                          kFrameDuration * static_cast<int>(i) / static_cast<int>(speakers_.size()));
  }
  const Duration cpu_before = relay_.cpu_time();
  speak_and_listen(started_ + options_.length);
  const double cpu_share = to_seconds(relay_.cpu_time() - cpu_before) / to_seconds(net::now() - started_);

  // What is still on its way.
  const TimePoint patience = net::now() + 1s;
  while (net::now() < patience && tally_.copies + tally_.strays < tally_.frames * (crowd_.peers() - 1))
    listen();
  sample(net::now());
  const auto ending = relay_.stop();

  std::printf(
      "%zu peers, %zu of them speaking, for %.1f minutes: %llu frames, %llu keepalives, %llu copies heard; "
      "the relay took %.1f %% of a CPU\n",
      crowd_.peers(), speakers_.size(), to_seconds(options_.length) / 60,
      static_cast<unsigned long long>(tally_.frames), static_cast<unsigned long long>(tally_.keepalives),
      static_cast<unsigned long long>(tally_.copies), 100 * cpu_share);
  check(ending.clean, "the relay stops cleanly");
  const auto summary = nlohmann::json::parse(ending.output, nullptr, false);
  const bool readable = summary.is_object() && summary.contains("rooms") && summary["rooms"].size() == 1;
  check(readable, "its summary is JSON with one room");
  if (readable) check_books(summary["rooms"][0]);
  check_hearing();
  check_memory();
  return holds_;
}

void Soak::speak_and_listen(TimePoint until) {
  for (TimePoint now = started_; now < until; now = net::now()) {
    interrupt_.check();
    const TimePoint next = say_what_is_due(now);
    listen();
    if (now >= next_sample_) sample(now);
    std::this_thread::sleep_until(std::min({next, now + kLongestNap, until}));
  }
}

// Frames and keepalives whose time has come; returns when the next one's does.
TimePoint Soak::say_what_is_due(TimePoint now) {
  for (std::size_t i = 0; i < speakers_.size(); ++i) {
    for (; next_frame_[i] <= now; next_frame_[i] += kFrameDuration) {
      const auto frame = speakers_[i].next_frame();
      crowd_.send(speakers_[i].peer(), relay_.port(), frame);
      ++tally_.frames;
      ++tally_.spoken_by[speakers_[i].peer()];
      tally_.bytes += frame.size();
    }
  }
  for (; next_keepalive_ <= now; next_keepalive_ += kKeepaliveEvery / static_cast<int>(crowd_.peers())) {
    crowd_.send(keepalive_turn_++ % crowd_.peers(), relay_.port(), {});
    ++tally_.keepalives;
  }
  return std::min(next_keepalive_, *std::min_element(next_frame_.begin(), next_frame_.end()));
}

void Soak::listen() {
  for (auto copies = crowd_.receive(); !copies.empty(); copies = crowd_.receive()) {
    for (const Crowd::Copy& copy : copies) {
      const std::size_t speaker = ssrc_of(copy.bytes).value_or(Crowd::kMaxPeers);
      const bool due = copy.peer < crowd_.peers() && speaker < crowd_.peers() &&
                       tally_.spoken_by[speaker] > 0 && speaker != copy.peer &&
                       copy.bytes.size() == Speaker::kFrameBytes;
      if (due) {
        ++tally_.copies;
        ++tally_.heard_by[copy.peer];
      } else {
        ++tally_.strays;
      }
    }
  }
}

void Soak::sample(TimePoint now) {
  resident_.push_back(
      {.x = to_seconds(now - started_) / 60, .y = static_cast<double>(relay_.resident_bytes()) / 1024});
  next_sample_ = now + std::min(kSampleEvery, options_.length / kLeastSamples);
}

void Soak::check(bool holds, const std::string& what) {
  std::printf("%s  %s\n", holds ? "holds " : "FAILED", what.c_str());
  holds_ = holds_ && holds;
}

void Soak::check_books(const nlohmann::json& room) {
  const auto counter = [&room](const char* name) { return room.value(name, std::uint64_t{0}); };
  const std::uint64_t datagrams = tally_.frames + tally_.keepalives;
  const std::uint64_t copies_due = counter("forwarded") * (crowd_.peers() - 1);
  const std::uint64_t overrun = crowd_.overrun();

  const std::uint64_t in = counter("keepalives") + counter("pings") + counter("forwarded") +
                           counter("waiting") + counter("dropped");
  const std::uint64_t out = counter("sent") + counter("unsent") + counter("unsettled");
  check(room.value("balanced", false) && counter("received") == in && counter("due") == out,
        "the relay's books balance");
  check(counter("received") == datagrams,
        fmt::format("received {}; the room sent {}", counter("received"), datagrams));
  check(counter("received_bytes") == tally_.bytes,
        fmt::format("received {} bytes; the room sent {}", counter("received_bytes"), tally_.bytes));
  check(counter("forwarded") + counter("dropped") == tally_.frames,
        fmt::format("forwarded {}, dropped {}; the room spoke {} frames", counter("forwarded"),
                    counter("dropped"), tally_.frames));
  check(counter("keepalives") == tally_.keepalives,
        fmt::format("keepalives {}; the room sent {}", counter("keepalives"), tally_.keepalives));
  check(counter("due") == copies_due,
        fmt::format("due {}; {} frames to {} others each make {}", counter("due"), counter("forwarded"),
                    crowd_.peers() - 1, copies_due));
  check(counter("sent") == tally_.copies + overrun,
        fmt::format("sent {}; the room heard {} and had no room for {}", counter("sent"), tally_.copies,
                    overrun));
  // On a machine that starves the relay these say so, and everything above still holds.
  const auto reasons = room.value("dropped_by_reason", nlohmann::json::object()).dump();
  check(counter("dropped") == 0,
        fmt::format("dropped {} {}: the relay has kept up", counter("dropped"), reasons));
  check(counter("unsent") == 0, fmt::format("unsent {}: the system took every copy", counter("unsent")));
  check(counter("kernel_dropped") == 0,
        fmt::format("{} dropped by the kernel before the relay", counter("kernel_dropped")));
  check(counter("peers") == crowd_.peers() && counter("peers_joined") == crowd_.peers() &&
            counter("peers_expired") == 0,
        fmt::format("{} peers joined, {} expired, {} are there at the end", counter("peers_joined"),
                    counter("peers_expired"), counter("peers")));
}

void Soak::check_hearing() {
  std::size_t content = 0;
  for (std::size_t peer = 0; peer < crowd_.peers(); ++peer)
    content += tally_.heard_by[peer] == tally_.frames - tally_.spoken_by[peer] ? 1U : 0U;
  const bool ours_to_blame = crowd_.overrun() > 0;
  check(content == crowd_.peers() || ours_to_blame,
        fmt::format("{} of {} peers heard every frame of the others once", content, crowd_.peers()));
  check(tally_.strays == 0, fmt::format("{} copies were heard that nobody was due", tally_.strays));
}

void Soak::check_memory() {
  const double warm_at = kWarmUpShare * to_seconds(options_.length) / 60;
  std::vector<Sample> warm;
  std::copy_if(resident_.begin(), resident_.end(), std::back_inserter(warm),
               [&](const Sample& sample) { return sample.x >= warm_at; });
  std::vector<double> early;
  std::vector<double> late;
  for (std::size_t i = 0; i < warm.size(); ++i) {
    if (i * 4 < warm.size()) early.push_back(warm[i].y);
    if ((i + 1) * 4 > warm.size() * 3) late.push_back(warm[i].y);
  }
  std::vector<double> all(warm.size());
  std::transform(warm.begin(), warm.end(), all.begin(), [](const Sample& sample) { return sample.y; });
  const Spread spread = spread_of(all);
  const double growth = spread_of(late).median - spread_of(early).median;
  check(growth <= kFlatKib,
        fmt::format("resident memory after warming up {:.0f} to {:.0f} KiB in {} samples, from first quarter "
                    "to last {:+.0f} KiB, "
                    "slope {:+.2f} KiB a minute (flat: at most {:.0f} KiB more)",
                    spread.least, spread.most, warm.size(), growth, slope_of(warm), kFlatKib));
}

}  // namespace

bool soak(const SoakOptions& options, const Interrupt& interrupt) {
  return Soak(options, interrupt).run();
}

}  // namespace hubbub::bench
