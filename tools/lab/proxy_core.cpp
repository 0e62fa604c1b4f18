#include "tools/lab/proxy_core.h"

#include <algorithm>
#include <utility>

#include "codec/wire/check.h"

namespace hubbub::lab {

bool DirectionStats::balances() const {
  return link.balances() && link.delivered == sent + refused + overflowed + under_way;
}

Duration DirectionStats::late_mean() const {
  const std::uint64_t tried = sent + refused;
  return tried == 0 ? Duration::zero() : Duration(late_sum.count() / static_cast<std::int64_t>(tried));
}

ProxyCore::ProxyCore(Options options, ProxyOutlet& outlet) : options_(std::move(options)), outlet_(outlet) {
  CHECK(!options_.up.validate() && !options_.down.validate());
}

void ProxyCore::receive_from_client(TimePoint now, const Endpoint& client, std::span<const std::byte> bytes) {
  const auto id = admit(now, client);
  if (!id) {
    ++finished_.turned_away;
    return;
  }
  Client& admitted = clients_.at(*id);
  admitted.last_heard = now;
  push(now, Direction::kUp, *id, admitted, bytes);
}

void ProxyCore::receive_from_relay(TimePoint now, ClientId client, std::span<const std::byte> bytes) {
  const auto found = clients_.find(client);
  CHECK(found != clients_.end());  // its socket is closed when it is forgotten
  push(now, Direction::kDown, client, found->second, bytes);
}

std::optional<ClientId> ProxyCore::admit(TimePoint now, const Endpoint& endpoint) {
  if (const auto known = by_endpoint_.find(endpoint); known != by_endpoint_.end()) return known->second;
  if (clients_.size() >= options_.max_clients) return std::nullopt;
  const ClientId id = finished_.clients;
  if (!outlet_.open_client(id)) return std::nullopt;
  ++finished_.clients;
  by_endpoint_.emplace(endpoint, id);
  const auto seed = [&](Direction direction) {
    return impair::derive_seed(options_.seed, 2 * id + static_cast<std::uint64_t>(direction));
  };
  clients_.emplace(id, Client{.endpoint = endpoint,
                              .up = impair::Link(options_.up, seed(Direction::kUp), now),
                              .down = impair::Link(options_.down, seed(Direction::kDown), now),
                              .last_heard = now});
  return id;
}

void ProxyCore::push(TimePoint now, Direction direction, ClientId id, Client& client,
                     std::span<const std::byte> bytes) {
  impair::Link& link = direction == Direction::kUp ? client.up : client.down;
  const impair::Verdict verdict = link.push(now, bytes.size());
  std::vector<std::byte> payload(bytes.begin(), bytes.end());
  verdict.flip(payload);
  for (const TimePoint at : verdict.deliveries()) {
    const std::size_t cost = payload.size() + kUnderWayOverhead;
    if (bytes_under_way_ + cost > options_.max_bytes_under_way) {
      ++side(direction).overflowed;
      continue;
    }
    bytes_under_way_ += cost;
    ++side(direction).under_way;
    under_way_.push({at, copies_++, direction, id, client.endpoint, payload});
  }
  deliver_due(now);
}

std::optional<TimePoint> ProxyCore::next_due() const {
  return under_way_.empty() ? std::nullopt : std::optional(under_way_.top().at);
}

void ProxyCore::deliver_due(TimePoint now) {
  while (!under_way_.empty() && under_way_.top().at <= now) {
    const Copy& copy = under_way_.top();
    const bool up = copy.direction == Direction::kUp;
    const bool taken = up ? outlet_.send_to_relay(copy.client, copy.bytes)
                          : outlet_.send_to_client(copy.endpoint, copy.bytes);
    DirectionStats& stats = side(copy.direction);
    const Duration late = now - copy.at;
    --stats.under_way;
    ++(taken ? stats.sent : stats.refused);
    stats.late_sum += late;
    stats.late_max = std::max(stats.late_max, late);
    bytes_under_way_ -= copy.bytes.size() + kUnderWayOverhead;
    under_way_.pop();
  }
}

void ProxyCore::expire(TimePoint now) {
  deliver_due(now);  // so that nothing of a forgotten client's is left to go up
  for (auto it = clients_.begin(); it != clients_.end();) {
    const auto& [id, client] = *it;
    if (now - client.last_heard < kProxyClientIdle) {
      ++it;
      continue;
    }
    finished_.up.link += client.up.stats();
    finished_.down.link += client.down.stats();
    by_endpoint_.erase(client.endpoint);
    outlet_.close_client(id);
    it = clients_.erase(it);
  }
}

ProxyStats ProxyCore::stats() const {
  ProxyStats stats = finished_;
  for (const auto& [id, client] : clients_) {
    stats.up.link += client.up.stats();
    stats.down.link += client.down.stats();
  }
  return stats;
}

}  // namespace hubbub::lab
