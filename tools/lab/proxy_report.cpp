#include "tools/lab/proxy_report.h"

#include <array>
#include <cstdio>
#include <string_view>

#include <nlohmann/json.hpp>

namespace hubbub::lab {
namespace {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), pattern, values...);
  return line.data();
}

// A count, and the share it is of `whole`.
std::string share(std::uint64_t count, std::uint64_t whole) {
  const double percent = whole == 0 ? 0 : 100 * static_cast<double>(count) / static_cast<double>(whole);
  return format("%llu (%.2f%%)", static_cast<unsigned long long>(count), percent);
}

std::string row(std::string_view name, const std::string& up, const std::string& down) {
  return format("  %-26s%22s%22s\n", std::string(name).c_str(), up.c_str(), down.c_str());
}

nlohmann::json direction_json(const DirectionStats& stats) {
  return {{"received", stats.link.in},
          {"received_bytes", stats.link.bytes_in},
          {"lost_random", stats.link.lost_random},
          {"lost_outage", stats.link.lost_outage},
          {"dropped_queue", stats.link.dropped_queue},
          {"duplicated", stats.link.duplicated},
          {"corrupted", stats.link.corrupted},
          {"delivered", stats.link.delivered},
          {"delivered_bytes", stats.link.bytes_delivered},
          {"sent", stats.sent},
          {"refused", stats.refused},
          {"overflowed", stats.overflowed},
          {"under_way", stats.under_way},
          {"late_ms_mean", to_ms(stats.late_mean())},
          {"late_ms_max", to_ms(stats.late_max)},
          {"balances", stats.balances()}};
}

}  // namespace

std::string report_text(const ProxyStats& stats, std::uint64_t seed) {
  std::string text = format("clients: %llu, seed: %llu\n", static_cast<unsigned long long>(stats.clients),
                            static_cast<unsigned long long>(seed));
  text += row("datagrams", "up (to the relay)", "down (to clients)");
  const auto shares = [&](std::string_view name, auto of) {
    text += row(name, share(of(stats.up), stats.up.link.in), share(of(stats.down), stats.down.link.in));
  };
  const auto counts = [&](std::string_view name, auto of, bool always) {
    if (!always && of(stats.up) == 0 && of(stats.down) == 0) return;
    text += row(name, std::to_string(of(stats.up)), std::to_string(of(stats.down)));
  };
  const auto milliseconds = [](Duration duration) { return format("%.2f ms", to_ms(duration)); };
  using Stats = const DirectionStats&;
  counts(
      "received", [](Stats s) { return s.link.in; }, true);
  shares("lost at random", [](Stats s) { return s.link.lost_random; });
  shares("lost in an outage", [](Stats s) { return s.link.lost_outage; });
  shares("dropped at the queue", [](Stats s) { return s.link.dropped_queue; });
  shares("duplicated", [](Stats s) { return s.link.duplicated; });
  shares("corrupted", [](Stats s) { return s.link.corrupted; });
  counts(
      "sent on", [](Stats s) { return s.sent; }, true);
  counts(
      "still under way", [](Stats s) { return s.under_way; }, false);
  counts(
      "refused by the system", [](Stats s) { return s.refused; }, false);
  counts(
      "dropped, too many waiting", [](Stats s) { return s.overflowed; }, false);
  text +=
      row("sent late, on average", milliseconds(stats.up.late_mean()), milliseconds(stats.down.late_mean()));
  text += row("sent late, at most", milliseconds(stats.up.late_max), milliseconds(stats.down.late_max));
  if (stats.turned_away > 0) {
    text += format("  %llu datagrams of clients there was no room for\n",
                   static_cast<unsigned long long>(stats.turned_away));
  }
  return text;
}

std::string report_json(const ProxyStats& stats, std::uint64_t seed) {
  const nlohmann::json json = {{"seed", seed},
                               {"clients", stats.clients},
                               {"turned_away", stats.turned_away},
                               {"up", direction_json(stats.up)},
                               {"down", direction_json(stats.down)}};
  return json.dump() + "\n";
}

}  // namespace hubbub::lab
