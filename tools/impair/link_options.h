// Everything that can be wrong with a link, in one struct, and the names by which a person sets it: the same
// for a command line's flags and a scenario file's keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "codec/wire/units.h"

namespace hubbub::impair {

// Together they bound how long a packet can be under way.
inline constexpr Duration kMaxDelay = 10s;
inline constexpr Duration kMaxJitter = 10s;
inline constexpr Duration kMaxQueueTime = 10s;
inline constexpr Duration kMaxUnderWay = kMaxDelay + kMaxJitter + kMaxQueueTime;
// Far beyond any run; it keeps sums of durations away from overflow.
inline constexpr Duration kMaxOutage = 24h;
inline constexpr std::uint64_t kMinRateBitsPerSecond = 1'000;
inline constexpr std::uint64_t kMaxRateBitsPerSecond = 10'000'000'000;
inline constexpr double kMaxMeanBurstPackets = 10'000;
// What a home router's queue holds when nobody said otherwise.
inline constexpr Duration kDefaultQueueTime = 100ms;

enum class LossModel : std::uint8_t {
  kNone,            // nothing is lost at random, whatever `loss` says
  kBernoulli,       // each packet on its own
  kGilbertElliott,  // two states, good and bad: every packet of the bad one is lost, none of the good one
};

// A time in which everything sent is lost, counted from the link's start.
struct Outage {
  Duration start{};
  Duration duration{};

  friend bool operator==(const Outage&, const Outage&) = default;
};

struct LinkOptions {
  LossModel loss_model = LossModel::kBernoulli;
  double loss = 0;              // the mean share of packets lost at random, 0 to 1
  std::optional<double> burst;  // Gilbert-Elliott only: the mean number of packets lost in a row, at least 1

  Duration delay{};      // of every packet
  Duration jitter{};     // added to it: uniform between nothing and this
  bool reorder = false;  // jitter may let packets overtake; otherwise none arrives before an earlier one

  double duplicate = 0;  // the share of packets that arrive twice
  double corrupt = 0;    // the share of packets that arrive with one random bit flipped

  std::optional<std::uint64_t> rate_bits_per_second;  // unlimited where there is none
  // How much may wait for its turn on a link of limited rate: a time, or a number of bytes.
  std::optional<std::variant<Duration, std::size_t>> queue;

  std::vector<Outage> outages;

  // What makes these options impossible, or contradict each other, as a sentence; `nullopt` when nothing
  // does.
  [[nodiscard]] std::optional<std::string> validate() const;

  friend bool operator==(const LinkOptions&, const LinkOptions&) = default;
};

// One option as a person sets it.
struct Setting {
  enum class Value : std::uint8_t {
    kText,    // text with a unit: "40ms"
    kNumber,  // text or a bare number
    kSwitch,  // on or off
    kList,    // several texts
  };
  using Apply = std::optional<std::string> (*)(LinkOptions&, std::string_view text);

  std::string_view name;  // words joined by underscores, as a scenario file has them
  Value value = Value::kText;
  std::string_view hint;  // what stands for the value in help
  std::string_view help;
  // Sets (or, of a list, adds) the value. What is wrong with the text, as a sentence; `nullopt` when nothing
  // is.
  Apply apply = nullptr;
};

// Every setting, in the order in which settings given together are to be applied.
std::span<const Setting> settings();

// Applies a setting's values: one, or any number for a list, which they replace. What is wrong, or `nullopt`.
std::optional<std::string> apply(const Setting& setting, LinkOptions& options,
                                 std::span<const std::string> values);

}  // namespace hubbub::impair
