#include "relay/stats.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace hubbub::relay {
namespace {

template <class Reason, class Counters>
std::string reasons_text(const Counters& counters) {
  std::string text;
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] != 0)
      text +=
          fmt::format("{}{} {}", text.empty() ? " (" : ", ", name_of(static_cast<Reason>(i)), counters[i]);
  }
  return text.empty() ? text : text + ")";
}

template <class Reason, class Counters>
nlohmann::ordered_json reasons_json(const Counters& counters) {
  auto object = nlohmann::ordered_json::object();
  for (std::size_t i = 0; i < counters.size(); ++i) {
    if (counters[i] != 0) object[std::string(name_of(static_cast<Reason>(i)))] = counters[i];
  }
  return object;
}

}  // namespace

std::string summary_text(std::span<const RoomSummary> rooms, Duration uptime) {
  std::string text;
  for (const RoomSummary& room : rooms) {
    const Books& b = room.books;
    text += fmt::format(
        "open {}: up {:.0f} s, {} peers ({} joined, {} expired); received {} = keepalives {} + pings {} + "
        "forwarded {} + waiting {} + dropped {}{}; "
        "due {} = sent {} + unsent {}{} + unsettled {}; kernel dropped {}; books {}\n",
        room.port, to_seconds(uptime), room.peers, b.peers_joined, b.peers_expired, b.received, b.keepalives,
        b.pings, b.forwarded, room.waiting, b.dropped_total(), reasons_text<DropReason>(b.dropped), b.due,
        b.sent, b.unsent_total(), reasons_text<UnsentReason>(b.unsent), room.unsettled, room.kernel_dropped,
        b.balance(room.waiting, room.unsettled) ? "balance" : "DO NOT BALANCE");
  }
  return text;
}

std::string summary_json(std::span<const RoomSummary> rooms, Duration uptime) {
  nlohmann::ordered_json summary = {{"uptime_s", to_seconds(uptime)},
                                    {"rooms", nlohmann::ordered_json::array()}};
  for (const RoomSummary& room : rooms) {
    const Books& b = room.books;
    summary["rooms"].push_back({{"kind", "open"},
                                {"port", room.port},
                                {"peers", room.peers},
                                {"peers_joined", b.peers_joined},
                                {"peers_expired", b.peers_expired},
                                {"received", b.received},
                                {"received_bytes", b.received_bytes},
                                {"keepalives", b.keepalives},
                                {"pings", b.pings},
                                {"forwarded", b.forwarded},
                                {"waiting", room.waiting},
                                {"dropped", b.dropped_total()},
                                {"dropped_by_reason", reasons_json<DropReason>(b.dropped)},
                                {"due", b.due},
                                {"sent", b.sent},
                                {"sent_bytes", b.sent_bytes},
                                {"unsent", b.unsent_total()},
                                {"unsent_by_reason", reasons_json<UnsentReason>(b.unsent)},
                                {"unsettled", room.unsettled},
                                {"kernel_dropped", room.kernel_dropped},
                                {"balanced", b.balance(room.waiting, room.unsettled)}});
  }
  return summary.dump() + "\n";
}

}  // namespace hubbub::relay
