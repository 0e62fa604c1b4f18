// How the client's programs end, beside success and 2 for what was written wrongly; `--help` says the same.
#pragma once

namespace hubbub::client {

inline constexpr int kNotJoined = 1;     // the relay never answered, or it or the link is wrong
inline constexpr int kNotDelivered = 3;  // not all of what was to be sent was acknowledged
inline constexpr int kNobodyThere = 4;   // the one whom it was for is not in the room

}  // namespace hubbub::client
