// The proxy without its sockets: clients, each with its own pair of links, and the copies that are under way.
// Told of every datagram and of the time, it says through its outlet what goes where.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <queue>
#include <span>
#include <unordered_map>
#include <vector>

#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "tools/impair/link.h"

namespace hubbub::lab {

// Each client costs a socket towards the relay.
inline constexpr std::size_t kMaxProxyClients = 256;
// Longer than anything can be under way, so that an idle client has nothing left to come; and than any
// keepalive.
inline constexpr Duration kProxyClientIdle = 60s;
static_assert(kProxyClientIdle > impair::kMaxUnderWay);
// All copies that wait for their time to arrive: ten seconds of 50 Mbit/s.
inline constexpr std::size_t kMaxBytesUnderWay = std::size_t{64} << 20U;
inline constexpr std::size_t kUnderWayOverhead = 128;  // what a waiting copy costs besides its payload

// The number of a client in order of appearance, from 0. Never used again.
using ClientId = std::uint64_t;

enum class Direction : std::uint8_t { kUp, kDown };  // from client to relay, and back

// Where datagrams leave the proxy.
class ProxyOutlet {
 public:
  ProxyOutlet() = default;
  ProxyOutlet(const ProxyOutlet&) = delete;
  ProxyOutlet& operator=(const ProxyOutlet&) = delete;
  virtual ~ProxyOutlet() = default;

  // A way to the relay of the client's own, or false where the system has none.
  virtual bool open_client(ClientId client) = 0;
  virtual void close_client(ClientId client) = 0;
  // False where the system did not take the datagram.
  virtual bool send_to_relay(ClientId client, std::span<const std::byte> bytes) = 0;
  virtual bool send_to_client(const Endpoint& client, std::span<const std::byte> bytes) = 0;
};

// What became of one direction's datagrams. What the links delivered is sent, refused, overflowed or under
// way.
struct DirectionStats {
  impair::LinkStats link;
  std::uint64_t sent = 0;
  std::uint64_t refused = 0;     // not taken by the system
  std::uint64_t overflowed = 0;  // dropped because too much was under way
  std::uint64_t under_way = 0;
  Duration late_sum{};  // how much later than its time a copy was sent: the machine's doing, not the model's
  Duration late_max{};

  [[nodiscard]] bool balances() const;
  [[nodiscard]] Duration late_mean() const;
};

struct ProxyStats {
  DirectionStats up;
  DirectionStats down;
  std::uint64_t clients = 0;      // seen so far
  std::uint64_t turned_away = 0;  // datagrams of clients there was no room for
};

class ProxyCore {
 public:
  struct Options {
    std::uint64_t seed = 0;
    impair::LinkOptions up;
    impair::LinkOptions down;
    std::size_t max_clients = kMaxProxyClients;
    std::size_t max_bytes_under_way = kMaxBytesUnderWay;
  };

  // The outlet outlives the core.
  ProxyCore(Options options, ProxyOutlet& outlet);

  // A datagram arrived. What is due at once leaves before this returns.
  void receive_from_client(TimePoint now, const Endpoint& client, std::span<const std::byte> bytes);
  void receive_from_relay(TimePoint now, ClientId client, std::span<const std::byte> bytes);

  // When the next copy is due; `nullopt` when none is under way.
  [[nodiscard]] std::optional<TimePoint> next_due() const;
  void deliver_due(TimePoint now);
  // Forgets the clients that have been silent for kProxyClientIdle.
  void expire(TimePoint now);

  [[nodiscard]] ProxyStats stats() const;

 private:
  struct Client {
    Endpoint endpoint;
    impair::Link up;
    impair::Link down;
    TimePoint last_heard;
  };
  struct Copy {
    TimePoint at;
    std::uint64_t number;  // of pushing: copies due at one instant leave in the order they came in
    Direction direction;
    ClientId client;
    Endpoint endpoint;  // the client's: it may be forgotten by then
    std::vector<std::byte> bytes;
  };
  struct Later {
    bool operator()(const Copy& a, const Copy& b) const {
      return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
  };

  std::optional<ClientId> admit(TimePoint now, const Endpoint& endpoint);
  void push(TimePoint now, Direction direction, ClientId id, Client& client,
            std::span<const std::byte> bytes);
  DirectionStats& side(Direction direction) {
    return direction == Direction::kUp ? finished_.up : finished_.down;
  }

  Options options_;
  ProxyOutlet& outlet_;
  std::map<ClientId, Client> clients_;
  std::unordered_map<Endpoint, ClientId, EndpointHash> by_endpoint_;
  std::priority_queue<Copy, std::vector<Copy>, Later> under_way_;
  std::size_t bytes_under_way_ = 0;
  std::uint64_t copies_ = 0;
  ProxyStats finished_;  // of the links, only what forgotten clients' counted
};

}  // namespace hubbub::lab
