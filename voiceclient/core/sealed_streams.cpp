#include "voiceclient/core/sealed_streams.h"

#include <algorithm>

namespace hubbub::client {
namespace {

// Frames that wait for their stream's sign of life: what a slow answer still leaves of use.
constexpr std::size_t kMaxHeld = 64;
constexpr Duration kHeldFor = 1s;
// How far behind the counter of its answer a stream may be heard: what was on its way meanwhile.
constexpr std::uint32_t kBehindEcho = 50;
constexpr Duration kAskAgain = 250ms;
// A nonce is good for as long as answers to it may be on their way.
constexpr Duration kNonceLasts = 2s;
// A full house takes a new stream in the place of one that was silent for this long.
constexpr std::size_t kRecentFrames = 16;

}  // namespace

SealedStreams::SealedStreams(const seal::RoomKeys& room, seal::Random& random, Deliver deliver)
    : room_(room), random_(random), deliver_(std::move(deliver)) {}

SealedStreams::Stream* SealedStreams::find(const session::StreamId& id) const {
  const auto found =
      std::find_if(streams_.begin(), streams_.end(), [&id](const auto& stream) { return stream->id == id; });
  return found == streams_.end() ? nullptr : found->get();
}

SealedStreams::Stream* SealedStreams::admit(TimePoint now, const session::StreamId& id) {
  if (streams_.size() >= kMaxStreams) {
    const auto quietest =
        std::min_element(streams_.begin(), streams_.end(),
                         [](const auto& a, const auto& b) { return a->last_frame < b->last_frame; });
    if (now - (*quietest)->last_frame < kStreamGivesWayAfter) return nullptr;
    streams_.erase(quietest);
  }
  return streams_.emplace_back(std::make_unique<Stream>(room_, id)).get();
}

// Parse, open, and only then is anything remembered of the stream: keys tell a member from a forger.
std::optional<DropReason> SealedStreams::receive(TimePoint now, std::span<const std::byte> bytes) {
  const auto frame = SealedFrame::parse(bytes);
  if (!frame) return frame.error();
  if (frame->header.ssrc == own_ssrc_) return DropReason::kOwnStream;
  const session::StreamId id{.ssrc = frame->header.ssrc, .kid = frame->kid};
  Stream* stream = find(id);
  std::unique_ptr<Stream> stranger;
  if (stream == nullptr) stranger = std::make_unique<Stream>(room_, id);
  const auto opus = (stream != nullptr ? stream : stranger.get())->opener.open(*frame, opus_);
  if (!opus) return opus.error();
  if (stream == nullptr) {
    stream = admit(now, id);
    if (stream == nullptr) return DropReason::kTooManyStreams;
    stream->opener = std::move(stranger->opener);
  }
  stream->last_frame = now;
  feed_decoder(*stream, *frame, bytes);

  if (!stream->live) {
    stream->held.push_back(
        {.arrived = now, .header = frame->header, .ctr = frame->ctr, .opus = {opus->begin(), opus->end()}});
    if (stream->held.size() <= kMaxHeld) return std::nullopt;
    stream->held.pop_front();
    return DropReason::kNotLive;  // the oldest of them
  }
  if (frame->ctr < stream->least_ctr) return DropReason::kNotLive;
  deliver_(now, RtpPacket{.header = frame->header, .payload = *opus});
  return std::nullopt;
}

std::optional<DropReason> SealedStreams::receive_sibling(TimePoint now, const Sibling& sibling,
                                                         std::span<const std::byte> beside) {
  const auto frame = SealedFrame::parse(beside);
  if (!frame) return DropReason::kBadElement;
  const auto restored = SealedFrame::from_sibling(sibling, *frame, restored_);
  if (!restored) return DropReason::kBadElement;
  return receive(now, *restored);
}

// A repair symbol says nothing by itself: what it brings back is opened as any frame is.
std::optional<DropReason> SealedStreams::receive_repair(TimePoint now, const RepairSymbol& symbol) {
  Stream* stream = find({.ssrc = symbol.ssrc, .kid = symbol.kid});
  if (stream == nullptr) return DropReason::kNotLive;
  if (!stream->decoder) {
    stream->decoder = std::make_unique<repair::Decoder>();
    for (const auto& bytes : stream->recent) {
      const auto frame = SealedFrame::parse(bytes);
      if (frame) feed_decoder(*stream, *frame, {});
    }
  }
  const auto verdict = stream->decoder->add_repair({.first = symbol.first,
                                                    .count = symbol.window,
                                                    .repair_key = symbol.repair_key,
                                                    .density_threshold = symbol.density_threshold},
                                                   symbol.symbol);
  if (verdict == repair::Decoder::Verdict::kRefused) return DropReason::kBadElement;
  while (const auto recovered = stream->decoder->next_recovered()) {
    const auto frame =
        SealedFrame::from_symbol(recovered->symbol, symbol.ssrc, symbol.kid, recovered->esi, restored_);
    const auto problem = frame ? receive(now, *frame) : DropReason::kBadFrame;
    if (problem && *problem != DropReason::kDuplicate && *problem != DropReason::kNotLive)
      stream->decoder->forget_equations();
  }
  return std::nullopt;
}

void SealedStreams::feed_decoder(Stream& stream, const SealedFrame& frame, std::span<const std::byte> bytes) {
  if (!bytes.empty()) {
    if (stream.recent.size() >= kRecentFrames)
      std::rotate(stream.recent.begin(), stream.recent.begin() + 1, stream.recent.end());
    if (stream.recent.size() < kRecentFrames) stream.recent.emplace_back();
    stream.recent.back().assign(bytes.begin(), bytes.end());
  }
  if (!stream.decoder) return;
  std::array<std::byte, SealedFrame::kMaxBytes> symbol{};
  ByteWriter writer(symbol);
  frame.write_symbol(writer);
  stream.decoder->add_source(frame.ctr, writer.written());
}

// --- Is it of now?

std::optional<SealedStreams::Question> SealedStreams::next_question(TimePoint now) {
  for (const auto& stream : streams_) {
    if (stream->live || stream->held.empty() || now - stream->last_frame > kHeldFor) continue;
    if (stream->last_asked && now - *stream->last_asked < kAskAgain) continue;
    if (!stream->asked || now - *stream->asked >= kNonceLasts) {
      random_.fill(stream->nonce);
      stream->asked = now;
    }
    stream->last_asked = now;
    return Question{.ssrc = stream->id.ssrc, .nonce = stream->nonce};
  }
  return std::nullopt;
}

bool SealedStreams::answers(TimePoint now, const session::StreamId& id,
                            std::span<const LiveNonce> nonces) const {
  const Stream* stream = find(id);
  if (stream == nullptr || stream->live || !stream->asked) return false;
  // An answer that somebody kept for later says nothing of now.
  if (now - *stream->asked >= 2 * kNonceLasts) return false;
  return std::find(nonces.begin(), nonces.end(), stream->nonce) != nonces.end();
}

void SealedStreams::prove(TimePoint now, const session::StreamId& id, std::uint32_t ctr) {
  Stream* stream = find(id);
  if (stream == nullptr || stream->live) return;
  stream->live = true;
  stream->least_ctr = ctr - std::min(ctr, kBehindEcho) + 1;
  for (const Held& held : stream->held) {
    if (held.ctr >= stream->least_ctr && now - held.arrived <= kHeldFor)
      deliver_(held.arrived, RtpPacket{.header = held.header, .payload = held.opus});
  }
  stream->held.clear();
}

void SealedStreams::tick(TimePoint now) {
  std::erase_if(streams_, [now](const auto& stream) { return now - stream->last_frame >= kHeardLately; });
}

}  // namespace hubbub::client
