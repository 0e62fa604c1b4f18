// Names to addresses, off the loop's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "codec/wire/endpoint.h"
#include "relay/net/loop.h"

namespace hubbub::net {

class Resolver {
 public:
  // Either the addresses in the system's order of preference, or none and a sentence that says why.
  using Answer = std::function<void(std::vector<Endpoint> addresses, const std::string& error)>;

  explicit Resolver(Loop& loop) : loop_(loop) {}
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  ~Resolver() { cancel(); }

  // One question at a time: a new one cancels the old, whose callback is then never called.
  void resolve(const HostPort& where, Answer answer);
  void cancel();

 private:
  struct Request;

  Loop& loop_;
  Request* pending_ = nullptr;  // owned by libuv until its callback
};

}  // namespace hubbub::net
