// The session description (RFC 8866) with which a foreign player understands a room's RTP.
#pragma once

#include <string>

#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"

namespace hubbub::client {

// Opus as RFC 7587 section 7 describes it, to be received at `player`.
std::string session_description(const Endpoint& player, Duration frame);

}  // namespace hubbub::client
