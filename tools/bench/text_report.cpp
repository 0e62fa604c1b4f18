#include "tools/bench/text_report.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tools/bench/spread_report.h"

namespace hubbub::bench {
namespace {

template <class Run, class Figure>
Spread over(const std::vector<Run>& runs, Figure Run::*figure) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const Run& run : runs) values.push_back(static_cast<double>(run.*figure));
  return spread_of(std::move(values));
}

template <class Figure>
Spread over_traffic(const std::vector<CatchUp>& runs, Traffic CatchUp::*way, const Figure& figure) {
  std::vector<double> values;
  values.reserve(runs.size());
  for (const CatchUp& run : runs) values.push_back(static_cast<double>(figure(run.*way)));
  return spread_of(std::move(values));
}

double datagrams_of(const Traffic& traffic) {
  return static_cast<double>(traffic.datagrams);
}
double bytes_of(const Traffic& traffic) {
  return static_cast<double>(traffic.on_the_wire());
}

std::string throughput_text(const TextOptions& options, const TextFigures& figures) {
  if (figures.throughput.empty()) return {};
  constexpr const char* kRow = "{:<16}  {:<22}  {:<25}  {:<16}  {:<16}  {:>5}  {:>5}  {:>6}  {:>10}\n";
  std::string text =
      fmt::format(
          "Messages of {} characters, {} members, {} of whom write (the others read, and verify nothing): "
          "the median of {} runs, the least and the most. CPU is the relay's, in microseconds.\n",
          kTextCharacters, options.members, options.senders, options.runs) +
      fmt::format(kRow, "written", "numbered/s", "delivered/s", "CPU/message", "CPU/copy", "busy", "live",
                  "asked", "behind");
  std::string faults;
  for (const Throughput& kind : figures.throughput) {
    const std::string pace = kind.paced > 0 ? fmt::format("{:.0f}/s", kind.paced) : "as acknowledged";
    text += fmt::format(kRow, pace, spread_text(over(kind.runs, &ThroughputRun::numbered_a_second), 0),
                        spread_text(over(kind.runs, &ThroughputRun::delivered_a_second), 0),
                        spread_text(over(kind.runs, &ThroughputRun::us_per_message), 0),
                        spread_text(over(kind.runs, &ThroughputRun::us_per_copy), 2),
                        fmt::format("{:.0f} %", 100 * over(kind.runs, &ThroughputRun::busy_share).median),
                        fmt::format("{:.0f} %", 100 * over(kind.runs, &ThroughputRun::live_share).median),
                        fmt::format("{:.0f} %", 100 * over(kind.runs, &ThroughputRun::asked_share).median),
                        fmt::format("{:.0f} ms", over(kind.runs, &ThroughputRun::behind_ms).median));
    for (const ThroughputRun& run : kind.runs) {
      if (run.undelivered > 0) faults += fmt::format("  * {}: {} copies never came\n", pace, run.undelivered);
      if (run.overrun > 0)
        faults += fmt::format("  * {}: {} datagrams found the load's own buffer full\n", pace, run.overrun);
    }
  }
  return text + (faults.empty() ? "Every member had every message, once and in order.\n" : faults);
}

std::string catch_up_text(const TextFigures& figures) {
  if (figures.catch_up.empty()) return {};
  const auto& runs = figures.catch_up;
  return fmt::format(
      "A member catches up with {} messages, each of which it opens and verifies: {} ms; up {} datagrams and "
      "{} bytes, down {} datagrams and {} bytes (with UDP and IPv4); {} ms of the relay's CPU, {} ms of its "
      "own.\n",
      runs.front().messages, spread_text(over(runs, &CatchUp::wall_ms), 0),
      spread_text(over_traffic(runs, &CatchUp::up, datagrams_of), 0),
      spread_text(over_traffic(runs, &CatchUp::up, bytes_of), 0),
      spread_text(over_traffic(runs, &CatchUp::down, datagrams_of), 0),
      spread_text(over_traffic(runs, &CatchUp::down, bytes_of), 0),
      spread_text(over(runs, &CatchUp::relay_cpu_ms), 1),
      spread_text(over(runs, &CatchUp::client_cpu_ms), 0));
}

std::string idle_text(const TextFigures& figures) {
  if (figures.idle.empty()) return {};
  constexpr const char* kRow = "{:>7}  {:>9}  {:>9}  {:>11}  {:>11}  {:>9}  {:>13}\n";
  std::string text = fmt::format(
      "A member that does nothing, in an hour (of {:.0f} s; with UDP and IPv4; the client is a whole one "
      "among the members):\n",
      figures.idle.front().seconds);
  text += fmt::format(kRow, "members", "KB up", "KB down", "client up", "client down", "relay CPU",
                      "memory/member");
  for (const Idle& idle : figures.idle) {
    text += fmt::format(
        kRow, idle.members, fmt::format("{:.1f}", idle.up_bytes / 1e3),
        fmt::format("{:.1f}", idle.down_bytes / 1e3), fmt::format("{:.1f}", idle.client_up_bytes / 1e3),
        fmt::format("{:.1f}", idle.client_down_bytes / 1e3), fmt::format("{:.0f} ms", idle.relay_cpu_s * 1e3),
        fmt::format("{:.0f} B", idle.rss_bytes));
  }
  return text;
}

