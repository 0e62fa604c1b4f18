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

std::string sealed_text(const SealedSummary& port, Duration uptime) {
  const SealedBooks& b = port.books;
  return fmt::format(
      "sealed {}: up {:.0f} s, {} rooms, {} members, {} sessions ({} handshakes, {} rekeys, {} moves, {} "
      "expired); "
      "received {} = hellos {} + key requests {} + resets {} + envelopes {} + dropped {}{}; "
      "accepted {} = forwarded {} + waiting {} + discarded {}{}; refused {}{}; recovered {}, resent {}; "
      "due {} = sent {} + unsent {}{} + unsettled {}; kernel dropped {}; books {}\n",
      port.port, to_seconds(uptime), port.rooms, port.members, port.sessions, b.handshakes, b.rekeys, b.moves,
      b.sessions_expired, b.received, b.hellos, b.key_requests, b.resets, b.envelopes, total_of(b.dropped),
      reasons_text<DropReason>(b.dropped), b.accepted, b.forwarded, port.waiting, total_of(b.discarded),
      reasons_text<DropReason>(b.discarded), total_of(b.refused), reasons_text<DropReason>(b.refused),
      b.recovered, b.resent, b.due, b.sent, total_of(b.unsent), reasons_text<UnsentReason>(b.unsent),
      port.unsettled, port.kernel_dropped,
      b.balance(port.waiting, port.unsettled) ? "balance" : "DO NOT BALANCE");
}

nlohmann::ordered_json sealed_json(const SealedSummary& port) {
  const SealedBooks& b = port.books;
  return {{"port", port.port},
          {"rooms", port.rooms},
          {"members", port.members},
          {"sessions", port.sessions},
          {"handshakes", b.handshakes},
          {"rekeys", b.rekeys},
          {"moves", b.moves},
          {"sessions_expired", b.sessions_expired},
          {"members_joined", b.members_joined},
          {"members_left", b.members_left},
          {"received", b.received},
          {"received_bytes", b.received_bytes},
          {"hellos", b.hellos},
          {"key_requests", b.key_requests},
          {"resets", b.resets},
          {"envelopes", b.envelopes},
          {"dropped", total_of(b.dropped)},
          {"dropped_by_reason", reasons_json<DropReason>(b.dropped)},
          {"accepted", b.accepted},
          {"forwarded", b.forwarded},
          {"waiting", port.waiting},
          {"discarded", total_of(b.discarded)},
          {"discarded_by_reason", reasons_json<DropReason>(b.discarded)},
          {"refused", total_of(b.refused)},
          {"refused_by_reason", reasons_json<DropReason>(b.refused)},
          {"recovered", b.recovered},
          {"resent", b.resent},
          {"due", b.due},
          {"sent", b.sent},
          {"sent_bytes", b.sent_bytes},
          {"unsent", total_of(b.unsent)},
          {"unsent_by_reason", reasons_json<UnsentReason>(b.unsent)},
          {"unsettled", port.unsettled},
          {"kernel_dropped", port.kernel_dropped},
          {"balanced", b.balance(port.waiting, port.unsettled)}};
}

std::string history_text(const HistoryCounters& history) {
  return fmt::format("history: stored {} in {} commits, waiting {} ({} bytes), given up {}{}\n",
                     history.stored, history.commits, history.waiting, history.waiting_bytes,
                     history.given_up,
                     history.last_error.empty() ? "" : "; last error: " + history.last_error);
}

nlohmann::ordered_json history_json(const HistoryCounters& history) {
  return {{"stored", history.stored},     {"commits", history.commits},
          {"waiting", history.waiting},   {"waiting_bytes", history.waiting_bytes},
          {"given_up", history.given_up}, {"last_error", history.last_error}};
}

}  // namespace

std::string summary_text(const Summary& summary) {
  std::string text;
  if (summary.sealed) text += sealed_text(*summary.sealed, summary.uptime);
  if (summary.history) text += history_text(*summary.history);
  for (const RoomSummary& room : summary.rooms) {
    const Books& b = room.books;
    text += fmt::format(
        "open {}: up {:.0f} s, {} peers ({} joined, {} expired); received {} = keepalives {} + pings {} + "
        "forwarded {} + waiting {} + dropped {}{}; "
        "due {} = sent {} + unsent {}{} + unsettled {}; kernel dropped {}; books {}\n",
        room.port, to_seconds(summary.uptime), room.peers, b.peers_joined, b.peers_expired, b.received,
        b.keepalives, b.pings, b.forwarded, room.waiting, b.dropped_total(),
        reasons_text<DropReason>(b.dropped), b.due, b.sent, b.unsent_total(),
        reasons_text<UnsentReason>(b.unsent), room.unsettled, room.kernel_dropped,
        b.balance(room.waiting, room.unsettled) ? "balance" : "DO NOT BALANCE");
  }
  return text;
}

std::string summary_json(const Summary& summary) {
  nlohmann::ordered_json json = {{"uptime_s", to_seconds(summary.uptime)},
                                 {"rooms", nlohmann::ordered_json::array()}};
  if (summary.sealed) json["sealed"] = sealed_json(*summary.sealed);
  if (summary.history) json["history"] = history_json(*summary.history);
  for (const RoomSummary& room : summary.rooms) {
    const Books& b = room.books;
    json["rooms"].push_back({{"kind", "open"},
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
  return json.dump() + "\n";
}

}  // namespace hubbub::relay
