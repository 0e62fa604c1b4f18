#include "tests/sim/sealed_world.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "tests/sim/tone.h"

namespace hubbub::sim {
namespace {

[[noreturn]] void fail(std::uint64_t seed, const std::string& what) {
  throw std::logic_error(what + ", seed " + std::to_string(seed));
}

}  // namespace

SealedWorld::SealedWorld(std::uint64_t seed, const relay::SealedOptions& options)
    : seed_(seed), random_(seed), options_(options), policy_(true) {
  if (options_.door.keys.public_key == seal::PublicKey{})
    options_.door.keys = seal::KeyPair::generate(random_);
  set_relay_up(false);
  set_relay_up(true);
}

const client::SealedRoom& SealedWorld::room(std::size_t number) {
  while (rooms_.size() <= number) {
    client::SealedRoom room;
    room.relay_key = options_.door.keys.public_key;
    room.room_secret = random_.secret<32>();
    room.psk = options_.door.psk;
    room.unknown_psk = options_.door.unknown_psk;
    rooms_.push_back(room);
  }
  return rooms_[number];
}

Endpoint SealedWorld::fresh_endpoint() {
  ++endpoints_;
  return {IpAddress::v4(198, 51, static_cast<std::uint8_t>(endpoints_ >> 8U),
                        static_cast<std::uint8_t>(endpoints_ & 0xFFU)),
          static_cast<std::uint16_t>(40'000 + endpoints_ % 20'000)};
}

std::size_t SealedWorld::add(const SealedClientOptions& options) {
  const std::size_t index = clients_.size();
  client::SessionOptions session;
  session.name = options.name;
  session.format.complexity = 0;  // the simulation is about the network
  session.playout_delay = options.playout_delay;
  session.unix_ms = [this] { return unix_ms(); };
  const Endpoint endpoint = fresh_endpoint();
  auto random = std::make_unique<SeededRandom>(impair::derive_seed(seed_, 3 * index));
  client::SealedRoom keys = room(options.room);
  keys.identity_seed = options.identity ? *options.identity : random->secret<32>();
  auto made = std::make_unique<client::SealedSession>(session, keys, *random);
  clients_.push_back({.options = options,
                      .endpoint = endpoint,
                      .random = std::move(random),
                      .session = std::move(made),
                      .up = impair::Link(options.up, impair::derive_seed(seed_, 3 * index + 1), now_),
                      .down = impair::Link(options.down, impair::derive_seed(seed_, 3 * index + 2), now_),
                      .events = {},
                      .texts = {},
                      .captured = samples_in(now_.time_since_epoch())});
  by_endpoint_[endpoint] = index;
  return index;
}

void SealedWorld::run(Duration duration) {
  for (Client& client : clients_) {
    client.energy = 0;
    client.heard_samples = 0;
  }
  for (const TimePoint end = now_ + duration; now_ < end;) step();
}

void SealedWorld::step() {
  const TimePoint next = now_ + kStep;
  while (!in_flight_.empty() && in_flight_.top().arrives <= next) {
    const InFlight packet = in_flight_.top();
    in_flight_.pop();
    now_ = std::max(now_, packet.arrives);
    deliver(packet);
  }
  now_ = next;
  if (relay_up_ && disk_) disk_->advance(now_, *relay_);
  if (relay_up_ && now_ >= next_expiry_) {
    next_expiry_ = now_ + 1s;
    relay_->expire(now_);
  }
  if (relay_up_ && now_ >= next_roster_tick_) {
    next_roster_tick_ = now_ + kRosterTick;
    drain_relay();
  }
  for (std::size_t i = 0; i < clients_.size(); ++i) drive(clients_[i], i);
  check();
}

void SealedWorld::drive(Client& client, std::size_t index) {
  if (now_ < client.asleep_until) return;
  const TimePoint its_now = now_ + client.clock_offset;
  const std::int64_t due = samples_in(now_.time_since_epoch());
  if (client.options.speaks) {
    std::array<float, 2'048> samples{};
    const auto count = static_cast<std::size_t>(std::clamp<std::int64_t>(due - client.captured, 0, 2'048));
    for (std::size_t i = 0; i < count; ++i)
      samples[i] = tone(client.captured + static_cast<std::int64_t>(i), index);
    client.session->capture(its_now, std::span(samples).first(count));
  }
  client.captured = due;
  std::array<float, static_cast<std::size_t>(samples_in(kStep))> mix{};
  client.session->hear(its_now, mix);
  for (const float sample : mix) client.energy += static_cast<double>(sample) * static_cast<double>(sample);
  client.heard_samples += static_cast<std::int64_t>(mix.size());
  if (now_ >= client.next_tick) {
    client.next_tick = now_ + client::Session::kTick;
    client.session->tick(its_now);
  }
  room_of_ssrc_[client.session->ssrc()] = client.options.room;
  drain_session(index);
}

void SealedWorld::drain_session(std::size_t index) {
  Client& client = clients_[index];
  while (const auto datagram = client.session->next_datagram()) transmit(true, index, *datagram);
  while (auto event = client.session->next_event()) {
    if (const auto* text = std::get_if<client::TextHeard>(&*event)) client.texts.push_back(*text);
    client.events.push_back(std::move(*event));
  }
}

void SealedWorld::transmit(bool to_relay, std::size_t index, std::span<const std::byte> bytes) {
  Client& client = clients_[index];
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  if (wire_ && !wire_(to_relay, index, copy)) return;
  const impair::Verdict verdict = (to_relay ? client.up : client.down).push(now_, copy.size());
  if (client.cut) return;
  verdict.flip(copy);
  for (const TimePoint arrival : verdict.deliveries()) {
    in_flight_.push({.arrives = arrival,
                     .order = order_++,
                     .to_relay = to_relay,
                     .client = index,
                     .from = client.endpoint,
                     .bytes = copy});
  }
}

void SealedWorld::deliver(const InFlight& packet) {
  fold(packet.bytes);
  Client& client = clients_[packet.client];
  if (packet.to_relay) {
    if (!relay_up_) return;
    relay_->receive(now_, packet.from, IpAddress::v4(192, 0, 2, 1), packet.bytes, false);
    drain_relay();
  } else if (now_ >= client.asleep_until && packet.from == client.endpoint) {
    // What is on its way to an address that the client has left does not follow it.
    client.session->receive(now_ + client.clock_offset, packet.bytes);
    drain_session(packet.client);
  }
}

void SealedWorld::drain_relay() {
  while (const auto outgoing = relay_->next(now_)) {
    for (const Recipient& recipient : outgoing->recipients) {
      const auto client = by_endpoint_.find(recipient.to);
      if (client == by_endpoint_.end()) {
        bytes_to_[recipient.to] += outgoing->payload.size();
      } else {
        transmit(false, client->second, outgoing->payload);
      }
    }
    relay_->settle(outgoing->recipients.size(), 0, relay::UnsentReason::kOtherError);
  }
}

void SealedWorld::check() const {
  if (!relay_->books_balance()) fail(seed_, "the relay's books do not balance");
  if (relay_->sessions() > options_.max_sessions) fail(seed_, "the relay has more sessions than it may");
  for (const Client& client : clients_) {
    for (const auto& speaker : client.session->speakers()) {
      const auto room = room_of_ssrc_.find(speaker.ssrc);
      if (room == room_of_ssrc_.end()) fail(seed_, "somebody is heard who is not there");
      if (room->second != client.options.room) fail(seed_, "somebody is heard from another room");
      if (speaker.ssrc == client.session->ssrc()) fail(seed_, "somebody hears themselves");
    }
  }
}

// --- What happens

void SealedWorld::keep_history() {
  disk_ = std::make_unique<Disk>(impair::derive_seed(seed_, 3'000'000));
  relay_->keep_history_in(disk_.get());
}

void SealedWorld::set_relay_up(bool up) {
  if (up && !relay_up_) {
    relay_random_ = std::make_unique<SeededRandom>(impair::derive_seed(seed_, 1'000'000 + lives_++));
    options_.started_unix_ms = unix_ms();
    relay_ = std::make_unique<relay::SealedRelay>(options_, policy_, now_, *relay_random_);
    relay_->keep_history_in(disk_.get());
  }
  if (!up && disk_) disk_->lose_what_waits();
  relay_up_ = up;
}

void SealedWorld::rebind(std::size_t index) {
  Client& client = clients_[index];
  by_endpoint_.erase(client.endpoint);
  client.endpoint = fresh_endpoint();
  by_endpoint_[client.endpoint] = index;
}

void SealedWorld::roam(std::size_t index) {
  rebind(index);
  clients_[index].session->reconnect();
}

void SealedWorld::suspend(std::size_t index, Duration duration) {
  clients_[index].asleep_until = now_ + duration;
}

void SealedWorld::heal() {
  set_relay_up(true);
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    Client& client = clients_[i];
    client.cut = false;
    client.asleep_until = std::min(client.asleep_until, now_);
    impair::LinkOptions good;
    good.delay = client.options.up.delay;
    client.up = impair::Link(good, impair::derive_seed(seed_, 2'000'000 + 2 * i), now_);
    client.down = impair::Link(good, impair::derive_seed(seed_, 2'000'001 + 2 * i), now_);
  }
}

void SealedWorld::inject(const Endpoint& from, std::span<const std::byte> datagram) {
  relay_->receive(now_, from, IpAddress::v4(192, 0, 2, 1), datagram, false);
  drain_relay();
}

void SealedWorld::inject_to_client(std::size_t index, std::span<const std::byte> datagram) {
  clients_[index].session->receive(now_ + clients_[index].clock_offset, datagram);
  drain_session(index);
}

std::uint64_t SealedWorld::bytes_to(const Endpoint& endpoint) const {
  const auto found = bytes_to_.find(endpoint);
  return found == bytes_to_.end() ? 0 : found->second;
}

std::uint64_t SealedWorld::unix_ms() const {
  constexpr std::uint64_t kSomeDay = 1'800'000'000'000;
  return kSomeDay +
         static_cast<std::uint64_t>(
             std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch()).count());
}

std::optional<client::SpeakerInfo> SealedWorld::heard(std::size_t listener, std::size_t speaker) const {
  for (const auto& info : clients_[listener].session->speakers()) {
    if (info.ssrc == clients_[speaker].session->ssrc()) return info;
  }
  return std::nullopt;
}

std::uint64_t SealedWorld::received(std::size_t listener, std::size_t speaker) const {
  const auto info = heard(listener, speaker);
  return info ? info->stats.received : 0;
}

double SealedWorld::loudness(std::size_t client) const {
  const Client& c = clients_[client];
  return c.heard_samples == 0 ? 0 : std::sqrt(c.energy / static_cast<double>(c.heard_samples));
}

void SealedWorld::fold(std::span<const std::byte> bytes) {  // FNV-1a
  const auto add = [this](std::uint64_t value) { fingerprint_ = (fingerprint_ ^ value) * 0x100000001B3U; };
  add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  for (const std::byte b : bytes) add(std::to_integer<std::uint64_t>(b));
}

}  // namespace hubbub::sim
