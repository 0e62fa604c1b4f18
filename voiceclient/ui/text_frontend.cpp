#include "voiceclient/ui/text_frontend.h"

#include <algorithm>

#include <fmt/format.h>

#include "codec/seal/verification_code.h"
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

std::string_view mark_of(Trust trust) {
  if (trust == Trust::kVerified) return "+";
  return trust == Trust::kChanged ? "?" : "";
}

// The first few of a crowd by name.
std::string names_of(const std::vector<Person>& people) {
  constexpr std::size_t kNamed = 4;
  std::string names;
  for (std::size_t i = 0; i < people.size() && i < kNamed; ++i) {
    if (i > 0) names += i + 1 == people.size() ? " and " : ", ";
    names += label_of(people[i]) + std::string(mark_of(people[i].trust));
  }
  if (people.size() > kNamed) names += fmt::format(" and {} others", people.size() - kNamed);
  return names;
}

std::string duration_in_words(std::uint64_t now_ms, std::uint64_t since_ms) {
  const std::uint64_t seconds = now_ms > since_ms ? (now_ms - since_ms) / 1000 : 0;
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7'200) return fmt::format("{} min", seconds / 60);
  return fmt::format("{} h", seconds / 3'600);
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

void TextFrontend::text(const TextHeard& heard, Trust trust) {
  if (heard.own && !echo_) return;
  std::string before = heard.earlier ? "[earlier, " + clock_time(heard.sent_unix_ms) + "] " : "";
  std::string author = heard.line.author;
  if (author.empty() && heard.author) author = "somebody (" + seal::fingerprint(*heard.author) + ")";
  author += mark_of(trust);
  if (heard.direct) {
    author = heard.own ? "[you to " + heard.to + "] " : "[" + author + " to you] ";
  } else if (heard.action) {
    author = "* " + author + " ";
  } else if (!author.empty()) {
    author = "<" + author + "> ";
  }
  print_({{Style::kNotice, before}, {Style::kAuthor, author}, {Style::kPlain, heard.line.text}});
}

void TextFrontend::members(const MembersReport& report) {
  if (report.first) {
    if (report.joined.empty()) return notice("nobody else is here yet");
    return notice("here: " + names_of(report.joined));
  }
  const std::string here = fmt::format(" ({} here)", report.members);
  if (!report.joined.empty()) notice(names_of(report.joined) + " joined" + here);
  if (!report.left.empty()) notice(names_of(report.left) + " left" + here);
  for (const auto& [before, person] : report.renamed)
    notice((before.empty() ? "somebody (" + person.fingerprint + ")" : before) + " is now " +
           label_of(person));
}

void TextFrontend::name_taken(const NameTaken& taken) {
  notice(fmt::format("{} is taken here{}: /name {} is free", taken.name,
                     taken.joined ? "" : ", and you are not in the room yet", taken.suggestion));
}

void TextFrontend::name_changed(const std::string& name) {
  notice("you are " + name + " now");
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

void TextFrontend::who(const WhoReport& report) {
  const auto voice_of = [](const SpeakerInfo& speaker, TimePoint now) {
    const std::string when = speaker.speaking ? "talking" : "talked " + ago(now - speaker.last_voice);
    return fmt::format("{}, {:.1f} % lost, {:.0f} ms behind", when,
                       percent_of(speaker.stats.lost, speaker.stats.lost + speaker.stats.received),
                       to_ms(speaker.depth));
  };
  if (!report.people) {
    if (report.speakers.empty() && report.authors.empty())
      return notice("nobody was heard in the last minute");
    for (const SpeakerInfo& speaker : report.speakers)
      notice(label_of(speaker.ssrc, speaker.name) + ": " + voice_of(speaker, report.now));
    for (const AuthorInfo& author : report.authors)
      notice(author.name + ": wrote " + ago(report.now - author.last_text));
    return;
  }
  for (const Person& person : *report.people) {
    std::string line = label_of(person) + std::string(mark_of(person.trust)) + ": " + person.fingerprint;
    line += ", here for " + duration_in_words(report.unix_ms, person.member.since_unix_ms);
    if (person.member.own) line += ", you";
    if (person.member.muted) line += ", muted";
    if (person.trust == Trust::kVerified) line += ", verified";
    if (person.trust == Trust::kChanged) line += ", NOT the one who had this name before";
    if (person.ignored) line += ", ignored";
    for (const SpeakerInfo& speaker : report.speakers) {
      if (std::ranges::find(person.member.ssrcs, speaker.ssrc) != person.member.ssrcs.end())
        line += ", " + voice_of(speaker, report.now);
    }
    notice(line);
  }
  if (report.members > report.people->size()) notice(fmt::format("{} are here in all", report.members));
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
