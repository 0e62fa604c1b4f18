// The relay's UDP socket on Linux: recvmmsg in, sendmmsg out, one payload shared by all recipients of a
// batch. libuv only says when the descriptor is ready, so the traps of uv_udp_t's own queue and reader are
// not met.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include "codec/wire/endpoint.h"
#include "codec/wire/limits.h"
#include "codec/wire/units.h"
#include "relay/net/loop.h"

namespace hubbub::net {

class BatchSocket {
 public:
  static constexpr std::size_t kReceiveBatch = 64;
  static constexpr std::size_t kSendBatch = 1'024;
  // A burst of 10 ms at 400,000 small datagrams a second, at the kernel's price of about a KiB each.
  static constexpr int kWantedBufferBytes = 4 << 20;

  struct Datagram {
    Endpoint from;
    IpAddress to;                      // the address of ours it was sent to
    std::span<const std::byte> bytes;  // valid until the next receive; cut where `truncated`
    bool truncated = false;
  };
  struct Sent {
    std::size_t done = 0;  // recipients dealt with, from the first
    int error = 0;         // errno, where the system refused the last of them: a refusal ends the call
    bool blocked = false;  // the system's buffer is full: the rest is for when it is writable
  };

  // Bound to `local` (unspecified: all addresses, IPv4 and IPv6). Throws SystemError. `ready(readable,
  // writable)` is called by the loop.
  BatchSocket(Loop& loop, const Endpoint& local, std::function<void(bool readable, bool writable)> ready);
  BatchSocket(const BatchSocket&) = delete;
  BatchSocket& operator=(const BatchSocket&) = delete;
  ~BatchSocket();

  // Asks to be told of room to write as well, or no longer.
  void want_writable(bool wanted);

  // What has arrived, at most kReceiveBatch datagrams; empty when nothing is left. Valid until the next call.
  std::span<const Datagram> receive();
  // One payload to the first kSendBatch recipients or fewer: `done` says how far it came.
  Sent send(std::span<const std::byte> payload, std::span<const Recipient> recipients);

  [[nodiscard]] Endpoint local() const { return local_; }
  // Datagrams the kernel dropped because our receive buffer was full, since the start.
  [[nodiscard]] std::uint64_t kernel_dropped() const;
  [[nodiscard]] int receive_buffer_bytes() const { return receive_buffer_bytes_; }

 private:
  struct Control;  // room for the control messages of one datagram
  struct Buffers;  // everything recvmmsg and sendmmsg point into, allocated once

  void open(const Endpoint& local);
  void size_buffers();
  void poll();

  std::function<void(bool, bool)> ready_;
  int family_ = AF_INET6;
  int descriptor_ = -1;
  bool wildcard_ = false;
  bool want_writable_ = false;
  Endpoint local_;
  std::uint64_t kernel_dropped_ = 0;  // as of the last datagram received
  int receive_buffer_bytes_ = 0;
  std::unique_ptr<Buffers> buffers_;
  std::size_t headers_used_ = kReceiveBatch;  // by the last receive: what the next one has to prepare again
  Handle<uv_poll_t> handle_;
};

}  // namespace hubbub::net
