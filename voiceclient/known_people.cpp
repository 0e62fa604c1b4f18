#include "voiceclient/known_people.h"

#include <algorithm>
#include <exception>
#include <stdexcept>
#include <utility>

#include "codec/seal/base64url.h"
#include "codec/wire/text.h"
#include "voiceclient/settings_file.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPeopleHeading =
    "# Who was met in which room, rewritten by the client: ROOM IDENTITY seen|verified NAME\n";
constexpr std::string_view kSeen = "seen";
constexpr std::string_view kVerified = "verified";

std::string_view without_blanks(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

std::string_view take_word(std::string_view& text) {
  text = without_blanks(text);
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

template <std::size_t N>
bool decode(std::string_view text, std::array<std::byte, N>& out) {
  const auto bytes = seal::base64url_decode(text);
  if (!bytes || bytes->size() != N) return false;
  std::ranges::copy(*bytes, out.begin());
  return true;
}

}  // namespace

KnownPeople::KnownPeople(std::optional<fs::path> file) : file_(std::move(file)) {
  if (file_) lines_ = parse(*file_, read_settings_file(*file_));
}

std::optional<fs::path> KnownPeople::default_file() {
  return default_settings_file("known_people");
}

// --- Questions

std::optional<KnownPeople::Person> KnownPeople::lookup(const seal::RoomId& room,
                                                       const seal::IdentityKey& identity) const {
  const RoomTag tag = tag_of(room);
  for (const Line& line : lines_) {
    if (line.room == tag && line.person.identity == identity) return line.person;
  }
  return std::nullopt;
}

std::optional<KnownPeople::Person> KnownPeople::holder(const seal::RoomId& room,
                                                       std::string_view folded_name) const {
  if (folded_name.empty()) return std::nullopt;
  const RoomTag tag = tag_of(room);
  std::optional<Person> holder;
  for (const Line& line : lines_) {
    if (line.room != tag || hubbub::folded_name(line.person.name) != folded_name) continue;
    if (!holder || line.person.verified || !holder->verified) holder = line.person;
  }
  return holder;
}

// --- Changes

std::optional<std::string> KnownPeople::remember(const seal::RoomId& room, const seal::IdentityKey& identity,
                                                 std::string_view name) {
  return apply([tag = tag_of(room), identity, name = checked_name(name).value_or("")](Lines& lines) {
    const auto known = find(lines, tag, identity);
    const bool verified = known != lines.end() && known->person.verified;
    return put(lines, {.room = tag, .person = {.identity = identity, .name = name, .verified = verified}});
  });
}

std::optional<std::string> KnownPeople::verify(const seal::RoomId& room, const seal::IdentityKey& identity,
                                               std::string_view name) {
  return apply([tag = tag_of(room), identity, name = checked_name(name).value_or("")](Lines& lines) {
    return put(lines, {.room = tag, .person = {.identity = identity, .name = name, .verified = true}});
  });
}

std::optional<std::string> KnownPeople::forget(const seal::RoomId& room, const seal::IdentityKey& identity) {
  return apply([tag = tag_of(room), identity](Lines& lines) {
    const auto known = find(lines, tag, identity);
    if (known == lines.end()) return false;
    lines.erase(known);
    return true;
  });
}

std::optional<std::string> KnownPeople::apply(const Change& change) {
  // What this run knows decides whether there is anything to write: most members of a room are no news.
  const bool news = change(lines_);
  if (!file_ || (!news && pending_.empty())) return std::nullopt;
  pending_.push_back(change);
  if (pending_.size() > kMaxSeen) pending_.erase(pending_.begin());
  try {
    update_settings_file(*file_, [this](const std::string& text) -> std::optional<std::string> {
      Lines merged = parse(*file_, text);
      bool changed = false;
      for (const Change& wanted : pending_) changed |= wanted(merged);
      lines_ = std::move(merged);
      return changed ? std::optional(serialize(lines_)) : std::nullopt;
    });
  } catch (const std::exception& error) {
    return "what is known of people is not written down: " + std::string(error.what());
  }
  pending_.clear();
  return std::nullopt;
}

// Whether the line's place among the others needs no change: nobody was seen under its name after it, and it
// is far from being the next that is forgotten.
bool KnownPeople::is_fresh(const Lines& lines, Lines::const_iterator place) {
  const std::string folded = hubbub::folded_name(place->person.name);
  const bool name_taken = std::any_of(place + 1, lines.end(), [&](const Line& later) {
    return later.room == place->room && hubbub::folded_name(later.person.name) == folded;
  });
  const bool old = lines.size() >= kMaxSeen / 2 && lines.end() - place > std::ssize(lines) / 2;
  return (folded.empty() || !name_taken) && (place->person.verified || !old);
}

bool KnownPeople::put(Lines& lines, Line line) {
  const auto known = find(lines, line.room, line.person.identity);
  if (known != lines.end()) {
    if (known->person.name == line.person.name && known->person.verified == line.person.verified &&
        is_fresh(lines, known))
      return false;
    lines.erase(known);
  }
  lines.push_back(std::move(line));

  const auto seen = [](const Line& other) { return !other.person.verified; };
  auto excess = std::ranges::count_if(lines, seen) - static_cast<std::ptrdiff_t>(kMaxSeen);
  std::erase_if(lines, [&](const Line& other) { return seen(other) && excess-- > 0; });
  return true;
}

KnownPeople::Lines::iterator KnownPeople::find(Lines& lines, const RoomTag& room,
                                               const seal::IdentityKey& identity) {
  return std::ranges::find_if(
      lines, [&](const Line& line) { return line.room == room && line.person.identity == identity; });
}

KnownPeople::RoomTag KnownPeople::tag_of(const seal::RoomId& room) {
  RoomTag tag{};
  std::copy_n(room.begin(), tag.size(), tag.begin());
  return tag;
}

// --- The file

KnownPeople::Lines KnownPeople::parse(const fs::path& file, std::string_view text) {
  Lines lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view written = without_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (written.empty() || written.front() == '#') continue;
    const std::string where = shown(file) + ", line " + std::to_string(number);
    const auto line = parse_line(written);
    if (!line)
      throw std::runtime_error(where +
                               ": this is not ROOM IDENTITY seen|verified NAME; mend the line or remove it");
    if (find(lines, line->room, line->person.identity) != lines.end())
      throw std::runtime_error(where + ": this identity has a line above already; remove one of them");
    lines.push_back(*line);
  }
  return lines;
}

std::optional<KnownPeople::Line> KnownPeople::parse_line(std::string_view text) {
  Line line;
  if (!decode(take_word(text), line.room) || !decode(take_word(text), line.person.identity))
    return std::nullopt;
  const std::string_view state = take_word(text);
  if (state != kSeen && state != kVerified) return std::nullopt;
  line.person.verified = state == kVerified;
  text = without_blanks(text);
  if (text.empty()) return line;
  const auto name = checked_name(text);
  if (!name) return std::nullopt;
  line.person.name = *name;
  return line;
}

std::string KnownPeople::serialize(const Lines& lines) {
  std::string text(kPeopleHeading);
  for (const Line& line : lines) {
    text += seal::base64url_encode(line.room) + " " + seal::base64url_encode(line.person.identity) + " ";
    text += line.person.verified ? kVerified : kSeen;
    if (!line.person.name.empty()) text += " " + line.person.name;
    text += '\n';
  }
  return text;
}

}  // namespace hubbub::client
