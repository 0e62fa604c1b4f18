// Events for programs: one JSON object a line on standard output, its kind under "event", seconds since the
// start under "t".
#pragma once

#include <memory>

#include "voiceclient/ui/frontend.h"

namespace hubbub::client {

std::unique_ptr<Frontend> make_json_frontend(TimePoint started);

}  // namespace hubbub::client
