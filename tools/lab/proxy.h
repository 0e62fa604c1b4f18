// `hubbub-lab proxy`: the proxy's core between real sockets, until a signal or its time is up.
#pragma once

#include <iosfwd>
#include <optional>

#include "codec/wire/endpoint.h"
#include "codec/wire/units.h"
#include "tools/lab/proxy_core.h"

namespace hubbub::lab {

struct ProxyRequest {
  Endpoint listen;
  HostPort to;
  std::optional<Duration> run_for;
  bool json = false;
  std::uint64_t seed = 0;
  impair::LinkOptions up;
  impair::LinkOptions down;
};

// Says on `log` when it is ready (with the port it got), and on `out` at the end what it did. Returns the
// exit status. Throws net::SystemError or std::runtime_error where it cannot start.
int run_proxy(const ProxyRequest& request, std::ostream& out, std::ostream& log);

}  // namespace hubbub::lab
