// From a link to the keys of a room: finds out which relay it is, and whether it is the one met before.
#pragma once

#include "voiceclient/core/sealed_session.h"
#include "voiceclient/options.h"

namespace hubbub::client {

// Asks the relay for its key where neither the link nor memory tells it, which takes up to four seconds; a
// passphrase takes another moment by intention. Throws std::runtime_error with a sentence for the person.
SealedRoom keys_for(const SealedOptions& options);

}  // namespace hubbub::client
