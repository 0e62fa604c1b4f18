// An open room driven by the fuzzer: any order of receiving, sending, partial and failed sends, expiry and
// shutdown. After each step the books balance, every limit holds, no one hears themselves, and nobody hears a
// broadcast twice.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "codec/wire/check.h"
#include "relay/core/open_room.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

using namespace hubbub;
using namespace hubbub::relay;

constexpr TimePoint kStart{std::chrono::hours(1)};
constexpr std::size_t kMaxWaiting = kVoiceQueueDatagrams + kDataQueueDatagrams;
constexpr std::size_t kMaxPongsWaiting = 256;

// A room that one input leaves to the next, empty: its queue is large, and made once.
class Driver {
 public:
  explicit Driver(std::size_t which)
      : options_({.timeout = 1s, .max_peers = 2 + 7 * which, .peer_rate = static_cast<double>(which * 50)}),
        room_(options_, policy_, which) {
    policy_.set_own({.addresses = {IpAddress::v4(10, 0, 0, 254)},
                     .broadcasts = {IpAddress::v4(10, 0, 0, 255)},
                     .ports = {5'241}});
  }

  void run(FuzzInput& input) {
    input_ = &input;
    flood_left_ = 2'000;
    // A bounded number of turns keeps an input quick.
    for (int turn = 0; turn < 400 && !input.empty(); ++turn) {
      step();
      check();
    }
    room_.shut_down();
    CHECK(room_.waiting() == 0 && room_.unsettled() == 0);
    check();
    CHECK(!room_.next(now_).has_value());
    now_ += 10s;
    room_.expire(now_);
    CHECK(room_.peers() == 0);
  }

 private:
  void step() {
    const std::uint8_t choice = input_->byte();
    switch (choice % 8) {
      case 0:
        now_ += std::chrono::milliseconds(input_->byte()) * (choice >= 128 ? 10 : 1);
        break;
      case 1:
        room_.expire(now_);
        break;
      case 2:
      case 3:
        send(choice >= 128);
        break;
      case 4:
        flood();
        break;
      default:
        hear();
        break;
    }
    if (choice == 255 && input_->byte() == 255) room_.shut_down();
  }

  Endpoint anyone() {
    const std::uint8_t who = input_->byte();
    switch (who >> 5U) {
      case 0:
        return {IpAddress::v4(8, 8, 8, who), 40'000};
      case 1:
        return {IpAddress::v4(10, 0, 0, static_cast<std::uint8_t>(224 + who % 32)),
                static_cast<std::uint16_t>(input_->byte() * 32)};
      case 2:
        return {IpAddress({0xFE, 0x80}), 40'000, who};
      default:
        return {IpAddress::v4(10, 0, 0, who), 40'000};
    }
  }

  void hear() {
    const Endpoint from = anyone();
    const std::uint8_t length = input_->byte();
    const auto bytes = input_->bytes(length % 64);
    room_.receive(now_, from, IpAddress::v4(10, 0, 0, 254), bytes, length >= 252);
  }

  // The same datagram many times: what fills queues and empties buckets.
  void flood() {
    const Endpoint from = anyone();
    const std::array<std::byte, 9> datagram = {std::byte{input_->byte()}};
    const std::size_t count = std::min(input_->below(300), flood_left_);
    flood_left_ -= count;
    for (std::size_t i = 0; i < count; ++i)
      room_.receive(now_, from, IpAddress::v4(10, 0, 0, 254), datagram, false);
  }

  void send(bool patiently) {
    do {
      const std::uint64_t forwarded_before = room_.books().forwarded;
      const auto outgoing = room_.next(now_);
      CHECK(room_.books_balance());
      if (!outgoing) return;
      if (room_.books().forwarded != forwarded_before) heard_.clear();
      CHECK(!outgoing->recipients.empty() && outgoing->recipients.size() <= options_.max_peers);
      CHECK(outgoing->recipients.size() <= room_.unsettled());
      const bool pong = outgoing->payload.size() == Probe::kBytes &&
                        outgoing->payload[0] == Probe::kPongByte && outgoing->recipients.size() == 1;
      const std::size_t done =
          patiently ? outgoing->recipients.size() : input_->below(outgoing->recipients.size() + 1);
      for (std::size_t i = 0; i < done && !pong; ++i) CHECK(heard_.insert(outgoing->recipients[i].to).second);
      const std::size_t unsent = patiently ? 0 : input_->below(done + 1);
      room_.settle(done, unsent, static_cast<UnsentReason>(input_->byte() % kUnsentReasons));
      CHECK(room_.books_balance());
      if (done == 0) return;
    } while (patiently);
  }

  void check() const {
    CHECK(room_.books_balance());
    CHECK(room_.peers() <= options_.max_peers);
    CHECK(room_.waiting() <= kMaxWaiting);
    CHECK(room_.unsettled() <= options_.max_peers + kMaxPongsWaiting);
    CHECK(room_.books().peers_joined - room_.books().peers_expired == room_.peers());
  }

  FuzzInput* input_ = nullptr;
  SourcePolicy policy_{false};
  OpenRoomOptions options_;
  OpenRoom room_;
  TimePoint now_ = kStart;
  std::set<Endpoint> heard_;    // of the broadcast under way
  std::size_t flood_left_ = 0;  // enough to fill the queues, and no more
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::array<std::unique_ptr<Driver>, 4> drivers;
  FuzzInput input(data, size);
  const std::size_t which = input.byte() % drivers.size();
  if (!drivers[which]) drivers[which] = std::make_unique<Driver>(which);
  drivers[which]->run(input);
  return 0;
}
