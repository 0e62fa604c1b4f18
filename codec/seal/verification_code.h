// What two people compare, by voice or side by side, to know that nobody stands between them; and the short
// name of a key.
#pragma once

#include <string>

#include "codec/seal/ed25519.h"

namespace hubbub::seal {

// "12345 67890 12345 67890", the same for (a, b) and (b, a): the 64-bit big-endian words of
// SHA-256("hubbub verify v1" | the smaller key | the larger key), each modulo 100,000.
[[nodiscard]] std::string verification_code(const IdentityKey& a, const IdentityKey& b);

// "abcd-efgh": the first 40 bits of SHA-256("hubbub fingerprint v1" | key) in base32 (RFC 4648 section 6),
// lower case. It tells keys apart that nobody chose to look alike; to be sure of one, compare the code above.
[[nodiscard]] std::string fingerprint(const IdentityKey& key);

}  // namespace hubbub::seal
