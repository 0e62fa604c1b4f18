#include "relay/net/batch_socket.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include <linux/sock_diag.h>
#include <unistd.h>

#include "codec/wire/check.h"
#include "relay/net/sockaddr.h"

namespace hubbub::net {

struct BatchSocket::Control {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(in_pktinfo)) +
                                             CMSG_SPACE(sizeof(std::uint32_t))> bytes;
};

struct BatchSocket::Buffers {  // NOLINT(cppcoreguidelines-pro-type-member-init): set up once in open(), then
                               // overwritten
  // One byte more than a datagram may have, so that a longer one shows.
  std::array<std::array<std::byte, kMaxOpenDatagramBytes + 1>, kReceiveBatch> payloads;
  std::array<sockaddr_storage, kReceiveBatch> sources;
  std::array<Control, kReceiveBatch> received_control;
  std::array<iovec, kReceiveBatch> received_parts;
  std::array<mmsghdr, kReceiveBatch> received;
  std::array<Datagram, kReceiveBatch> datagrams;

  iovec payload;  // shared by all recipients of a batch
  std::array<sockaddr_storage, kSendBatch> destinations;
  std::array<Control, kSendBatch> sent_control;
  std::array<mmsghdr, kSendBatch> sent;
};

namespace {

void set_option(int descriptor, int level, int option, int value, const char* what) {
  if (setsockopt(descriptor, level, option, &value, sizeof value) != 0) throw SystemError(what, -errno);
}

// Two machine words instead of a call of memcmp: this is asked for every copy.
bool same(const IpAddress& a, const IpAddress& b) {
  using Words = std::array<std::uint64_t, 2>;
  return std::bit_cast<Words>(a.bytes()) == std::bit_cast<Words>(b.bytes());
}

// Writes the control message that makes the copy leave from `from`; returns its length, without the padding
// that a second message would want: the kernel keeps 36 bytes of control on its stack and allocates for more,
// and IPv6's message has 36.
std::size_t write_source(int family, const IpAddress& from, std::span<std::byte> out) {
  msghdr message{};
  message.msg_control = out.data();
  message.msg_controllen = out.size();
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (family == AF_INET) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, from.bytes().data() + 12, 4);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    header->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(header), &info, sizeof info);
    return CMSG_LEN(sizeof info);
  }
  in6_pktinfo info{};
  std::memcpy(&info.ipi6_addr, from.bytes().data(), 16);
  header->cmsg_level = IPPROTO_IPV6;
  header->cmsg_type = IPV6_PKTINFO;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  return CMSG_LEN(sizeof info);
}

// The address of ours that an answer leaves from. A broadcast or multicast address cannot be one: for IPv4
// the system names ours that stands in for it (ipi_spec_dst), for IPv6 the choice is left to it.
IpAddress local_address_of(const cmsghdr& header) {
  if (header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(&header), sizeof info);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
    const IpAddress address(bytes);
    return address.is_multicast() ? IpAddress() : address;
  }
  in_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(&header), sizeof info);
  std::array<std::uint8_t, 4> bytes{};
  std::memcpy(bytes.data(), &info.ipi_spec_dst, bytes.size());
  return IpAddress::v4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

}  // namespace

BatchSocket::BatchSocket(Loop& loop, const Endpoint& local, std::function<void(bool, bool)> ready)
    : ready_(std::move(ready)), buffers_(std::make_unique<Buffers>()) {
  try {
    open(local);
    handle_.open("watching UDP " + local.to_string(), this,
                 [&](uv_poll_t* poll) { return uv_poll_init(loop.raw(), poll, descriptor_); });
    poll();
  } catch (...) {
    handle_.close();
    if (descriptor_ >= 0) ::close(descriptor_);
    throw;
  }
}

BatchSocket::~BatchSocket() {
  // uv_close stops the polling at once, and only then may the descriptor go.
  handle_.close();
  ::close(descriptor_);
}

