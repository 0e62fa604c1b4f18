#include "voiceclient/link_options.h"

#include <utility>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "codec/wire/limits.h"
#include "codec/wire/text.h"
#include "voiceclient/identity_file.h"
#include "voiceclient/known_people.h"
#include "voiceclient/known_relays.h"
#include "voiceclient/private_input.h"

namespace hubbub::client {
namespace {

constexpr std::string_view kOpenScheme = "open://";
constexpr const char* kLinkVariable = "HUBBUB_LINK";
constexpr const char* kTokenVariable = "HUBBUB_ACCESS_TOKEN";

// Nothing where it is nowhere. The environment is emptied of it in any case.
std::optional<PrivateText> find_link(const LinkArguments& from) {
  auto variable = take_private_variable(kLinkVariable);
  if (!from.file.empty()) return read_private_file(from.file);
  if (from.link == "-") return read_private_line(STDIN_FILENO, "link");
  if (!from.link.empty()) return PrivateText(from.link);
  return variable;
}

seal::Invite parse_sealed_link(std::string_view link) {
  auto invite = seal::Invite::parse(link);
  if (!invite) throw UsageError(invite.error());
  return *invite;
}

std::optional<std::filesystem::path> known_relays_of(const LinkArguments& from) {
  if (!from.known_relays.empty()) return from.known_relays;
  return KnownRelays::default_file();
}

PrivateText passphrase_for(const seal::Invite& invite, const SecretArguments& from) {
  const bool given = from.passphrase || !from.passphrase_file.empty();
  if (!invite.needs_passphrase()) {
    if (given) throw UsageError("this link is an invite, which is a key by itself: leave the passphrase out");
    return {};
  }
  if (!given && isatty(STDIN_FILENO) != 1)
    throw UsageError("the room \"" + invite.room +
                     "\" has a passphrase: give --passphrase or --passphrase-file");
  PrivateText passphrase = from.passphrase_file.empty()
                               ? read_private_line(STDIN_FILENO, "passphrase of the room " + invite.room)
                               : read_private_file(from.passphrase_file);
  if (passphrase.empty()) throw UsageError("the passphrase is empty");
  if (!is_utf8(passphrase.view()))
    throw UsageError("the passphrase is not UTF-8: others could not type the same");
  return passphrase;
}

PrivateText access_token(const SecretArguments& from) {
  const auto variable = take_private_variable(kTokenVariable);
  if (!from.token_file.empty()) return read_private_file(from.token_file);
  return variable.value_or(PrivateText());
}

// open://HOST:PORT, the port 5241 where left out.
HostPort parse_open_link(std::string_view link) {
  // A secret may be pasted without what belongs before it: what is no link is not repeated.
  if (!link.starts_with(kOpenScheme))
    throw UsageError(
        "this is not a link: write hubbub://HOST:PORT/... as it was sent to you, or open://HOST:PORT for an "
        "open room, as in open://192.168.1.10:5241");
  std::string_view rest = link.substr(kOpenScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto relay = HostPort::parse(rest, kDefaultOpenPort);
  if (!relay)
    throw UsageError("\"" + printable(seal::without_secrets(link)) +
                     "\" is not a link: after open:// comes HOST or HOST:PORT (an IPv6 address in brackets)");
  return *relay;
}

}  // namespace

void add_link(CLI::App& app, LinkArguments& from, const char* what) {
  auto* link = app.add_option("LINK", from.link, what);
  app.add_option("--link-file", from.file, "Take the link from this file's first line")
      ->type_name("FILE")
      ->excludes(link);
  app.add_option("--known-relays", from.known_relays,
                 "Where the keys of relays are remembered (default ~/.config/hubbub/known_relays)")
      ->type_name("FILE");
}

void add_identity(CLI::App& app, LinkArguments& from) {
  app.add_option(
         "--identity", from.identity,
         "Who you are: the key that signs what you write (default ~/.config/hubbub/identity; made when "
         "it is not there)")
      ->type_name("FILE");
}

void add_secrets(CLI::App& app, SecretArguments& from) {
  auto* asked = app.add_flag("--passphrase", from.passphrase,
                             "Ask for the room's passphrase: on the terminal, or one line of standard input")
                    ->disable_flag_override();
  app.add_option("--passphrase-file", from.passphrase_file, "Take it from this file's first line")
      ->type_name("FILE")
      ->excludes(asked);
  app.add_option("--access-token-file", from.token_file,
                 "What a private relay asks for: this file's first line (or HUBBUB_ACCESS_TOKEN)")
      ->type_name("FILE");
}

void understand_link(JoinOptions& join, const LinkArguments& link_from, const SecretArguments& secrets_from) {
  const auto given = find_link(link_from);
  if (!given)
    throw UsageError("LINK is missing: write it, or - to read it from standard input, or set HUBBUB_LINK");
  const std::string_view link = seal::trimmed_link(given->view());
  const PrivateText token = access_token(secrets_from);
  if (!seal::is_sealed_link(link)) {
    join.relay = parse_open_link(link);
    join.link = printable(link);
    if (secrets_from.passphrase || !secrets_from.passphrase_file.empty() || !secrets_from.token_file.empty())
      throw UsageError("an open room has no passphrase and no access token");
    return;
  }
  seal::Invite invite = parse_sealed_link(link);
  if (!invite.names_room())
    throw UsageError(
        "the link names a relay and no room: `hubbub invite` makes a room there, or write /ROOM behind it");
  join.relay = invite.relay;
  join.link = invite.shown();
  const PrivateText passphrase = passphrase_for(invite, secrets_from);
  join.sealed = SealedOptions{.invite = std::move(invite),
                              .passphrase = passphrase,
                              .access_token = token,
                              .known_relays = known_relays_of(link_from),
                              .known_people = KnownPeople::default_file(),
                              .identity = link_from.identity.empty()
                                              ? IdentityFile::default_file()
                                              : std::optional<std::filesystem::path>(link_from.identity)};
}

InviteOptions understand_invite(const LinkArguments& from) {
  InviteOptions invite{.link = {}, .known_relays = known_relays_of(from)};
  const auto link = find_link(from);
  if (!link) return invite;
  if (!seal::is_sealed_link(seal::trimmed_link(link->view())))
    throw UsageError(
        "LINK is not hubbub://HOST:PORT: only a sealed room has invites; to an open one, open://HOST:PORT is "
        "the link");
  invite.link = parse_sealed_link(link->view());
  return invite;
}

}  // namespace hubbub::client
