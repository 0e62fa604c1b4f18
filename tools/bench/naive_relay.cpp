#include "tools/bench/naive_relay.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <unordered_map>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>
#include <uv.h>

#include "codec/wire/check.h"
#include "codec/wire/limits.h"
#include "relay/net/loop.h"
#include "relay/net/sockaddr.h"
#include "tools/bench/socket_buffers.h"

namespace hubbub::bench {
namespace {

// A request and the bytes it sends, which must live until it is done: one allocation for each copy.
struct SendRequest {
  uv_udp_send_t request;
  std::array<char, kMaxOpenDatagramBytes> bytes;
};

struct NaiveRelay {
  uv_udp_t socket{};
  std::array<char, kMaxOpenDatagramBytes> received{};
  std::vector<sockaddr_in> peers;
  std::unordered_map<Endpoint, std::size_t, EndpointHash> index;
};

void send_copy(NaiveRelay& relay, const sockaddr_in& to, const char* bytes, std::size_t size) {
  auto* copy = static_cast<SendRequest*>(std::malloc(offsetof(SendRequest, bytes) + size));
  CHECK(copy != nullptr);
  std::memcpy(copy->bytes.data(), bytes, size);
  const uv_buf_t buffer = uv_buf_init(copy->bytes.data(), static_cast<unsigned>(size));
  const auto done = [](uv_udp_send_t* request, int) { std::free(request); };
  if (uv_udp_send(&copy->request, &relay.socket, &buffer, 1, reinterpret_cast<const sockaddr*>(&to), done) !=
      0)
    std::free(copy);
}

void on_received(uv_udp_t* socket, ssize_t count, const uv_buf_t* buffer, const sockaddr* address, unsigned) {
  if (count < 0 || address == nullptr) return;
  auto& relay = *static_cast<NaiveRelay*>(socket->data);
  const auto from = net::endpoint_of(address);
  if (!from) return;
  const auto [origin, is_new] = relay.index.try_emplace(*from, relay.peers.size());
  if (is_new) std::memcpy(&relay.peers.emplace_back(), address, sizeof(sockaddr_in));
  if (count == 0) return;
  for (std::size_t i = 0; i < relay.peers.size(); ++i) {
    if (i != origin->second) send_copy(relay, relay.peers[i], buffer->base, static_cast<std::size_t>(count));
  }
}

}  // namespace

void run_naive_relay() {
  uv_loop_t* loop = uv_default_loop();
  NaiveRelay relay;
  net::checked(uv_udp_init(loop, &relay.socket), "opening the naive relay's socket");
  relay.socket.data = &relay;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  net::checked(uv_udp_bind(&relay.socket, reinterpret_cast<const sockaddr*>(&address), 0),
               "binding the naive relay");
  uv_os_fd_t descriptor = -1;
  net::checked(uv_fileno(reinterpret_cast<const uv_handle_t*>(&relay.socket), &descriptor),
               "the naive relay's socket");
  size_socket_buffers(descriptor, kRelayBufferBytes);
  const auto give_buffer = [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
    auto& self = *static_cast<NaiveRelay*>(handle->data);
    *buffer = uv_buf_init(self.received.data(), static_cast<unsigned>(self.received.size()));
  };
  net::checked(uv_udp_recv_start(&relay.socket, give_buffer, on_received), "receiving");
  int length = sizeof address;
  uv_udp_getsockname(&relay.socket, reinterpret_cast<sockaddr*>(&address), &length);
  std::fprintf(stderr, "naive relay: open room on 0.0.0.0:%d\n", ntohs(address.sin_port));
  while (true) uv_run(loop, UV_RUN_DEFAULT);
}

}  // namespace hubbub::bench
