// The keys of relays met before, as ssh keeps its known_hosts: the first key a relay shows is remembered, and
// another one later is refused until the person has removed the line. The file is read anew for each
// question: there are few, and other clients write it too.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "codec/seal/invite.h"
#include "codec/seal/secret.h"
#include "codec/wire/endpoint.h"
#include "codec/wire/result.h"

namespace hubbub::client {

class KnownRelays {
 public:
  // Without a file nothing is known, and nothing remembered.
  explicit KnownRelays(std::optional<std::filesystem::path> file) : file_(std::move(file)) {}

  // $XDG_CONFIG_HOME/hubbub/known_relays, or ~/.config/hubbub/known_relays; nothing where the environment
  // tells of neither.
  static std::optional<std::filesystem::path> default_file();

  struct Relay {
    std::string host_port;
    seal::PublicKey key{};
    std::size_t line = 0;  // of the file, from 1
  };

  // All of the file, in its order. Throws std::runtime_error where it cannot be read, or a line of it not.
  [[nodiscard]] std::vector<Relay> list() const;
  [[nodiscard]] std::optional<Relay> lookup(const HostPort& relay) const;

  // The key that the relay of this link must have: the link's own, or the remembered one, or nothing where
  // neither tells. A sentence where they contradict each other. Throws as `list`.
  [[nodiscard]] Result<std::optional<seal::PublicKey>, std::string> key_for(const seal::Invite& invite) const;
  // What to say of a relay that shows this key; nothing where it is the known one, or the first. Throws as
  // `list`.
  [[nodiscard]] std::optional<std::string> problem_with(const HostPort& relay,
                                                        const seal::PublicKey& key) const;

  // Remembers a relay's key once it has proved to hold it; to do so again changes nothing. Returns a sentence
  // where that failed: the client goes on without. A remembered key is never replaced.
  [[nodiscard]] std::optional<std::string> pin(const HostPort& relay, const seal::PublicKey& key) const;

 private:
  std::optional<std::filesystem::path> file_;
};

}  // namespace hubbub::client
