#include "tests/sim/attack_bench.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace hubbub::sim {
namespace {

relay::SealedOptions with_keys(relay::SealedOptions options, seal::Random& random) {
  options.door.keys = seal::KeyPair::generate(random);
  return options;
}

client::SealedRoom room_of(const seal::KeyPair& relay, seal::Random& random) {
  client::SealedRoom room;
  room.relay_key = relay.public_key;
  room.room_secret = random.secret<32>();
  return room;
}

}  // namespace

AttackBench::AttackBench(std::uint64_t seed, relay::SealedOptions options)
    : random_(seed),
      options_(with_keys(std::move(options), random_)),
      relay_(std::make_unique<relay::SealedRelay>(options_, policy_, now_, random_)),
      room_(room_of(options_.door.keys, random_)),
      hello_keys_(room_.relay_key, room_.psk),
      noise_(session::Initiator(room_.relay_key, room_.psk, {}, random_).hello()) {}

session::LinkOptions AttackBench::link_options() const {
  return {.relay_key = room_.relay_key,
          .psk = room_.psk,
          .unknown_psk = room_.unknown_psk,
          .room_id = keys().room_id()};
}

AttackBench::Person& AttackBench::add(const std::string& name, const Endpoint& endpoint, Sound sound,
                                      seal::Random* random) {
  client::SessionOptions options;
  options.name = name;
  options.format.complexity = 0;
  options.playout_delay = 60ms;
  client::SealedRoom room = room_;
  room.identity_seed = random_.secret<32>();
  auto session =
      std::make_unique<client::SealedSession>(options, room, random != nullptr ? *random : random_);
  people_.push_back(std::make_unique<Person>(
      Person{.endpoint = endpoint, .session = std::move(session), .sound = std::move(sound), .born = now_}));
  return *people_.back();
}

void AttackBench::leave(Person& person) {
  person.session->leave(now_);
  settle();
  std::erase_if(people_, [&person](const auto& someone) { return someone.get() == &person; });
}

void AttackBench::run(Duration duration, const std::function<void()>& each_step) {
  constexpr auto kSamples = static_cast<std::size_t>(samples_in(kStep));
  for (const TimePoint end = now_ + duration; now_ < end;) {
    now_ += kStep;
    if (now_ >= next_expiry_) {
      next_expiry_ = now_ + 1s;
      relay_->expire(now_);
    }
    if (each_step) each_step();
    for (const auto& person : people_) {
      std::array<float, kSamples> samples{};
      if (person->sound) {
        for (std::size_t i = 0; i < kSamples; ++i)
          samples[i] = person->sound(sample_ + static_cast<std::int64_t>(i));
        person->session->capture(now_, samples);
      }
      person->session->hear(now_, samples);
      if (now_.time_since_epoch() % client::Session::kTick < kStep) person->session->tick(now_);
      if (!person->joined_after && person->session->link().joined())
        person->joined_after = now_ - person->born;
    }
    sample_ += static_cast<std::int64_t>(kSamples);
    settle();
  }
}

const std::vector<Bytes>& AttackBench::send(const Endpoint& from, std::span<const std::byte> datagram) {
  asking_ = from;
  answers_.clear();
  relay_->receive(now_, from, IpAddress::v4(192, 0, 2, 1), datagram, false);
  if (tap) tap(true, from, datagram);
  settle();
  asking_ = {};
  return answers_;
}

void AttackBench::attach(const Endpoint& endpoint, std::function<void(std::span<const std::byte>)> receive) {
  receivers_[endpoint] = std::move(receive);
}

// Everything that waits anywhere is delivered, until nothing waits.
void AttackBench::settle() {
  for (bool quiet = false; !quiet;) {
    quiet = true;
    while (const auto outgoing = relay_->next(now_)) {
      const Bytes payload(outgoing->payload.begin(), outgoing->payload.end());
      const std::vector<Recipient> recipients(outgoing->recipients.begin(), outgoing->recipients.end());
      relay_->settle(recipients.size(), 0, relay::UnsentReason::kOtherError);
      for (const Recipient& recipient : recipients) {
        quiet = false;
        if (tap) tap(false, recipient.to, payload);
        if (recipient.to == asking_) answers_.push_back(payload);
        if (const auto receiver = receivers_.find(recipient.to); receiver != receivers_.end())
          receiver->second(payload);
        for (const auto& person : people_) {
          if (person->endpoint == recipient.to) person->session->receive(now_, payload);
        }
      }
    }
    for (const auto& person : people_) {
      while (const auto datagram = person->session->next_datagram()) {
        quiet = false;
        if (tap) tap(true, person->endpoint, *datagram);
        relay_->receive(now_, person->endpoint, IpAddress::v4(192, 0, 2, 1), *datagram, false);
      }
      while (auto event = person->session->next_event()) person->events.push_back(std::move(*event));
    }
  }
}

Bytes AttackBench::hello(const Cookie& cookie) {
  Hello hello;
  hello.cookie = cookie;
  hello.noise = noise_;
  std::array<std::byte, Hello::kBytes> datagram{};
  hello.serialize(datagram);
  hello_keys_.sign(datagram);
  return {datagram.begin(), datagram.end()};
}

Cookie AttackBench::cookie_for(const Endpoint& endpoint) {
  const auto& answers = send(endpoint, hello({}));
  const auto retry =
      answers.empty() ? Result<Retry, DropReason>(DropReason::kTruncated) : Retry::parse(answers[0]);
  return retry ? retry->cookie : Cookie{};
}

std::pair<std::uint64_t, std::uint64_t> AttackBench::heard(const Person& listener, const Person& speaker) {
  for (const auto& info : listener.session->speakers()) {
    if (info.ssrc == speaker.session->ssrc()) return {info.stats.received, info.stats.lost};
  }
  return {0, 0};
}

std::uint64_t AttackBench::dropped(const Person& person, DropReason reason) {
  return person.session->stats().dropped[static_cast<std::size_t>(reason)];
}

AttackBench::Sound tone_of(double hertz) {
  return [hertz](std::int64_t sample) {
    return static_cast<float>(
        0.2 * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(sample) / kSampleRate));
  };
}

}  // namespace hubbub::sim
