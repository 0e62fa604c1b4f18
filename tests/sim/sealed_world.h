// Sealed rooms in virtual time: the real relay core and real client cores, joined by impaired links, driven
// from one seed. What must hold at every step is checked at every step; what an attacker may do is open to
// the test.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "codec/seal/x25519.h"
#include "codec/wire/units.h"
#include "relay/core/sealed_relay.h"
#include "relay/core/source_policy.h"
#include "tests/sim/disk.h"
#include "tests/sim/seeded_random.h"
#include "tools/impair/link.h"
#include "voiceclient/core/sealed_session.h"

namespace hubbub::sim {

struct SealedClientOptions {
  std::string name;
  std::size_t room = 0;  // rooms are numbered; each has its own secret
  bool speaks = false;
  impair::LinkOptions up;
  impair::LinkOptions down;
  Duration playout_delay = 60ms;
  std::optional<seal::Key> identity{};  // another than everybody else's where left out
};

class SealedWorld {
 public:
  static constexpr Duration kStep = 10ms;

  explicit SealedWorld(std::uint64_t seed, const relay::SealedOptions& options = {});

  std::size_t add(const SealedClientOptions& options);
  void run(Duration duration);

  // From before anybody is there: the relay keeps its rooms' text on a disk.
  void keep_history();

  // --- What happens to a network and its machines
  // While down, the relay forgets everything but its key and what is on its disk, and nothing reaches it.
  void set_relay_up(bool up);
  // The client's address changes, as a NAT does it: the client does not know.
  void rebind(std::size_t client);
  // The client itself comes to another network, and its shell knows.
  void roam(std::size_t client);
  // Nothing gets through either way, until it is healed.
  void cut(std::size_t client, bool is_cut) { clients_[client].cut = is_cut; }
  // All links are good again, the relay is up, nobody is cut off, asleep or in another time.
  void heal();
  // The machine sleeps: no timers, no sound, and what is sent to it is lost.
  void suspend(std::size_t client, Duration duration);
  // The client's clock jumps ahead.
  void jump_clock(std::size_t client, Duration ahead) { clients_[client].clock_offset += ahead; }
  void set_speaking(std::size_t client, bool speaks) { clients_[client].options.speaks = speaks; }

  // --- What an attacker does
  // A datagram from anywhere, at once.
  void inject(const Endpoint& from, std::span<const std::byte> datagram);
  void inject_to_client(std::size_t client, std::span<const std::byte> datagram);
  // Sees every datagram as it is sent, may change it, and drops it with false.
  using Wire = std::function<bool(bool to_relay, std::size_t client, std::vector<std::byte>& datagram)>;
  void set_wire(Wire wire) { wire_ = std::move(wire); }
  // What was sent to an address that is no client's.
  [[nodiscard]] std::uint64_t bytes_to(const Endpoint& endpoint) const;

  // --- What is seen
  TimePoint now() const { return now_; }
  client::SealedSession& session(std::size_t index) { return *clients_[index].session; }
  const std::vector<client::Event>& events(std::size_t index) const { return clients_[index].events; }
  // What was written, as this client saw it, in its order; its own included.
  const std::vector<client::TextHeard>& texts(std::size_t index) const { return clients_[index].texts; }
  const relay::SealedRelay& relay() const { return *relay_; }
  std::uint64_t unix_ms() const;
  const Endpoint& endpoint(std::size_t client) const { return clients_[client].endpoint; }
  const client::SealedRoom& room(std::size_t number);
  const seal::KeyPair& relay_keys() const { return options_.door.keys; }
  // What `listener` knows of `speaker`'s voice; nothing where it never heard any.
  std::optional<client::SpeakerInfo> heard(std::size_t listener, std::size_t speaker) const;
  // How many packets of `speaker` the listener has received so far.
  std::uint64_t received(std::size_t listener, std::size_t speaker) const;
  double loudness(std::size_t client) const;
  std::uint64_t fingerprint() const { return fingerprint_; }
  std::uint64_t datagrams() const { return order_; }

 private:
  struct Client {
    SealedClientOptions options;
    Endpoint endpoint;
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<client::SealedSession> session;
    impair::Link up;
    impair::Link down;
    std::vector<client::Event> events;
    std::vector<client::TextHeard> texts;
    Duration clock_offset{};
    TimePoint asleep_until{};
    TimePoint next_tick{};
    bool cut = false;
    std::int64_t captured = 0;
    double energy = 0;
    std::int64_t heard_samples = 0;
  };
  struct InFlight {
    TimePoint arrives;
    std::uint64_t order;
    bool to_relay;
    std::size_t client;
    Endpoint from;  // of the client, when it was sent
    std::vector<std::byte> bytes;

    friend bool operator>(const InFlight& a, const InFlight& b) {
      return std::tie(a.arrives, a.order) > std::tie(b.arrives, b.order);
    }
  };

  void step();
  void deliver(const InFlight& packet);
  void drive(Client& client, std::size_t index);
  void drain_session(std::size_t index);
  void drain_relay();
  void transmit(bool to_relay, std::size_t client, std::span<const std::byte> bytes);
  void check() const;
  void fold(std::span<const std::byte> bytes);
  Endpoint fresh_endpoint();

  std::uint64_t seed_;
  SeededRandom random_;
  relay::SealedOptions options_;
  relay::SourcePolicy policy_;
  std::unique_ptr<SeededRandom> relay_random_;
  std::unique_ptr<Disk> disk_;  // outlives the relay
  std::unique_ptr<relay::SealedRelay> relay_;
  bool relay_up_ = true;
  std::uint64_t lives_ = 0;
  TimePoint next_expiry_;
  TimePoint next_roster_tick_{};
  std::vector<client::SealedRoom> rooms_;
  std::vector<Client> clients_;
  std::map<Endpoint, std::size_t> by_endpoint_;
  std::map<std::uint32_t, std::size_t> room_of_ssrc_;  // all SSRCs that ever were
  std::map<Endpoint, std::uint64_t> bytes_to_;
  std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> in_flight_;
  std::uint64_t order_ = 0;
  std::uint32_t endpoints_ = 0;
  Wire wire_;
  std::uint64_t fingerprint_ = 0xCBF29CE484222325U;
  TimePoint now_ = TimePoint(1h);
};

}  // namespace hubbub::sim
