#include "voiceclient/ui/text_frontend.h"

#include <fmt/format.h>

#include "voiceclient/ui/command.h"

namespace hubbub::client {
namespace {

// Speakers whose coming was told; beyond this the list begins anew, and some are told of twice.
constexpr std::size_t kMaxAnnounced = 256;

std::string ago(Duration duration) {
  return duration < 1s
             ? "now"
             : fmt::format("{} s ago", std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

double percent_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

std::string latency_text(const std::optional<Duration>& latency) {
  return latency ? fmt::format("{:.0f} ms", to_ms(*latency)) : std::string("none");
}

}  // namespace

std::string plain_line(const std::vector<Segment>& message) {
  std::string line;
  for (const Segment& segment : message) line += segment.text;
  return printable(line) + "\n";
}

TextFrontend::TextFrontend(Print print, bool echo, std::function<bool()> alive)
    : print_(std::move(print)), echo_(echo), alive_(std::move(alive)) {}

void TextFrontend::notice(const std::string& sentence) {
  print_({{Style::kNotice, "* "}, {Style::kNotice, sentence}});
}

void TextFrontend::joining(const std::string& room, std::uint32_t) {
  notice("joining " + room + "; /help lists the commands");
}

void TextFrontend::relay_here(std::optional<Duration> round_trip) {
  notice(round_trip ? fmt::format("the relay is here, {:.1f} ms away and back", to_ms(*round_trip))
                    : std::string("the relay is here"));
}

void TextFrontend::relay_away(const std::string& why) {
  notice("the relay is away: " + why + "; trying again by itself");
}

void TextFrontend::text(const TextLine& line) {
  if (line.author.empty()) {
    print_({{Style::kPlain, line.text}});
  } else {
    const std::string author = "<" + line.author + "> ";
    print_({{Style::kAuthor, author}, {Style::kPlain, line.text}});
  }
}

void TextFrontend::own_text(const TextLine& line) {
  if (echo_) text(line);
}

void TextFrontend::speaking(const Speaking& event) {
  if (!event.begins || announced_.contains(event.ssrc)) return;
  if (announced_.size() >= kMaxAnnounced) announced_.clear();
  announced_.insert(event.ssrc);
  notice(label_of(event.ssrc, event.name) + " is speaking");
}

void TextFrontend::muted(bool muted) {
  notice(muted ? "you are muted; /mute again to be heard" : "you can be heard");
}

void TextFrontend::refused(const std::string& why) {
  notice(why);
}

void TextFrontend::who(TimePoint now, const std::vector<SpeakerInfo>& speakers,
                       const std::vector<AuthorInfo>& authors) {
  if (speakers.empty() && authors.empty()) return notice("nobody was heard in the last minute");
  for (const SpeakerInfo& speaker : speakers) {
    const std::string when = speaker.speaking ? "speaking" : "spoke " + ago(now - speaker.last_voice);
    notice(fmt::format("{}: {}, {:.1f} % lost", label_of(speaker.ssrc, speaker.name), when,
                       percent_of(speaker.stats.lost, speaker.stats.lost + speaker.stats.received)));
  }
  for (const AuthorInfo& author : authors) notice(author.name + ": wrote " + ago(now - author.last_text));
}

void TextFrontend::stats(const StatsReport& report) {
  notice(fmt::format("relay {}; sent {} datagrams, {} of voice{}; received {}",
                     report.round_trip ? fmt::format("{:.1f} ms away and back", to_ms(*report.round_trip))
                                       : std::string("has not answered"),
                     report.session.datagrams_sent, report.session.voice_packets_sent,
                     report.muted ? " (muted)" : "", report.session.datagrams_received));
  notice(fmt::format(
      "microphone {}, frame {:.0f} ms, encoder {:.1f} ms, playout delay {:.0f} ms, loudspeaker {}",
      latency_text(report.input_latency), to_ms(report.frame), to_ms(report.lookahead),
      to_ms(report.playout_delay), latency_text(report.output_latency)));
  for (const SpeakerInfo& speaker : report.speakers) {
    const auto& s = speaker.stats;
    notice(
        fmt::format("{}: {} received, {} lost ({:.1f} %), {} late, {} twice, {} out of order, {:.2f} s "
                    "concealed, jitter {:.1f} ms, buffer {:.0f} ms",
                    label_of(speaker.ssrc, speaker.name), s.received, s.lost,
                    percent_of(s.lost, s.lost + s.received), s.late, s.duplicates, s.reordered,
                    static_cast<double>(s.concealed) / kSampleRate, to_ms(s.jitter), to_ms(speaker.depth)));
  }
  for (std::size_t i = 0; i < kDropReasons; ++i) {
    if (report.session.dropped[i] != 0)
      notice(fmt::format("not understood: {} {}", report.session.dropped[i],
                         name_of(static_cast<DropReason>(i))));
  }
}

void TextFrontend::help() {
  for (const std::string& line : help_lines()) notice(line);
}

void TextFrontend::left() {
  notice("left the room");
}

}  // namespace hubbub::client
