#include "tools/bench/text_catch_up.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <stdexcept>
#include <utility>
#include <variant>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/net/clock.h"
#include "tools/bench/sealed_child.h"
#include "tools/bench/socket_buffers.h"
#include "tools/bench/throw_errno.h"

namespace hubbub::bench {
namespace {

// Of the socket: what a desktop gives a program by itself.
constexpr int kClientBufferBytes = 212'992;
constexpr Duration kCatchUpPatience = 120s;
constexpr Duration kWritingPatience = 120s;

int connected_socket(std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw_errno("opening a client's socket");
  size_socket_buffers(descriptor, kClientBufferBytes);
  sockaddr_in relay{};
  relay.sin_family = AF_INET;
  relay.sin_port = htons(port);
  relay.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&relay), sizeof relay) != 0) {
    close(descriptor);
    throw_errno("connecting a client's socket");
  }
  return descriptor;
}

client::SessionOptions options_of_client() {
  client::SessionOptions options;
  options.name = "reader";
  options.unix_ms = net::unix_ms;
  return options;
}

client::SealedRoom room_of(const seal::Invite& invite, seal::Random& random) {
  client::SealedRoom room;
  room.relay_key = *invite.relay_key;
  room.room_secret = *invite.room_secret;
  room.identity_seed = random.secret<32>();
  return room;
}

Duration own_cpu_time() {
  timespec time{};
  if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0) throw_errno("reading our own clock");
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// Until all of them are acknowledged.
void write_messages(TextCrowd& room, Author& author, std::size_t count, const Interrupt& interrupt) {
  TextMember& writer = room.members().front();
  const TimePoint deadline = net::now() + kWritingPatience;
  for (std::size_t written = 0; written < count || writer.unacknowledged() > 0;) {
    interrupt.check();
    const TimePoint now = net::now();
    if (now >= deadline) throw std::runtime_error("the relay does not take a room's messages");
    for (; written < count && writer.ready(); ++written) {
      auto message = author.write();
      writer.say(now, message.id, std::move(message.object));
    }
    room.turn(now);
  }
}

}  // namespace

TextClient::TextClient(std::uint16_t relay_port, const seal::Invite& invite)
    : descriptor_(connected_socket(relay_port)),
      session_(options_of_client(), room_of(invite, random_), random_),
      next_tick_(net::now()) {}

TextClient::~TextClient() {
  close(descriptor_);
}

TimePoint TextClient::now() const {
  return net::now() - away_;
}

void TextClient::turn(Duration longest) {
  const Duration wait = std::clamp<Duration>(next_tick_ - now(), Duration::zero(), longest);
  pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
  const timespec patience{.tv_sec = wait / 1s, .tv_nsec = (wait % 1s).count()};
  ppoll(&waiting, 1, &patience, nullptr);
  std::array<std::byte, kMaxSealedDatagramBytes> datagram{};
  for (ssize_t size = 0; (size = recv(descriptor_, datagram.data(), datagram.size(), 0)) >= 0;) {
    const auto bytes = std::span(datagram).first(static_cast<std::size_t>(size));
    down_.add(bytes.size());
    session_.receive(now(), bytes);
    send_and_hear();
  }
  if (now() < next_tick_) return;
  next_tick_ = now() + client::Session::kTick;
  session_.tick(now());
  send_and_hear();
}

void TextClient::send_and_hear() {
  while (const auto datagram = session_.next_datagram()) {
    up_.add(datagram->size());
    static_cast<void>(send(descriptor_, datagram->data(), datagram->size(), 0));  // lost, as on a network
  }
  while (const auto event = session_.next_event()) {
    texts_ += std::holds_alternative<client::TextHeard>(*event) ? 1U : 0U;
    notices_ += std::holds_alternative<client::Notice>(*event) ? 1U : 0U;
  }
}

void TextClient::run_until(const std::function<bool()>& done, Duration patience, const char* what) {
  for (const TimePoint deadline = net::now() + patience; !done(); turn(client::Session::kTick)) {
    if (net::now() >= deadline) throw std::runtime_error(std::string("a client ") + what);
  }
}

void TextClient::go_away() {
  went_away_ = net::now();
}

void TextClient::come_back() {
  std::array<std::byte, kMaxSealedDatagramBytes> lost{};
  while (recv(descriptor_, lost.data(), lost.size(), 0) >= 0) {
  }
  away_ += net::now() - went_away_;
  session_.reconnect();
  next_tick_ = now();
}

CatchUp measure_catch_up(const std::string& relay_path, std::size_t messages, const Interrupt& interrupt) {
  constexpr std::size_t kMembers = 16;
  const SealedChild relay(relay_path, kMembers, kMembers);
  Crowd crowd(1);
  TextCrowd room(crowd, relay.child.port(), relay.invite, TextCrowd::Presence::kShown);
  room.join(1);
  Author author(room.keys());
  write_messages(room, author, 1, interrupt);

  TextClient reader(relay.child.port(), relay.invite);
  reader.run_until([&] { return reader.texts() == 1 && reader.session().members(); }, kCatchUpPatience,
                   "does not get into the relay's sealed room");
  reader.run_until([quiet = net::now() + 1s] { return net::now() >= quiet; }, kCatchUpPatience, "is stuck");
  reader.go_away();
  write_messages(room, author, messages - 1, interrupt);
  room.settle();

  const Traffic up = reader.up();
  const Traffic down = reader.down();
  const std::uint64_t notices = reader.notices();
  reader.come_back();
  const Duration relay_cpu = relay.child.cpu_time();
  const Duration own_cpu = own_cpu_time();
  const TimePoint start = net::now();
  reader.run_until(
      [&] {
        interrupt.check();
        return reader.texts() == messages;
      },
      kCatchUpPatience, "does not catch up");
  CatchUp figures;
  figures.messages = messages - 1;
  figures.wall_ms = to_ms(net::now() - start);
  figures.client_cpu_ms = to_ms(own_cpu_time() - own_cpu);
  figures.relay_cpu_ms = to_ms(relay.child.cpu_time() - relay_cpu);
  figures.up = reader.up() - up;
  figures.down = reader.down() - down;
  if (reader.notices() != notices) throw std::runtime_error("a client that catches up misses messages");
  return figures;
}

}  // namespace hubbub::bench
