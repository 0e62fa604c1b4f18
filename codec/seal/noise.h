// The Noise handshake (revision 34) in the two patterns of a sealed port, with 25519, ChaChaPoly and SHA256:
//
//   NK:      <- s  ...  -> e, es         <- e, ee
//   NKpsk0:  <- s  ...  -> psk, e, es    <- e, ee
//
// The state machine only: cookies, timers and retransmission are for codec/session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "codec/seal/digest.h"
#include "codec/seal/random.h"
#include "codec/seal/secret.h"
#include "codec/seal/x25519.h"

namespace hubbub::seal {

enum class Role : std::uint8_t { kInitiator, kResponder };

struct TransportKeys {
  Key initiator_to_responder;
  Key responder_to_initiator;
};

class NoiseHandshake {
 public:
  // What a message is longer than its payload: an ephemeral public key and a tag.
  static constexpr std::size_t kOverheadBytes = 48;
  static constexpr std::size_t kMaxMessageBytes = 65'535;  // section 3

  // A pre-shared key makes it NKpsk0. The ephemeral key is drawn here, and used up by the one message
  // written.
  static NoiseHandshake initiator(std::span<const std::byte> prologue, const PublicKey& responder,
                                  const std::optional<Key>& psk, Random& random);
  static NoiseHandshake responder(std::span<const std::byte> prologue, const KeyPair& own,
                                  const std::optional<Key>& psk, Random& random);

  // Writes payload + 48 bytes and returns how many. 0, with nothing written, when the responder's public key
  // is of low order: an invite can say anything. Writing out of turn, or into less room, is our own bug.
  [[nodiscard]] std::size_t write_message(std::span<const std::byte> payload, std::span<std::byte> out);

  // The payload's length. `nullopt` when the message is refused: not due, too short, too long for
  // `payload_out`, a public key of low order, a tag that does not verify. A refused message changes nothing,
  // so a forged one does not spoil the genuine one that follows.
  [[nodiscard]] std::optional<std::size_t> read_message(std::span<const std::byte> message,
                                                        std::span<std::byte> payload_out);

  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] bool complete() const { return messages_ == 2; }
  // Of a complete handshake.
  [[nodiscard]] TransportKeys split() const;
  // Names this handshake and nothing else; final once it is complete (section 11.2).
  [[nodiscard]] const Digest& handshake_hash() const { return symmetric_.hash; }

 private:
  // Section 5.2. A message is read on a copy, which takes the original's place when all is well.
  struct SymmetricState {
    Key chaining_key;
    Key key;
    std::uint64_t counter = 0;
    Digest hash{};

    void mix_hash(std::span<const std::byte> data);
    void mix_key(std::span<const std::byte> input);
    void mix_key_and_hash(std::span<const std::byte> input);
    void encrypt_and_hash(std::span<const std::byte> plaintext, std::span<std::byte> out);
    [[nodiscard]] bool decrypt_and_hash(std::span<const std::byte> sealed, std::span<std::byte> out);
  };

  NoiseHandshake(Role role, std::span<const std::byte> prologue, const PublicKey& responder,
                 const std::optional<Key>& psk, Random& random);
  [[nodiscard]] bool writes_next() const;
  [[nodiscard]] bool reads_next() const;
  void mix_ephemeral(SymmetricState& symmetric, const PublicKey& ephemeral) const;

  Role role_;
  int messages_ = 0;  // written and read
  SymmetricState symmetric_;
  KeyPair ephemeral_;             // its public half only once it is written
  KeyPair static_;                // the responder's own
  PublicKey remote_static_{};     // the initiator's idea of the responder
  PublicKey remote_ephemeral_{};  // what the other's message brought
  std::optional<Key> psk_;
};

}  // namespace hubbub::seal
