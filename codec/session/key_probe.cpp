#include "codec/session/key_probe.h"

#include <algorithm>
#include <array>
#include <utility>

#include "codec/wire/limits.h"

namespace hubbub::session {

KeyProbe::KeyProbe(const seal::Key& psk, seal::Random& random, Send send)
    : keys_({}, psk), send_(std::move(send)), interval_(kEntryFirstRetry) {
  random.fill(nonce_);
}

bool KeyProbe::tick(TimePoint now) {
  if (!started_) {
    started_ = now;
    next_ = now;
  }
  if (key_) return true;
  if (now - *started_ >= kGivesUpAfter) return false;
  if (now < next_) return true;
  next_ = now + interval_;
  interval_ = std::min(2 * interval_, kEntrySlowestRetry);
  Hello question;
  question.preamble = {.kind = SealedKind::kKeyRequest, .nonce = nonce_};
  std::array<std::byte, Hello::kBytes> datagram{};
  question.serialize(datagram);
  keys_.sign(datagram);
  send_(datagram);
  return true;
}

void KeyProbe::receive(std::span<const std::byte> datagram) {
  if (sealed_kind_of(datagram) != SealedKind::kKeyAnswer) return;
  const auto answer = KeyAnswer::parse(datagram);
  if (!answer || answer->preamble.nonce != nonce_) return;
  if (HelloKeys(answer->relay_key, {}).verify_answer(datagram)) key_ = answer->relay_key;
}

}  // namespace hubbub::session
