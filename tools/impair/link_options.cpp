#include "tools/impair/link_options.h"

#include <array>
#include <cmath>

#include "codec/wire/check.h"
#include "tools/impair/human_units.h"

namespace hubbub::impair {
namespace {

using Problem = std::optional<std::string>;

bool is_probability(double value) {
  return value >= 0 && value <= 1;
}  // false for NaN

Problem validate_loss(const LinkOptions& options) {
  if (!is_probability(options.loss)) return "the loss must be between 0% and 100%";
  if (options.loss_model != LossModel::kGilbertElliott) {
    if (options.burst) return "a burst length needs the loss model gilbert: the others have none to set";
    return std::nullopt;
  }
  if (!options.burst) return "the loss model gilbert needs a mean burst length in packets, such as burst 2.5";
  const double burst = *options.burst;
  if (!(burst >= 1 && burst <= kMaxMeanBurstPackets)) {
    return "the mean burst length must be between 1 and 10000 packets";
  }
  // The chance to enter the bad state, loss / (burst * (1 - loss)), is at most 1: bursts have a packet
  // between them.
  const double largest = burst / (burst + 1);
  if (options.loss > largest) {
    return "a loss of " + probability_text(options.loss) + " is impossible in bursts of " +
           number_text(burst) + " packets: at least one arrives between two bursts, so at most " +
           probability_text(std::floor(largest * 1e4) / 1e4) + " are lost";
  }
  return std::nullopt;
}

Problem validate_time(const LinkOptions& options) {
  if (options.delay < Duration::zero() || options.delay > kMaxDelay) {
    return "the delay must be between 0 and " + duration_text(kMaxDelay);
  }
  if (options.jitter < Duration::zero() || options.jitter > kMaxJitter) {
    return "the jitter must be between 0 and " + duration_text(kMaxJitter);
  }
  if (options.reorder && options.jitter == Duration::zero()) {
    return "reordering needs jitter: without it no packet can overtake another";
  }
  for (const Outage& outage : options.outages) {
    if (outage.start < Duration::zero() || outage.start > kMaxOutage || outage.duration > kMaxOutage) {
      return "an outage must start and end within 24 hours";
    }
    if (outage.duration <= Duration::zero()) return "an outage must last longer than nothing";
  }
  return std::nullopt;
}

Problem validate_rate(const LinkOptions& options) {
  if (!options.rate_bits_per_second) {
    if (options.queue) return "a queue needs a rate: on a link without one nothing ever waits";
    return std::nullopt;
  }
  const std::uint64_t rate = *options.rate_bits_per_second;
  if (rate < kMinRateBitsPerSecond || rate > kMaxRateBitsPerSecond) {
    return "the rate must be between 1kbit and 10Gbit a second";
  }
  if (!options.queue) return std::nullopt;
  if (const auto* time = std::get_if<Duration>(&*options.queue)) {
    if (*time < Duration::zero() || *time > kMaxQueueTime) {
      return "the queue must hold between 0 and " + duration_text(kMaxQueueTime);
    }
  } else {
    const auto bytes = static_cast<double>(std::get<std::size_t>(*options.queue));
    const double seconds = bytes * 8 / static_cast<double>(rate);
    if (seconds > to_seconds(kMaxQueueTime)) {
      return "a queue of that many bytes holds " + std::to_string(std::lround(seconds)) +
             " s at this rate; at most " + duration_text(kMaxQueueTime) + " is allowed";
    }
  }
  return std::nullopt;
}

// Stores a parsed value, or passes on what was wrong with the text.
template <class T, class Target>
Problem store(const Result<T, std::string>& parsed, Target& target) {
  if (!parsed) return parsed.error();
  target = *parsed;
  return std::nullopt;
}

// Turning a setting off takes with it what would mean nothing without it, so that a later layer of settings
// can.
Problem apply_loss_model(LinkOptions& options, std::string_view text) {
  if (text == "none") {
    options.loss_model = LossModel::kNone;
  } else if (text == "bernoulli") {
    options.loss_model = LossModel::kBernoulli;
  } else if (text == "gilbert") {
    options.loss_model = LossModel::kGilbertElliott;
  } else {
    return "\"" + std::string(text) + "\" is not a loss model: give none, bernoulli or gilbert";
  }
  if (options.loss_model != LossModel::kGilbertElliott) options.burst.reset();
  return std::nullopt;
}

Problem apply_jitter(LinkOptions& options, std::string_view text) {
  auto problem = store(parse_duration(text), options.jitter);
  if (!problem && options.jitter == Duration::zero()) options.reorder = false;
  return problem;
}

Problem apply_reorder(LinkOptions& options, std::string_view text) {
  if (text != "true" && text != "false") {
    return "\"" + std::string(text) + "\" is neither true nor false";
  }
  options.reorder = text == "true";
  return std::nullopt;
}

Problem apply_rate(LinkOptions& options, std::string_view text) {
  if (text == "off") {
    options.rate_bits_per_second.reset();
    options.queue.reset();
    return std::nullopt;
  }
  return store(parse_bit_rate(text), options.rate_bits_per_second);
}

Problem apply_queue(LinkOptions& options, std::string_view text) {
  if (const auto bytes = parse_byte_count(text)) {
    options.queue = *bytes;
  } else if (const auto time = parse_duration(text)) {
    options.queue = *time;
  } else {
    return "\"" + std::string(text) +
           "\" is not a queue: give a time, as 100ms, or a number of bytes, as 32kB";
  }
  return std::nullopt;
}

Problem apply_outage(LinkOptions& options, std::string_view text) {
  const auto outage = parse_outage(text);
  if (!outage) return outage.error();
  options.outages.push_back(*outage);
  return std::nullopt;
}

using Value = Setting::Value;

constexpr std::array<Setting, 11> kSettings = {{
    {"loss", Value::kNumber, "P", "packets lost at random: 5% or 0.05",
     [](LinkOptions& options, std::string_view text) {
       return store(parse_probability(text), options.loss);
     }},
    {"loss_model", Value::kText, "MODEL",
     "none; bernoulli: each packet on its own (the default); gilbert: in bursts (Gilbert-Elliott)",
     apply_loss_model},
    {"burst", Value::kNumber, "N", "mean length of a burst of losses in packets, at least 1 (gilbert only)",
     [](LinkOptions& options, std::string_view text) { return store(parse_number(text), options.burst); }},
    {"delay", Value::kText, "TIME", "delay of every packet: 40ms",
     [](LinkOptions& options, std::string_view text) { return store(parse_duration(text), options.delay); }},
    {"jitter", Value::kText, "TIME", "further delay of each packet, uniform between 0 and this: 10ms",
     apply_jitter},
    {"reorder", Value::kSwitch, "", "let jitter reorder packets; otherwise they stay in order",
     apply_reorder},
    {"duplicate", Value::kNumber, "P", "packets that arrive twice: 1%",
     [](LinkOptions& options, std::string_view text) {
       return store(parse_probability(text), options.duplicate);
     }},
    {"corrupt", Value::kNumber, "P", "packets that arrive with one random bit flipped: 1%",
     [](LinkOptions& options, std::string_view text) {
       return store(parse_probability(text), options.corrupt);
     }},
    {"rate", Value::kText, "RATE", "bits a second, IP and UDP headers counted: 256kbit; off for no limit",
     apply_rate},
    {"queue", Value::kText, "SIZE",
     "what may wait at that rate, in time or bytes: 100ms (the default) or 32kB; the rest is dropped",
     apply_queue},
    {"outage", Value::kList, "START+LENGTH",
     "lose everything for a while, from the link's first packet on: 10s+2s; may be repeated", apply_outage},
}};

}  // namespace

std::optional<std::string> LinkOptions::validate() const {
  if (auto problem = validate_loss(*this)) return problem;
  if (auto problem = validate_time(*this)) return problem;
  if (!is_probability(duplicate)) return "the share of duplicates must be between 0% and 100%";
  if (!is_probability(corrupt)) return "the share of corrupted packets must be between 0% and 100%";
  return validate_rate(*this);
}

std::span<const Setting> settings() {
  return kSettings;
}

std::optional<std::string> apply(const Setting& setting, LinkOptions& options,
                                 std::span<const std::string> values) {
  if (setting.value == Value::kList) {
    options.outages.clear();
  } else {
    CHECK(values.size() == 1);
  }
  for (const std::string& value : values) {
    if (auto problem = setting.apply(options, value)) return problem;
  }
  return std::nullopt;
}

}  // namespace hubbub::impair
