#include "relay/core/books.h"

#include <numeric>

namespace hubbub::relay {

std::uint64_t Books::dropped_total() const {
  return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
}

std::uint64_t Books::unsent_total() const {
  return std::accumulate(unsent.begin(), unsent.end(), std::uint64_t{0});
}

bool Books::balance(std::uint64_t waiting, std::uint64_t unsettled) const {
  return received == keepalives + pings + forwarded + waiting + dropped_total() &&
         due == sent + unsent_total() + unsettled;
}

}  // namespace hubbub::relay
