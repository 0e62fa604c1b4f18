#include "tools/bench/bare_relay.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>
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

namespace hubbub::bench {
namespace {

constexpr std::size_t kReceiveBatch = 64;
constexpr std::size_t kSendBatch = 1'024;

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Control {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
};

class BareRelay {
 public:
  explicit BareRelay(const BareOptions& options);
  [[noreturn]] void run();

 private:
  void bind_socket();
  std::size_t receive();
  void broadcast(std::size_t origin, iovec payload);
  std::size_t index_of(const msghdr& received);
  void wait(short events) const;

  BareOptions options_;
  int descriptor_ = -1;
  int epoll_ = -1;

  std::array<std::array<std::byte, kMaxOpenDatagramBytes>, kReceiveBatch> payloads_{};
  std::array<sockaddr_storage, kReceiveBatch> sources_{};
  std::array<Control, kReceiveBatch> controls_{};
  std::array<iovec, kReceiveBatch> parts_{};
  std::array<mmsghdr, kReceiveBatch> received_{};

  iovec payload_{};
  std::vector<mmsghdr> copies_;  // one a peer, ready to be sent
  std::vector<std::unique_ptr<std::pair<sockaddr_storage, Control>>> peers_;
  std::unordered_map<Endpoint, std::size_t, EndpointHash> index_;
};

BareRelay::BareRelay(const BareOptions& options) : options_(options) {
  bind_socket();
  for (std::size_t i = 0; i < kReceiveBatch; ++i) {
    parts_[i] = {.iov_base = payloads_[i].data(), .iov_len = payloads_[i].size()};
    received_[i].msg_hdr.msg_iov = &parts_[i];
    received_[i].msg_hdr.msg_iovlen = 1;
    received_[i].msg_hdr.msg_name = &sources_[i];
  }
}

void BareRelay::bind_socket() {
  const int family = options_.dual_stack ? AF_INET6 : AF_INET;
  descriptor_ = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | (options_.epoll ? SOCK_NONBLOCK : 0), 0);
  if (descriptor_ < 0) fail("opening the bare relay's socket");
  size_socket_buffers(descriptor_, kRelayBufferBytes);
  const int yes = 1;
  const int no = 0;
  if (options_.dual_stack) setsockopt(descriptor_, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
  if (options_.choose_source) {
    if (options_.dual_stack) {
      setsockopt(descriptor_, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes);
    } else {
      setsockopt(descriptor_, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
    }
  }
  sockaddr_storage address{};
  socklen_t length = net::write_sockaddr(
      Endpoint{options_.dual_stack ? IpAddress() : IpAddress::v4(0, 0, 0, 0)}, family, address);
  if (bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), length) != 0)
    fail("binding the bare relay");
  getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length);
  const auto local = net::endpoint_of(reinterpret_cast<const sockaddr*>(&address));
  std::fprintf(stderr, "bare relay: open room on %s\n", local.value_or(Endpoint{}).to_string().c_str());
  if (options_.epoll) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{.events = EPOLLIN, .data = {}};
    if (epoll_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor_, &event) != 0)
      fail("watching the bare relay's socket");
  }
}

void BareRelay::run() {
  while (true) {
    if (options_.epoll) {
      epoll_event event{};
      epoll_wait(epoll_, &event, 1, -1);
    }
    const std::size_t count = receive();
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t origin = index_of(received_[i].msg_hdr);
      if (received_[i].msg_len > 0)
        broadcast(origin, {.iov_base = payloads_[i].data(), .iov_len = received_[i].msg_len});
    }
  }
}

std::size_t BareRelay::receive() {
  for (std::size_t i = 0; i < kReceiveBatch; ++i) {
    received_[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    if (!options_.choose_source) continue;
    received_[i].msg_hdr.msg_control = controls_[i].bytes.data();
    received_[i].msg_hdr.msg_controllen = sizeof(Control);
  }
  const int count = recvmmsg(descriptor_, received_.data(), kReceiveBatch, MSG_WAITFORONE, nullptr);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

// Who sent this, learnt where it is new.
std::size_t BareRelay::index_of(const msghdr& received) {
  const auto from = net::endpoint_of(static_cast<const sockaddr*>(received.msg_name)).value_or(Endpoint{});
  const auto [place, is_new] = index_.try_emplace(from, copies_.size());
  if (is_new) {
    auto& peer = peers_.emplace_back(std::make_unique<std::pair<sockaddr_storage, Control>>());
    net::write_sockaddr(from, options_.dual_stack ? AF_INET6 : AF_INET, peer->first);
    mmsghdr copy{};
    copy.msg_hdr = {.msg_name = &peer->first,
                    .msg_namelen = received.msg_namelen,
                    .msg_iov = &payload_,
                    .msg_iovlen = 1,
                    .msg_control = nullptr,
                    .msg_controllen = 0,
                    .msg_flags = 0};
    if (options_.choose_source) {
      std::memcpy(peer->second.bytes.data(), received.msg_control, received.msg_controllen);
      // What came as "the address it was sent to" goes as "the address it leaves from"; any interface will
      // do.
      auto* header = reinterpret_cast<cmsghdr*>(peer->second.bytes.data());
      if (options_.dual_stack) {
        in6_pktinfo info{};
        std::memcpy(&info, CMSG_DATA(header), sizeof info);
        info.ipi6_ifindex = 0;
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
      } else {
        in_pktinfo info{};
        std::memcpy(&info, CMSG_DATA(header), sizeof info);
        info.ipi_ifindex = 0;
        std::memcpy(CMSG_DATA(header), &info, sizeof info);
      }
      copy.msg_hdr.msg_control = header;
      copy.msg_hdr.msg_controllen = received.msg_controllen;
    }
    copies_.push_back(copy);
  }
  return place->second;
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
      wait(POLLOUT);
    } else if (errno != EINTR) {
      ++done;
    }
  }
  std::swap(copies_[origin], copies_.back());
}

void BareRelay::wait(short events) const {
  pollfd waiting{.fd = descriptor_, .events = events, .revents = 0};
  poll(&waiting, 1, -1);
}

}  // namespace

void run_bare_relay(const BareOptions& options) {
  const auto relay = std::make_unique<BareRelay>(options);
  relay->run();
}

}  // namespace hubbub::bench
