#include "codec/seal/verification_code.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "codec/seal/digest.h"
#include "codec/wire/byte_io.h"

namespace hubbub::seal {
namespace {

constexpr std::size_t kGroups = 4;
constexpr std::size_t kDigitsAGroup = 5;
constexpr std::uint64_t kGroupValues = 100'000;
constexpr std::string_view kBase32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr int kFingerprintCharacters = 8;

}  // namespace

std::string verification_code(const IdentityKey& a, const IdentityKey& b) {
  const auto& [smaller, larger] = std::minmax(a, b);
  const Digest digest = sha256({as_bytes("hubbub verify v1"), smaller, larger});
  ByteReader reader(digest);
  std::string code;
  for (std::size_t i = 0; i < kGroups; ++i) {
    const std::string digits = std::to_string(reader.u64() % kGroupValues);
    if (i > 0) code += ' ';
    code.append(kDigitsAGroup - digits.size(), '0');
    code += digits;
  }
  return code;
}

std::string fingerprint(const IdentityKey& key) {
  const Digest digest = sha256({as_bytes("hubbub fingerprint v1"), key});
  const std::uint64_t first_bits = ByteReader(digest).u64();
  std::string text;
  for (int i = 0; i < kFingerprintCharacters; ++i) {
    if (i == kFingerprintCharacters / 2) text += '-';
    text += kBase32[(first_bits >> (59 - 5 * i)) & 31U];
  }
  return text;
}

}  // namespace hubbub::seal
