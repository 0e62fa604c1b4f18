#include "relay/core/books.h"

namespace hubbub::relay {

bool Books::balance(std::uint64_t waiting, std::uint64_t unsettled) const {
  return received == keepalives + pings + forwarded + waiting + dropped_total() &&
         due == sent + unsent_total() + unsettled;
}

}  // namespace hubbub::relay
