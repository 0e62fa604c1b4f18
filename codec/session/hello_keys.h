// The MACs of a handshake's datagrams (PROTOCOL.md, section 2.2): they show that a stranger knows the relay's
// key and its access token before the relay spends anything on it, and that an answer is the relay's.
#pragma once

#include <cstddef>
#include <span>

#include "codec/seal/secret.h"
#include "codec/wire/sealed.h"

namespace hubbub::session {

class HelloKeys {
 public:
  // `psk`: of the access token, or zeros. Of a relay whose key is not known yet: both made for a key of
  // zeros.
  HelloKeys(const seal::PublicKey& relay_key, const seal::Key& psk);

  // Puts both MACs at the end of a Hello or a KeyRequest.
  void sign(std::span<std::byte, Hello::kBytes> question) const;
  [[nodiscard]] bool knows_key(std::span<const std::byte, Hello::kBytes> question) const;
  [[nodiscard]] bool knows_token(std::span<const std::byte, Hello::kBytes> question) const;

  // Puts a MAC at the end of a Retry, a Refusal or a KeyAnswer.
  void sign_answer(std::span<std::byte> answer) const;
  [[nodiscard]] bool verify_answer(std::span<const std::byte> answer) const;

 private:
  seal::Key hello_key_;
  seal::Key token_key_;
};

}  // namespace hubbub::session
