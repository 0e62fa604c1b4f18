#include "codec/seal/random.h"

#include <algorithm>
#include <array>
#include <limits>

#include <openssl/rand.h>

#include "codec/seal/octets.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"

namespace hubbub::seal {

std::uint32_t Random::u32() {
  std::array<std::byte, 4> bytes{};
  fill(bytes);
  return ByteReader(bytes).u32();
}

std::uint64_t Random::u64() {
  std::array<std::byte, 8> bytes{};
  fill(bytes);
  return ByteReader(bytes).u64();
}

void SystemRandom::fill(std::span<std::byte> out) {
  // A generator that fails must never look like one that gave zeros.
  CHECK(out.size() <= std::numeric_limits<int>::max());
  CHECK(RAND_bytes(octets(out), static_cast<int>(out.size())) == 1);
}

}  // namespace hubbub::seal
