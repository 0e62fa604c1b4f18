#include "tests/sim/world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "tests/sim/tone.h"

namespace hubbub::sim {

World::World(std::uint64_t seed, const relay::OpenRoomOptions& room)
    : seed_(seed),
      room_options_(room),
      policy_(false),
      room_(std::make_unique<relay::OpenRoom>(room_options_, policy_, seed)) {}

std::size_t World::add(const ClientOptions& options) {
  const std::size_t index = clients_.size();
  client::SessionOptions session;
  session.name = options.name;
  session.format.complexity = 0;  // the simulation is about the network
  session.playout_delay = options.playout_delay;
  session.seed = impair::derive_seed(seed_, 3 * index);
  const Endpoint endpoint{IpAddress::v4(127, 0, 1, static_cast<std::uint8_t>(index + 1)),
                          static_cast<std::uint16_t>(40'000 + index)};
  clients_.push_back({.options = options,
                      .endpoint = endpoint,
                      .session = std::make_unique<client::OpenSession>(session),
                      .up = impair::Link(options.up, impair::derive_seed(seed_, 3 * index + 1), now_),
                      .down = impair::Link(options.down, impair::derive_seed(seed_, 3 * index + 2), now_),
                      .events = {}});
  by_endpoint_[endpoint] = index;
  return index;
}

void World::run(Duration duration) {
  for (Client& client : clients_) {
    client.energy = 0;
    client.heard_samples = 0;
  }
  for (const TimePoint end = now_ + duration; now_ < end;) step();
}

void World::step() {
  const TimePoint next = now_ + kStep;
  while (!in_flight_.empty() && in_flight_.top().arrives <= next) {
    const InFlight packet = in_flight_.top();
    in_flight_.pop();
    now_ = std::max(now_, packet.arrives);
    deliver(packet);
  }
  now_ = next;
  if (relay_up_) room_->expire(now_);
  for (std::size_t i = 0; i < clients_.size(); ++i) drive(clients_[i], i);
  if (!room_->books_balance())
    throw std::logic_error("the relay's books do not balance, seed " + std::to_string(seed_));
}

void World::drive(Client& client, std::size_t index) {
  if (client.options.speaks) {
    const auto due = static_cast<std::int64_t>(static_cast<double>(samples_in(now_ - TimePoint(1h))) *
                                               client.options.clock);
    std::array<float, 1'024> samples{};
    const auto count = static_cast<std::size_t>(std::clamp<std::int64_t>(due - client.captured, 0, 1'024));
    for (std::size_t i = 0; i < count; ++i)
      samples[i] = tone(client.captured + static_cast<std::int64_t>(i), index);
    client.captured += static_cast<std::int64_t>(count);
    client.session->capture(now_, std::span(samples).first(count));
  }
  std::array<float, static_cast<std::size_t>(samples_in(kStep))> mix{};
  client.session->hear(now_, mix);
  for (const float sample : mix) client.energy += static_cast<double>(sample) * static_cast<double>(sample);
  client.heard_samples += static_cast<std::int64_t>(mix.size());
  client.session->tick(now_);
  drain_session(index);
}

void World::drain_session(std::size_t index) {
  Client& client = clients_[index];
  while (const auto datagram = client.session->next_datagram()) transmit(client.up, true, index, *datagram);
  while (auto event = client.session->next_event()) client.events.push_back(std::move(*event));
}

void World::transmit(impair::Link& link, bool to_relay, std::size_t client,
                     std::span<const std::byte> bytes) {
  const impair::Verdict verdict = link.push(now_, bytes.size());
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  verdict.flip(copy);
  for (const TimePoint arrival : verdict.deliveries())
    in_flight_.push(
        {.arrives = arrival, .order = order_++, .to_relay = to_relay, .client = client, .bytes = copy});
}

void World::deliver(const InFlight& packet) {
  fold(packet.bytes);
  if (!packet.to_relay) {
    clients_[packet.client].session->receive(now_, packet.bytes);
    drain_session(packet.client);
  } else if (relay_up_) {
    origin_ = packet.client;
    room_->receive(now_, clients_[packet.client].endpoint, IpAddress::v4(127, 0, 0, 1), packet.bytes, false);
    drain_relay();
  }
}

void World::drain_relay() {
  while (const auto outgoing = room_->next(now_)) {
    const bool answer = kind_of(outgoing->payload) == OpenKind::kPong;
    for (const Recipient& recipient : outgoing->recipients) {
      const std::size_t index = by_endpoint_.at(recipient.to);
      if (!answer && index == origin_) ++copies_to_origin_;
      transmit(clients_[index].down, false, index, outgoing->payload);
    }
    room_->settle(outgoing->recipients.size(), 0, relay::UnsentReason::kOtherError);
  }
}

void World::set_relay_up(bool up) {
  if (up && !relay_up_) room_ = std::make_unique<relay::OpenRoom>(room_options_, policy_, seed_);
  relay_up_ = up;
}

std::optional<client::SpeakerInfo> World::heard(std::size_t listener, std::size_t speaker) const {
  for (const auto& info : clients_[listener].session->speakers()) {
    if (info.ssrc == clients_[speaker].session->ssrc()) return info;
  }
  return std::nullopt;
}

double World::loudness(std::size_t client) const {
  const Client& c = clients_[client];
  return c.heard_samples == 0 ? 0 : std::sqrt(c.energy / static_cast<double>(c.heard_samples));
}

void World::fold(std::span<const std::byte> bytes) {  // FNV-1a
  const auto add = [this](std::uint64_t value) { fingerprint_ = (fingerprint_ ^ value) * 0x100000001B3U; };
  add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  for (const std::byte b : bytes) add(std::to_integer<std::uint64_t>(b));
}

}  // namespace hubbub::sim
