#include "voiceclient/core/room_chat.h"

#include <algorithm>

#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/limits.h"
#include "codec/wire/room_elements.h"
#include "codec/wire/text.h"

namespace hubbub::client {
namespace {

using session::Message;
using session::MessageId;

session::StreamId draw_text_stream(seal::Random& random) {
  return {.ssrc = random.u32(), .kid = session::draw_kid(random)};
}

// What can be sent under a name, cleaned; why not otherwise.
Result<TextLine, DropReason> sendable(const std::string& name, std::string_view typed) {
  if (!is_utf8(typed)) return DropReason::kNotUtf8;
  TextLine line{.author = name, .text = printable(typed)};
  if (columns_of(line.text) == 0) return DropReason::kEmptyText;
  if (line.author.size() + line.text.size() > kMaxSealedTextBytes) return DropReason::kTextTooLong;
  return line;
}

std::string sentence_for(DropReason reason) {
  if (reason == DropReason::kTextTooLong)
    return "name and text are longer than " + std::to_string(kMaxSealedTextBytes) + " bytes";
  return std::string(name_of(reason));
}

}  // namespace

RoomChat::RoomChat(const SessionOptions& options, const seal::Key& identity_seed, const seal::RoomKeys& room,
                   session::ClientLink& link, seal::Random& random, EventQueue& events)
    : unix_ms_(options.unix_ms),
      room_(room),
      link_(link),
      random_(random),
      events_(events),
      identity_(identity_seed),
      text_stream_(draw_text_stream(random)),
      text_sealer_(room, session::kTextLabel, text_stream_),
      name_(options.name),
      muted_(options.muted),
      since_unix_ms_(unix_ms_()),
      run_(random.u64()),
      company_(room, identity_.public_key()) {}

// --- Ourselves

void RoomChat::set_stream(TimePoint now, const session::StreamId& stream) {
  voice_stream_ = stream;
  presence_sealer_.emplace(room_, session::kPresenceLabel, stream);
  tell_membership(now);
}

void RoomChat::set_muted(TimePoint now, bool muted) {
  if (std::exchange(muted_, muted) != muted) tell_membership(now);
}

void RoomChat::set_name(TimePoint now, const std::string& name) {
  if (name == name_) return;
  if (!name_before_) name_before_ = name_;
  name_ = name;
  tell_membership(now);
}

void RoomChat::tell_membership(TimePoint now) {
  session::Membership membership;
  membership.owner = identity_.owner_tag(room_.room_id());
  if (!name_.empty()) membership.name_tag = room_.name_tag(folded_name(name_));
  session::Presence presence;
  presence.stream = voice_stream_;
  presence.since_unix_ms = since_unix_ms_;
  presence.muted = muted_;
  presence.name = name_;
  membership.presence = seal_presence(room_, identity_, *presence_sealer_, presence);
  link_.set_membership(now, std::move(membership));
}

// A new client is not in, and waits for another name. One that is in goes on under the name it had; one that
// was in, and finds its name taken when it comes back, takes the next best.
void RoomChat::name_taken(TimePoint now) {
  const std::string wanted = name_;
  const std::string better = suggestion();
  if (name_before_ && link_.joined()) {
    name_ = *std::exchange(name_before_, std::nullopt);
    tell_membership(now);
  } else if (company_.announced()) {
    name_ = better;
    name_before_.reset();
    tell_membership(now);
    events_.add(Notice{"somebody else took the name " + wanted + " while you were away; you are " + better +
                       " now, and /name gives you another"});
    return;
  }
  events_.add(NameTaken{.name = wanted, .suggestion = better, .joined = link_.joined()});
}

std::string RoomChat::suggestion() const {
  std::set<std::string> taken;
  for (const auto& [ssrc, presence] : company_.roster().members()) {
    if (presence.identity != identity()) taken.insert(folded_name(presence.name));
  }
  for (int number = 2;; ++number) {
    const std::string suffix = std::to_string(number);
    std::string stem = name_;
    // As much of the name as there is room for, never half a character.
    while (!checked_name(stem + suffix)) {
      do {
        stem.pop_back();
      } while (!stem.empty() && !is_utf8(stem));
    }
    if (!taken.contains(folded_name(stem + suffix)) && folded_name(stem + suffix) != folded_name(name_))
      return stem + suffix;
  }
}

// --- Out

std::optional<DropReason> RoomChat::say(TimePoint now, Message::Kind kind, std::string_view typed) {
  const auto line = sendable(name_before_.value_or(name_), typed);
  if (!line) return line.error();
  if (outbox_.full()) return DropReason::kQueueFull;
  Message message = new_message(kind, *line);
  message.run = run_;
  message.count = ++count_;
  message.seen = order_.newest();
  message.seen_digest = order_.newest_digest();
  MessageId id{};
  random_.fill(id);
  post(now, id, seal_message(room_, identity_, text_sealer_, id, message));
  return std::nullopt;
}

std::optional<std::string> RoomChat::tell(TimePoint now, std::string_view name, std::string_view typed) {
  const std::string wanted = folded_name(name);
  std::map<seal::IdentityKey, const session::Presence*> found;
  for (const auto& [ssrc, presence] : company_.roster().members()) {
    if (folded_name(presence.name) == wanted) found[presence.identity] = &presence;
  }
  const bool here = !found.empty();
  for (const auto& [identity, presence] : company_.met()) {
    if (!here && folded_name(presence.name) == wanted) found[identity] = &presence;
  }
  if (found.empty()) return "nobody called " + printable(name) + " is here, or was; /who shows who is";
  const session::Presence& recipient = *found.begin()->second;
  if (recipient.identity == identity()) return "that is you";

  const auto line = sendable(name_before_.value_or(name_), typed);
  if (!line) return "not sent: " + sentence_for(line.error());
  if (outbox_.full()) return std::string("not sent: too many lines wait for the relay already");
  Message message = new_message(Message::Kind::kSaid, *line);
  message.recipient = recipient.identity;
  MessageId id{};
  random_.fill(id);
  auto object = seal_direct(room_, identity_, text_sealer_, id, message, recipient.direct_key, random_);
  if (!object) return printable(name) + " has given a key that nothing can be sealed for";
  own_directs_[id] = {.to = recipient.name, .text = line->text};
  post(now, id, std::move(*object));
  if (!here) {
    events_.add(Notice{recipient.name +
                       " is not here; your message is in the room's log, sealed, for when they come back"});
  }
  return std::nullopt;
}

Message RoomChat::new_message(Message::Kind kind, const TextLine& line) const {
  Message message;
  message.kind = kind;
  message.author = identity();
  message.sent_unix_ms = unix_ms_();
  message.name = line.author;
  message.text = line.text;
  return message;
}

void RoomChat::post(TimePoint now, const MessageId& id, std::vector<std::byte> object) {
  outbox_.add(now, id, std::move(object));
  ++sent_;
  if (link_.joined())
    outbox_.send_due(now, std::nullopt,
                     [this](std::span<const std::byte> elements) { link_.send(elements); });
}

TextsWaiting RoomChat::waiting() const {
  return {.unacknowledged = outbox_.waiting(), .unstored = keeps_history_ ? outbox_.unstored() : 0};
}

// --- In

void RoomChat::welcome(TimePoint now) {
  const Welcome& welcome = link_.welcome();
  keeps_history_ = welcome.keeps_history;
  if (std::exchange(epoch_, welcome.epoch) != welcome.epoch) {
    order_.begin_anew();
    epoch_met_unix_ms_ = unix_ms_();
  }
  if (name_before_) events_.add(NameChanged{name_});
  name_before_.reset();
  outbox_.welcome(now, welcome);
  log_.welcome(now, welcome);
  company_.welcome(now, welcome);
  deliver(now);
}

void RoomChat::pong(TimePoint now, const Pong& pong) {
  // Of a room whose Welcome has not come it is not known which log this tells of.
  if (!link_.joined()) return;
  log_.announce(now, pong.newest_text, known_at_ping_);
  company_.announce(now, pong);
  log_.stored(pong.stored_text);
  if (keeps_history_) outbox_.stored(pong.stored_text);
}

void RoomChat::tick(TimePoint now, std::optional<Duration> round_trip) {
  if (name_before_ && link_.membership_told()) {
    name_before_.reset();
    events_.add(NameChanged{name_});
  }
  if (link_.joined()) {
    outbox_.send_due(now, round_trip, [this](std::span<const std::byte> elements) { link_.send(elements); });
    std::array<std::byte, Element::kHeaderBytes + TextAsk::kBytes> bytes{};
    if (const auto ask = log_.ask_due(now)) {
      ByteWriter writer(bytes);
      CHECK(ask->serialize(writer));
      link_.send(writer.written());
    }
    if (const auto ask = company_.ask_due(now)) {
      ByteWriter writer(bytes);
      CHECK(ask->serialize(writer));
      link_.send(writer.written());
    }
  }
  if (auto changed = company_.changes(now)) events_.offer(std::move(*changed));
  while (auto sentence = suspicions_.overdue(now)) events_.add(Notice{std::move(*sentence)});
}

std::optional<DropReason> RoomChat::receive(TimePoint now, const Element& element, bool sealed) {
  switch (element.type) {
    case ElementType::kLogEntry: {
      const auto entry = LogEntryElement::parse(element.body);
      if (!entry) return entry.error();
      log_.put(now, *entry, sealed);
      break;
    }
    case ElementType::kTextAck: {
      const auto ack = TextAck::parse(element.body);
      if (!ack) return ack.error();
      if (const auto* item = outbox_.acknowledge(now, *ack)) {
        log_.put(now,
                 {.number = ack->number, .previous = ack->previous, .id = item->id, .object = item->object},
                 true);
      }
      break;
    }
    case ElementType::kTextRange: {
      const auto range = TextRange::parse(element.body);
      if (!range) return range.error();
      log_.range(now, *range);
      break;
    }
    case ElementType::kRosterChange: {
      const auto change = RosterChange::parse(element.body);
      if (!change) return change.error();
      return company_.change(now, *change);
    }
    default: {
      const auto range = RosterRange::parse(element.body);
      if (!range) return range.error();
      company_.range(now, *range);
    }
  }
  // What comes before the Welcome may be of a log that is new, which only the Welcome tells.
  if (link_.joined()) deliver(now);
  return std::nullopt;
}

std::optional<DropReason> RoomChat::next_refusal() {
  if (refusals_.empty()) return std::nullopt;
  const DropReason reason = refusals_.front();
  refusals_.pop_front();
  return reason;
}

void RoomChat::deliver(TimePoint now) {
  while (const auto entry = log_.next()) {
    if (entry->object.empty()) {
      order_.gap();
      suspicions_.gap();
      events_.offer(Notice{"messages are missing here: the relay no longer has them"});
    } else {
      deliver(now, *entry);
    }
  }
}

void RoomChat::deliver(TimePoint now, const LogFollower::Entry& entry) {
  const auto digest = session::digest_of_entry(entry.id, entry.object);
  if (seen_.contains(entry.id)) {
    pass(entry.number, digest);
    refusals_.push_back(DropReason::kDuplicate);
    return;
  }
  if (const auto own = own_directs_.find(entry.id); own != own_directs_.end()) {
    pass(entry.number, digest);
    first_sight(entry.id);
    show_own_direct(entry, own->second);
    own_directs_.erase(own);
    return;
  }
  const auto opened = session::open_message(room_, identity_, entry.id, entry.object);
  if (!opened) {
    refusals_.push_back(opened.error());
    if (!log_.refuse(now, entry)) return;
    pass(entry.number, digest);
    events_.offer(Notice{"a message here cannot be read: " + std::string(name_of(opened.error()))});
    return;
  }
  first_sight(entry.id);
  if (*opened) {
    const Message& message = **opened;
    const auto finding =
        message.recipient ? MessageOrder::Finding::kNone : order_.check(entry.number, message);
    const bool sent_again = message.sent_unix_ms < epoch_met_unix_ms_;
    if (auto sentence = suspicions_.found(now, finding, message, sent_again))
      events_.add(Notice{std::move(*sentence)});
    show(entry, message, entry.earlier || finding == MessageOrder::Finding::kEarlier);
  }
  pass(entry.number, digest);
}

void RoomChat::pass(std::uint64_t number, const session::EntryDigest& digest) {
  order_.passed(number, digest);
  suspicions_.came(digest);
}

void RoomChat::show(const LogFollower::Entry& entry, const Message& message, bool earlier) {
  if (company_.ignores(message.author)) return;
  TextHeard heard;
  heard.line = {.author = message.name, .text = message.text};
  heard.author = message.author;
  heard.own = message.author == identity() && message.run == run_ && !message.recipient;
  heard.action = message.kind == Message::Kind::kAction;
  heard.direct = message.recipient.has_value();
  heard.earlier = earlier;
  heard.sent_unix_ms = message.sent_unix_ms;
  heard.number = entry.number;
  if (!heard.own) ++received_;
  events_.offer(std::move(heard));
}

void RoomChat::show_own_direct(const LogFollower::Entry& entry, const OwnDirect& direct) {
  TextHeard heard;
  heard.line = {.author = name_, .text = direct.text};
  heard.author = identity();
  heard.own = true;
  heard.direct = true;
  heard.to = direct.to;
  heard.sent_unix_ms = unix_ms_();
  heard.number = entry.number;
  events_.offer(std::move(heard));
}

bool RoomChat::first_sight(const MessageId& id) {
  if (!seen_.insert(id).second) return false;
  seen_order_.push_back(id);
  if (seen_order_.size() > kMaxRemembered) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return true;
}

}  // namespace hubbub::client
