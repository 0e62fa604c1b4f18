#include "voiceclient/identity_file.h"

#include <span>
#include <stdexcept>
#include <string>
#include <utility>

#include "codec/seal/base64url.h"
#include "codec/wire/text.h"
#include "relay/net/secret_file.h"
#include "voiceclient/settings_file.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw std::runtime_error(printable("identity file " + file.string() + ": " + why));
}

std::optional<std::string> read_line(const fs::path& file) {
  auto line = net::read_secret_file(file);
  if (!line) fail(file, line.error());
  return std::move(*line);
}

void make(const fs::path& file, const seal::Key& seed) {
  std::string line = seal::base64url_encode(seed.view());
  const auto problem = net::create_secret_file(file, line);
  seal::wipe(std::as_writable_bytes(std::span(line)));
  if (problem) fail(file, *problem + "; make its directory writable, or say another with XDG_CONFIG_HOME");
}

std::optional<seal::Key> parse_seed(std::string& line) {
  auto bytes = seal::base64url_decode(line);
  seal::wipe(std::as_writable_bytes(std::span(line)));
  if (!bytes) return std::nullopt;
  std::optional<seal::Key> seed;
  if (bytes->size() == seal::Key::kBytes) seed = seal::Key::from(std::span<const std::byte, 32>(*bytes));
  seal::wipe(*bytes);
  return seed;
}

}  // namespace

std::optional<fs::path> IdentityFile::default_file() {
  return default_settings_file("identity");
}

seal::Key IdentityFile::load_or_create(seal::Random& random) const {
  if (!file_) return random.secret<seal::Key::kBytes>();
  auto line = read_line(*file_);
  if (!line) {
    make(*file_, random.secret<seal::Key::kBytes>());
    line = read_line(*file_);
    if (!line) fail(*file_, "is gone again");
  }
  const auto seed = parse_seed(*line);
  if (!seed)
    fail(*file_,
         "is not an identity (43 characters of base64url); restore it, or move it away to get a new one, "
         "which "
         "those who know you will take for somebody else");
  return *seed;
}

}  // namespace hubbub::client
