// Links as they are pasted: what is understood is written and understood again as the same, and nothing that
// is shown holds a secret.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/seal/base64url.h"
#include "codec/seal/invite.h"
#include "codec/wire/byte_io.h"
#include "codec/wire/check.h"
#include "codec/wire/limits.h"
#include "codec/wire/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hubbub;
  const std::string_view text = as_text(std::as_bytes(std::span(data, size)));
  const auto invite = seal::Invite::parse(text);
  if (!invite.ok()) {
    CHECK(!invite.error().empty() && printable(invite.error()) == invite.error());
  } else {
    CHECK(!invite->room_secret || invite->relay_key);
    CHECK(invite->room.size() <= kMaxRoomNameBytes && !(invite->room_secret && !invite->room.empty()));
    CHECK(invite->room.empty() || seal::is_room_name(invite->room));
    const auto again = seal::Invite::parse(invite->to_link());
    CHECK(again.ok() && *again == *invite);
    const std::string shown = invite->shown();
    CHECK(printable(shown) == shown);
    if (invite->room_secret)
      CHECK(shown.find(seal::base64url_encode(invite->room_secret->view()).substr(2, 40)) ==
            std::string::npos);
  }
  const std::string without = seal::without_secrets(text);
  CHECK(seal::without_secrets(without) == without);
  return 0;
}
