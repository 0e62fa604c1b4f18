// A sealed port's sessions over time: new keys, new addresses, and the end.
#include <algorithm>
#include <utility>

#include "codec/session/handshake.h"
#include "codec/wire/check.h"
#include "codec/wire/element.h"
#include "codec/wire/session_elements.h"
#include "relay/core/sealed_relay.h"

namespace hubbub::relay {
namespace {

constexpr Duration kRekeyInterval = 1s;   // of new ones from one member, at most
constexpr Duration kReportInterval = 1s;  // of a stream's, to its talker

}  // namespace

// --- Keys

session::SealedChannel* SealedRelay::channel_of(Session& session, std::uint32_t session_id) {
  if (session.channel.session_id() == session_id) return &session.channel;
  if (session.rekeying && session.rekeying->channel.session_id() == session_id)
    return &session.rekeying->channel;
  if (session.old && session.old->channel.session_id() == session_id) return &session.old->channel;
  return nullptr;
}

// The first envelope under new keys puts them to use.
void SealedRelay::confirm(TimePoint now, Session& session, const session::SealedChannel& channel) {
  session.confirmed = true;
  if (!session.rekeying || &channel != &session.rekeying->channel) return;
  if (session.old) by_id_.erase(session.old->channel.session_id());
  session.old = std::make_unique<OldKeys>(OldKeys{.channel = session.channel, .until = now + kOldKeysLast});
  session.channel = session.rekeying->channel;
  session.hash = session.rekeying->hash;
  session.rekeying.reset();
  ++books_.rekeys;
}

std::optional<DropReason> SealedRelay::rekey(const Arrival& arrival, const Element& element) {
  Session& session = arrival.session;
  if (element.body.size() != Hello::kNoiseBytes) return DropReason::kBadElement;
  session::NoiseHello hello;
  std::ranges::copy(element.body, hello.begin());
  // The same question again gets the same answer: the first may have been lost.
  if (!session.rekeying || session.rekeying->hello != hello) {
    if (&arrival.channel != &session.channel) return DropReason::kBadHandshake;
    // Diffie-Hellman is dear, also to a member.
    if (arrival.now < session.next_rekey) return DropReason::kRateLimited;
    session.next_rekey = arrival.now + kRekeyInterval;
    Grant grant;
    grant.session_id = draw_session_id();
    grant.reset_token = doorman_.reset_token(grant.session_id);
    grant.idle_timeout_ms = static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(options_.timeout).count());
    session::NoiseReply reply;
    const auto established = session::respond(options_.door.keys, options_.door.psk,
                                              {.rekeyed = session.hash}, hello, grant, random_, reply);
    if (!established) return DropReason::kBadHandshake;
    if (session.rekeying) by_id_.erase(session.rekeying->channel.session_id());
    session.rekeying = std::make_unique<Rekeying>(Rekeying{
        .hello = hello,
        .reply = reply,
        .channel = session::SealedChannel(grant.session_id, established->keys, seal::Role::kResponder),
        .hash = established->hash});
    by_id_[grant.session_id] = &session;
  }
  std::array<std::byte, Element::kHeaderBytes + Reply::kNoiseBytes> bytes{};
  ByteWriter writer(bytes);
  CHECK(write_element(writer, ElementType::kRekeyed, session.rekeying->reply));
  answer_sealed(arrival.channel, session.path, writer.written());
  return std::nullopt;
}

// --- Addresses

// A session is its id, not an address: but an address has to show that it is the session's before more goes
// there than three times what came from it. A packet that somebody copied and sent on first comes from an
// address that can never show it.
void SealedRelay::check_path(TimePoint now, Session& session, const Recipient& from, std::size_t bytes,
                             bool newest) {
  if (from.to == session.path.to) {
    session.path.from = from.from;
    if (session.room != nullptr) session.room->move(session);
    if (newest) session.check.reset();  // back where it was
    return;
  }
  if (!session.check || session.check->path.to != from.to) {
    if (!newest) return;
    session.check =
        std::make_unique<PathCheck>(PathCheck{.path = from, .token = random_.u64(), .next_challenge = now});
  }
  session.check->bytes_received += bytes;
  if (now >= session.check->next_challenge) challenge(now, session);
}

void SealedRelay::challenge(TimePoint now, Session& session) {
  constexpr std::size_t kBytes = Element::kHeaderBytes + PingElement::kBytes;
  constexpr std::size_t kDatagramBytes = kBytes + Envelope::kOverheadBytes;
  PathCheck& check = *session.check;
  if (check.bytes_sent + kDatagramBytes > kPathAmplification * check.bytes_received) return;
  if (answers_.size() >= kMaxAnswers) return;
  check.next_challenge = now + kPathChallengeInterval;
  check.bytes_sent += kDatagramBytes;
  std::array<std::byte, kBytes> bytes{};
  ByteWriter writer(bytes);
  CHECK((PingElement{.token = check.token}.serialize(writer, ElementType::kPathChallenge)));
  answer_sealed(session.channel, check.path, writer.written());
}

std::optional<DropReason> SealedRelay::path_response(const Arrival& arrival, const Element& element) {
  const auto response = PingElement::parse(element.body);
  if (!response) return response.error();
  Session& session = arrival.session;
  if (!session.check || session.check->path.to != arrival.from.to || session.check->token != response->token)
    return DropReason::kBadElement;
  session.path = session.check->path;
  session.check.reset();
  if (session.room != nullptr) session.room->move(session);
  ++books_.moves;
  return std::nullopt;
}

// --- The end

// At once; or, where its room is being sent to, as soon as that is through: indices must hold still.
void SealedRelay::end_session(TimePoint now, Session& session) {
  if (session.room != nullptr && session.room == broadcasting_) {
    if (!std::exchange(session.leaving, true)) leaving_.push_back(&session);
    return;
  }
  if (session.room != nullptr) leave_room(now, session);
  by_id_.erase(session.channel.session_id());
  if (session.rekeying) by_id_.erase(session.rekeying->channel.session_id());
  if (session.old) by_id_.erase(session.old->channel.session_id());
  const std::size_t place = session.place;
  std::swap(sessions_[place], sessions_.back());
  sessions_[place]->place = place;
  sessions_.pop_back();
}

void SealedRelay::end_leaving(TimePoint now) {
  for (Session* session : std::exchange(leaving_, {})) end_session(now, *session);
}

void SealedRelay::expire(TimePoint now) {
  rooms_.expire(now);
  for (std::size_t i = sessions_.size(); i-- > 0;) {
    Session& session = *sessions_[i];
    if (session.old && now >= session.old->until) {
      by_id_.erase(session.old->channel.session_id());
      session.old.reset();
    }
    const Duration patience =
        session.confirmed ? options_.timeout : std::min(options_.timeout, kPendingSessionLasts);
    if (now - session.last_heard >= patience && !session.leaving) {
      ++books_.sessions_expired;
      end_session(now, session);
      continue;
    }
    if (!session.stream || now < session.next_report) continue;
    session.next_report = now + kReportInterval;
    if (const auto report = session.stream->report(session.ssrc)) {
      std::array<std::byte, Element::kHeaderBytes + Report::kBytes> bytes{};
      ByteWriter writer(bytes);
      CHECK(report->serialize(writer));
      answer_sealed(session.channel, session.path, writer.written());
    }
  }
  while (!pending_.empty()) {
    const auto oldest = by_id_.find(pending_.front());
    if (oldest != by_id_.end() && !oldest->second->confirmed) break;
    pending_.pop_front();
  }
}

}  // namespace hubbub::relay
