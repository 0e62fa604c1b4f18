#include "tools/bench/crowd.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include <linux/sock_diag.h>
#include <unistd.h>

#include "codec/wire/check.h"
#include "tools/bench/socket_buffers.h"
#include "tools/bench/throw_errno.h"

namespace hubbub::bench {
namespace {

// Half a second of 100,000 copies a second, at the kernel's price of about a KiB each.
constexpr int kBufferBytes = 64 << 20;

// Peers are numbered through 127.1.0.1, 127.1.0.2, ...; the last byte stays clear of 0 and of 255, a
// broadcast address.
constexpr std::uint32_t kFirstNetwork = 0x7F010000;
constexpr std::uint32_t kHostsPerNetwork = 250;
constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

in_addr address_of(std::size_t peer) {
  const auto number = static_cast<std::uint32_t>(peer);
  return {.s_addr =
              htonl(kFirstNetwork + ((number / kHostsPerNetwork) << 8U) + 1 + number % kHostsPerNetwork)};
}

std::size_t peer_at(in_addr address) {
  const std::uint32_t number = ntohl(address.s_addr) - kFirstNetwork;
  const std::uint32_t host = (number & 0xFFU) - 1;
  return host < kHostsPerNetwork ? (number >> 8U) * kHostsPerNetwork + host : kNobody;
}

}  // namespace

Crowd::Crowd(std::size_t peers)
    : peers_(peers), descriptor_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  CHECK(peers <= kMaxPeers);
  if (descriptor_ < 0) throw_errno("opening the peers' socket");
  const int yes = 1;
  size_socket_buffers(descriptor_, kBufferBytes);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  if (setsockopt(descriptor_, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes) != 0 ||
      bind(descriptor_, reinterpret_cast<const sockaddr*>(&any), sizeof any) != 0) {
    const int error = errno;
    close(descriptor_);
    errno = error;
    throw_errno("binding the peers' socket");
  }
  prepare();
}

Crowd::~Crowd() {
  close(descriptor_);
}

// What stays the same in every receive.
void Crowd::prepare() {
  copies_.reserve(kBatch);
  for (std::size_t i = 0; i < kBatch; ++i) {
    parts_[i] = {.iov_base = payloads_[i].data(), .iov_len = payloads_[i].size()};
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_control = controls_[i].bytes.data();
  }
}

void Crowd::send(std::size_t peer, std::uint16_t relay_port, std::span<const std::byte> datagram) {
  sockaddr_in relay{};
  relay.sin_family = AF_INET;
  relay.sin_port = htons(relay_port);
  relay.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  iovec part{.iov_base = const_cast<std::byte*>(datagram.data()),
             .iov_len = datagram.size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in_pktinfo))> control{};
  msghdr message{};
  message.msg_name = &relay;
  message.msg_namelen = sizeof relay;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = IPPROTO_IP;
  header->cmsg_type = IP_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
  in_pktinfo info{};
  info.ipi_spec_dst = address_of(peer);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  while (sendmsg(descriptor_, &message, 0) < 0) {
    if (errno != EINTR) throw_errno("sending to the relay");
  }
}

std::span<const Crowd::Copy> Crowd::receive() {
  for (mmsghdr& message : messages_) message.msg_hdr.msg_controllen = sizeof(Control);
  const int count = recvmmsg(descriptor_, messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
  copies_.clear();
  for (int i = 0; i < count; ++i) {
    mmsghdr& message = messages_[static_cast<std::size_t>(i)];
    std::size_t peer = kNobody;
    if (const cmsghdr* header = CMSG_FIRSTHDR(&message.msg_hdr);
        header != nullptr && header->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(header), sizeof info);
      peer = peer_at(info.ipi_addr);
    }
    const auto bytes = std::span(payloads_[static_cast<std::size_t>(i)])
                           .first(std::min<std::size_t>(message.msg_len, kMaxBytes));
    copies_.push_back({.peer = peer, .bytes = bytes});
  }
  return copies_;
}

std::uint64_t Crowd::overrun() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t length = sizeof memory;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, memory.data(), &length) != 0) return 0;
  return memory[SK_MEMINFO_DROPS];
}

}  // namespace hubbub::bench
