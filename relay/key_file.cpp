#include "relay/key_file.h"

#include <cstdlib>
#include <span>
#include <string>
#include <utility>

#include "codec/seal/base64url.h"
#include "relay/config.h"
#include "relay/net/secret_file.h"

namespace hubbub::relay {
namespace {

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& file, const std::string& why) {
  throw ConfigError(what + " " + file.string() + ": " + why);
}

std::optional<std::string> read_secret(const std::string& what, const std::filesystem::path& file) {
  auto line = net::read_secret_file(file);
  if (!line) fail(what, file, line.error());
  return std::move(*line);
}

void write_key(const std::filesystem::path& file, const seal::Key& key) {
  std::string line = seal::base64url_encode(key.view());
  const auto problem = net::create_secret_file(file, line);
  seal::wipe(std::as_writable_bytes(std::span(line)));
  if (problem) fail("key file", file, *problem + "; choose another with --key");
}

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): read before anything else runs
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

}  // namespace

std::filesystem::path default_key_file() {
  if (const auto state = environment("STATE_DIRECTORY")) return std::filesystem::path(*state) / "relay.key";
  if (const auto state = environment("XDG_STATE_HOME"))
    return std::filesystem::path(*state) / "hubbub" / "relay.key";
  if (const auto home = environment("HOME"))
    return std::filesystem::path(*home) / ".local" / "state" / "hubbub" / "relay.key";
  throw ConfigError("there is no HOME to keep the relay's key in; say where with --key FILE");
}

Identity load_or_create_identity(const std::filesystem::path& file, seal::Random& random) {
  bool created = false;
  auto text = read_secret("key file", file);
  if (!text) {
    write_key(file, random.secret<32>());
    created = true;
    text = read_secret("key file", file);
    if (!text) fail("key file", file, "is gone again");
  }
  const auto bytes = seal::base64url_decode(*text);
  seal::wipe(std::as_writable_bytes(std::span(*text)));
  if (!bytes || bytes->size() != seal::Key::kBytes)
    fail("key file", file,
         "is not a relay's key (43 characters of base64url); restore it, or move it away to get a new one");
  return {.keys = seal::KeyPair::from_private(seal::Key::from(std::span<const std::byte, 32>(*bytes))),
          .created = created};
}

std::string load_access_token(const std::filesystem::path& file) {
  const auto text = read_secret("access token file", file);
  if (!text) fail("access token file", file, "is not there");
  if (text->empty()) fail("access token file", file, "is empty; its first line is the token");
  return *text;
}

}  // namespace hubbub::relay
