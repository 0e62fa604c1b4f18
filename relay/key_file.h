// The relay's identity on disk: its private key, made at the first start, and the access token it may ask
// for. Files that others can read are refused, as ssh refuses them.
#pragma once

#include <filesystem>
#include <optional>

#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "codec/seal/x25519.h"

namespace hubbub::relay {

struct Identity {
  seal::KeyPair keys;
  bool created = false;  // just now
};

// $STATE_DIRECTORY/relay.key (systemd's), $XDG_STATE_HOME/hubbub/relay.key, or
// ~/.local/state/hubbub/relay.key. Throws ConfigError where the environment tells of none of them.
std::filesystem::path default_key_file();

// Throws ConfigError where the file cannot be read or made, is not a key, or can be read by others.
Identity load_or_create_identity(const std::filesystem::path& file, seal::Random& random);

// The token in a file: its first line, without white space around it. Throws ConfigError as above.
std::string load_access_token(const std::filesystem::path& file);

}  // namespace hubbub::relay
