#include "relay/core/sealed_books.h"

namespace hubbub::relay {

bool SealedBooks::balance(std::uint64_t waiting, std::uint64_t unsettled) const {
  return received == hellos + key_requests + resets + envelopes + total_of(dropped) &&
         accepted == forwarded + waiting + total_of(discarded) && due == sent + total_of(unsent) + unsettled;
}

}  // namespace hubbub::relay
