#include "relay/net/resolver.h"

#include <memory>

#include "relay/net/sockaddr.h"

namespace hubbub::net {

struct Resolver::Request {
  uv_getaddrinfo_t raw{};
  Resolver* owner = nullptr;  // cleared by cancel()
  Answer answer;
  std::string host;

  static void on_answer(uv_getaddrinfo_t* raw, int status, addrinfo* found) noexcept {
    const std::unique_ptr<Request> self(static_cast<Request*>(raw->data));
    std::vector<Endpoint> addresses;
    for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
      if (const auto endpoint = endpoint_of(info->ai_addr)) addresses.push_back(*endpoint);
    }
    uv_freeaddrinfo(found);
    if (self->owner == nullptr) return;
    self->owner->pending_ = nullptr;
    const std::string error = addresses.empty() ? "cannot find " + self->host + ": " +
                                                      uv_strerror(status < 0 ? status : UV_EAI_NODATA)
                                                : "";
    self->answer(std::move(addresses), error);
  }
};

void Resolver::resolve(const HostPort& where, Answer answer) {
  cancel();
  auto request = std::make_unique<Request>();
  request->raw.data = request.get();
  request->owner = this;
  request->answer = std::move(answer);
  request->host = where.host;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_DGRAM;
  checked(uv_getaddrinfo(loop_.raw(), &request->raw, Request::on_answer, where.host.c_str(),
                         std::to_string(where.port).c_str(), &hints),
          "looking up " + where.host);
  pending_ = request.release();
}

void Resolver::cancel() {
  if (pending_ == nullptr) return;
  pending_->owner = nullptr;
  uv_cancel(
      reinterpret_cast<uv_req_t*>(&pending_->raw));  // when it already runs, its callback finds no owner
  pending_ = nullptr;
}

}  // namespace hubbub::net
