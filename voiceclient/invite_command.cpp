#include "voiceclient/invite_command.h"

#include <cstddef>

#include "codec/wire/check.h"
#include "codec/wire/text.h"
#include "voiceclient/known_relays.h"

namespace hubbub::client {
namespace {

// How many of the known relays a sentence lists.
constexpr std::size_t kMaxListed = 10;

// The relay that is meant where none is named: the only one there is.
HostPort only_known(const KnownRelays& known) {
  const auto relays = known.list();
  if (relays.empty())
    throw UsageError("no relay is known yet: name one, as in hubbub invite hubbub://HOST:PORT/#RELAYKEY");
  if (relays.size() > 1) {
    std::string list;
    for (std::size_t i = 0; i < relays.size() && i < kMaxListed; ++i)
      list += (i == 0 ? " " : ", ") + printable(relays[i].host_port);
    if (relays.size() > kMaxListed) list += " and others";
    throw UsageError(
        "say which relay the room is to be on, as in hubbub invite hubbub://HOST:PORT; known are" + list);
  }
  const auto relay = HostPort::parse(relays.front().host_port);
  CHECK(relay);
  return *relay;
}

}  // namespace

seal::Invite new_invite(const InviteOptions& options, seal::Random& random) {
  const KnownRelays known(options.known_relays);
  seal::Invite link;
  if (options.link) {
    link = *options.link;
  } else {
    link.relay = only_known(known);
  }
  const auto key = known.key_for(link);
  if (!key) throw UsageError(key.error());
  if (!*key) {
    throw UsageError(
        "the key of the relay " + printable(link.relay.to_string()) +
        " is not known: the relay says it when it starts; write hubbub://HOST:PORT/#RELAYKEY, or join a "
        "room there first");
  }
  return seal::Invite::to_new_room(link.relay, **key, random);
}

std::string invite_advice(const seal::Invite& invite) {
  return "A new room on " + printable(invite.relay.to_string()) +
         ". Whoever has this link can join it and read along: send it only to those who may, over a way you "
         "trust.\nTo join: hubbub join -, and paste the link.\n";
}

}  // namespace hubbub::client
