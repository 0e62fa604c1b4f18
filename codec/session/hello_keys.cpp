#include "codec/session/hello_keys.h"

#include <algorithm>

#include "codec/seal/digest.h"
#include "codec/wire/check.h"

namespace hubbub::session {
namespace {

Mac mac(const seal::Key& key, std::span<const std::byte> bytes) {
  const seal::Digest digest = seal::hmac_sha256(key.view(), {bytes});
  Mac result;
  std::copy_n(digest.begin(), result.size(), result.begin());
  return result;
}

}  // namespace

HelloKeys::HelloKeys(const seal::PublicKey& relay_key, const seal::Key& psk)
    : hello_key_(seal::Key::from(seal::hmac_sha256(relay_key, {as_bytes("hubbub hello v1")}))),
      token_key_(seal::Key::from(seal::hmac_sha256(psk.view(), {as_bytes("hubbub token v1"), relay_key}))) {}

void HelloKeys::sign(std::span<std::byte, Hello::kBytes> question) const {
  std::ranges::copy(mac(hello_key_, question.first(Hello::kMac1At)),
                    question.subspan(Hello::kMac1At).begin());
  std::ranges::copy(mac(token_key_, question.first(Hello::kMac2At)),
                    question.subspan(Hello::kMac2At).begin());
}

bool HelloKeys::knows_key(std::span<const std::byte, Hello::kBytes> question) const {
  return seal::equal(mac(hello_key_, question.first(Hello::kMac1At)),
                     question.subspan(Hello::kMac1At, sizeof(Mac)));
}

bool HelloKeys::knows_token(std::span<const std::byte, Hello::kBytes> question) const {
  return seal::equal(mac(token_key_, question.first(Hello::kMac2At)), question.subspan(Hello::kMac2At));
}

void HelloKeys::sign_answer(std::span<std::byte> answer) const {
  CHECK(answer.size() > sizeof(Mac));
  const std::size_t at = answer.size() - sizeof(Mac);
  std::ranges::copy(mac(hello_key_, answer.first(at)), answer.subspan(at).begin());
}

bool HelloKeys::verify_answer(std::span<const std::byte> answer) const {
  if (answer.size() <= sizeof(Mac)) return false;
  const std::size_t at = answer.size() - sizeof(Mac);
  return seal::equal(mac(hello_key_, answer.first(at)), answer.subspan(at));
}

}  // namespace hubbub::session
