#include "relay/core/open_room.h"

#include <utility>

#include "codec/wire/check.h"

namespace hubbub::relay {
namespace {

// Pings that may wait for their answer; one more is dropped as rate-limited. The shell answers after every
// batch.
constexpr std::size_t kMaxPongs = 256;

}  // namespace

OpenRoom::OpenRoom(const OpenRoomOptions& options, const SourcePolicy& policy, std::uint64_t hash_secret)
    : options_(options), policy_(policy), index_(16, EndpointHash{hash_secret}) {
  pongs_.reserve(kMaxPongs);
}

// Receive: count, check the source, admit the peer, then act on the kind of datagram.
void OpenRoom::receive(TimePoint now, const Endpoint& from, const IpAddress& to,
                       std::span<const std::byte> bytes, bool truncated) {
  ++books_.received;
  books_.received_bytes += bytes.size();

  // Check. Nothing is remembered of a source that is refused.
  if (const auto refused = policy_.refuses(from)) return books_.drop(*refused);
  if (truncated) return books_.drop(DropReason::kOversize);

  // Admit: known, or new and there is room.
  const auto admitted = admit(now, from, to);
  if (!admitted) return books_.drop(DropReason::kRoomFull);
  Peer& peer = peers_[*admitted];
  if (options_.peer_rate > 0 && !peer.bucket.take(options_.peer_rate, now))
    return books_.drop(DropReason::kRateLimited);

  // Act.
  const OpenKind kind = kind_of(bytes);
  if (kind == OpenKind::kKeepalive) {
    ++books_.keepalives;
  } else if (kind == OpenKind::kPing) {
    answer_ping(recipients_[*admitted], bytes);
  } else {
    const auto queue_class =
        kind == OpenKind::kRtp ? BroadcastQueue::Class::kVoice : BroadcastQueue::Class::kData;
    if (queue_.push(queue_class, now, from, bytes)) books_.drop(DropReason::kQueueFull);
  }
}

std::optional<std::size_t> OpenRoom::admit(TimePoint now, const Endpoint& from, const IpAddress& to) {
  if (const auto known = index_.find(from); known != index_.end()) {
    peers_[known->second].last_heard = now;
    recipients_[known->second].from = to;
    return known->second;
  }
  if (peers_.size() >= options_.max_peers) return std::nullopt;
  const std::size_t index = peers_.size();
  index_.emplace(from, static_cast<std::uint32_t>(index));
  peers_.push_back({.last_heard = now, .bucket = TokenBucket(options_.peer_rate, now)});
  recipients_.push_back({.to = from, .from = to});
  ++books_.peers_joined;
  return index;
}

void OpenRoom::answer_ping(const Recipient& recipient, std::span<const std::byte> ping) {
  if (pongs_.size() >= kMaxPongs) return books_.drop(DropReason::kRateLimited);
  ++books_.pings;
  ++books_.due;
  Pong& pong = pongs_.emplace_back(Pong{.recipient = recipient, .bytes = {}});
  ByteWriter writer(pong.bytes);
  Probe::parse(ping).serialize(writer, Probe::kPongByte);
}

std::optional<Outgoing> OpenRoom::next(TimePoint now) {
  if (!pongs_.empty())
    return Outgoing{.payload = pongs_.back().bytes, .recipients = std::span(&pongs_.back().recipient, 1)};
  while (cursor_ == end_) {
    if (expiry_due_) expire(now);
    const std::size_t stale = queue_.discard_stale_voice(now - kVoiceUsefulFor);
    books_.dropped[static_cast<std::size_t>(DropReason::kStale)] += stale;
    if (queue_.empty()) return std::nullopt;
    start_broadcast();
  }
  return Outgoing{.payload = current_.bytes(),
                  .recipients = std::span(recipients_).subspan(cursor_, end_ - cursor_)};
}

// Those who are in the room now get a copy; who joins while it goes out is behind `end_`, and nobody leaves
// until it is done. The origin, where it is still here, goes behind `end_` too, so that the others are one
// stretch: one call of the system's.
void OpenRoom::start_broadcast() {
  queue_.pop_into(current_);
  ++books_.forwarded;
  cursor_ = 0;
  end_ = recipients_.size();
  if (const auto origin = index_.find(current_.origin); origin != index_.end())
    trade_places(origin->second, --end_);
  books_.due += end_;
}

void OpenRoom::trade_places(std::size_t a, std::size_t b) {
  if (a == b) return;
  std::swap(peers_[a], peers_[b]);
  std::swap(recipients_[a], recipients_[b]);
  index_[recipients_[a].to] = static_cast<std::uint32_t>(a);
  index_[recipients_[b].to] = static_cast<std::uint32_t>(b);
}

void OpenRoom::settle(std::size_t done, std::size_t unsent, UnsentReason reason) {
  CHECK(unsent <= done);
  books_.sent += done - unsent;
  books_.lose(reason, unsent);
  if (!pongs_.empty()) {
    CHECK(done <= 1);
    books_.sent_bytes += (done - unsent) * Probe::kBytes;
    if (done == 1) pongs_.pop_back();
    return;
  }
  CHECK(cursor_ + done <= end_);
  books_.sent_bytes += (done - unsent) * current_.size;
  cursor_ += done;
}

void OpenRoom::expire(TimePoint now) {
  expiry_due_ = unsettled() > pongs_.size();
  if (expiry_due_) return;  // indices must hold still while a broadcast is under way
  for (std::size_t i = peers_.size(); i-- > 0;) {
    if (now - peers_[i].last_heard >= options_.timeout) forget(i);
  }
}

// The last peer moves into the gap.
void OpenRoom::forget(std::size_t index) {
  index_.erase(recipients_[index].to);
  if (index + 1 != peers_.size()) {
    peers_[index] = peers_.back();
    recipients_[index] = recipients_.back();
    index_[recipients_[index].to] = static_cast<std::uint32_t>(index);
  }
  peers_.pop_back();
  recipients_.pop_back();
  ++books_.peers_expired;
}

void OpenRoom::shut_down() {
  books_.lose(UnsentReason::kShutdown, unsettled());
  pongs_.clear();
  cursor_ = end_;
  while (!queue_.empty()) {
    queue_.pop_into(current_);
    books_.drop(DropReason::kShutdown);
  }
}

std::uint64_t OpenRoom::unsettled() const {
  return pongs_.size() + (end_ - cursor_);
}

}  // namespace hubbub::relay
