// Any number of peers on one socket: bound to every address, it speaks from a loopback address of its own for
// each peer and hears what is sent to any of them. It never blocks in a receive: who sleeps there is woken at
// the sender's cost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

namespace hubbub::bench {

class Crowd {
 public:
  static constexpr std::size_t kMaxPeers = 60'000;

  // Throws std::system_error.
  explicit Crowd(std::size_t peers);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd();

  [[nodiscard]] std::size_t peers() const { return peers_; }

  // One datagram from a peer to the relay on this port of 127.0.0.1; empty is a keepalive. Throws where the
  // system refuses.
  void send(std::size_t peer, std::uint16_t relay_port, std::span<const std::byte> datagram);

  // A copy that has arrived, and whose it is.
  struct Copy {
    std::size_t peer = 0;
    std::span<const std::byte> bytes;
  };
  // What is there now, at most a batch. Valid until the next call.
  std::span<const Copy> receive();

  // Copies that came, but found this socket's buffer full: our own fault, and no loss of the relay's.
  [[nodiscard]] std::uint64_t overrun() const;

 private:
  static constexpr std::size_t kBatch = 128;
  static constexpr std::size_t kMaxBytes = 1'200;  // as long as a relay sends any: kMaxSealedDatagramBytes

  struct Control {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in_pktinfo))> bytes;
  };

  void prepare();

  std::size_t peers_;
  int descriptor_ = -1;
  std::array<std::array<std::byte, kMaxBytes>, kBatch> payloads_{};
  std::array<Control, kBatch> controls_{};
  std::array<iovec, kBatch> parts_{};
  std::array<mmsghdr, kBatch> messages_{};
  std::vector<Copy> copies_;
};

}  // namespace hubbub::bench
