#include "tools/bench/text_roster.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <deque>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "codec/session/client_link.h"
#include "codec/session/identity.h"
#include "codec/session/message.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/session_elements.h"
#include "codec/wire/text.h"
#include "relay/core/sealed_relay.h"

namespace hubbub::bench {
namespace {

constexpr std::uint32_t kFirstRosterSsrc = 0x5057'0000;
constexpr IpAddress kRelayAddress = IpAddress::v4(10, 0, 0, 1);
// Below the relay's budget for newcomers.
constexpr Duration kHandshakeEvery = 5ms;
// A relay's loop turns so often at most where nothing comes but a timer's end.
constexpr Duration kLoopTurn = 10ms;
// As many datagrams as the shell reads before it sends.
constexpr std::size_t kBatch = 64;
constexpr int kMostAsks = 10'000;

Duration cpu_time() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

double us(Duration duration) {
  return 1e3 * to_ms(duration);
}

Endpoint endpoint_of(std::size_t member) {
  return {IpAddress::v4(10, 1, static_cast<std::uint8_t>(member / 250),
                        static_cast<std::uint8_t>(1 + member % 250)),
          40'000};
}

// The relay's core, its members' links, and the way between them, which takes no time.
class LargeRoom {
 public:
  explicit LargeRoom(std::size_t members)
      : relay_keys_(seal::KeyPair::generate(random_)),
        keys_(relay_keys_.public_key, random_.secret<32>()),
        options_{
            .relay_key = relay_keys_.public_key, .psk = {}, .unknown_psk = {}, .room_id = keys_.room_id()},
        relay_(
            {
                .door = {.keys = relay_keys_, .join_rate = 0},
                .timeout = kMaxPeerTimeout,
                .max_sessions = members,
                .max_members = members,
                .peer_rate = 0,
            },
            policy_, now_, random_),
        told_(members),
        told_at_(members) {}

  // Another member, as far as its session. Its Join is held back.
  void shake_hands();
  // The Joins that were held back, at one instant of the relay's clock; what they take of CPU.
  Duration join_held();
  // Lets time pass until the roster has told all there is to tell.
  void tell_all(const Interrupt& interrupt);
  void begin_count();

  struct Snapshot {
    std::size_t datagrams = 0;
    std::size_t bytes = 0;
    std::size_t asks = 0;
    std::size_t changes = 0;
    Duration cpu{};
  };
  Snapshot read_roster(std::size_t member);

  struct Count {
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    std::size_t most_in_a_tick = 0;
    std::uint64_t heard_by_one = 0;  // changes, by the first member
    TimePoint began;
    TimePoint last;
    Duration cpu{};
  };
  [[nodiscard]] const Count& count() const { return count_; }
  [[nodiscard]] std::size_t members() const { return links_.size(); }

 private:
  enum class Hears : std::uint8_t { kNobody, kEverybody };
  void deliver(Hears hears);
  void note_roster(std::size_t member, std::span<const std::byte> datagram);
  std::vector<std::vector<std::byte>> take_mail() { return std::exchange(mail_, {}); }

  TimePoint now_{1h};
  seal::SystemRandom random_;
  seal::KeyPair relay_keys_;
  seal::RoomKeys keys_;
  session::LinkOptions options_;
  relay::SourcePolicy policy_{true};
  relay::SealedRelay relay_;
  std::deque<session::ClientLink> links_;
  std::vector<std::pair<std::size_t, std::vector<std::byte>>> held_;
  std::vector<std::vector<std::byte>> mail_;  // to the first member, sealed; kept for `read_roster`
  bool keeps_mail_ = false;
  std::vector<std::size_t> told_;  // roster datagrams in the tick that began at `told_at_`, by member
  std::vector<TimePoint> told_at_;
  Count count_;
};

void LargeRoom::shake_hands() {
  const std::size_t member = links_.size();
  const std::uint32_t ssrc = kFirstRosterSsrc + static_cast<std::uint32_t>(member);
  links_.emplace_back(options_, ssrc, random_, [this, member](std::span<const std::byte> datagram) {
    held_.emplace_back(member, std::vector<std::byte>(datagram.begin(), datagram.end()));
  });
  session::ClientLink& link = links_.back();
  const session::Identity identity(random_.secret<32>());
  session::Presence presence;
  presence.stream = {.ssrc = ssrc, .kid = session::draw_kid(random_)};
  presence.name = "member " + std::to_string(member);
  session::ObjectSealer sealer(keys_, session::kPresenceLabel, presence.stream);
  link.set_membership(now_, {.name_tag = keys_.name_tag(folded_name(presence.name)),
                             .owner = identity.owner_tag(keys_.room_id()),
                             .presence = seal_presence(keys_, identity, sealer, presence)});
  link.connect(now_);
  // Hello, Retry, Hello, Reply; what comes then is the Join.
  for (int hellos = 0; hellos < 2; ++hellos) {
    const auto hello = std::move(held_.back().second);
    held_.pop_back();
    relay_.receive(now_, endpoint_of(member), kRelayAddress, hello, false);
    const auto answer = relay_.next(now_);
    if (!answer || answer->recipients.front().to != endpoint_of(member))
      throw std::runtime_error("the relay's core does not answer a Hello");
    const std::vector<std::byte> bytes(answer->payload.begin(), answer->payload.end());
    relay_.settle(1, 0, relay::UnsentReason::kOtherError);
    static_cast<void>(link.receive(now_, bytes));
  }
  if (!link.has_session()) throw std::runtime_error("the relay's core does not let a member in");
  now_ += kHandshakeEvery;
}

Duration LargeRoom::join_held() {
  Duration cpu{};
  const auto joins = std::exchange(held_, {});
  for (std::size_t first = 0; first < joins.size(); first += kBatch) {
    const Duration before = cpu_time();
    for (std::size_t i = first; i < std::min(first + kBatch, joins.size()); ++i)
      relay_.receive(now_, endpoint_of(joins[i].first), kRelayAddress, joins[i].second, false);
    cpu += cpu_time() - before;
    deliver(Hears::kEverybody);
  }
  return cpu;
}

void LargeRoom::begin_count() {
  count_ = {};
  count_.began = now_;
  count_.last = now_;
}

// What the relay has to send now. Members hear what is for them alone; of the roster's datagrams, which all
// are alike, only the first member reads its own.
void LargeRoom::deliver(Hears hears) {
  constexpr std::size_t kWelcomeBytes = Envelope::kOverheadBytes + Element::kHeaderBytes + Welcome::kBytes;
  for (;;) {
    const Duration before = cpu_time();
    const auto outgoing = relay_.next(now_);
    const Duration took = cpu_time() - before;
    if (!outgoing) return;
    const Endpoint& to = outgoing->recipients.front().to;
    const auto address = to.address.v4_number();
    const std::size_t member = ((address >> 8U) & 0xFFU) * 250 + (address & 0xFFU) - 1;
    const bool welcome = outgoing->payload.size() == kWelcomeBytes;
    if (keeps_mail_ && member == 0) {
      mail_.emplace_back(outgoing->payload.begin(), outgoing->payload.end());
    } else if (hears == Hears::kEverybody && welcome) {
      static_cast<void>(links_[member].receive(now_, outgoing->payload));
    } else if (!welcome) {
      note_roster(member, outgoing->payload);
      count_.cpu += took;
    }
    relay_.settle(1, 0, relay::UnsentReason::kOtherError);
  }
}

void LargeRoom::note_roster(std::size_t member, std::span<const std::byte> datagram) {
  ++count_.datagrams;
  count_.bytes += datagram.size();
  count_.last = now_;
  if (told_[member] == 0 || now_ - told_at_[member] >= kRosterTick) {
    told_[member] = 0;
    told_at_[member] = now_;
  }
  count_.most_in_a_tick = std::max(count_.most_in_a_tick, ++told_[member]);
  if (member != 0) return;
  const auto received = links_[member].receive(now_, datagram);
  if (!received) throw std::runtime_error("a member cannot open what the roster tells");
  ElementReader reader(received->elements);
  while (const auto element = reader.next())
    count_.heard_by_one += element->type == ElementType::kRosterChange ? 1U : 0U;
}

void LargeRoom::tell_all(const Interrupt& interrupt) {
  TimePoint last = now_;
  do {
    interrupt.check();
    now_ += kLoopTurn;
    const std::uint64_t before = count_.datagrams;
    deliver(Hears::kEverybody);
    if (count_.datagrams > before) last = now_;
  } while (now_ - last < 2 * kRosterTick);
}

LargeRoom::Snapshot LargeRoom::read_roster(std::size_t member) {
  Snapshot snapshot;
  keeps_mail_ = true;
  for (RosterAsk ask; snapshot.asks < kMostAsks; ++snapshot.asks) {
    std::array<std::byte, Element::kHeaderBytes + RosterAsk::kBytes> bytes{};
    ByteWriter writer(bytes);
    ask.serialize(writer);
    links_[member].send(writer.written());
    const auto datagram = std::move(held_.back().second);
    held_.pop_back();
    const Duration before = cpu_time();
    relay_.receive(now_, endpoint_of(member), kRelayAddress, datagram, false);
    snapshot.cpu += cpu_time() - before;
    deliver(Hears::kNobody);
    std::uint64_t newest = 0;
    for (const auto& mail : take_mail()) {
      ++snapshot.datagrams;
      snapshot.bytes += mail.size();
      const auto received = links_[member].receive(now_, mail);
      ElementReader reader(received ? received->elements : std::span<const std::byte>());
      while (const auto element = reader.next()) {
        if (element->type == ElementType::kRosterRange) newest = RosterRange::parse(element->body)->newest;
        if (element->type != ElementType::kRosterChange) continue;
        ask.after = RosterChange::parse(element->body)->number;
        ++snapshot.changes;
      }
    }
    if (ask.after >= newest) break;
  }
  ++snapshot.asks;
  keeps_mail_ = false;
  return snapshot;
}

}  // namespace

RosterFigures measure_roster(const RosterOptions& options, const Interrupt& interrupt) {
  LargeRoom room(options.members + options.joining);
  while (room.members() < options.members) {
    interrupt.check();
    room.shake_hands();
    room.join_held();
  }
  room.tell_all(interrupt);

  const auto snapshot = room.read_roster(0);
  if (snapshot.changes != options.members) throw std::runtime_error("a roster does not name every member");
  for (std::size_t i = 0; i < options.joining; ++i) room.shake_hands();
  room.begin_count();
  const Duration joins = room.join_held();
  room.tell_all(interrupt);
  const auto& count = room.count();

  RosterFigures figures;
  figures.members = options.members;
  figures.joining = options.joining;
  figures.most_in_a_tick = count.most_in_a_tick;
  figures.datagrams_each =
      static_cast<double>(count.datagrams) / static_cast<double>(options.members + options.joining);
  figures.told_after_s = to_seconds(count.last - count.began);
  figures.datagram_bytes = static_cast<double>(count.bytes) / static_cast<double>(count.datagrams);
  figures.us_per_join = us(joins) / static_cast<double>(options.joining);
  figures.us_per_datagram = us(count.cpu) / static_cast<double>(count.datagrams);
  figures.heard_by_one = count.heard_by_one;
  figures.snapshot_datagrams = snapshot.datagrams;
  figures.snapshot_bytes = snapshot.bytes;
  figures.snapshot_asks = snapshot.asks;
  figures.snapshot_cpu_ms = to_ms(snapshot.cpu);
  return figures;
}

}  // namespace hubbub::bench
