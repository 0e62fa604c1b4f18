// `hubbub invite`: a link to a new room. A room needs nobody's leave to exist, so no relay is asked.
#pragma once

#include <string>

#include "codec/seal/invite.h"
#include "codec/seal/random.h"
#include "voiceclient/options.h"

namespace hubbub::client {

// Throws UsageError where the relay, or its key, is not known; std::runtime_error where the file of known
// relays cannot be read.
seal::Invite new_invite(const InviteOptions& options, seal::Random& random);
// What to tell the person beside the link.
std::string invite_advice(const seal::Invite& invite);

}  // namespace hubbub::client
