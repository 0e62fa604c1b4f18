#include "relay/core/stream.h"

#include <algorithm>
#include <cmath>

#include "codec/wire/limits.h"

namespace hubbub::relay {

std::optional<DropReason> Stream::take(TimePoint now, const SealedFrame& frame,
                                       std::span<const std::byte> bytes) {
  if (any_ && frame.kid != kid_) {
    // Another KID is another life of the sender: it begins anew.
    any_ = false;
    window_ = {};
    decoder_.reset();
    for (Cached& slot : cache_) slot.bytes.clear();
  }
  if (!window_.fresh(frame.ctr)) return DropReason::kDuplicate;
  observe(now, frame);
  window_.accept(frame.ctr);
  Cached& slot = cache_[frame.ctr % kCachedFrames];
  slot.ctr = frame.ctr;
  slot.arrived = now;
  slot.bytes.assign(bytes.begin(), bytes.end());
  if (decoder_) feed_decoder(frame);
  return std::nullopt;
}

// RFC 3550 section 6.4.1 and appendix A.8.
void Stream::observe(TimePoint now, const SealedFrame& frame) {
  if (!any_) {
    any_ = true;
    kid_ = frame.kid;
    ssrc_ = frame.header.ssrc;
    newest_ = frame.ctr - 1;
    arrivals_ = {.first = frame.ctr};
    last_transit_.reset();
  }
  ++arrivals_.received;
  if (frame.ctr > newest_) {
    if (frame.ctr - newest_ > 1) ++arrivals_.bursts;
    newest_ = frame.ctr;
  }
  const Duration transit = now.time_since_epoch() - duration_of(frame.header.timestamp.value);
  if (last_transit_) {
    // Only what is plausible: the timestamp jumps where it wraps, and where a sender was silent.
    const double change = std::abs(static_cast<double>(samples_in(transit - *last_transit_)));
    if (change < kSampleRate) jitter_ += (change - jitter_) / 16;
  }
  last_transit_ = transit;
}

std::span<const std::byte> Stream::cached(TimePoint now, SequenceNumber sequence) const {
  if (!any_) return {};
  const std::int64_t ctr = extend(sequence, newest_);
  const Cached& slot = cache_[static_cast<std::size_t>(ctr) % kCachedFrames];
  if (slot.bytes.empty() || slot.ctr != static_cast<std::uint32_t>(ctr)) return {};
  if (now - slot.arrived > kFrameCacheLasts) return {};
  return slot.bytes;
}

std::optional<std::span<const std::byte>> Stream::restore(const Sibling& sibling, const SealedFrame& beside) {
  scratch_.resize(SealedFrame::kMaxBytes);
  return SealedFrame::from_sibling(sibling, beside, scratch_);
}

void Stream::feed_decoder(const SealedFrame& frame) {
  std::array<std::byte, SealedFrame::kMaxBytes> symbol{};
  ByteWriter writer(symbol);
  frame.write_symbol(writer);
  decoder_->add_source(frame.ctr, writer.written());
}

std::optional<DropReason> Stream::repair(const RepairSymbol& symbol) {
  if (!any_ || symbol.kid != kid_ || symbol.ssrc != ssrc_) return DropReason::kBadFrame;
  if (!decoder_) {
    decoder_ = std::make_unique<repair::Decoder>();
    std::vector<const Cached*> known;
    for (const Cached& slot : cache_) {
      if (!slot.bytes.empty()) known.push_back(&slot);
    }
    std::sort(known.begin(), known.end(), [](const Cached* a, const Cached* b) { return a->ctr < b->ctr; });
    for (const Cached* slot : known) {
      if (const auto frame = SealedFrame::parse(slot->bytes)) feed_decoder(*frame);
    }
  }
  const auto verdict = decoder_->add_repair({.first = symbol.first,
                                             .count = symbol.window,
                                             .repair_key = symbol.repair_key,
                                             .density_threshold = symbol.density_threshold},
                                            symbol.symbol);
  if (verdict == repair::Decoder::Verdict::kRefused) return DropReason::kBadElement;
  return std::nullopt;
}

std::optional<std::span<const std::byte>> Stream::next_recovered() {
  if (!decoder_) return std::nullopt;
  while (const auto recovered = decoder_->next_recovered()) {
    scratch_.resize(SealedFrame::kMaxBytes);
    const auto frame = SealedFrame::from_symbol(recovered->symbol, ssrc_, kid_, recovered->esi, scratch_);
    if (frame) return frame;
    decoder_->forget_equations();
  }
  return std::nullopt;
}

std::optional<Report> Stream::report(std::uint32_t ssrc) {
  if (!any_ || arrivals_.received == 0) return std::nullopt;
  const std::uint32_t expected = newest_ + 1 - arrivals_.first;
  const std::uint32_t lost = expected > arrivals_.received ? expected - arrivals_.received : 0;
  lost_ += lost;
  Report report;
  report.ssrc = ssrc;
  report.fraction_lost =
      static_cast<std::uint8_t>(expected == 0 ? 0 : std::min<std::uint64_t>(255, 256ULL * lost / expected));
  report.lost = static_cast<std::uint32_t>(std::min<std::uint64_t>(lost_, 0xFF'FFFF));
  report.highest = newest_;
  report.jitter = static_cast<std::uint32_t>(jitter_);
  report.mean_burst = static_cast<std::uint8_t>(
      arrivals_.bursts == 0 ? 0 : std::min<std::uint64_t>(255, 16ULL * lost / arrivals_.bursts));
  arrivals_ = {.first = newest_ + 1};
  return report;
}

}  // namespace hubbub::relay
