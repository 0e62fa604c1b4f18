// A relay that lies about the log of a room: it withholds messages, gives them in another order, again,
// changed or made up, to each member as it likes. Whatever it does, nobody is shown what nobody wrote, nor
// anything twice; and whom it shows another log than the others see is told so.
#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "codec/session/handshake.h"
#include "codec/session/sealed_channel.h"
#include "codec/wire/element.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/sealed.h"
#include "codec/wire/session_elements.h"
#include "tests/sim/seeded_random.h"
#include "tools/impair/random.h"
#include "voiceclient/core/sealed_session.h"

namespace hubbub::sim {
namespace {

using Bytes = std::vector<std::byte>;
using Id = session::MessageId;

constexpr std::size_t kMembers = 3;
constexpr int kLines = 30;
constexpr std::uint64_t kSeeds = HUBBUB_SIM_SEEDS;

struct Entry {
  std::uint64_t number = 0;
  Id id{};
  Bytes object;
};

// What somebody wrote, and the entry that was their newest then.
struct Written {
  std::size_t author = 0;
  std::string text;
  Id id{};
  Entry seen{};
};

struct Member {
  std::unique_ptr<client::SealedSession> session;
  std::optional<session::SealedChannel> channel{};
  std::vector<Entry> log{};  // as the relay has it for this member
  std::vector<std::pair<std::uint32_t, TextAck>> acks{};
  std::vector<Entry> held_back{};
  std::vector<client::TextHeard> shown{};
  std::vector<std::string> notices{};

  [[nodiscard]] std::uint64_t newest() const { return log.empty() ? 0 : log.back().number; }
  [[nodiscard]] const Entry* numbered(std::uint64_t number) const {
    const auto found = std::ranges::find(log, number, &Entry::number);
    return found == log.end() ? nullptr : &*found;
  }
};

class LyingRoom {
 public:
  // Of so many messages to somebody, one is lied about; of none where it is 0.
  LyingRoom(std::uint64_t seed, std::uint64_t one_lie_in)
      : random_(seed), dice_(seed), keys_(seal::KeyPair::generate(random_)), one_lie_in_(one_lie_in) {
    client::SealedRoom room;
    room.relay_key = keys_.public_key;
    room.room_secret = random_.secret<32>();
    for (std::size_t i = 0; i < kMembers; ++i) {
      client::SessionOptions options;
      options.name = "member " + std::to_string(i);
      room.identity_seed = random_.secret<32>();
      members_.push_back({.session = std::make_unique<client::SealedSession>(options, room, random_)});
    }
  }

  void run() {
    pass(1s);
    for (int line = 0; line < kLines; ++line) {
      const std::size_t author = dice_.next() % kMembers;
      const std::string text = "line " + std::to_string(line);
      // The relay sees whose it is, and when; not what it says.
      saying_ = {.author = author, .text = text};
      ASSERT_FALSE(members_[author].session->say(now_, text));
      pass(200ms);
    }
    pass(3s);
  }

  [[nodiscard]] const std::vector<Member>& members() const { return members_; }
  [[nodiscard]] const std::vector<Written>& written() const { return written_; }
  [[nodiscard]] std::uint64_t lies() const { return lies_; }

 private:
  void pass(Duration duration) {
    for (const TimePoint end = now_ + duration; now_ < end; now_ += 10ms) {
      for (Member& member : members_) member.session->tick(now_);
      settle();
    }
  }
  void settle() {
    for (bool quiet = false; !quiet;) {
      quiet = true;
      for (std::size_t i = 0; i < kMembers; ++i) {
        while (const auto datagram = members_[i].session->next_datagram()) {
          quiet = false;
          receive(i, Bytes(datagram->begin(), datagram->end()));
        }
        while (auto event = members_[i].session->next_event()) {
          if (auto* heard = std::get_if<client::TextHeard>(&*event))
            members_[i].shown.push_back(std::move(*heard));
          else if (auto* notice = std::get_if<client::Notice>(&*event))
            members_[i].notices.push_back(notice->sentence);
        }
      }
    }
  }

  // --- The relay

