#include "voiceclient/known_relays.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "codec/seal/base64url.h"
#include "codec/wire/text.h"
#include "voiceclient/settings_file.h"

namespace hubbub::client {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRelaysHeading =
    "# The keys of relays, each remembered when it was first met: HOST:PORT KEY\n";

// The words of a line that is no comment.
std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t at = line.find_first_not_of(kBlanks); at != std::string_view::npos && line[at] != '#';
       at = line.find_first_not_of(kBlanks, at)) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

std::optional<seal::PublicKey> parse_key(std::string_view text) {
  const auto bytes = seal::base64url_decode(text);
  seal::PublicKey key{};
  if (!bytes || bytes->size() != key.size()) return std::nullopt;
  std::ranges::copy(*bytes, key.begin());
  return key;
}

std::vector<KnownRelays::Relay> parse_file(const fs::path& path, std::string_view text) {
  std::vector<KnownRelays::Relay> relays;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    const std::string where = shown(path) + ", line " + std::to_string(number);
    const auto relay = HostPort::parse(words[0]);
    const auto key = words.size() == 2 ? parse_key(words[1]) : std::nullopt;
    if (!relay || !key)
      throw std::runtime_error(
          where + ": this is not HOST:PORT and a relay's key of 43 characters; mend the line or remove it");
    const std::string host_port = relay->to_string();
    const auto same = [&](const auto& other) { return other.host_port == host_port; };
    if (std::ranges::any_of(relays, same))
      throw std::runtime_error(where + ": " + printable(host_port) +
                               " has a line above already; remove one of them");
    relays.push_back({.host_port = host_port, .key = *key, .line = number});
  }
  return relays;
}

std::optional<KnownRelays::Relay> find(const std::vector<KnownRelays::Relay>& relays, const HostPort& relay) {
  const std::string host_port = relay.to_string();
  for (const auto& known : relays) {
    if (known.host_port == host_port) return known;
  }
  return std::nullopt;
}

// The text with this relay's line; nothing where it has one already.
std::optional<std::string> with_line(const fs::path& file, std::string text, const HostPort& relay,
                                     const seal::PublicKey& key) {
  if (find(parse_file(file, text), relay)) return std::nullopt;
  if (text.empty()) text = kRelaysHeading;
  if (!text.ends_with('\n')) text += '\n';
  return text + relay.to_string() + " " + seal::base64url_encode(key) + "\n";
}

}  // namespace

std::optional<fs::path> KnownRelays::default_file() {
  return default_settings_file("known_relays");
}

std::vector<KnownRelays::Relay> KnownRelays::list() const {
  if (!file_) return {};
  return parse_file(*file_, read_settings_file(*file_));
}

std::optional<KnownRelays::Relay> KnownRelays::lookup(const HostPort& relay) const {
  return find(list(), relay);
}

Result<std::optional<seal::PublicKey>, std::string> KnownRelays::key_for(const seal::Invite& invite) const {
  const auto known = lookup(invite.relay);
  if (!invite.relay_key) return known ? std::optional(known->key) : std::nullopt;
  if (known && known->key != *invite.relay_key) {
    return "the link's key for " + printable(known->host_port) + " is not the one that " + shown(*file_) +
           " remembers: the link is old or forged, or the relay has a new key. If the key is meant to have "
           "changed, remove line " +
           std::to_string(known->line) + " of that file";
  }
  return invite.relay_key;
}

std::optional<std::string> KnownRelays::problem_with(const HostPort& relay,
                                                     const seal::PublicKey& key) const {
  const auto known = lookup(relay);
  if (!known || known->key == key) return std::nullopt;
  return "the key of " + printable(known->host_port) +
         " has changed: somebody may stand between you and the " +
         "relay, or it was set up anew. If the change is expected, remove line " +
         std::to_string(known->line) + " of " + shown(*file_);
}

std::optional<std::string> KnownRelays::pin(const HostPort& relay, const seal::PublicKey& key) const {
  if (!file_) return std::nullopt;
  try {
    update_settings_file(*file_,
                         [&](std::string text) { return with_line(*file_, std::move(text), relay, key); });
  } catch (const std::exception& error) {
    return "the relay's key is not remembered: " + std::string(error.what());
  }
  return std::nullopt;
}

}  // namespace hubbub::client