std::string roster_text(const TextFigures& figures) {
  std::string text;
  for (const RosterFigures& f : figures.roster) {
    text += fmt::format(
        "{} join {} members at once: {:.0f} us of CPU a join; the roster tells it in {:.0f} datagrams of "
        "{:.0f} bytes to each, at most {} in a tick, over {:.1f} s, {:.2f} us of CPU each; a member heard {} "
        "changes.\n"
        "A snapshot of {} members: {} datagrams and {} bytes for {} questions, {:.1f} ms of CPU.\n",
        f.joining, f.members, f.us_per_join, f.datagrams_each, f.datagram_bytes, f.most_in_a_tick,
        f.told_after_s, f.us_per_datagram, f.heard_by_one, f.members, f.snapshot_datagrams, f.snapshot_bytes,
        f.snapshot_asks, f.snapshot_cpu_ms);
  }
  return text;
}

nlohmann::ordered_json throughput_json(const Throughput& kind) {
  std::uint64_t undelivered = 0;
  for (const ThroughputRun& run : kind.runs) undelivered += run.undelivered;
  return {{"paced_a_second", kind.paced},
          {"numbered_a_second", spread_json(over(kind.runs, &ThroughputRun::numbered_a_second))},
          {"delivered_a_second", spread_json(over(kind.runs, &ThroughputRun::delivered_a_second))},
          {"us_per_message", spread_json(over(kind.runs, &ThroughputRun::us_per_message))},
          {"us_per_copy", spread_json(over(kind.runs, &ThroughputRun::us_per_copy))},
          {"busy_share", spread_json(over(kind.runs, &ThroughputRun::busy_share))},
          {"live_share", spread_json(over(kind.runs, &ThroughputRun::live_share))},
          {"asked_share", spread_json(over(kind.runs, &ThroughputRun::asked_share))},
          {"behind_ms", spread_json(over(kind.runs, &ThroughputRun::behind_ms))},
          {"undelivered", undelivered}};
}

nlohmann::ordered_json catch_up_json(const std::vector<CatchUp>& runs) {
  return {{"messages", runs.front().messages},
          {"wall_ms", spread_json(over(runs, &CatchUp::wall_ms))},
          {"datagrams_up", spread_json(over_traffic(runs, &CatchUp::up, datagrams_of))},
          {"bytes_up", spread_json(over_traffic(runs, &CatchUp::up, bytes_of))},
          {"datagrams_down", spread_json(over_traffic(runs, &CatchUp::down, datagrams_of))},
          {"bytes_down", spread_json(over_traffic(runs, &CatchUp::down, bytes_of))},
          {"relay_cpu_ms", spread_json(over(runs, &CatchUp::relay_cpu_ms))},
          {"client_cpu_ms", spread_json(over(runs, &CatchUp::client_cpu_ms))}};
}

nlohmann::ordered_json idle_json(const Idle& idle) {
  return {{"members", idle.members},
          {"seconds", idle.seconds},
          {"bytes_up_an_hour", idle.up_bytes},
          {"bytes_down_an_hour", idle.down_bytes},
          {"client_bytes_up_an_hour", idle.client_up_bytes},
          {"client_bytes_down_an_hour", idle.client_down_bytes},
          {"relay_cpu_s_an_hour", idle.relay_cpu_s},
          {"relay_bytes", idle.rss_bytes}};
}

nlohmann::ordered_json roster_json(const RosterFigures& f) {
  return {{"members", f.members},
          {"joining", f.joining},
          {"most_datagrams_in_a_tick", f.most_in_a_tick},
          {"datagrams_to_each", f.datagrams_each},
          {"datagram_bytes", f.datagram_bytes},
          {"told_after_s", f.told_after_s},
          {"us_per_join", f.us_per_join},
          {"us_per_datagram", f.us_per_datagram},
          {"changes_heard_by_one", f.heard_by_one},
          {"snapshot",
           {{"datagrams", f.snapshot_datagrams},
            {"bytes", f.snapshot_bytes},
            {"asks", f.snapshot_asks},
            {"cpu_ms", f.snapshot_cpu_ms}}}};
}

}  // namespace

std::string text_text(const TextOptions& options, const TextFigures& figures) {
  return throughput_text(options, figures) + catch_up_text(figures) + idle_text(figures) +
         roster_text(figures);
}

std::string text_json(const TextOptions& options, const TextFigures& figures) {
  nlohmann::ordered_json report = {{"characters", kTextCharacters}, {"runs", options.runs}};
  if (!figures.throughput.empty()) {
    report["members"] = options.members;
    report["senders"] = options.senders;
  }
  for (const Throughput& kind : figures.throughput) report["throughput"].push_back(throughput_json(kind));
  if (!figures.catch_up.empty()) report["catch_up"] = catch_up_json(figures.catch_up);
  for (const Idle& idle : figures.idle) report["idle"].push_back(idle_json(idle));
  for (const RosterFigures& roster : figures.roster) report["roster"] = roster_json(roster);
  return report.dump(2) + "\n";
}

}  // namespace hubbub::bench
