#include "tools/impair/link.h"

#include <algorithm>
#include <utility>

#include "codec/wire/check.h"

namespace hubbub::impair {
namespace {

// Rounded up to a nanosecond; in whole numbers, so that it is the same everywhere.
Duration transmission_time(std::size_t bytes, std::uint64_t bits_per_second) {
  constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
  static_assert(kMaxRateBitsPerSecond <= UINT64_MAX / kNanosecondsPerSecond - 1, "the remainder must fit");
  const std::uint64_t bits = std::uint64_t{8} * bytes;
  const std::uint64_t remainder = bits % bits_per_second * kNanosecondsPerSecond;
  return Duration(bits / bits_per_second * kNanosecondsPerSecond +
                  (remainder + bits_per_second - 1) / bits_per_second);
}

}  // namespace

void Verdict::flip(std::span<std::byte> packet) const {
  if (flipped_bit) packet[*flipped_bit / 8] ^= std::byte{1} << (*flipped_bit % 8);
}

bool LinkStats::balances() const {
  return in + duplicated == delivered + lost_random + lost_outage + dropped_queue;
}

LinkStats& LinkStats::operator+=(const LinkStats& other) {
  in += other.in;
  duplicated += other.duplicated;
  delivered += other.delivered;
  lost_random += other.lost_random;
  lost_outage += other.lost_outage;
  dropped_queue += other.dropped_queue;
  corrupted += other.corrupted;
  bytes_in += other.bytes_in;
  bytes_delivered += other.bytes_delivered;
  return *this;
}

Link::Link(LinkOptions options, std::uint64_t seed, TimePoint start)
    : options_(std::move(options)),
      random_(seed),
      start_(start),
      newest_push_(start),
      idle_from_(start),
      newest_arrival_(start) {
  CHECK(!options_.validate());
  const double draw = random_.uniform();
  if (options_.loss_model == LossModel::kGilbertElliott) {
    leave_bad_ = 1 / *options_.burst;
    enter_bad_ = options_.loss * leave_bad_ / (1 - options_.loss);
    bad_ = draw < options_.loss;  // the stationary distribution: the first packet is like every other
  }
}

Verdict Link::push(TimePoint now, std::size_t bytes) {
  CHECK(now >= newest_push_);
  CHECK(bytes <= 65'535);  // what a UDP datagram can be
  newest_push_ = now;
  ++stats_.in;
  stats_.bytes_in += bytes;

  // Everything random first, so that no outcome shifts another.
  const bool lost = loses(random_.uniform());
  const bool duplicated = random_.uniform() < options_.duplicate;
  const bool corrupted = random_.uniform() < options_.corrupt;
  const std::size_t bit = random_.below(static_cast<std::uint32_t>(8 * bytes));
  const std::array<double, Verdict::kMaxCopies> jitter = {random_.uniform(), random_.uniform()};

  if (in_outage(now)) {
    ++stats_.lost_outage;
    return {.fate = Fate::kLostOutage};
  }
  const auto leaves = enqueue(now, bytes);
  if (!leaves) {
    ++stats_.dropped_queue;
    return {.fate = Fate::kDroppedQueue};
  }
  if (lost) {
    ++stats_.lost_random;
    return {.fate = Fate::kLostRandom};
  }

  Verdict verdict;
  verdict.copies = duplicated ? 2 : 1;
  for (std::size_t i = 0; i < verdict.copies; ++i) verdict.arrivals[i] = arrival(*leaves, jitter[i]);
  stats_.duplicated += duplicated ? 1 : 0;
  stats_.delivered += verdict.copies;
  stats_.bytes_delivered += verdict.copies * bytes;
  if (corrupted && bytes > 0) {
    verdict.flipped_bit = bit;
    ++stats_.corrupted;
  }
  return verdict;
}

bool Link::in_outage(TimePoint now) const {
  const Duration age = now - start_;
  return std::any_of(options_.outages.begin(), options_.outages.end(), [age](const Outage& outage) {
    return age >= outage.start && age < outage.start + outage.duration;
  });
}

// One step of the loss model. The chain steps with every packet, also with one that an outage or the queue
// takes.
bool Link::loses(double draw) {
  switch (options_.loss_model) {
    case LossModel::kNone:
      return false;
    case LossModel::kBernoulli:
      return draw < options_.loss;
    case LossModel::kGilbertElliott: {
      const bool lost = bad_;
      bad_ = bad_ ? draw >= leave_bad_ : draw < enter_bad_;
      return lost;
    }
  }
  return false;
}

// When the packet's last bit has left, or `nullopt` where it finds the queue full. An idle link takes any
// packet.
std::optional<TimePoint> Link::enqueue(TimePoint now, std::size_t bytes) {
  if (!options_.rate_bits_per_second) return now;
  const std::uint64_t rate = *options_.rate_bits_per_second;
  const Duration own = transmission_time(bytes + kHeaderBytes, rate);
  const Duration waiting = std::max<Duration>(idle_from_ - now, Duration::zero());
  const auto limit = options_.queue.value_or(kDefaultQueueTime);
  const Duration room = std::holds_alternative<Duration>(limit)
                            ? std::get<Duration>(limit)
                            : transmission_time(std::get<std::size_t>(limit), rate);
  if (waiting > Duration::zero() && waiting + own > room) return std::nullopt;
  idle_from_ = now + waiting + own;
  return idle_from_;
}

TimePoint Link::arrival(TimePoint leaves, double draw) {
  const auto jitter = static_cast<std::int64_t>(draw * static_cast<double>(options_.jitter.count()));
  const TimePoint at = leaves + options_.delay + Duration(jitter);
  if (options_.reorder) return at;
  newest_arrival_ = std::max(newest_arrival_, at);
  return newest_arrival_;
}

}  // namespace hubbub::impair
