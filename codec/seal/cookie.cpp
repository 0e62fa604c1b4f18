#include "codec/seal/cookie.h"

#include <algorithm>

#include "codec/seal/digest.h"
#include "codec/wire/byte_io.h"

namespace hubbub::seal {
namespace {

Cookie cookie_of(const Key& key, const Endpoint& endpoint) {
  std::array<std::byte, 16 + 2 + 4> bytes{};
  ByteWriter writer(bytes);
  writer.bytes(std::as_bytes(std::span(endpoint.address.bytes())));
  writer.u16(endpoint.port);
  writer.u32(endpoint.zone);
  const Digest digest = hmac_sha256(key.view(), {writer.written()});
  Cookie cookie{};
  std::ranges::copy(std::span(digest).first<std::tuple_size_v<Cookie>>(), cookie.begin());
  return cookie;
}

}  // namespace

CookieJar::CookieJar(Random& random)
    : random_(&random), current_(random.secret<Key::kBytes>()), previous_(random.secret<Key::kBytes>()) {}

Cookie CookieJar::make(TimePoint now, const Endpoint& endpoint) {
  rotate(now);
  return cookie_of(current_, endpoint);
}

bool CookieJar::verify(TimePoint now, const Endpoint& endpoint, std::span<const std::byte> cookie) {
  rotate(now);
  return equal(cookie, cookie_of(current_, endpoint)) || equal(cookie, cookie_of(previous_, endpoint));
}

// By the clock's own minutes, not since the last call: a jar that nobody used for an hour must not take an
// hour-old cookie.
void CookieJar::rotate(TimePoint now) {
  const std::int64_t minute = now.time_since_epoch() / kKeyLifetime;
  if (minute == minute_) return;
  previous_ = minute == minute_ + 1 ? current_ : random_->secret<Key::kBytes>();
  current_ = random_->secret<Key::kBytes>();
  minute_ = minute;
}

}  // namespace hubbub::seal
