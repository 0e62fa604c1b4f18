#include "voiceclient/ui/json_frontend.h"

#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "codec/seal/verification_code.h"
#include "relay/net/clock.h"
#include "voiceclient/ui/command.h"

namespace hubbub::client {
namespace {

using Json = nlohmann::ordered_json;

double rounded_ms(Duration duration) {
  return std::round(to_ms(duration) * 1000) / 1000;
}

Json optional_ms(const std::optional<Duration>& duration) {
  return duration ? Json(rounded_ms(*duration)) : Json(nullptr);
}

// The machine's steady clock: comparable between programs of one machine.
Json clock_json(const std::optional<TimePoint>& instant) {
  return instant ? Json(to_seconds(instant->time_since_epoch())) : Json(nullptr);
}

std::string hex(std::uint32_t ssrc) {
  return fmt::format("{:08x}", ssrc);
}

Json speaker_json(const SpeakerInfo& speaker) {
  const auto& s = speaker.stats;
  return {{"ssrc", hex(speaker.ssrc)},
          {"name", speaker.name},
          {"speaking", speaker.speaking},
          {"received", s.received},
          {"lost", s.lost},
          {"late", s.late},
          {"duplicates", s.duplicates},
          {"reordered", s.reordered},
          {"played", s.played},
          {"concealed_s", static_cast<double>(s.concealed) / kSampleRate},
          {"skipped", s.skipped},
          {"restarts", s.restarts},
          {"jitter_ms", rounded_ms(s.jitter)},
          {"buffer_ms", rounded_ms(speaker.depth)}};
}

Json person_json(const Person& person) {
  Json ssrcs = Json::array();
  for (const std::uint32_t ssrc : person.member.ssrcs) ssrcs.push_back(hex(ssrc));
  return {{"name", person.member.name},
          {"identity", person.fingerprint},
          {"trust", name_of(person.trust)},
          {"ssrcs", ssrcs}};
}

class JsonFrontend final : public Frontend {
 public:
  explicit JsonFrontend(TimePoint started) : started_(started) {}

  void joining(const std::string& room, std::uint32_t ssrc) override {
    emit("joining", {{"room", room}, {"ssrc", hex(ssrc)}});
  }
  void relay_here(std::optional<Duration> round_trip) override {
    emit("relay", {{"here", true}, {"round_trip_ms", optional_ms(round_trip)}});
  }
  void relay_away(const std::string& why) override { emit("relay", {{"here", false}, {"why", why}}); }
  void text(const TextHeard& heard, Trust trust) override {
    if (!heard.author) {
      if (heard.own) return emit("sent", {{"text", heard.line.text}});
      return emit("message", {{"from", heard.line.author}, {"text", heard.line.text}});
    }
    Json fields = {{"from", heard.line.author},
                   {"text", heard.line.text},
                   {"identity", seal::fingerprint(*heard.author)},
                   {"trust", name_of(trust)},
                   {"action", heard.action},
                   {"direct", heard.direct},
                   {"earlier", heard.earlier},
                   {"sent_unix_ms", heard.sent_unix_ms},
                   {"number", heard.number}};
    if (heard.own && heard.direct) fields["to"] = heard.to;
    emit(heard.own ? "sent" : "message", fields);
  }
  void members(const MembersReport& report) override {
    for (const Person& person : report.joined) {
      Json fields = person_json(person);
      fields["before_us"] = report.first;
      fields["members"] = report.members;
      emit("join", fields);
    }
    for (const Person& person : report.left) {
      Json fields = person_json(person);
      fields["members"] = report.members;
      emit("leave", fields);
    }
    for (const auto& [before, person] : report.renamed) {
      Json fields = person_json(person);
      fields["before"] = before;
      emit("rename", fields);
    }
  }
  void name_taken(const NameTaken& taken) override {
    emit("name_taken", {{"name", taken.name}, {"suggestion", taken.suggestion}, {"joined", taken.joined}});
  }
  void name_changed(const std::string& name) override { emit("name", {{"name", name}}); }
  void speaking(const Speaking& event) override {
    emit("talking", {{"ssrc", hex(event.ssrc)}, {"name", event.name}, {"begins", event.begins}});
  }
  void muted(bool muted) override { emit("muted", {{"muted", muted}}); }
  void notice(const std::string& sentence) override { emit("notice", {{"text", sentence}}); }
  void refused(const std::string& why) override { emit("refused", {{"why", why}}); }
  void who(const WhoReport& report) override {
    Json people = Json::array();
    if (report.people) {
      for (const Person& person : *report.people) {
        Json fields = person_json(person);
        fields["since_unix_ms"] = person.member.since_unix_ms;
        fields["muted"] = person.member.muted;
        fields["own"] = person.member.own;
        fields["ignored"] = person.ignored;
        people.push_back(std::move(fields));
      }
    }
    for (const auto& speaker : report.speakers) {
      people.push_back({{"ssrc", hex(speaker.ssrc)},
                        {"name", speaker.name},
                        {"speaking", speaker.speaking},
                        {"voice_ago_ms", rounded_ms(report.now - speaker.last_voice)}});
    }
    for (const auto& author : report.authors)
      people.push_back({{"name", author.name}, {"text_ago_ms", rounded_ms(report.now - author.last_text)}});
    emit("who", {{"people", people}, {"members", report.members}});
  }
  void stats(const StatsReport& report) override {
    const SessionStats& s = report.session;
    Json dropped = Json::object();
    for (std::size_t i = 0; i < kDropReasons; ++i) {
      if (s.dropped[i] != 0) dropped[std::string(name_of(static_cast<DropReason>(i)))] = s.dropped[i];
    }
    Json speakers = Json::array();
    for (const auto& speaker : report.speakers) speakers.push_back(speaker_json(speaker));
    emit("stats", {{"round_trip_ms", optional_ms(report.round_trip)},
                   {"muted", report.muted},
                   {"datagrams_sent", s.datagrams_sent},
                   {"datagrams_received", s.datagrams_received},
                   {"texts_sent", s.texts_sent},
                   {"texts_received", s.texts_received},
                   {"voice_packets_sent", s.voice_packets_sent},
                   {"voice_bytes_sent", s.voice_bytes_sent},
                   {"frame_ms", rounded_ms(report.frame)},
                   {"encoder_ms", rounded_ms(report.lookahead)},
                   {"playout_delay_ms", rounded_ms(report.playout_delay)},
                   {"input_latency_ms", optional_ms(report.input_latency)},
                   {"output_latency_ms", optional_ms(report.output_latency)},
                   {"input_started_clock_s", clock_json(report.input_started)},
                   {"output_started_clock_s", clock_json(report.output_started)},
                   {"dropped", dropped},
                   {"speakers", speakers}});
  }
  void help() override { emit("help", {{"lines", help_lines()}}); }
  void left() override { emit("left", Json::object()); }
  [[nodiscard]] bool alive() const override { return out_.alive(); }

 private:
  void emit(const char* event, const Json& fields) {
    Json line = {{"event", event}, {"t", std::round(to_ms(net::now() - started_)) / 1000}};
    line.update(fields);
    // Names and texts are valid UTF-8; what comes from the system need not be.
    out_.write(line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  }

  TimePoint started_;
  LineWriter out_;
};

}  // namespace

std::unique_ptr<Frontend> make_json_frontend(TimePoint started) {
  return std::make_unique<JsonFrontend>(started);
}

}  // namespace hubbub::client
