#include "tools/lab/proxy.h"

#include <csignal>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <unordered_map>

#include "relay/net/clock.h"
#include "relay/net/loop.h"
#include "relay/net/resolver.h"
#include "relay/net/udp_socket.h"
#include "tools/lab/proxy_report.h"

namespace hubbub::lab {
namespace {

Endpoint resolve(net::Loop& loop, const HostPort& where) {
  net::Resolver resolver(loop);
  std::vector<Endpoint> found;
  std::string reason;
  resolver.resolve(where, [&](std::vector<Endpoint> addresses, const std::string& error) {
    found = std::move(addresses);
    reason = error;
  });
  loop.run();  // nothing else is on it yet
  if (found.empty()) throw std::runtime_error("--to " + where.to_string() + ": " + reason);
  return found.front();
}

class Proxy final : public ProxyOutlet {
 public:
  Proxy(net::Loop& loop, const ProxyRequest& request, const Endpoint& relay)
      : loop_(loop),
        relay_(relay),
        core_({.seed = request.seed, .up = request.up, .down = request.down}, *this),
        listener_(
            loop, request.listen,
            [this](TimePoint now, const Endpoint& from, std::span<const std::byte> bytes) {
              core_.receive_from_client(now, from, bytes);
              wait(now);
            },
            [](TimePoint, int) {}),
        due_(loop,
             [this](TimePoint now) {
               core_.deliver_due(now);
               wait(now);
             }),
        housekeeping_(loop, [this](TimePoint now) { core_.expire(now); }) {
    housekeeping_.start(1s, 1s);
  }

  [[nodiscard]] Endpoint local() const { return listener_.local(); }
  [[nodiscard]] ProxyStats stats() const { return core_.stats(); }

  bool open_client(ClientId client) override {
    const Endpoint any{relay_.address.is_v4() ? IpAddress::v4(0, 0, 0, 0) : IpAddress(), 0};
    try {
      auto socket = std::make_unique<net::UdpSocket>(
          loop_, any,
          [this, client](TimePoint now, const Endpoint& from, std::span<const std::byte> bytes) {
            // Until it is connected, the socket hears anybody.
            if (from.address != relay_.address || from.port != relay_.port) return;
            core_.receive_from_relay(now, client, bytes);
            wait(now);
          },
          [](TimePoint, int) {});
      if (socket->connect(relay_) != 0) return false;
      upstream_.emplace(client, std::move(socket));
      return true;
    } catch (const net::SystemError&) {
      return false;  // out of ports or descriptors: this client is turned away, the others go on
    }
  }

  void close_client(ClientId client) override { upstream_.erase(client); }

  bool send_to_relay(ClientId client, std::span<const std::byte> bytes) override {
    net::UdpSocket& socket = *upstream_.at(client);
    // A refusal is the answer to an earlier datagram, which a relay that was away did not take; this one has
    // not been sent yet.
    int code = socket.send(bytes);
    if (code == UV_ECONNREFUSED) code = socket.send(bytes);
    return code == 0;
  }

  bool send_to_client(const Endpoint& client, std::span<const std::byte> bytes) override {
    return listener_.send_to(client, bytes) == 0;
  }

 private:
  // Wakes when the next copy is due.
  void wait(TimePoint now) {
    const auto due = core_.next_due();
    if (due) {
      due_.start(std::max<Duration>(*due - now, Duration::zero()));
    } else {
      due_.stop();
    }
  }

  net::Loop& loop_;
  Endpoint relay_;
  ProxyCore core_;
  std::unordered_map<ClientId, std::unique_ptr<net::UdpSocket>> upstream_;
  net::UdpSocket listener_;
  net::Timer due_;
  net::Timer housekeeping_;
};

}  // namespace

int run_proxy(const ProxyRequest& request, std::ostream& out, std::ostream& log) {
  net::Loop loop;
  const Endpoint relay = resolve(loop, request.to);
  const bool same_host = relay.address == request.listen.address ||
                         (request.listen.address.is_unspecified() && relay.address.is_loopback());
  if (relay.port == request.listen.port && same_host) {
    throw std::runtime_error("--to " + relay.to_string() +
                             " is the proxy itself: give it another port than --listen");
  }

  Proxy proxy(loop, request, relay);
  const auto stop = [&loop] { loop.stop(); };
  const net::Signal interrupt(loop, SIGINT, stop);
  const net::Signal terminate(loop, SIGTERM, stop);
  net::Timer end(loop, [&loop](TimePoint) { loop.stop(); });
  if (request.run_for) end.start(*request.run_for);

  log << "hubbub-lab proxy: listening on " << proxy.local().to_string() << ", forwarding to "
      << relay.to_string() << ", seed " << request.seed << std::endl;
  loop.run();
  const ProxyStats stats = proxy.stats();
  out << (request.json ? report_json(stats, request.seed) : report_text(stats, request.seed)) << std::flush;
  return 0;
}

}  // namespace hubbub::lab
