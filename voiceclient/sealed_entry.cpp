#include "voiceclient/sealed_entry.h"

#include <stdexcept>
#include <string>

#include "codec/seal/random.h"
#include "codec/seal/room_keys.h"
#include "codec/session/key_probe.h"
#include "relay/net/clock.h"
#include "relay/net/loop.h"
#include "voiceclient/connection.h"
#include "voiceclient/identity_file.h"
#include "voiceclient/known_relays.h"

namespace hubbub::client {
namespace {

constexpr Duration kProbeTick = 50ms;

// A relay that nobody told us the key of: it is asked, and believed the first time.
seal::PublicKey ask_for_key(const HostPort& relay, const seal::Key& unknown_psk) {
  net::Loop loop;
  seal::SystemRandom random;
  std::string why =
      "nothing answers there, or not to strangers: ask for a full invite, and whether an access token is "
      "needed";
  Connection* way = nullptr;
  session::KeyProbe probe(unknown_psk, random,
                          [&way](std::span<const std::byte> datagram) { way->send(net::now(), datagram); });
  bool open = false;
  Connection connection(loop, relay,
                        {.opened = [&open](TimePoint) { open = true; },
                         .receive =
                             [&](TimePoint, std::span<const std::byte> bytes) {
                               probe.receive(bytes);
                               if (probe.key()) loop.stop();
                             },
                         .failed =
                             [&](TimePoint, const std::string& reason) {
                               why = reason;
                               loop.stop();
                             }});
  way = &connection;
  connection.open();
  net::Timer timer(loop, [&](TimePoint now) {
    if (open && !probe.tick(now)) loop.stop();
  });
  timer.start(Duration::zero(), kProbeTick);
  loop.run();
  if (!probe.key()) throw std::runtime_error("cannot learn the key of " + relay.to_string() + ": " + why);
  return *probe.key();
}

}  // namespace

SealedRoom keys_for(const SealedOptions& options) {
  const seal::Invite& invite = options.invite;
  const KnownRelays known(options.known_relays);
  const auto expected = known.key_for(invite);
  if (!expected) throw std::runtime_error(expected.error());

  SealedRoom room;
  if (const auto remembered = known.lookup(invite.relay); remembered && !invite.relay_key) {
    room.if_other_key =
        "somebody may stand between you and the relay, or it was set up anew; if the change is expected, "
        "remove line " +
        std::to_string(remembered->line) + " of " + options.known_relays->string();
  }
  if (!options.access_token.empty())
    room.unknown_psk = seal::access_token_psk(options.access_token.view(), {});
  room.relay_key = *expected ? **expected : ask_for_key(invite.relay, room.unknown_psk);
  if (!options.access_token.empty())
    room.psk = seal::access_token_psk(options.access_token.view(), room.relay_key);
  room.room_secret = invite.room_secret ? *invite.room_secret
                                        : seal::room_secret_from_passphrase(options.passphrase.view(),
                                                                            invite.room, room.relay_key);
  seal::SystemRandom random;
  room.identity_seed = IdentityFile(options.identity).load_or_create(random);
  return room;
}

}  // namespace hubbub::client
