// A room in virtual time: the real relay core and real client cores, joined by impaired links, driven from
// one seed. No clock, no socket, no sleep; the same seed gives the same run, datagram for datagram.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "codec/wire/units.h"
#include "relay/core/open_room.h"
#include "relay/core/source_policy.h"
#include "tools/impair/link.h"
#include "voiceclient/core/open_session.h"

namespace hubbub::sim {

struct ClientOptions {
  std::string name;
  bool speaks = false;
  double clock = 1.0;  // how fast its microphone's clock runs
  impair::LinkOptions up;
  impair::LinkOptions down;
  Duration playout_delay = 60ms;
};

class World {
 public:
  // A client's sound is moved, and its timers looked at, this often.
  static constexpr Duration kStep = 5ms;

  World(std::uint64_t seed, const relay::OpenRoomOptions& room);

  // The index of the new client.
  std::size_t add(const ClientOptions& options);
  void run(Duration duration);
  // While down, the relay forgets everything and nothing reaches it.
  void set_relay_up(bool up);

  TimePoint now() const { return now_; }
  client::OpenSession& session(std::size_t index) { return *clients_[index].session; }
  const std::vector<client::Event>& events(std::size_t index) const { return clients_[index].events; }
  const relay::OpenRoom& room() const { return *room_; }
  // What `listener` knows of `speaker`'s voice; nothing where it never heard any.
  std::optional<client::SpeakerInfo> heard(std::size_t listener, std::size_t speaker) const;
  // The root mean square of what `client` heard in the last `run`.
  double loudness(std::size_t client) const;
  // Every datagram's time, place and bytes, folded into one number.
  std::uint64_t fingerprint() const { return fingerprint_; }
  // Every copy the relay sent, and to whom: checked against who is allowed to hear.
  std::uint64_t copies_to_origin() const { return copies_to_origin_; }

 private:
  struct Client {
    ClientOptions options;
    Endpoint endpoint;
    std::unique_ptr<client::OpenSession> session;
    impair::Link up;
    impair::Link down;
    std::vector<client::Event> events;
    std::int64_t captured = 0;  // samples, by its own clock
    double energy = 0;
    std::int64_t heard_samples = 0;
  };
  struct InFlight {
    TimePoint arrives;
    std::uint64_t order;  // ties are broken the same way every time
    bool to_relay;
    std::size_t client;
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
  void transmit(impair::Link& link, bool to_relay, std::size_t client, std::span<const std::byte> bytes);
  void fold(std::span<const std::byte> bytes);

  std::uint64_t seed_;
  relay::OpenRoomOptions room_options_;
  relay::SourcePolicy policy_;
  std::unique_ptr<relay::OpenRoom> room_;
  bool relay_up_ = true;
  std::vector<Client> clients_;
  std::map<Endpoint, std::size_t> by_endpoint_;
  std::priority_queue<InFlight, std::vector<InFlight>, std::greater<>> in_flight_;
  std::uint64_t order_ = 0;
  std::optional<std::size_t> origin_;  // of the datagram the relay took in last
  std::uint64_t copies_to_origin_ = 0;
  std::uint64_t fingerprint_ = 0xCBF29CE484222325U;
  TimePoint now_ = TimePoint(1h);
};

}  // namespace hubbub::sim
