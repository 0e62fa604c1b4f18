// Who was met in which room, and whose key was compared by voice or side by side: so that a name which
// another key takes up later can be told from the one that had it. Names are the rooms' members' own choice;
// keys are not.
#pragma once

#include <array>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/seal/ed25519.h"
#include "codec/seal/room_keys.h"

namespace hubbub::client {

class KnownPeople {
 public:
  // Whoever was seen longest ago is forgotten beyond this; whoever was verified, never.
  static constexpr std::size_t kMaxSeen = 1'000;

  struct Person {
    seal::IdentityKey identity{};
    std::string name;  // the last one known; may be empty
    bool verified = false;
  };

  // Reads the file, the only time but for changes. Without one, what is learnt lasts for this run. Throws
  // std::runtime_error where it cannot be read, or a line of it not.
  explicit KnownPeople(std::optional<std::filesystem::path> file);

  // $XDG_CONFIG_HOME/hubbub/known_people, or ~/.config/hubbub/known_people; nothing where the environment
  // tells of neither.
  static std::optional<std::filesystem::path> default_file();

  [[nodiscard]] std::optional<Person> lookup(const seal::RoomId& room,
                                             const seal::IdentityKey& identity) const;
  // Who had this name there last, verified ones before all others. `folded_name` is `hubbub::folded_name`'s.
  [[nodiscard]] std::optional<Person> holder(const seal::RoomId& room, std::string_view folded_name) const;

  // Each changes what this object knows and then the file, with what other clients wrote there meanwhile. A
  // name that is none is kept as an empty one. Returns a sentence where the file could not be changed: the
  // next call of any of these tries it again.

  // Somebody is in the room under this name; whoever is verified stays so.
  [[nodiscard]] std::optional<std::string> remember(const seal::RoomId& room,
                                                    const seal::IdentityKey& identity, std::string_view name);
  [[nodiscard]] std::optional<std::string> verify(const seal::RoomId& room, const seal::IdentityKey& identity,
                                                  std::string_view name);
  [[nodiscard]] std::optional<std::string> forget(const seal::RoomId& room,
                                                  const seal::IdentityKey& identity);

 private:
  // Enough of a room's id to tell a person's rooms apart, and too little to enter one.
  using RoomTag = std::array<std::byte, 8>;
  struct Line {
    RoomTag room{};
    Person person;
  };
  using Lines = std::vector<Line>;  // whoever was seen last is last
  // Says whether it changed anything.
  using Change = std::function<bool(Lines&)>;

  static RoomTag tag_of(const seal::RoomId& room);
  static Lines parse(const std::filesystem::path& file, std::string_view text);
  static std::optional<Line> parse_line(std::string_view text);
  static std::string serialize(const Lines& lines);
  static Lines::iterator find(Lines& lines, const RoomTag& room, const seal::IdentityKey& identity);
  static bool is_fresh(const Lines& lines, Lines::const_iterator place);
  static bool put(Lines& lines, Line line);
  std::optional<std::string> apply(const Change& change);

  std::optional<std::filesystem::path> file_;
  Lines lines_;
  std::vector<Change> pending_;  // what the file does not have yet; of these, too, no more than kMaxSeen
};

}  // namespace hubbub::client
