#include "voiceclient/core/outbox.h"

#include <algorithm>
#include <utility>

#include "codec/wire/check.h"
#include "codec/wire/sealed.h"

namespace hubbub::client {
namespace {

constexpr Duration kLeastResend = 100ms;
constexpr Duration kMostResend = 1s;

}  // namespace

void Outbox::add(TimePoint now, const std::array<std::byte, 16>& id, std::vector<std::byte> object) {
  CHECK(!full());
  forget(now);
  items_.push_back({.sequence = next_sequence_++, .id = id, .object = std::move(object), .written = now});
}

std::size_t Outbox::waiting() const {
  return items_.size() - acknowledged_;
}

std::size_t Outbox::index_of(std::uint32_t sequence) const {
  return items_.empty() ? items_.size() : sequence - items_.front().sequence;
}

void Outbox::welcome(TimePoint now, const Welcome& welcome) {
  forget(now);
  if (welcome.epoch == epoch_) {
    stored(welcome.stored_text);
  } else {
    // Where these stood in the log before says nothing any more: all that is stored of the new one may be of
    // others, who were here again sooner.
    for (Item& item : items_) {
      item.acknowledged = false;
      item.number = 0;
    }
    acknowledged_ = 0;
  }
  epoch_ = welcome.epoch;
  resend_ = now;
}

const Outbox::Item* Outbox::acknowledge(TimePoint now, const TextAck& ack) {
  const std::size_t index = index_of(ack.sequence);
  if (index >= items_.size()) return nullptr;
  // It is taken in order: those before it are in the log too, though we do not know where.
  const bool news = items_[index].number != ack.number;
  items_[index].number = ack.number;
  if (index >= acknowledged_) {
    for (std::size_t i = acknowledged_; i <= index; ++i) items_[i].acknowledged = true;
    acknowledged_ = index + 1;
    backoff_ = {};
    if (waiting() == 0) {
      resend_.reset();
    } else {
      resend_ = std::max(now + kLeastResend, resend_.value_or(now));
    }
  }
  return news ? &items_[index] : nullptr;
}

void Outbox::stored(std::uint64_t through) {
  // Of some we do not know where they stand, but that it is before those that come after them.
  std::size_t stored = acknowledged_;
  while (stored > 0 && (items_[stored - 1].number == 0 || items_[stored - 1].number > through)) --stored;
  items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(stored));
  acknowledged_ -= stored;
}

void Outbox::forget(TimePoint now) {
  while (acknowledged_ > 0 && (acknowledged_ > kMaxKept || now - items_.front().written >= kKeptFor)) {
    items_.pop_front();
    --acknowledged_;
  }
}

void Outbox::send_due(TimePoint now, std::optional<Duration> round_trip, const Send& send) {
  if (waiting() == 0) return;
  const std::uint32_t floor = items_[acknowledged_].sequence;
  unsent_ = std::max(unsent_, floor);
  if (resend_ && now >= *resend_) unsent_ = floor;
  const std::uint32_t end = std::min(next_sequence_, floor + kWindow);
  const double elapsed_s = std::max(0.0, to_seconds(now - std::exchange(refilled_, now)));
  allowance_ = std::min(kBurst, allowance_ + kRate * elapsed_s);
  if (unsent_ >= end || allowance_ < 1) return;
  // From the first again, or the next ones: as many to an envelope as fit, so that what is missing comes with
  // what is new.
  const bool again = unsent_ == floor;
  while (unsent_ < end && allowance_ >= 1) {
    std::array<std::byte, Envelope::kMaxPlaintextBytes> bytes{};
    ByteWriter writer(bytes);
    while (unsent_ < end && allowance_ >= 1) {
      const Item& item = items_[index_of(unsent_)];
      const TextElement element{
          .floor = floor, .sequence = item.sequence, .id = item.id, .object = item.object};
      if (!element.serialize(writer)) break;
      ++unsent_;
      --allowance_;
    }
    CHECK(writer.size() > 0);
    send(writer.written());
  }
  if (!again && resend_) return;
  const Duration patience =
      std::clamp<Duration>(2 * round_trip.value_or(kLeastResend), kLeastResend, kMostResend);
  backoff_ = std::clamp<Duration>(backoff_ * 3 / 2, patience, kMostResend);
  resend_ = now + backoff_;
}

}  // namespace hubbub::client
