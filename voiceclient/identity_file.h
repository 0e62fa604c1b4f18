// Who this person is to others: the Ed25519 seed on disk, made silently at the first start. Refused where
// others can read it, as the relay's key is.
#pragma once

#include <filesystem>
#include <optional>
#include <utility>

#include "codec/seal/random.h"
#include "codec/seal/secret.h"

namespace hubbub::client {

class IdentityFile {
 public:
  // Without a file each run is somebody new.
  explicit IdentityFile(std::optional<std::filesystem::path> file) : file_(std::move(file)) {}

  // $XDG_CONFIG_HOME/hubbub/identity, or ~/.config/hubbub/identity; nothing where the environment tells of
  // neither.
  static std::optional<std::filesystem::path> default_file();

  // The seed in the file, made where there is none yet; another client that makes it at the same time
  // gets the same. Throws std::runtime_error where it cannot be read or made, is none, or can be read by
  // others.
  [[nodiscard]] seal::Key load_or_create(seal::Random& random) const;

 private:
  std::optional<std::filesystem::path> file_;
};

}  // namespace hubbub::client
