#include "relay/net/udp_socket.h"

#include "codec/wire/check.h"
#include "relay/net/clock.h"
#include "relay/net/sockaddr.h"

namespace hubbub::net {

UdpSocket::UdpSocket(Loop& loop, const Endpoint& local, Receive receive, Failure failure)
    : receive_(std::move(receive)),
      failure_(std::move(failure)),
      family_(local.address.is_v4() ? AF_INET : AF_INET6),
      buffer_{} {
  const std::string what = "binding UDP " + local.to_string();
  handle_.open(what, this, [&](uv_udp_t* udp) { return uv_udp_init(loop.raw(), udp); });
  sockaddr_storage address{};
  write_sockaddr(local, family_, address);
  checked(uv_udp_bind(handle_.raw(), reinterpret_cast<const sockaddr*>(&address), 0), what);

  const auto lend_buffer = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) noexcept {
    auto* self = static_cast<UdpSocket*>(handle->data);
    buffer->base = reinterpret_cast<char*>(self->buffer_.data());
    buffer->len = self->buffer_.size();
  };
  checked(uv_udp_recv_start(handle_.raw(), lend_buffer, on_receive), what);
}

void UdpSocket::on_receive(uv_udp_t* handle, ssize_t count, const uv_buf_t*, const sockaddr* from,
                           unsigned) noexcept {
  auto* self = static_cast<UdpSocket*>(handle->data);
  if (self == nullptr) return;
  if (count < 0) {
    self->failure_(now(), static_cast<int>(count));
    return;
  }
  const auto endpoint = endpoint_of(from);
  if (!endpoint) return;  // without an address: "nothing more to read", not an empty datagram
  self->receive_(now(), *endpoint, std::span(self->buffer_).first(static_cast<std::size_t>(count)));
}

int UdpSocket::connect(const Endpoint& peer) {
  sockaddr_storage address{};
  write_sockaddr(peer, family_, address);
  return uv_udp_connect(handle_.raw(), reinterpret_cast<const sockaddr*>(&address));
}

namespace {

int try_send(uv_udp_t* handle, std::span<const std::byte> bytes, const sockaddr* to) {
  // libuv's buffers are not const, though sending only reads them.
  uv_buf_t buffer = uv_buf_init(reinterpret_cast<char*>(const_cast<std::byte*>(
                                    bytes.data())),  // NOLINT(cppcoreguidelines-pro-type-const-cast)
                                static_cast<unsigned>(bytes.size()));
  const int code = uv_udp_try_send(handle, &buffer, 1, to);
  return code < 0 ? code : 0;
}

}  // namespace

int UdpSocket::send(std::span<const std::byte> bytes) {
  return try_send(handle_.raw(), bytes, nullptr);
}

int UdpSocket::send_to(const Endpoint& to, std::span<const std::byte> bytes) {
  if (family_ == AF_INET && !to.address.is_v4()) return UV_EAFNOSUPPORT;
  sockaddr_storage address{};
  write_sockaddr(to, family_, address);
  return try_send(handle_.raw(), bytes, reinterpret_cast<const sockaddr*>(&address));
}

Endpoint UdpSocket::local() const {
  sockaddr_storage address{};
  int length = sizeof address;
  CHECK(uv_udp_getsockname(handle_.raw(), reinterpret_cast<sockaddr*>(&address), &length) == 0);
  return endpoint_of(reinterpret_cast<const sockaddr*>(&address)).value_or(Endpoint{});
}

}  // namespace hubbub::net
