#include "codec/seal/x25519.h"

#include <memory>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "codec/seal/octets.h"
#include "codec/seal/openssl.h"
#include "codec/wire/check.h"

namespace hubbub::seal {
namespace {

using Pkey = OpensslPtr<EVP_PKEY>;
using PkeyContext = OpensslPtr<EVP_PKEY_CTX>;

Pkey private_pkey(const Key& private_key) {
  Pkey key{EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, octets(private_key.view()),
                                           private_key.view().size())};
  CHECK(key != nullptr);
  return key;
}

Pkey public_pkey(const PublicKey& public_key) {
  // Any 32 bytes are a public key (RFC 7748 section 5), so a peer's cannot fail here.
  Pkey key{EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, octets(public_key), public_key.size())};
  CHECK(key != nullptr);
  return key;
}

Pkey pkey_of(const KeyPair& pair) {
  thread_local const PkeyContext context{EVP_PKEY_CTX_new_from_name(nullptr, "X25519", nullptr)};
  CHECK(context != nullptr && EVP_PKEY_fromdata_init(context.get()) == 1);
  // A parameter's value is not const in OpenSSL; these are only read.
  KeyPair copy = pair;
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, octets(copy.private_key.view()),
                                        copy.private_key.view().size()),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, octets(copy.public_key),
                                        copy.public_key.size()),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* key = nullptr;
  CHECK(EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, params) == 1);
  return Pkey{key};
}

std::optional<Key> derive(EVP_PKEY* own, const PublicKey& public_key) {
  const Pkey peer = public_pkey(public_key);
  const PkeyContext context{EVP_PKEY_CTX_new_from_pkey(nullptr, own, nullptr)};
  CHECK(context != nullptr);
  CHECK(EVP_PKEY_derive_init(context.get()) == 1);
  CHECK(EVP_PKEY_derive_set_peer_ex(context.get(), peer.get(), 0) == 1);
  Key shared;
  std::size_t size = shared.view().size();
  // OpenSSL fails a derivation whose result is all zero, and leaves an error behind for nobody to read.
  if (EVP_PKEY_derive(context.get(), octets(shared.view()), &size) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  CHECK(size == shared.view().size());
  return shared;
}

}  // namespace

KeyPair KeyPair::generate(Random& random) {
  return from_private(random.secret<Key::kBytes>());
}

KeyPair KeyPair::from_private(const Key& private_key) {
  KeyPair pair{.private_key = private_key};
  std::size_t size = pair.public_key.size();
  CHECK(EVP_PKEY_get_raw_public_key(private_pkey(private_key).get(), octets(pair.public_key), &size) == 1);
  CHECK(size == pair.public_key.size());
  return pair;
}

std::optional<Key> x25519(const Key& private_key, const PublicKey& public_key) {
  return derive(private_pkey(private_key).get(), public_key);
}

std::optional<Key> x25519(const KeyPair& own, const PublicKey& public_key) {
  return derive(pkey_of(own).get(), public_key);
}

}  // namespace hubbub::seal
