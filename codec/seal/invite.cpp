#include "codec/seal/invite.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>

#include "codec/seal/base64url.h"
#include "codec/wire/check.h"
#include "codec/wire/limits.h"
#include "codec/wire/text.h"

namespace hubbub::seal {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";
constexpr std::size_t kKeyCharacters = 43;     // of 32 bytes
constexpr std::size_t kInviteCharacters = 86;  // of 64
constexpr std::size_t kKeyBytes = std::tuple_size_v<PublicKey>;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char letter = lower(c);
  if (letter >= 'a' && letter <= 'f') return static_cast<unsigned>(letter - 'a' + 10);
  return std::nullopt;
}

// `nullopt` where a '%' is not followed by two hexadecimal digits.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (text.size() < 3) return std::nullopt;
    const auto high = hex_digit(text[1]);
    const auto low = hex_digit(text[2]);
    if (!high || !low) return std::nullopt;
    decoded += static_cast<char>(*high * 16 + *low);
    text.remove_prefix(3);
  }
  return decoded;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kUnreserved =  // RFC 3986 section 2.3
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (kUnreserved.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      encoded += {'%', kDigits[byte >> 4U], kDigits[byte & 0xFU]};
    }
  }
  return encoded;
}

PublicKey key_from(std::span<const std::byte> bytes) {
  PublicKey key{};
  CHECK(bytes.size() == key.size());
  std::ranges::copy(bytes, key.begin());
  return key;
}

// The relay's key or a whole invite, from behind the '#'; what is wrong, where it is neither.
std::optional<std::string> read_fragment(std::string_view fragment, Invite& invite) {
  const bool whole = invite.room.empty();
  if (fragment.size() != kKeyCharacters && fragment.size() != kInviteCharacters) {
    return "the link is cut off or has something added: behind its '#' come " +
           std::string(whole ? "86 characters, or 43 of a relay's key alone"
                             : "the 43 characters of a relay's key") +
           ", not " + std::to_string(fragment.size());
  }
  if (!whole && fragment.size() == kInviteCharacters)
    return "the link names a room and holds another one's secret: an invite has nothing between '/' and '#'";
  auto bytes = base64url_decode(fragment);
  if (!bytes)
    return "the link is damaged: behind its '#' stand letters, digits, '-' and '_', and one of them is wrong";
  invite.relay_key = key_from(std::span(*bytes).first(kKeyBytes));
  if (bytes->size() > kKeyBytes)
    invite.room_secret = Key::from(std::span(*bytes).subspan<kKeyBytes, kKeyBytes>());
  wipe(*bytes);
  return std::nullopt;
}

std::optional<std::string> read_room(std::string_view path, Invite& invite) {
  if (path.find_first_of("/?") != std::string_view::npos)
    return "the link's room has a '/' or '?' in its name: write them as %2F and %3F";
  auto room = percent_decoded(path);
  if (!room)
    return "the link's room has a '%' that is not followed by two hexadecimal digits: write %25 for '%'";
  if (!is_room_name(*room)) {
    return "the link's room is not named by 1 to " + std::to_string(kMaxRoomNameBytes) +
           " bytes of UTF-8 without control characters or spaces at its ends";
  }
  invite.room = std::move(*room);
  return std::nullopt;
}

std::string relay_part(const Invite& invite) {
  return std::string(Invite::kScheme) + invite.relay.to_string() + "/";
}

}  // namespace

bool is_room_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxRoomNameBytes && is_utf8(name) && printable(name) == name &&
         columns_of(name) > 0;
}

std::string_view trimmed_link(std::string_view link) {
  const std::size_t first = link.find_first_not_of(kWhiteSpace);
  if (first == std::string_view::npos) return {};
  return link.substr(first, link.find_last_not_of(kWhiteSpace) - first + 1);
}

bool is_sealed_link(std::string_view link) {  // in any case (RFC 3986 section 3.1)
  const std::string_view start = trimmed_link(link).substr(0, Invite::kScheme.size());
  return std::ranges::equal(start, Invite::kScheme, {}, lower);
}

Result<Invite, std::string> Invite::parse(std::string_view link) {
  link = trimmed_link(link);
  // Nothing of it is repeated: a secret alone, pasted without what belongs before it, is no link either.
  if (!is_sealed_link(link))
    return std::string("this is not a link to a sealed room: one begins with hubbub://HOST:PORT/");
  if (link.size() > kMaxLinkBytes)
    return "the link is longer than " + std::to_string(kMaxLinkBytes) + " bytes";
  std::string_view rest = link.substr(kScheme.size());

  std::optional<std::string_view> fragment;
  if (const std::size_t hash = rest.find('#'); hash != std::string_view::npos) {
    fragment = rest.substr(hash + 1);
    rest = rest.substr(0, hash);
  }
  std::string_view path;
  if (const std::size_t slash = rest.find('/'); slash != std::string_view::npos) {
    path = rest.substr(slash + 1);
    rest = rest.substr(0, slash);
  }

  Invite invite;
  const auto relay = HostPort::parse(rest, kDefaultSealedPort);
  if (!relay || !is_utf8(rest))
    return std::string(
        "the link names no relay: after hubbub:// comes HOST or HOST:PORT (an IPv6 address in brackets)");
  invite.relay = *relay;
  // One spelling for one relay: names and addresses have no case, an address's zone has.
  std::string& host = invite.relay.host;
  std::ranges::transform(std::string_view(host).substr(0, host.find('%')), host.begin(), lower);
  if (!path.empty()) {
    if (auto problem = read_room(path, invite)) return std::move(*problem);
  }
  if (fragment) {
    if (auto problem = read_fragment(*fragment, invite)) return std::move(*problem);
  }
  return invite;
}

Invite Invite::to_new_room(const HostPort& relay, const PublicKey& relay_key, Random& random) {
  return {.relay = relay, .relay_key = relay_key, .room_secret = random.secret<Key::kBytes>(), .room = {}};
}

std::string Invite::to_link() const {
  CHECK(!room_secret || (relay_key && room.empty()));
  std::string link = shown();
  if (!relay_key) return link;
  link += '#';
  if (!room_secret) return link + base64url_encode(*relay_key);
  std::array<std::byte, 2 * kKeyBytes> both{};
  std::ranges::copy(*relay_key, both.begin());
  std::ranges::copy(room_secret->view(), both.begin() + kKeyBytes);
  link += base64url_encode(both);
  wipe(both);
  return link;
}

std::string Invite::shown() const {
  return relay_part(*this) + percent_encoded(room);
}

std::string without_secrets(std::string_view text) {
  std::string clean;
  while (!text.empty()) {
    const std::size_t hash = text.find('#');
    clean += text.substr(0, hash);
    if (hash == std::string_view::npos) break;
    clean += "#...";
    const std::size_t end = text.find_first_of(kWhiteSpace, hash);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end);
  }
  return clean;
}

}  // namespace hubbub::seal
