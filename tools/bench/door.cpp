#include "tools/bench/door.h"

#include <algorithm>
#include <array>
#include <functional>
#include <stdexcept>

#include "codec/seal/random.h"
#include "codec/session/handshake.h"
#include "codec/session/hello_keys.h"
#include "codec/wire/limits.h"
#include "codec/wire/sealed.h"
#include "relay/net/clock.h"

namespace hubbub::bench {
namespace {

// At the door at once, as when a room comes back after a power cut.
constexpr std::size_t kAtOnce = 32;
static_assert(kMeasuredHandshakes % kAtOnce == 0);
static_assert(kMeasuredJoins + kMeasuredHandshakes + 2 * kAtOnce <= kHandshakesASecond);

// One that knocks: nothing but the handshake, so that the relay's bill holds nothing else.
struct Newcomer {
  Newcomer(const seal::PublicKey& relay_key, seal::Random& random) : initiator(relay_key, {}, {}, random) {
    random.fill(nonce);
  }
  session::Initiator initiator;
  Nonce nonce{};
  Cookie cookie{};
  bool answered = false;
};

class Queue {
 public:
  Queue(Crowd& crowd, std::uint16_t relay_port, const seal::PublicKey& relay_key)
      : crowd_(crowd), relay_port_(relay_port), relay_key_(relay_key), keys_(relay_key, {}) {}

  // kAtOnce handshakes.
  void let_in() {
    std::vector<Newcomer> newcomers;
    for (std::size_t i = 0; i < kAtOnce; ++i) newcomers.emplace_back(relay_key_, random_);
    ask_all(newcomers, [](Newcomer& newcomer, std::span<const std::byte> answer) {
      const auto retry = Retry::parse(answer);
      if (!retry || retry->preamble.nonce != newcomer.nonce) return false;
      newcomer.cookie = retry->cookie;
      return true;
    });
    ask_all(newcomers, [](Newcomer& newcomer, std::span<const std::byte> answer) {
      const auto reply = Reply::parse(answer);
      return reply && reply->preamble.nonce == newcomer.nonce && newcomer.initiator.finish(reply->noise);
    });
  }

 private:
  using Understand = std::function<bool(Newcomer&, std::span<const std::byte>)>;

  void ask_all(std::vector<Newcomer>& newcomers, const Understand& understand) {
    for (std::size_t peer = 0; peer < newcomers.size(); ++peer) {
      newcomers[peer].answered = false;
      send_hello(peer, newcomers[peer]);
    }
    std::size_t answers = 0;
    const TimePoint deadline = net::now() + kPatience;
    while (answers < newcomers.size()) {
      if (net::now() >= deadline) throw std::runtime_error("the relay's sealed port does not answer a Hello");
      for (const Crowd::Copy& copy : crowd_.receive()) {
        if (copy.peer >= newcomers.size() || newcomers[copy.peer].answered) continue;
        if (!understand(newcomers[copy.peer], copy.bytes)) continue;
        newcomers[copy.peer].answered = true;
        ++answers;
      }
    }
  }

  void send_hello(std::size_t peer, const Newcomer& newcomer) {
    Hello hello;
    hello.preamble.nonce = newcomer.nonce;
    hello.cookie = newcomer.cookie;
    hello.noise = newcomer.initiator.hello();
    std::array<std::byte, Hello::kBytes> datagram{};
    hello.serialize(datagram);
    keys_.sign(datagram);
    crowd_.send(peer, relay_port_, datagram);
  }

  Crowd& crowd_;
  std::uint16_t relay_port_;
  seal::PublicKey relay_key_;
  session::HelloKeys keys_;
  seal::SystemRandom random_;
};

}  // namespace

DoorFigures measure_door(const Child& relay, const seal::Invite& invite, const Interrupt& interrupt) {
  Crowd crowd(kAtOnce);
  DoorFigures figures;
  SealedCrowd members(crowd, relay.port(), invite);
  for (std::size_t i = 0; i < kMeasuredJoins; ++i) {
    interrupt.check();
    const auto join = members.join_and_leave(i % kAtOnce);
    figures.joins_ms.push_back(to_ms(join.took));
    figures.joins_rtt.push_back(join.round_trips);
  }

  Queue queue(crowd, relay.port(), *invite.relay_key);
  queue.let_in();
  const Duration before = relay.cpu_time();
  for (std::size_t done = 0; done < kMeasuredHandshakes; done += kAtOnce) {
    interrupt.check();
    queue.let_in();
  }
  figures.us_per_handshake =
      1e3 * to_ms(relay.cpu_time() - before) / static_cast<double>(kMeasuredHandshakes);
  return figures;
}

}  // namespace hubbub::bench
