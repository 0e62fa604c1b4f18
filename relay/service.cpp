#include "relay/service.h"

#include <csignal>
#include <cstdio>

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "codec/seal/invite.h"
#include "codec/seal/room_keys.h"
#include "codec/wire/check.h"
#include "relay/net/clock.h"
#include "relay/net/interfaces.h"

namespace hubbub::relay {
namespace {

constexpr Duration kTick = 1s;
constexpr int kTicksPerMinute = 60;
constexpr int kTicksPerAddressCheck = 15;
constexpr Duration kGoodbyeLasts = 500ms;

// What an operator can do about a reason. Only these are worth a warning; the rest is in the summary.
const char* advice_for(DropReason reason) {
  switch (reason) {
    case DropReason::kPublicSource:
      return "an open room serves private and loopback addresses only; --allow-public-reflection lifts this, "
             "and --help says at what risk";
    case DropReason::kOverloaded:
      return "more joins than the relay has time for: a rush, or an attack";
    case DropReason::kRoomFull:
      return "--max-peers allows more";
    case DropReason::kRateLimited:
      return "--peer-rate and --join-rate allow more";
    case DropReason::kQueueFull:
    case DropReason::kStale:
      return "the relay cannot send as fast as the room speaks";
    case DropReason::kOwnAddress:
      return "something sends this relay its own datagrams: a loop, or a forged source";
    default:
      return nullptr;
  }
}

// False where writing would wait: a reader that stopped reading must not stop the relay.
bool takes_output(int descriptor) {
  pollfd ready{.fd = descriptor, .events = POLLOUT, .revents = 0};
  return ::poll(&ready, 1, 0) > 0;
}

std::uint64_t random_secret() {
  return seal::SystemRandom().u64();
}

SealedOptions sealed_options(const Config& config, const SealedIdentity& identity) {
  SealedOptions options{
      .door = {.keys = identity.keys, .tell_key = config.tell_key, .join_rate = config.join_rate},
      .timeout = config.room.timeout,
      .max_sessions = config.max_sessions,
      .max_members = config.room.max_peers,
      .peer_rate = config.room.peer_rate,
      .started_unix_ms = net::unix_ms()};
  if (identity.access_token) {
    options.door.psk = seal::access_token_psk(*identity.access_token, identity.keys.public_key);
    options.door.unknown_psk = seal::access_token_psk(*identity.access_token, {});
  }
  return options;
}

// The address that most probably leads here from elsewhere.
std::string host_for_invites(const Config& config) {
  if (config.host) return *config.host;
  IpAddress best = config.bind;
  if (best.is_unspecified()) {
    best = IpAddress::v4(127, 0, 0, 1);
    for (const auto& interface : net::interface_addresses()) {
      const IpAddress& address = interface.address;
      if (address.is_loopback() || address.is_link_local()) continue;
      const bool better = best.is_loopback() || (best.is_private() && !address.is_private()) ||
                          (best.is_private() == address.is_private() && !best.is_v4() && address.is_v4());
      if (better) best = address;
    }
  }
  return best.is_v4() ? best.to_string() : "[" + best.to_string() + "]";
}

}  // namespace

std::string new_invite(const Config& config, const seal::PublicKey& key, std::uint16_t port) {
  // Whoever has a port behind a host of their own, as through a forwarding, says so.
  const auto relay = HostPort::parse(host_for_invites(config), port);
  CHECK(relay.has_value());
  seal::SystemRandom random;
  return seal::Invite::to_new_room(*relay, key, random).to_link();
}

Service::OpenPort::OpenPort(net::Loop& loop, const Endpoint& local, const OpenRoomOptions& options,
                            const SourcePolicy& policy)
    : room(options, policy, random_secret()), port(loop, local, room) {}

Service::SealedPort::SealedPort(net::Loop& loop, const Endpoint& local, const SealedOptions& options,
                                const SourcePolicy& policy, seal::Random& random)
    : relay(options, policy, net::now(), random), port(loop, local, relay) {}

Service::Service(const Config& config, const std::optional<SealedIdentity>& identity)
    : config_(config),
      started_(net::now()),
      policy_(config.allow_public_reflection),
      ticker_(loop_, [this](TimePoint now) { tick(now); }),
      roster_ticker_(loop_, [this](TimePoint now) { sealed_->port.flush(now); }),
      stats_(loop_, [this](TimePoint now) { print_summary(now); }),
      interrupt_(loop_, SIGINT, [this] { loop_.stop(); }),
      terminate_(loop_, SIGTERM, [this] { loop_.stop(); }),
      report_(loop_, SIGUSR1, [this] { print_summary(net::now()); }) {
  if (config.sealed_port) {
    CHECK(identity.has_value());
    sealed_ = std::make_unique<SealedPort>(loop_, Endpoint{config.bind, *config.sealed_port},
                                           sealed_options(config, *identity), policy_, random_);
    if (config.history) open_history(*config.history);
    std::fprintf(stderr, "hubbub-relay: sealed rooms on %s\n", sealed_->port.local().to_string().c_str());
  }
  for (const std::uint16_t port : config.open_ports) {
    rooms_.push_back(std::make_unique<OpenPort>(loop_, Endpoint{config.bind, port}, config.room, policy_));
    noted_.emplace_back();
    std::fprintf(stderr, "hubbub-relay: open room on %s\n", rooms_.back()->port.local().to_string().c_str());
  }
  const int buffer = any_port().receive_buffer_bytes();
  if (buffer < net::BatchSocket::kWantedBufferBytes) {
    spdlog::warn(
        "the system gives a receive buffer of {} KiB where {} KiB were asked for; a busy relay wants sysctl "
        "net.core.rmem_max={}",
        buffer / 1024, net::BatchSocket::kWantedBufferBytes / 1024, net::BatchSocket::kWantedBufferBytes);
  }
  learn_own_addresses();
  ticker_.start(kTick, kTick);
  if (sealed_) roster_ticker_.start(kRosterTick, kRosterTick);
  if (config.stats_every) stats_.start(*config.stats_every, *config.stats_every);
}

// Nothing has to be sent for what the history answers: who waits asks again.
void Service::open_history(const HistoryOptions& options) {
  HistoryCallbacks callbacks;
  callbacks.loaded = [this](const seal::RoomId& room, std::vector<LogEntry> entries) {
    sealed_->relay.history_loaded(room, std::move(entries));
  };
  callbacks.stored = [this](const seal::RoomId& room, std::uint64_t through) {
    sealed_->relay.history_stored(room, through);
  };
  callbacks.notice = [](const std::string& sentence) { spdlog::warn("{}", sentence); };
  history_ = std::make_unique<SqliteHistory>(loop_, options, std::move(callbacks));
  sealed_->relay.keep_history_in(history_.get());
}

const Port& Service::any_port() const {
  return sealed_ ? sealed_->port : rooms_.front()->port;
}

std::optional<std::uint16_t> Service::sealed_port() const {
  if (!sealed_) return std::nullopt;
  return sealed_->port.local().port;
}

void Service::run() {
  loop_.run();
  if (history_) {
    sealed_->relay.keep_history_in(nullptr);
    history_->finish();
  }
  say_goodbye();
  if (sealed_) sealed_->relay.shut_down();
  for (const auto& room : rooms_) room->room.shut_down();
  print_summary(net::now());
}

// As much of it as the system takes in a moment: it is a courtesy, and nobody waits for it.
void Service::say_goodbye() {
  if (!sealed_) return;
  const TimePoint deadline = net::now() + kGoodbyeLasts;
  sealed_->relay.say_goodbye(net::now());
  do {
    sealed_->port.flush(net::now());
  } while (sealed_->relay.unsettled() > 0 && net::now() < deadline);
}

void Service::tick(TimePoint now) {
  if (sealed_) {
    sealed_->relay.expire(now);
    sealed_->port.flush(now);
  }
  for (const auto& room : rooms_) room->room.expire(now);
  ++ticks_;
  if (ticks_ % kTicksPerAddressCheck == 0) learn_own_addresses();
  // The first minute is when an operator looks.
  if (ticks_ % kTicksPerMinute == 0 || ticks_ == 5) note_changes();
}

void Service::learn_own_addresses() {
  OwnEndpoints own;
  for (const auto& interface : net::interface_addresses()) {
    own.addresses.insert(interface.address);
    if (!interface.broadcast.is_unspecified()) own.broadcasts.insert(interface.broadcast);
  }
  if (sealed_) own.ports.insert(sealed_->port.local().port);
  for (const auto& room : rooms_) own.ports.insert(room->port.local().port);
  policy_.set_own(std::move(own));
}

// The only place that logs what outsiders cause: counts, on our own clock, so nothing they send can flood the
// log.
void Service::note_changes() {
  const Summary now = summary(net::now());
  if (now.sealed) {
    const SealedBooks& books = now.sealed->books;
    note("sealed " + std::to_string(now.sealed->port),
         {.dropped = books.dropped,
          .kernel_dropped = now.sealed->kernel_dropped,
          .joined = books.members_joined,
          .left = books.members_left},
         noted_sealed_);
  }
  for (std::size_t i = 0; i < now.rooms.size(); ++i) {
    const RoomSummary& room = now.rooms[i];
    note("open " + std::to_string(room.port),
         {.dropped = room.books.dropped,
          .kernel_dropped = room.kernel_dropped,
          .joined = room.books.peers_joined,
          .left = room.books.peers_expired},
         noted_[i]);
  }
}

void Service::note(const std::string& port, const Noted& now, Noted& before) {
  for (std::size_t r = 0; r < kDropReasons; ++r) {
    const auto reason = static_cast<DropReason>(r);
    const std::uint64_t more = now.dropped[r] - before.dropped[r];
    const char* advice = advice_for(reason);
    if (more == 0) continue;
    if (advice != nullptr) {
      spdlog::warn("{}: {} datagrams dropped as {}: {}", port, more, name_of(reason), advice);
    } else {
      spdlog::info("{}: {} datagrams dropped as {}", port, more, name_of(reason));
    }
  }
  if (now.kernel_dropped != before.kernel_dropped) {
    spdlog::warn("{}: the kernel dropped {} datagrams before the relay read them", port,
                 now.kernel_dropped - before.kernel_dropped);
  }
  const std::uint64_t joined = now.joined - before.joined;
  const std::uint64_t left = now.left - before.left;
  if (joined + left > 0) spdlog::info("{}: {} joined, {} left", port, joined, left);
  before = now;
}

Summary Service::summary(TimePoint now) const {
  Summary summary{.uptime = now - started_};
  if (sealed_) {
    const SealedRelay& relay = sealed_->relay;
    summary.sealed = SealedSummary{.port = sealed_->port.local().port,
                                   .rooms = relay.rooms(),
                                   .sessions = relay.sessions(),
                                   .members = relay.members(),
                                   .waiting = relay.waiting(),
                                   .unsettled = relay.unsettled(),
                                   .kernel_dropped = sealed_->port.kernel_dropped(),
                                   .books = relay.books()};
  }
  for (const auto& open : rooms_) {
    summary.rooms.push_back({.port = open->port.local().port,
                             .peers = open->room.peers(),
                             .waiting = open->room.waiting(),
                             .unsettled = open->room.unsettled(),
                             .kernel_dropped = open->port.kernel_dropped(),
                             .books = open->room.books()});
  }
  if (history_) summary.history = history_->counters();
  return summary;
}

void Service::print_summary(TimePoint now) const {
  const std::string text = config_.stats_json ? summary_json(summary(now)) : summary_text(summary(now));
  if (!takes_output(STDOUT_FILENO)) return;
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace hubbub::relay
