#include "tools/bench/sealed_report.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/wire/element.h"
#include "codec/wire/sealed.h"
#include "codec/wire/sealed_frame.h"
#include "codec/wire/session_elements.h"
#include "tools/bench/spread_report.h"

namespace hubbub::bench {
namespace {

// --- What a frame must weigh, by the protocol's own sizes

constexpr std::size_t kLevelBytes = 1;
constexpr std::size_t kOpenBytes = RtpHeader::kBytes;
constexpr std::size_t kDownBytes = SealedFrame::kOverheadBytes;
constexpr std::size_t kUpBytes = Envelope::kOverheadBytes + Element::kHeaderBytes + kLevelBytes + kDownBytes;
constexpr std::size_t kUdpIpBytes = 8 + 20;  // below all of them, on IPv4

double kbit_a_second(std::size_t frame_bytes) {
  return static_cast<double>(frame_bytes + kUdpIpBytes) * 8 / 1e3 / to_seconds(kFrameDuration);
}

bool sizes_as_computed(const SealedCrowd::FrameSizes& seen) {
  return seen.up == SealedCrowd::kOpusBytes + kUpBytes && seen.down == SealedCrowd::kOpusBytes + kDownBytes;
}

// --- What the runs say together

Spread over(const MemberCount& count, const std::function<double(const SealedRun&)>& figure) {
  std::vector<double> values;
  for (const SealedRun& run : count.runs) values.push_back(figure(run));
  return spread_of(std::move(values));
}

double price_of(const Measurement& measured) {
  return measured.us_per_copy.empty() ? 0 : spread_of(measured.us_per_copy).median;
}

Spread open_price(const MemberCount& count) {
  return over(count, [](const SealedRun& run) { return price_of(run.open); });
}
Spread sealed_price(const MemberCount& count) {
  return over(count, [](const SealedRun& run) { return price_of(run.sealed); });
}
// Of each run's own prices, since a run is one stretch of time on one machine.
Spread ratio(const MemberCount& count) {
  return over(count, [](const SealedRun& run) { return price_of(run.sealed) / price_of(run.open); });
}
Spread member_bytes(const MemberCount& count) {
  return over(count, [](const SealedRun& run) { return run.member_bytes; });
}

std::uint64_t lost(const MemberCount& count, Measurement SealedRun::*room) {
  std::uint64_t copies = 0;
  for (const SealedRun& run : count.runs) copies += (run.*room).due - (run.*room).received;
  return copies;
}

Spread over_doors(const SealedFigures& figures, std::vector<double> DoorFigures::*figure) {
  std::vector<double> all;
  for (const DoorFigures& door : figures.doors)
    all.insert(all.end(), (door.*figure).begin(), (door.*figure).end());
  return spread_of(std::move(all));
}

Spread handshake_us(const SealedFigures& figures) {
  std::vector<double> all;
  for (const DoorFigures& door : figures.doors) all.push_back(door.us_per_handshake);
  return spread_of(std::move(all));
}

bool ratio_aim_met(const MemberCount& count) {
  return count.members < kSealedAimsFrom || ratio(count).median <= kMostOfOpen;
}
bool memory_aim_met(const MemberCount& count) {
  return count.members < kSealedAimsFrom || member_bytes(count).median <= kMostMemberBytes;
}
bool join_aim_met(const SealedFigures& figures) {
  return over_doors(figures, &DoorFigures::joins_rtt).median <= kJoinRoundTrips;
}

const char* verdict(bool met) {
  return met ? "met" : "NOT MET";
}

std::string forwarding_text(const SealedFigures& figures) {
  constexpr const char* kRow = "{:>7}  {:<16}  {:<16}  {:<16}  {:>13}\n";
  std::string text =
      "CPU time in microseconds for each copy forwarded: the median of all runs, and the least and the most "
      "of "
      "them.\n" +
      fmt::format(kRow, "members", "sealed", "open", "sealed / open", "memory/member");
  std::string losses;
  for (const MemberCount& count : figures.counts) {
    const std::uint64_t open = lost(count, &SealedRun::open);
    const std::uint64_t sealed = lost(count, &SealedRun::sealed);
    const bool lossy = open + sealed > 0;
    if (lossy)
      losses += fmt::format("  * {} members: {} copies lost in the open room, {} in the sealed one\n",
                            count.members, open, sealed);
    text += fmt::format(kRow, fmt::format("{}{}", lossy ? "*" : "", count.members),
                        spread_text(sealed_price(count)), spread_text(open_price(count)),
                        spread_text(ratio(count)), fmt::format("{:.0f} B", member_bytes(count).median));
  }
  return text + (losses.empty()
                     ? "No copy was lost.\n"
                     : "Copies were lost, so these figures are of relays that could not keep up:\n" + losses);
}

std::string door_text(const SealedFigures& figures) {
  const Spread handshake = handshake_us(figures);
  const Spread ms = over_doors(figures, &DoorFigures::joins_ms);
  const Spread rtt = over_doors(figures, &DoorFigures::joins_rtt);
  return fmt::format(
      "A handshake (Hello, Retry, Hello, Reply) takes {} us of the relay's CPU: {:.0f} a second on one "
      "core.\n"
      "A join (a handshake, Join, Welcome) takes {} ms on loopback, in {:.0f} round trips (at most "
      "{:.0f}).\n",
      fmt::format("{:.0f} ({:.0f}-{:.0f})", handshake.median, handshake.least, handshake.most),
      1e6 / handshake.median, spread_text(ms), rtt.median, rtt.most);
}

std::string frame_text(const SealedFigures& figures) {
  static constexpr const char* kRow = "{:<22}  {:>6}  {:>9}  {:>11}\n";
  const auto row = [](const char* name, std::size_t overhead) {
    const std::size_t bytes = SealedCrowd::kOpusBytes + overhead;
    return fmt::format(kRow, name, bytes, overhead, fmt::format("{:.1f}", kbit_a_second(bytes)));
  };
  return fmt::format("A frame of {} bytes of Opus, 20 ms at 32 kbit/s (kbit/s with UDP and IPv4):\n",
                     SealedCrowd::kOpusBytes) +
         fmt::format(kRow, "", "bytes", "overhead", "kbit/s") + row("open, up and down", kOpenBytes) +
         row("sealed, up", kUpBytes) + row("sealed, down", kDownBytes) +
         fmt::format("On the wire: {} bytes up and {} down, {}.\n", figures.frame.up, figures.frame.down,
                     sizes_as_computed(figures.frame) ? "as computed" : "NOT as computed");
}

}  // namespace

std::string sealed_text(const SealedFigures& figures) {
  std::string text = forwarding_text(figures) + door_text(figures) + frame_text(figures);
  for (const MemberCount& count : figures.counts) {
    if (count.members < kSealedAimsFrom) continue;
    text +=
        fmt::format("aim at {} members: at most {:.2f} of the open room: {}; at most {:.0f} B a member: {}\n",
                    count.members, kMostOfOpen, verdict(ratio_aim_met(count)), kMostMemberBytes,
                    verdict(memory_aim_met(count)));
  }
  return text +
         fmt::format("aim: a join in {} round trips: {}\n", kJoinRoundTrips, verdict(join_aim_met(figures)));
}

std::string sealed_json(const SealedFigures& figures) {
  const double handshake = handshake_us(figures).median;
  nlohmann::ordered_json report = {{"aims_met", aims_met(figures)},
                                   {"member_counts", nlohmann::ordered_json::array()}};
  for (const MemberCount& count : figures.counts) {
    report["member_counts"].push_back(
        {{"members", count.members},
         {"runs", count.runs.size()},
         {"us_per_copy",
          {{"sealed", spread_json(sealed_price(count))}, {"open", spread_json(open_price(count))}}},
         {"copies_lost",
          {{"sealed", lost(count, &SealedRun::sealed)}, {"open", lost(count, &SealedRun::open)}}},
         {"sealed_to_open", spread_json(ratio(count))},
         {"bytes_per_member", spread_json(member_bytes(count))},
         {"ratio_aim_met", ratio_aim_met(count)},
         {"memory_aim_met", memory_aim_met(count)}});
  }
  report["handshake"] = {{"us", spread_json(handshake_us(figures))},
                         {"a_second_on_one_core", 1e6 / handshake}};
  report["join"] = {{"ms", spread_json(over_doors(figures, &DoorFigures::joins_ms))},
                    {"round_trips", spread_json(over_doors(figures, &DoorFigures::joins_rtt))},
                    {"aim_met", join_aim_met(figures)}};
  report["frame_bytes"] = {{"opus", SealedCrowd::kOpusBytes},
                           {"open", SealedCrowd::kOpusBytes + kOpenBytes},
                           {"sealed_up", figures.frame.up},
                           {"sealed_down", figures.frame.down},
                           {"as_computed", sizes_as_computed(figures.frame)}};
  return report.dump(2) + "\n";
}

bool aims_met(const SealedFigures& figures) {
  return join_aim_met(figures) && sizes_as_computed(figures.frame) &&
         std::all_of(figures.counts.begin(), figures.counts.end(),
                     [](const MemberCount& count) { return ratio_aim_met(count) && memory_aim_met(count); });
}

}  // namespace hubbub::bench
