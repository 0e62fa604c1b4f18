#include "voiceclient/core/speakers.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "codec/voice/opus_codec.h"

namespace hubbub::client {
namespace {

// Without voice for this long, a talk spurt is over for those who watch. Longer than a burst of losses.
constexpr Duration kSpurtEndsAfter = 400ms;

// Several people at once may sum to more than full scale. Below the knee nothing changes; above it the curve
// bends smoothly towards 1, which it never passes.
float limited(float sample) {
  constexpr float kKnee = 0.8F;
  const float size = std::abs(sample);
  if (size <= kKnee) return sample;
  const float over = (size - kKnee) / (1.0F - kKnee);
  return std::copysign(kKnee + (1.0F - kKnee) * std::tanh(over), sample);
}

}  // namespace

std::optional<DropReason> Speakers::put(TimePoint now, const RtpPacket& packet, EventQueue& events) {
  if (const auto samples = voice::packet_samples(packet.payload); !samples) return samples.error();
  Speaker* speaker = find_or_admit(now, packet.header.ssrc, events);
  if (speaker == nullptr) return DropReason::kTooManyStreams;
  if (const auto put = speaker->player.put(now, packet); !put) return put.error();
  speaker->last_voice = now;
  begin_speaking(now, *speaker, events);
  return std::nullopt;
}

bool Speakers::admit(TimePoint now, std::uint32_t ssrc, EventQueue& events) {
  return find_or_admit(now, ssrc, events) != nullptr;
}

void Speakers::rename(std::uint32_t ssrc, const std::string& name) {
  if (Speaker* speaker = find(ssrc)) speaker->name = name;
}

void Speakers::goodbye(TimePoint now, std::uint32_t ssrc, EventQueue& events) {
  Speaker* speaker = find(ssrc);
  if (speaker == nullptr) return;
  speaker->said_goodbye = now;
  end_speaking(*speaker, events);
}

void Speakers::tick(TimePoint now, EventQueue& events) {
  for (const auto& speaker : speakers_) {
    if (speaker->speaking && now - speaker->last_voice >= kSpurtEndsAfter) end_speaking(*speaker, events);
  }
  std::erase_if(speakers_, [now](const auto& speaker) { return now - speaker->last_voice >= kHeardLately; });
}

void Speakers::mix(TimePoint now, std::span<float> out, const EachSpeaker& each) {
  std::fill(out.begin(), out.end(), 0.0F);
  voice_.resize(out.size());
  for (const auto& speaker : speakers_) {
    if (!speaker->player.play(now, voice_)) continue;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += voice_[i];
    if (each) each(speaker->ssrc, speaker->name, voice_);
  }
  for (float& sample : out) sample = limited(sample);
}

std::vector<SpeakerInfo> Speakers::infos() const {
  std::vector<SpeakerInfo> infos;
  for (const auto& speaker : speakers_) {
    infos.push_back({.ssrc = speaker->ssrc,
                     .name = speaker->name,
                     .speaking = speaker->speaking,
                     .last_voice = speaker->last_voice,
                     .stats = speaker->player.stats(),
                     .depth = speaker->player.depth()});
  }
  return infos;
}

Speakers::Speaker* Speakers::find(std::uint32_t ssrc) const {
  const auto found = std::find_if(speakers_.begin(), speakers_.end(),
                                  [ssrc](const auto& speaker) { return speaker->ssrc == ssrc; });
  return found == speakers_.end() ? nullptr : found->get();
}

Speakers::Speaker* Speakers::find_or_admit(TimePoint now, std::uint32_t ssrc, EventQueue& events) {
  if (Speaker* known = find(ssrc)) return known;
  if (speakers_.size() >= kMaxStreams) {
    const auto quietest =
        std::min_element(speakers_.begin(), speakers_.end(),
                         [](const auto& a, const auto& b) { return a->last_voice < b->last_voice; });
    if (now - (*quietest)->last_voice < kStreamGivesWayAfter) return nullptr;
    end_speaking(**quietest, events);
    speakers_.erase(quietest);
  }
  auto& speaker = speakers_.emplace_back(std::make_unique<Speaker>(ssrc, playout_delay_));
  speaker->last_voice = now;
  return speaker.get();
}

void Speakers::begin_speaking(TimePoint now, Speaker& speaker, EventQueue& events) {
  // A goodbye may overtake the last voice before it, since the relay lets control go first.
  if (speaker.said_goodbye && now - *speaker.said_goodbye < kSpurtEndsAfter) return;
  if (std::exchange(speaker.speaking, true)) return;
  events.offer(Speaking{.ssrc = speaker.ssrc, .name = speaker.name, .begins = true});
}

void Speakers::end_speaking(Speaker& speaker, EventQueue& events) {
  if (!std::exchange(speaker.speaking, false)) return;
  events.offer(Speaking{.ssrc = speaker.ssrc, .name = speaker.name, .begins = false});
}

}  // namespace hubbub::client
