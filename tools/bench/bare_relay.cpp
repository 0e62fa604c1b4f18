#include "tools/bench/bare_relay.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "codec/wire/limits.h"
#include "relay/net/sockaddr.h"
#include "tools/bench/socket_buffers.h"
#include "tools/bench/throw_errno.h"

namespace hubbub::bench {
namespace {

constexpr std::size_t kReceiveBatch = 64;
constexpr std::size_t kSendBatch = 1'024;

struct Control {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
};

class BareRelay {
 public:
  explicit BareRelay(BareDuties duties);
  [[noreturn]] void run();

 private:
  struct Peer {
    sockaddr_storage address;
    Control source;
  };

  void bind_socket();
  std::size_t receive();
  void broadcast(std::size_t origin, iovec payload);
  std::size_t index_of(const msghdr& received);
  static void choose_source(const msghdr& received, Peer& peer, msghdr& copy);
  void wait_for_room() const;

  bool dutiful_;
  int family_;
  int descriptor_ = -1;
  int epoll_ = -1;

  std::array<std::array<std::byte, kMaxOpenDatagramBytes>, kReceiveBatch> payloads_{};
  std::array<sockaddr_storage, kReceiveBatch> sources_{};
  std::array<Control, kReceiveBatch> controls_{};
  std::array<iovec, kReceiveBatch> parts_{};
  std::array<mmsghdr, kReceiveBatch> received_{};

  iovec payload_{};
  std::vector<mmsghdr> copies_;  // one a peer, ready to be sent
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unordered_map<Endpoint, std::size_t, EndpointHash> index_;
};

BareRelay::BareRelay(BareDuties duties)
    : dutiful_(duties == BareDuties::kSameAsOurs), family_(dutiful_ ? AF_INET6 : AF_INET) {
  bind_socket();
  for (std::size_t i = 0; i < kReceiveBatch; ++i) {
    parts_[i] = {.iov_base = payloads_[i].data(), .iov_len = payloads_[i].size()};
    received_[i].msg_hdr.msg_iov = &parts_[i];
    received_[i].msg_hdr.msg_iovlen = 1;
    received_[i].msg_hdr.msg_name = &sources_[i];
  }
}

void BareRelay::bind_socket() {
  descriptor_ = socket(family_, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor_ < 0) throw_errno("opening the bare relay's socket");
  size_socket_buffers(descriptor_, kRelayBufferBytes);
  if (dutiful_) {
    const int yes = 1;
    const int no = 0;
    setsockopt(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    setsockopt(descriptor_, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes);
  }
  sockaddr_storage address{};
  const Endpoint any{dutiful_ ? IpAddress() : IpAddress::v4(0, 0, 0, 0)};
  socklen_t length = net::write_sockaddr(any, family_, address);
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    throw_errno("binding the bare relay");
  }
  getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length);
  const auto local = net::endpoint_of(reinterpret_cast<const sockaddr*>(&address)).value_or(any);
  std::fprintf(stderr, "bare relay: open room on %s\n", local.to_string().c_str());

  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {}};
  if (epoll_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor_, &event) != 0) {
    throw_errno("watching the bare relay's socket");
  }
}

void BareRelay::run() {
  while (true) {
    epoll_event event{};
    epoll_wait(epoll_, &event, 1, -1);
    const std::size_t count = receive();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t origin = index_of(received_[i].msg_hdr);
      const unsigned size = received_[i].msg_len;
      if (size > 0) broadcast(origin, {.iov_base = payloads_[i].data(), .iov_len = size});
    }
  }
}

std::size_t BareRelay::receive() {
  for (std::size_t i = 0; i < kReceiveBatch; ++i) {
    received_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    if (!dutiful_) continue;
    received_[i].msg_hdr.msg_control = controls_[i].bytes.data();
    received_[i].msg_hdr.msg_controllen = sizeof(Control);
  }
  const int count = recvmmsg(descriptor_, received_.data(), kReceiveBatch, MSG_DONTWAIT, nullptr);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

// Who sent this, learnt where it is new.
std::size_t BareRelay::index_of(const msghdr& received) {
  const auto from = net::endpoint_of(static_cast<const sockaddr*>(received.msg_name)).value_or(Endpoint{});
  const auto [place, is_new] = index_.try_emplace(from, copies_.size());
  if (is_new) {
    Peer& peer = *peers_.emplace_back(std::make_unique<Peer>());
    msghdr& copy = copies_.emplace_back().msg_hdr;
    copy.msg_namelen = net::write_sockaddr(from, family_, peer.address);
    copy.msg_name = &peer.address;
    copy.msg_iov = &payload_;
    copy.msg_iovlen = 1;
    if (dutiful_) choose_source(received, peer, copy);
  }
  return place->second;
}

// The address that was spoken to is the one to answer from, through whatever interface leads there.
void BareRelay::choose_source(const msghdr& received, Peer& peer, msghdr& copy) {
  std::memcpy(peer.source.bytes.data(), received.msg_control, received.msg_controllen);
  auto* header = reinterpret_cast<cmsghdr*>(peer.source.bytes.data());
  in6_pktinfo info{};
  std::memcpy(&info, CMSG_DATA(header), sizeof info);
  info.ipi6_ifindex = 0;
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
  copy.msg_control = header;
  copy.msg_controllen = header->cmsg_len;  // without padding: the kernel's own buffer is just that long
}

// The origin's header stands at the end for as long as the others get theirs.
void BareRelay::broadcast(std::size_t origin, iovec payload) {
  payload_ = payload;
  std::swap(copies_[origin], copies_.back());
  std::size_t done = 0;
  while (done + 1 < copies_.size()) {
    const std::size_t count = std::min(kSendBatch, copies_.size() - 1 - done);
    const int sent = sendmmsg(descriptor_, &copies_[done], static_cast<unsigned>(count), 0);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      wait_for_room();
    } else if (errno != EINTR) {
      ++done;
    }
  }
  std::swap(copies_[origin], copies_.back());
}

void BareRelay::wait_for_room() const {
  pollfd waiting{.fd = descriptor_, .events = POLLOUT, .revents = 0};
  poll(&waiting, 1, -1);
}

}  // namespace

void run_bare_relay(BareDuties duties) {
  const auto relay = std::make_unique<BareRelay>(duties);
  relay->run();
}

}  // namespace hubbub::bench