  void receive(std::size_t from, const Bytes& datagram) {
    Member& member = members_[from];
    const auto kind = sealed_kind_of(datagram);
    if (kind == SealedKind::kHello) {
      const auto hello = Hello::parse(datagram);
      Reply reply{.preamble = {.kind = SealedKind::kReply, .nonce = hello->preamble.nonce}};
      const Grant grant{.session_id = static_cast<std::uint32_t>(from + 1), .idle_timeout_ms = 30'000};
      const auto established = session::respond(keys_, {}, {}, hello->noise, grant, random_, reply.noise);
      ASSERT_TRUE(established);
      member.channel.emplace(grant.session_id, established->keys, seal::Role::kResponder);
      Bytes bytes(Reply::kBytes);
      ByteWriter writer(bytes);
      reply.serialize(writer);
      member.session->receive(now_, bytes);
    } else if (kind == SealedKind::kEnvelope && member.channel) {
      std::array<std::byte, Envelope::kMaxPlaintextBytes> plaintext{};
      const auto opened = member.channel->open(*Envelope::parse(datagram), plaintext);
      ASSERT_TRUE(opened);
      ElementReader reader(opened->elements);
      while (const auto element = reader.next()) answer(from, *element);
    }
  }

  void answer(std::size_t from, const Element& element) {
    Member& member = members_[from];
    switch (element.type) {
      case ElementType::kJoin: {
        const auto join = Join::parse(element.body);
        send(member, Welcome{.ssrc = join->ssrc,
                             .revision = join->revision,
                             .members = kMembers,
                             .newest_text = member.newest(),
                             .epoch = 1});
        break;
      }
      case ElementType::kPing:
        send(member, Pong{.token = PingElement::parse(element.body)->token,
                          .members = kMembers,
                          .newest_text = member.newest()});
        break;
      case ElementType::kText:
        take(from, *TextElement::parse(element.body));
        break;
      case ElementType::kTextAsk: {
        const auto ask = TextAsk::parse(element.body);
        const TextRange range{.after = ask->after, .newest = member.newest()};
        send(member, range);
        for (std::size_t i = 0; i < member.log.size(); ++i) {
          if (member.log[i].number > ask->after) send(member, range, entry_of(member, i));
        }
        break;
      }
      case ElementType::kRosterAsk:
        send(member, RosterRange{.after = RosterAsk::parse(element.body)->after});
        break;
      default:
        break;
    }
  }

  void take(std::size_t from, const TextElement& text) {
    Member& author = members_[from];
    const auto known =
        std::ranges::find(author.acks, text.sequence, &std::pair<std::uint32_t, TextAck>::first);
    if (known != author.acks.end()) return send(author, known->second);
    saying_.id = text.id;
    saying_.seen = author.log.empty() ? Entry{} : author.log.back();
    written_.push_back(saying_);

    const Entry entry{.number = 0, .id = text.id, .object = {text.object.begin(), text.object.end()}};
    ++number_;
    const TextAck ack{.sequence = text.sequence, .number = number_, .previous = author.newest()};
    author.log.push_back({.number = number_, .id = entry.id, .object = entry.object});
    author.acks.emplace_back(text.sequence, ack);
    send(author, ack);
    for (std::size_t i = 0; i < kMembers; ++i) {
      if (i != from) show(members_[i], entry);
    }
  }

  void show(Member& member, Entry entry) {
    const bool lie = one_lie_in_ != 0 && dice_.next() % one_lie_in_ == 0;
    if (lie) ++lies_;
    switch (lie ? dice_.next() % 6 : 6) {
      case 0:
        return;
      case 1:
        member.held_back.push_back(std::move(entry));
        return;
      case 2:  // made up
        give(member, {.id = random_id(), .object = random_bytes(entry.object.size())});
        break;
      case 3:  // under another name
        entry.id = random_id();
        break;
      case 4:
        entry.object[dice_.next() % entry.object.size()] ^= std::byte{0x10};
        break;
      case 5:
        give(member, entry);
        break;  // and once more below
      default:
        break;
    }
    give(member, std::move(entry));
    for (Entry& late : std::exchange(member.held_back, {})) give(member, std::move(late));
  }

  // Numbers are the same for everybody, but for what nobody else is given.
  void give(Member& member, Entry entry) {
    entry.number = number_ > member.newest() ? number_ : ++number_;
    member.log.push_back(std::move(entry));
    send(member, entry_of(member, member.log.size() - 1));
  }

  static LogEntryElement entry_of(const Member& member, std::size_t index) {
    const Entry& entry = member.log[index];
    return {.number = entry.number,
            .previous = index == 0 ? 0 : member.log[index - 1].number,
            .id = entry.id,
            .object = entry.object};
  }

  template <class... Elements>
  void send(Member& member, const Elements&... elements) {
    std::array<std::byte, Envelope::kMaxPlaintextBytes> plaintext{};
    ByteWriter writer(plaintext);
    ASSERT_TRUE((elements.serialize(writer) && ...));
    Bytes bytes(writer.size() + Envelope::kOverheadBytes);
    ASSERT_EQ(member.channel->seal(writer.written(), bytes), bytes.size());
    member.session->receive(now_, bytes);
  }
  Id random_id() {
    Id id{};
    random_.fill(id);
    return id;
  }
  Bytes random_bytes(std::size_t size) {
    Bytes bytes(size);
    random_.fill(bytes);
    return bytes;
  }

  TimePoint now_ = TimePoint(1h);
  SeededRandom random_;
  impair::Random dice_;
  seal::KeyPair keys_;
  std::uint64_t one_lie_in_;
  std::vector<Member> members_;
  std::vector<Written> written_;
  Written saying_;
  std::uint64_t number_ = 0;
  std::uint64_t lies_ = 0;
};

std::vector<std::string> texts_of(const Member& member) {
  std::vector<std::string> texts;
  for (const auto& heard : member.shown) texts.push_back(heard.line.text);
  return texts;
}

const Written& written_as(const LyingRoom& room, const std::string& text) {
  const auto found = std::ranges::find(room.written(), text, &Written::text);
  EXPECT_NE(found, room.written().end()) << "nobody wrote \"" << text << '"';
  return *found;
}

// Whether the member was shown another log than an author whose message it was shown, or messages of one
// author out of order or with one left out: what it can know.
bool could_tell(const LyingRoom& room, const Member& member) {
  std::array<std::size_t, kMembers> next{};
  for (const auto& heard : member.shown) {
    const Written& message = written_as(room, heard.line.text);
    std::vector<std::string> of_author;
    for (const Written& other : room.written()) {
      if (other.author == message.author) of_author.push_back(other.text);
    }
    const auto place = static_cast<std::size_t>(
        std::distance(of_author.begin(), std::ranges::find(of_author, message.text)));
    if (next[message.author] != 0 && place != next[message.author]) return true;
    next[message.author] = place + 1;
    // Of what was before all that it knows it can tell nothing.
    if (heard.own || message.seen.number < member.log.front().number) continue;
    const auto is_seen = [&](const Entry& entry) {
      return entry.number < heard.number && entry.id == message.seen.id &&
             entry.object == message.seen.object;
    };
    const Entry* numbered = member.numbered(message.seen.number);
    if (numbered != nullptr ? !is_seen(*numbered) : std::ranges::none_of(member.log, is_seen)) return true;
  }
  return false;
}

TEST(SealedHostileText, AnHonestRelayIsNeverAccused) {
  for (std::uint64_t seed = 0; seed < kSeeds / 2; ++seed) {
    SCOPED_TRACE(seed);
    LyingRoom room(seed, 0);
    room.run();
    ASSERT_EQ(room.written().size(), static_cast<std::size_t>(kLines));
    for (const Member& member : room.members()) {
      EXPECT_EQ(texts_of(member), texts_of(room.members()[0]));
      EXPECT_EQ(member.shown.size(), static_cast<std::size_t>(kLines));
      EXPECT_TRUE(member.notices.empty()) << member.notices.front();
    }
  }
}

TEST(SealedHostileText, NothingIsShownThatNobodyWroteNorTwice) {
  std::uint64_t lies = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    LyingRoom room(seed, 2 + seed % 10);
    room.run();
    lies += room.lies();
    for (const Member& member : room.members()) {
      std::set<std::string> once;
      for (const auto& heard : member.shown) {
        const Written& message = written_as(room, heard.line.text);
        EXPECT_EQ(heard.line.author, "member " + std::to_string(message.author));
        EXPECT_EQ(heard.author, room.members()[message.author].session->identity());
        EXPECT_TRUE(once.insert(heard.line.text).second) << heard.line.text << " twice";
      }
    }
  }
  EXPECT_GT(lies, 5 * kSeeds);
}

// One lie in thirty: often a single one in a whole conversation, which another could not cover up.
TEST(SealedHostileText, WhoIsShownAnotherLogThanTheOthersIsTold) {
  std::size_t told = 0;
  for (std::uint64_t seed = 0; seed < 2 * kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    LyingRoom room(seed, 30);
    room.run();
    for (std::size_t i = 0; i < kMembers; ++i) {
      const Member& member = room.members()[i];
      if (!could_tell(room, member)) continue;
      ++told;
      EXPECT_FALSE(member.notices.empty()) << "member " << i;
    }
  }
  EXPECT_GT(told, kSeeds / 2);
}

}  // namespace
}  // namespace hubbub::sim
