#include "tools/bench/compare.h"

#include <algorithm>
#include <cstdio>
#include <memory>

#include <unistd.h>

#include "codec/wire/units.h"
#include "relay/net/clock.h"
#include "tools/bench/child.h"
#include "tools/bench/crowd.h"
#include "tools/bench/load.h"

namespace hubbub::bench {
namespace {

// More datagrams than one receive of the relay's takes, so that its receive path is in memory before its
// peers are weighed.
constexpr int kWeighingKeepalives = 256;

struct Contestant {
  std::unique_ptr<Child> child;
  Measurement measured;
  std::uint32_t turn = 0;  // whose turn it is to speak in the room
};

std::unique_ptr<Child> start(Contender contender, const CompareOptions& options, std::size_t peers) {
  switch (contender) {
    case Contender::kOurs:
      return std::make_unique<Child>(
          std::vector<std::string>{options.relay_path, "--open", "0", "--peer-rate", "0", "--max-peers",
                                   std::to_string(peers), "--timeout", "24h", "--log-level", "off"});
    case Contender::kBare:
      return std::make_unique<Child>(std::vector<std::string>{options.own_path, "bare"});
    case Contender::kDutiful:
      return std::make_unique<Child>(std::vector<std::string>{options.own_path, "bare", "--same-duties"});
    default:
      return std::make_unique<Child>(std::vector<std::string>{options.own_path, "naive"});
  }
}

// Single datagrams, each answered before the next is due at any sensible pace. A late one is not caught up
// with: a burst would let one relay batch what another had to take singly.
// Each call has a voice of its own, so that copies which come too late for one turn are not taken for
// another's.
void speak(Contestant& contestant, Crowd& crowd, std::uint32_t ssrc, const Pace& pace) {
  const Duration before = contestant.child->cpu_time();
  std::uint64_t due = 0;
  std::uint64_t received = 0;
  for (std::size_t i = 0; i < pace.datagrams; ++i) {
    Speaker speaker(speaking_peer(contestant.turn++, crowd.peers()), ssrc);
    crowd.send(speaker.peer(), contestant.child->port(), speaker.next_frame());
    due += crowd.peers() - 1;
    const TimePoint next = net::now() + pace.interval;
    do {
      received += take(crowd, ssrc);
    } while (net::now() < next);
  }
  received += gather(crowd, ssrc, due - received);
  const std::chrono::duration<double, std::micro> cpu = contestant.child->cpu_time() - before;
  if (received > 0) contestant.measured.us_per_copy.push_back(cpu.count() / static_cast<double>(received));
  contestant.measured.due += due;
  contestant.measured.received += received;
}

// Two peers first, and both of the relay's paths warm; what the others then add is theirs.
double weigh_joining(const Child& relay, Crowd& crowd) {
  join(crowd, relay.port(), 0, 2);
  for (int i = 0; i < kWeighingKeepalives; ++i) crowd.send(0, relay.port(), {});
  join(crowd, relay.port(), 0, 2);
  const auto before = static_cast<double>(relay.resident_bytes());
  send_keepalives(crowd, relay.port(), 2, crowd.peers());
  // The frame that checks who is there touches the relay's send buffers, which are no peer's: so it is
  // weighed before.
  pause(crowd);
  const auto after = static_cast<double>(relay.resident_bytes());
  join(crowd, relay.port(), 2, crowd.peers());
  return (after - before) / static_cast<double>(crowd.peers() - 2);
}

Run run_once(const CompareOptions& options, std::size_t peers, std::size_t number,
             const Interrupt& interrupt) {
  Crowd crowd(peers);
  const Pace pace = pace_for(options.copies_per_second, options.seconds / kTurns, peers);
  Run run;
  std::uint32_t ssrc = 0;
  std::array<Contestant, kContenders> contestants;
  for (std::size_t i = 0; i < kContenders; ++i) {
    const auto contender = static_cast<Contender>(i);
    contestants[i].child = start(contender, options, peers);
    if (contender == Contender::kOurs) {
      run.peer_bytes = weigh_joining(*contestants[i].child, crowd);
    } else {
      join(crowd, contestants[i].child->port(), 0, peers);
    }
    speak(contestants[i], crowd, ++ssrc,
          {.datagrams = std::min(kWarmUpDatagrams, pace.datagrams), .interval = pace.interval});
    contestants[i].measured = {};
  }
  for (std::size_t turn = 0; turn < kTurns; ++turn) {
    for (std::size_t i = 0; i < kContenders; ++i) {
      interrupt.check();
      speak(contestants[(i + turn + number) % kContenders], crowd, ++ssrc, pace);
    }
  }
  run.resident_bytes =
      static_cast<double>(contestants[static_cast<std::size_t>(Contender::kOurs)].child->resident_bytes());
  for (std::size_t i = 0; i < kContenders; ++i) run.of[i] = contestants[i].measured;
  return run;
}

}  // namespace

std::vector<PeerCount> compare(const CompareOptions& options, const Interrupt& interrupt) {
  const bool watched = isatty(STDERR_FILENO) == 1;
  std::vector<PeerCount> counts;
  for (const std::size_t peers : options.peers) {
    PeerCount& count = counts.emplace_back(PeerCount{.peers = peers, .runs = {}});
    for (int number = 0; number < options.runs; ++number) {
      if (watched) std::fprintf(stderr, "\r%zu peers, run %d of %d ", peers, number + 1, options.runs);
      count.runs.push_back(run_once(options, peers, static_cast<std::size_t>(number), interrupt));
    }
  }
  if (watched) std::fputs("\r                              \r", stderr);
  return counts;
}

}  // namespace hubbub::bench
