// A relay core and real client cores on wires without delay, for attacks that come by the million: whatever
// is sent has arrived before the call returns. The relay sees any source address an attacker likes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "codec/seal/random.h"
#include "codec/session/client_link.h"
#include "codec/wire/sealed.h"
#include "relay/core/sealed_relay.h"
#include "relay/core/source_policy.h"
#include "tests/sim/seeded_random.h"
#include "voiceclient/core/sealed_session.h"

namespace hubbub::sim {

using Bytes = std::vector<std::byte>;

class AttackBench {
 public:
  static constexpr Duration kStep = 10ms;
  // A speaker's sound: one sample.
  using Sound = std::function<float(std::int64_t sample)>;
  struct Person {
    Endpoint endpoint;
    std::unique_ptr<client::SealedSession> session;
    Sound sound;
    TimePoint born;
    std::vector<client::Event> events{};
    std::optional<Duration> joined_after{};
  };

  explicit AttackBench(std::uint64_t seed, relay::SealedOptions options = {});

  // The only room. `random` outlives the bench; without one, all is repeatable.
  Person& add(const std::string& name, const Endpoint& endpoint, Sound sound = {},
              seal::Random* random = nullptr);
  void leave(Person& person);
  void run(Duration duration, const std::function<void()>& each_step = {});

  // Sends and returns all that came back to that address, which is nobody's here.
  const std::vector<Bytes>& send(const Endpoint& from, std::span<const std::byte> datagram);
  // An attacker with a session of its own: what is sent to `endpoint` goes to `receive`.
  void attach(const Endpoint& endpoint, std::function<void(std::span<const std::byte>)> receive);
  // A stranger's Hello, signed, with this cookie; the same key exchange in all of them.
  Bytes hello(const Cookie& cookie);
  // A cookie that is good at this address.
  Cookie cookie_for(const Endpoint& endpoint);

  // Sees every datagram between the relay and everybody.
  std::function<void(bool to_relay, const Endpoint& peer, std::span<const std::byte>)> tap;

  TimePoint now() const { return now_; }
  relay::SealedRelay& relay() { return *relay_; }
  const client::SealedRoom& room() const { return room_; }
  const seal::KeyPair& relay_keys() const { return options_.door.keys; }
  seal::RoomKeys keys() const { return {room_.relay_key, room_.room_secret}; }
  session::LinkOptions link_options() const;
  seal::Random& random() { return random_; }
  // How many packets of `speaker` the listener has, and how many it lost.
  static std::pair<std::uint64_t, std::uint64_t> heard(const Person& listener, const Person& speaker);
  static std::uint64_t dropped(const Person& person, DropReason reason);

 private:
  void settle();

  TimePoint now_ = TimePoint(1h);
  SeededRandom random_;
  relay::SealedOptions options_;
  relay::SourcePolicy policy_{true};
  std::unique_ptr<relay::SealedRelay> relay_;
  client::SealedRoom room_;
  session::HelloKeys hello_keys_;
  session::NoiseHello noise_{};
  std::vector<std::unique_ptr<Person>> people_;
  std::map<Endpoint, std::function<void(std::span<const std::byte>)>> receivers_;
  Endpoint asking_;
  std::vector<Bytes> answers_;
  std::int64_t sample_ = 0;
  TimePoint next_expiry_ = now_;
};

// Addresses: people have theirs, and everybody else may have any.
inline Endpoint person_at(unsigned number) {
  return {IpAddress::v4(198, 51, 100, static_cast<std::uint8_t>(number)), 40'000};
}
inline Endpoint anywhere(std::uint32_t number, std::uint16_t port = 50'000) {
  return {IpAddress::v4(10, static_cast<std::uint8_t>(number >> 16U), static_cast<std::uint8_t>(number >> 8U),
                        static_cast<std::uint8_t>(number)),
          port};
}
AttackBench::Sound tone_of(double hertz);

inline bool is(std::span<const std::byte> datagram, SealedKind kind) {
  return sealed_kind_of(datagram) == kind;
}

}  // namespace hubbub::sim
