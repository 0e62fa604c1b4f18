#include "tools/bench/report.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/bench/spread_report.h"

namespace hubbub::bench {
namespace {

constexpr std::array<const char*, kContenders> kNames = {"hubbub_relay", "bare", "bare_same_duties", "naive"};

Spread over(const PeerCount& count, const std::function<double(const Run&)>& figure) {
  std::vector<double> values;
  for (const Run& run : count.runs) values.push_back(figure(run));
  return spread_of(std::move(values));
}

// The median of a run's turns: one in which something else emptied the processor's caches counts for no more.
double price_in(const Run& run, Contender contender) {
  const std::vector<double>& turns = run[contender].us_per_copy;
  return turns.empty() ? 0 : spread_of(turns).median;
}

Spread price(const PeerCount& count, Contender contender) {
  return over(count, [contender](const Run& run) { return price_in(run, contender); });
}

// Of each run's own prices, since a run is one stretch of time on one machine.
Spread ratio_to(const PeerCount& count, Contender other) {
  return over(count,
              [other](const Run& run) { return price_in(run, Contender::kOurs) / price_in(run, other); });
}

Spread peer_bytes(const PeerCount& count) {
  return over(count, [](const Run& run) { return run.peer_bytes; });
}

Spread resident_bytes(const PeerCount& count) {
  return over(count, [](const Run& run) { return run.resident_bytes; });
}

struct Losses {
  std::uint64_t lost = 0;
  std::size_t runs = 0;
};

Losses losses_of(const PeerCount& count, Contender contender) {
  Losses losses;
  for (const Run& run : count.runs) {
    if (run[contender].lossless()) continue;
    ++losses.runs;
    losses.lost += run[contender].due - run[contender].received;
  }
  return losses;
}

bool bare_goal_met(const PeerCount& count) {
  return ratio_to(count, Contender::kBare).median <= kMostOfBare;
}
bool naive_goal_met(const PeerCount& count) {
  return count.peers < kBelowNaiveFrom || ratio_to(count, Contender::kNaive).median < 1;
}

std::string loss_text(const PeerCount& count) {
  std::string text;
  for (std::size_t i = 0; i < kContenders; ++i) {
    const Losses losses = losses_of(count, static_cast<Contender>(i));
    if (losses.runs == 0) continue;
    text += fmt::format("  * {} peers: {} lost {} copies in {} of {} runs\n", count.peers, kNames[i],
                        losses.lost, losses.runs, count.runs.size());
  }
  return text;
}

}  // namespace

std::string comparison_text(std::span<const PeerCount> counts) {
  constexpr const char* kRow =
      "{:>6}  {:<16}  {:<16}  {:<16}  {:<16}  {:<16}  {:<16}  {:<16}  {:>11}  {:>8}\n";
  std::string text =
      "CPU time in microseconds for each copy forwarded: the median of all runs, and the least and the most "
      "of them.\n" +
      fmt::format(kRow, "peers", "hubbub-relay", "bare", "bare, dutiful", "naive", "ours / bare",
                  "ours / dutiful", "ours / naive", "memory/peer", "resident");
  std::string losses;
  for (const PeerCount& count : counts) {
    const std::string lossy = loss_text(count);
    losses += lossy;
    text += fmt::format(
        kRow, fmt::format("{}{}", lossy.empty() ? "" : "*", count.peers),
        spread_text(price(count, Contender::kOurs)), spread_text(price(count, Contender::kBare)),
        spread_text(price(count, Contender::kDutiful)), spread_text(price(count, Contender::kNaive)),
        spread_text(ratio_to(count, Contender::kBare)), spread_text(ratio_to(count, Contender::kDutiful)),
        spread_text(ratio_to(count, Contender::kNaive)), fmt::format("{:.0f} B", peer_bytes(count).median),
        fmt::format("{:.1f} MiB", resident_bytes(count).median / (1 << 20)));
  }
  text += losses.empty()
              ? "No copy was lost.\n"
              : "Copies were lost, so these figures are of relays that could not keep up:\n" + losses;
  for (const PeerCount& count : counts) {
    text += fmt::format("goal at {} peers: at most {:.2f} of the bare loop: {}", count.peers, kMostOfBare,
                        bare_goal_met(count) ? "met" : "NOT MET");
    if (count.peers >= kBelowNaiveFrom)
      text += fmt::format("; below the naive relay: {}", naive_goal_met(count) ? "met" : "NOT MET");
    text += "\n";
  }
  return text;
}

std::string comparison_json(std::span<const PeerCount> counts) {
  nlohmann::ordered_json report = {{"goals_met", goals_met(counts)},
                                   {"peer_counts", nlohmann::ordered_json::array()}};
  for (const PeerCount& count : counts) {
    nlohmann::ordered_json entry = {{"peers", count.peers}, {"runs", count.runs.size()}};
    for (std::size_t i = 0; i < kContenders; ++i) {
      const auto contender = static_cast<Contender>(i);
      entry["us_per_copy"][kNames[i]] = spread_json(price(count, contender));
      entry["copies_lost"][kNames[i]] = losses_of(count, contender).lost;
    }
    entry["ours_to_bare"] = spread_json(ratio_to(count, Contender::kBare));
    entry["ours_to_bare_same_duties"] = spread_json(ratio_to(count, Contender::kDutiful));
    entry["ours_to_naive"] = spread_json(ratio_to(count, Contender::kNaive));
    entry["bytes_per_peer"] = spread_json(peer_bytes(count));
    entry["resident_bytes"] = spread_json(resident_bytes(count));
    entry["bare_goal_met"] = bare_goal_met(count);
    entry["naive_goal_met"] = naive_goal_met(count);
    report["peer_counts"].push_back(std::move(entry));
  }
  return report.dump(2) + "\n";
}

bool goals_met(std::span<const PeerCount> counts) {
  return std::all_of(counts.begin(), counts.end(),
                     [](const PeerCount& count) { return bare_goal_met(count) && naive_goal_met(count); });
}

}  // namespace hubbub::bench