void BatchSocket::open(const Endpoint& local) {
  const std::string what = "binding UDP " + local.to_string();
  descriptor_ = ::socket(AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  Endpoint bound = local;
  if (descriptor_ < 0 && errno == EAFNOSUPPORT) {  // a kernel without IPv6
    family_ = AF_INET;
    if (bound.address == IpAddress()) bound.address = IpAddress::v4(0, 0, 0, 0);
    if (!bound.address.is_v4()) throw SystemError(what, -EAFNOSUPPORT);
    descriptor_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  }
  if (descriptor_ < 0) throw SystemError(what, -errno);
  wildcard_ = bound.address.is_unspecified();

  if (family_ == AF_INET6) {
    set_option(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, 0, "accepting IPv4 and IPv6 on one socket");
    set_option(descriptor_, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "asking for IPV6_PKTINFO");
  }
  set_option(descriptor_, IPPROTO_IP, IP_PKTINFO, 1,
             "asking for IP_PKTINFO");  // comes after IPV6_PKTINFO, and wins
  set_option(descriptor_, SOL_SOCKET, SO_RXQ_OVFL, 1, "asking for SO_RXQ_OVFL");
  size_buffers();

  sockaddr_storage address{};
  const socklen_t address_length = write_sockaddr(bound, family_, address);
  if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), address_length) != 0)
    throw SystemError(what, -errno);
  socklen_t length = sizeof address;
  getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length);
  local_ = endpoint_of(reinterpret_cast<const sockaddr*>(&address)).value_or(bound);

  // What stays the same in every call is laid out once.
  Buffers& b = *buffers_;
  for (std::size_t i = 0; i < kReceiveBatch; ++i) {
    b.received_parts[i] = {.iov_base = b.payloads[i].data(), .iov_len = b.payloads[i].size()};
    b.received[i].msg_hdr = {};
    b.received[i].msg_hdr.msg_iov = &b.received_parts[i];
    b.received[i].msg_hdr.msg_iovlen = 1;
    b.received[i].msg_hdr.msg_name = &b.sources[i];
    b.received[i].msg_hdr.msg_control = b.received_control[i].bytes.data();
  }
  for (std::size_t i = 0; i < kSendBatch; ++i) {
    b.sent[i].msg_hdr = {};
    b.sent[i].msg_hdr.msg_iov = &b.payload;
    b.sent[i].msg_hdr.msg_iovlen = 1;
    b.sent[i].msg_hdr.msg_name = &b.destinations[i];
  }
}

// The kernel clamps silently to net.core.rmem_max, unless root forces it: so what came of it is read back.
void BatchSocket::size_buffers() {
  const int wanted = kWantedBufferBytes;
  if (setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0) {
    set_option(descriptor_, SOL_SOCKET, SO_RCVBUF, wanted, "sizing the receive buffer");
  }
  if (setsockopt(descriptor_, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof wanted) != 0) {
    set_option(descriptor_, SOL_SOCKET, SO_SNDBUF, wanted, "sizing the send buffer");
  }
  socklen_t length = sizeof receive_buffer_bytes_;
  getsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes_, &length);
}

// The count rides on the next datagram that is delivered (SO_RXQ_OVFL); of those dropped since, the socket
// itself knows.
std::uint64_t BatchSocket::kernel_dropped() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> info{};
  socklen_t length = sizeof info;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_MEMINFO, info.data(), &length) != 0) return kernel_dropped_;
  return kernel_dropped_ +
         static_cast<std::uint32_t>(info[SK_MEMINFO_DROPS] - static_cast<std::uint32_t>(kernel_dropped_));
}

void BatchSocket::want_writable(bool wanted) {
  if (wanted == want_writable_) return;
  want_writable_ = wanted;
  poll();
}

