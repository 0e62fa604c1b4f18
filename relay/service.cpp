#include "relay/service.h"

#include <csignal>
#include <cstdio>
#include <random>

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "relay/net/clock.h"
#include "relay/net/interfaces.h"

namespace hubbub::relay {
namespace {

constexpr Duration kTick = 1s;
constexpr int kTicksPerMinute = 60;
constexpr int kTicksPerAddressCheck = 15;

// What an operator can do about a reason. Only these are worth a warning; the rest is in the summary.
const char* advice_for(DropReason reason) {
  switch (reason) {
    case DropReason::kPublicSource:
      return "an open room serves private and loopback addresses only; --allow-public-reflection lifts this, "
             "and --help says at what risk";
    case DropReason::kRoomFull:
      return "--max-peers allows more";
    case DropReason::kRateLimited:
      return "--peer-rate allows more";
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
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

}  // namespace

Service::Service(const Config& config)
    : config_(config),
      started_(net::now()),
      policy_(config.allow_public_reflection),
      ticker_(loop_, [this](TimePoint now) { tick(now); }),
      stats_(loop_, [this](TimePoint now) { print_summary(now); }),
      interrupt_(loop_, SIGINT, [this] { loop_.stop(); }),
      terminate_(loop_, SIGTERM, [this] { loop_.stop(); }),
      report_(loop_, SIGUSR1, [this] { print_summary(net::now()); }) {
  for (const std::uint16_t port : config.open_ports) {
    rooms_.push_back(std::make_unique<OpenPort>(loop_, Endpoint{config.bind, port}, config.room, policy_,
                                                random_secret()));
    noted_.emplace_back();
    std::fprintf(stderr, "hubbub-relay: open room on %s\n", rooms_.back()->local().to_string().c_str());
  }
  const int buffer = rooms_.front()->receive_buffer_bytes();
  if (buffer < net::BatchSocket::kWantedBufferBytes) {
    spdlog::warn(
        "the system gives a receive buffer of {} KiB where {} KiB were asked for; a busy relay wants sysctl "
        "net.core.rmem_max={}",
        buffer / 1024, net::BatchSocket::kWantedBufferBytes / 1024, net::BatchSocket::kWantedBufferBytes);
  }
  learn_own_addresses();
  ticker_.start(kTick, kTick);
  if (config.stats_every) stats_.start(*config.stats_every, *config.stats_every);
}

void Service::run() {
  loop_.run();
  for (const auto& room : rooms_) room->shut_down();
  print_summary(net::now());
}

void Service::tick(TimePoint now) {
  for (const auto& room : rooms_) room->expire(now);
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
  for (const auto& room : rooms_) own.ports.insert(room->local().port);
  policy_.set_own(std::move(own));
}

// The only place that logs what outsiders cause: counts, on our own clock, so nothing they send can flood the
// log.
void Service::note_changes() {
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    const RoomSummary summary = rooms_[i]->summary();
    Noted& noted = noted_[i];
    for (std::size_t r = 0; r < kDropReasons; ++r) {
      const auto reason = static_cast<DropReason>(r);
      const std::uint64_t more = summary.books.dropped[r] - noted.books.dropped[r];
      const char* advice = advice_for(reason);
      if (more == 0) continue;
      if (advice != nullptr) {
        spdlog::warn("open {}: {} datagrams dropped as {}: {}", summary.port, more, name_of(reason), advice);
      } else {
        spdlog::info("open {}: {} datagrams dropped as {}", summary.port, more, name_of(reason));
      }
    }
    if (summary.kernel_dropped != noted.kernel_dropped) {
      spdlog::warn("open {}: the kernel dropped {} datagrams before the relay read them", summary.port,
                   summary.kernel_dropped - noted.kernel_dropped);
    }
    const std::uint64_t joined = summary.books.peers_joined - noted.books.peers_joined;
    const std::uint64_t expired = summary.books.peers_expired - noted.books.peers_expired;
    if (joined + expired > 0)
      spdlog::info("open {}: {} peers joined, {} expired, {} are here", summary.port, joined, expired,
                   summary.peers);
    noted = {.books = summary.books, .kernel_dropped = summary.kernel_dropped};
  }
}

void Service::print_summary(TimePoint now) const {
  std::vector<RoomSummary> summaries;
  for (const auto& room : rooms_) summaries.push_back(room->summary());
  const std::string text =
      config_.stats_json ? summary_json(summaries, now - started_) : summary_text(summaries, now - started_);
  if (!takes_output(STDOUT_FILENO)) return;
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

}  // namespace hubbub::relay
