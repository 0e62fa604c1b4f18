#include "codec/wire/sealed_object.h"

#include "codec/wire/byte_io.h"

namespace hubbub {

Result<SealedObject, DropReason> SealedObject::parse(std::span<const std::byte> bytes) {
  if (bytes.size() < kSmallestBytes) return DropReason::kTruncated;
  ByteReader reader(bytes);
  SealedObject object;
  object.ssrc = reader.u32();
  object.sealed = reader.rest();
  return object;
}

}  // namespace hubbub