void BatchSocket::poll() {
  const auto trampoline = [](uv_poll_t* handle, int status, int events) noexcept {
    auto* self = static_cast<BatchSocket*>(handle->data);
    if (self == nullptr) return;
    if (status < 0) self->poll();  // libuv stops watching on an error; receiving collects the error
    self->ready_(status < 0 || (events & UV_READABLE) != 0, status == 0 && (events & UV_WRITABLE) != 0);
  };
  // Of a descriptor that libuv took, for events that it knows, it refuses nothing.
  CHECK(uv_poll_start(handle_.raw(), UV_READABLE | (want_writable_ ? UV_WRITABLE : 0), trampoline) == 0);
}

std::span<const BatchSocket::Datagram> BatchSocket::receive() {
  Buffers& b = *buffers_;
  // The system wrote over the lengths of those headers that it used.
  for (mmsghdr& message : std::span(b.received).first(headers_used_)) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = sizeof(Control);
  }
  headers_used_ = 0;
  int count = 0;
  do {
    count = recvmmsg(descriptor_, b.received.data(), kReceiveBatch, MSG_DONTWAIT, nullptr);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return {};
  headers_used_ = static_cast<std::size_t>(count);

  std::size_t usable = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    msghdr& header = b.received[i].msg_hdr;
    const auto from = endpoint_of(static_cast<const sockaddr*>(header.msg_name));
    if (!from) continue;
    Datagram& datagram = b.datagrams[usable++];
    datagram.from = *from;
    datagram.truncated = (header.msg_flags & MSG_TRUNC) != 0 || b.received[i].msg_len > kMaxOpenDatagramBytes;
    datagram.bytes =
        std::span(b.payloads[i]).first(std::min<std::size_t>(b.received[i].msg_len, kMaxOpenDatagramBytes));
    datagram.to = {};
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
         control = CMSG_NXTHDR(&header, control)) {
      if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL) {
        std::uint32_t dropped = 0;
        std::memcpy(&dropped, CMSG_DATA(control), sizeof dropped);
        kernel_dropped_ +=
            static_cast<std::uint32_t>(dropped - static_cast<std::uint32_t>(kernel_dropped_));  // it wraps
      } else {
        datagram.to = local_address_of(*control);
      }
    }
  }
  return std::span(b.datagrams).first(usable);
}

BatchSocket::Sent BatchSocket::send(std::span<const std::byte> payload,
                                    std::span<const Recipient> recipients) {
  Buffers& b = *buffers_;
  const std::size_t count = std::min(recipients.size(), kSendBatch);
  // The interface wants a mutable pointer, though sending only reads.
  b.payload = {.iov_base = const_cast<std::byte*>(payload.data()),
               .iov_len = payload.size()};  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  for (std::size_t i = 0; i < count; ++i) {
    msghdr& header = b.sent[i].msg_hdr;
    header.msg_namelen = write_sockaddr(recipients[i].to, family_, b.destinations[i]);
    if (i > 0 && same(recipients[i].from,
                      recipients[i - 1].from)) {  // the usual case: all peers know us by one address
      header.msg_control = b.sent[i - 1].msg_hdr.msg_control;
      header.msg_controllen = b.sent[i - 1].msg_hdr.msg_controllen;
      continue;
    }
    const bool choose_source = wildcard_ && !recipients[i].from.is_unspecified();
    header.msg_control = choose_source ? b.sent_control[i].bytes.data() : nullptr;
    header.msg_controllen =
        choose_source ? write_source(family_, recipients[i].from, b.sent_control[i].bytes) : 0;
  }

  // sendmmsg that returns k < n hides the error: going on from k meets it again as -1, and then exactly one
  // is skipped.
  Sent result;
  while (result.done < count) {
    const int sent =
        sendmmsg(descriptor_, &b.sent[result.done], static_cast<unsigned>(count - result.done), 0);
    if (sent > 0) {
      result.done += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      result.blocked = true;
      break;
    } else if (errno != EINTR) {
      result.error = errno;
      ++result.done;
      break;
    }
  }
  return result;
}

}  // namespace hubbub::net
