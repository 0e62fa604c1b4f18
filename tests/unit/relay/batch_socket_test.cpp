// The relay's socket on loopback: what arrives with which addresses, what is cut, what is sent to whom, and
// which errors skip exactly one recipient.
#include "relay/net/batch_socket.h"

#include <optional>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "relay/net/sockaddr.h"
#include "tests/unit/wire/test_bytes.h"

namespace hubbub::net {
namespace {

const IpAddress kLoopback4 = IpAddress::v4(127, 0, 0, 1);
const IpAddress kLoopback6 = IpAddress::parse("::1").value();

// A plain blocking socket, as any program would use.
class PlainSocket {
 public:
  explicit PlainSocket(const IpAddress& address)
      : family_(address.is_v4() ? AF_INET : AF_INET6),
        descriptor_(::socket(family_, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_storage storage{};
    const socklen_t length = write_sockaddr({address, 0}, family_, storage);
    EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&storage), length), 0);
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    setsockopt(descriptor_, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  }
  PlainSocket(const PlainSocket&) = delete;
  PlainSocket& operator=(const PlainSocket&) = delete;
  ~PlainSocket() { ::close(descriptor_); }

  [[nodiscard]] Endpoint local() const {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    getsockname(descriptor_, reinterpret_cast<sockaddr*>(&storage), &length);
    return endpoint_of(reinterpret_cast<const sockaddr*>(&storage)).value();
  }
  bool send(const Bytes& bytes, const IpAddress& to, std::uint16_t port) const {
    sockaddr_storage storage{};
    const socklen_t length = write_sockaddr({to, port}, family_, storage);
    return ::sendto(descriptor_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&storage),
                    length) == static_cast<ssize_t>(bytes.size());
  }
  struct Heard {
    Endpoint from;
    Bytes bytes;
  };
  [[nodiscard]] std::optional<Heard> receive() const {
    Bytes bytes(65'536);
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    const ssize_t count = ::recvfrom(descriptor_, bytes.data(), bytes.size(), 0,
                                     reinterpret_cast<sockaddr*>(&storage), &length);
    if (count < 0) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(count));
    return Heard{endpoint_of(reinterpret_cast<const sockaddr*>(&storage)).value(), bytes};
  }

 private:
  int family_;
  int descriptor_;
};

class BatchSocketTest : public testing::Test {
 protected:
  std::uint16_t port() const { return socket_.local().port; }

  Loop loop_;
  BatchSocket socket_{loop_, {IpAddress(), 0}, [](bool, bool) {}};
};

TEST_F(BatchSocketTest, HearsBothFamiliesWithCanonicalAddresses) {
  EXPECT_GT(port(), 0);
  EXPECT_GT(socket_.receive_buffer_bytes(), 0);
  EXPECT_TRUE(socket_.receive().empty());
  const PlainSocket four(kLoopback4);
  const PlainSocket six(kLoopback6);
  ASSERT_TRUE(four.send(bytes_of("four"), IpAddress::v4(127, 0, 0, 9), port()));
  ASSERT_TRUE(six.send(bytes_of("six"), kLoopback6, port()));
  ASSERT_TRUE(six.send(Bytes(), kLoopback6, port()));
  const auto heard = socket_.receive();
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_EQ(heard[0].from, four.local());
  EXPECT_TRUE(heard[0].from.address.is_v4());
  EXPECT_EQ(heard[0].to, IpAddress::v4(127, 0, 0, 9));
  EXPECT_TRUE(same(heard[0].bytes, bytes_of("four")));
  EXPECT_EQ(heard[1].from, six.local());
  EXPECT_EQ(heard[1].to, kLoopback6);
  EXPECT_TRUE(heard[2].bytes.empty());
  EXPECT_FALSE(heard[0].truncated || heard[1].truncated || heard[2].truncated);
  EXPECT_TRUE(socket_.receive().empty());
  EXPECT_EQ(socket_.kernel_dropped(), 0U);
}

TEST_F(BatchSocketTest, CutsAtTheExactLimit) {
  const PlainSocket four(kLoopback4);
  for (const std::size_t size :
       {kMaxOpenDatagramBytes, kMaxOpenDatagramBytes + 1, kMaxOpenDatagramBytes + 2, std::size_t{65'000}}) {
    ASSERT_TRUE(four.send(Bytes(size, std::byte{7}), kLoopback4, port()));
    const auto heard = socket_.receive();
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].bytes.size(), kMaxOpenDatagramBytes);
    EXPECT_EQ(heard[0].truncated, size > kMaxOpenDatagramBytes) << size;
  }
}

TEST_F(BatchSocketTest, ReceivesInBatches) {
  const PlainSocket four(kLoopback4);
  const std::size_t count = BatchSocket::kReceiveBatch + 5;
  for (std::size_t i = 0; i < count; ++i)
    ASSERT_TRUE(four.send({static_cast<std::byte>(i)}, kLoopback4, port()));
  const auto first = socket_.receive();
  ASSERT_EQ(first.size(), BatchSocket::kReceiveBatch);
  for (std::size_t i = 0; i < first.size(); ++i) EXPECT_EQ(first[i].bytes[0], static_cast<std::byte>(i));
  EXPECT_EQ(socket_.receive().size(), 5U);
  EXPECT_TRUE(socket_.receive().empty());
}

TEST_F(BatchSocketTest, AnswersFromTheAddressItWasSpokenTo) {
  const PlainSocket four(kLoopback4);
  const PlainSocket six(kLoopback6);
  const IpAddress ours = IpAddress::v4(127, 0, 0, 9);
  const std::vector<Recipient> recipients = {
      {four.local(), ours}, {six.local(), kLoopback6}, {four.local(), IpAddress()}};
  const auto sent = socket_.send(bytes_of("hello"), recipients);
  EXPECT_EQ(sent.done, 3U);
  EXPECT_EQ(sent.error, 0);
  EXPECT_FALSE(sent.blocked);
  const auto first = four.receive();
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->from, (Endpoint{ours, port()}));
  EXPECT_TRUE(same(first->bytes, bytes_of("hello")));
  EXPECT_EQ(six.receive()->from, (Endpoint{kLoopback6, port()}));
  EXPECT_EQ(four.receive()->from, (Endpoint{kLoopback4, port()})) << "the system's choice";
}

TEST_F(BatchSocketTest, WhoSpeaksToABroadcastAddressCanBeAnswered) {
  const PlainSocket four(kLoopback4);
  if (!four.send(bytes_of("anybody?"), IpAddress::v4(127, 255, 255, 255), port()))
    GTEST_SKIP() << "this system does not broadcast on loopback";
  const auto heard = socket_.receive();
  ASSERT_EQ(heard.size(), 1U);
  const std::vector<Recipient> recipients = {{heard[0].from, heard[0].to}};
  const auto sent = socket_.send(bytes_of("here"), recipients);
  EXPECT_EQ(sent.error, 0);
  ASSERT_TRUE(four.receive().has_value());
}

TEST_F(BatchSocketTest, AnErrorSkipsExactlyOneRecipient) {
  const PlainSocket a(kLoopback4);
  const PlainSocket b(kLoopback4);
  // Sending from an address that is not ours is refused, whoever it goes to.
  const IpAddress not_ours = IpAddress::v4(203, 0, 113, 1);
  const std::vector<Recipient> recipients = {
      {a.local(), kLoopback4}, {a.local(), not_ours}, {a.local(), not_ours}, {b.local(), kLoopback4}};
  std::size_t done = 0;
  std::size_t errors = 0;
  for (int call = 0; call < 10 && done < recipients.size(); ++call) {
    const auto sent = socket_.send(bytes_of("x"), std::span(recipients).subspan(done));
    ASSERT_GT(sent.done, 0U);
    ASSERT_FALSE(sent.blocked);
    done += sent.done;
    errors += sent.error != 0 ? 1 : 0;
  }
  EXPECT_EQ(done, 4U);
  EXPECT_EQ(errors, 2U);
  EXPECT_TRUE(a.receive().has_value());
  EXPECT_TRUE(b.receive().has_value());
}

TEST_F(BatchSocketTest, ADeadPeerDisturbsNobody) {
  Endpoint dead;
  {
    const PlainSocket gone(kLoopback4);
    dead = gone.local();
  }
  const PlainSocket alive(kLoopback4);
  const std::vector<Recipient> recipients = {{dead, kLoopback4}, {alive.local(), kLoopback4}};
  for (int i = 0; i < 3; ++i) {
    const auto sent = socket_.send(bytes_of("x"), recipients);
    EXPECT_EQ(sent.done, 2U);
    EXPECT_EQ(sent.error, 0) << "its host's \"port unreachable\" is no error of ours";
    ASSERT_TRUE(alive.receive().has_value());
  }
}

TEST_F(BatchSocketTest, SendsNoMoreThanABatchACall) {
  const PlainSocket a(kLoopback4);
  const std::vector<Recipient> recipients(BatchSocket::kSendBatch + 1, Recipient{a.local(), kLoopback4});
  const auto sent = socket_.send(bytes_of("x"), recipients);
  EXPECT_TRUE(sent.done == BatchSocket::kSendBatch || sent.blocked);
  EXPECT_EQ(socket_.send(bytes_of("x"), {}).done, 0U);
}

TEST_F(BatchSocketTest, CountsWhatTheKernelDroppedAtOnce) {
  const PlainSocket four(kLoopback4);
  const Bytes datagram(2'000, std::byte{1});
  std::uint64_t sent = 0;
  for (int i = 0; i < 20'000; ++i)
    sent += four.send(datagram, kLoopback4, port()) ? 1 : 0;  // 40 MB into a buffer of a few
  const std::uint64_t dropped = socket_.kernel_dropped();
  std::uint64_t received = 0;
  for (auto heard = socket_.receive(); !heard.empty(); heard = socket_.receive()) received += heard.size();
  EXPECT_GT(dropped, 0U);
  EXPECT_EQ(received + dropped, sent) << "nothing has arrived since that could have carried the count";
  ASSERT_TRUE(four.send(datagram, kLoopback4, port()));  // carries the kernel's own count
  EXPECT_EQ(socket_.receive().size(), 1U);
  EXPECT_EQ(socket_.kernel_dropped(), dropped) << "counted once";
}

TEST(BatchSocket, SaysWhatIsWrongWithAnAddress) {
  Loop loop;
  const auto nothing = [](bool, bool) {};
  const BatchSocket first(loop, {kLoopback4, 0}, nothing);
  try {
    const BatchSocket second(loop, first.local(), nothing);
    FAIL() << "two on one port";
  } catch (const SystemError& error) {
    EXPECT_EQ(error.code(), UV_EADDRINUSE);
    EXPECT_EQ(std::string(error.what()),
              "binding UDP " + first.local().to_string() + ": address already in use");
  }
  EXPECT_THROW(BatchSocket(loop, {IpAddress::v4(203, 0, 113, 1), 0}, nothing), SystemError);
}

TEST(BatchSocket, ASocketForOneAddressHearsOnlyThat) {
  Loop loop;
  BatchSocket socket(loop, {IpAddress::v4(127, 0, 0, 5), 0}, [](bool, bool) {});
  EXPECT_EQ(socket.local().address, IpAddress::v4(127, 0, 0, 5));
  const PlainSocket peer(kLoopback4);
  ASSERT_TRUE(peer.send(bytes_of("no"), kLoopback4, socket.local().port));
  ASSERT_TRUE(peer.send(bytes_of("yes"), IpAddress::v4(127, 0, 0, 5), socket.local().port));
  const auto heard = socket.receive();
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(same(heard[0].bytes, bytes_of("yes")));
  const std::vector<Recipient> recipients = {{peer.local(), heard[0].to}};
  EXPECT_EQ(socket.send(bytes_of("x"), recipients).error, 0);
  EXPECT_EQ(peer.receive()->from, socket.local());
}

TEST(BatchSocket, TheLoopSaysWhenItIsReady) {
  Loop loop;
  int readable_calls = 0;
  int writable_calls = 0;
  BatchSocket* socket_in_loop = nullptr;
  BatchSocket socket(loop, {kLoopback4, 0}, [&](bool readable, bool writable) {
    if (readable) readable_calls += static_cast<int>(socket_in_loop->receive().size());
    if (writable) {
      ++writable_calls;
      socket_in_loop->want_writable(false);
    }
    if (readable_calls > 0 && writable_calls > 0) loop.stop();
  });
  socket_in_loop = &socket;
  Timer guard(loop, [&](TimePoint) { loop.stop(); });
  guard.start(5s);
  socket.want_writable(true);
  const PlainSocket peer(kLoopback4);
  ASSERT_TRUE(peer.send(bytes_of("x"), kLoopback4, socket.local().port));
  loop.run();
  EXPECT_EQ(readable_calls, 1);
  EXPECT_EQ(writable_calls, 1) << "and no more, once it is not wanted";
}

TEST(Sockaddr, RoundTrip) {
  const Endpoint endpoints[] = {{kLoopback4, 5'241},
                                {kLoopback6, 1},
                                {IpAddress(), 0},
                                {IpAddress::parse("fe80::1").value(), 65'535, 7}};
  for (const Endpoint& endpoint : endpoints) {
    sockaddr_storage storage{};
    EXPECT_EQ(write_sockaddr(endpoint, AF_INET6, storage), sizeof(sockaddr_in6));
    EXPECT_EQ(endpoint_of(reinterpret_cast<const sockaddr*>(&storage)), endpoint);
  }
  sockaddr_storage storage{};
  EXPECT_EQ(write_sockaddr({kLoopback4, 5'241}, AF_INET, storage), sizeof(sockaddr_in));
  EXPECT_EQ(endpoint_of(reinterpret_cast<const sockaddr*>(&storage)), (Endpoint{kLoopback4, 5'241}));
}

TEST(Sockaddr, AZoneIsOfLinkLocalAddressesOnly) {
  sockaddr_storage storage{};
  write_sockaddr({IpAddress::parse("2001:db8::1").value(), 1, 7}, AF_INET6, storage);
  EXPECT_EQ(endpoint_of(reinterpret_cast<const sockaddr*>(&storage))->zone, 0U) << "or one peer would be two";
}

TEST(Sockaddr, OtherFamiliesAreNone) {
  EXPECT_FALSE(endpoint_of(nullptr).has_value());
  sockaddr_storage storage{};
  storage.ss_family = AF_UNIX;
  EXPECT_FALSE(endpoint_of(reinterpret_cast<const sockaddr*>(&storage)).has_value());
}

TEST(SockaddrDeathTest, V6OnAV4SocketIsABug) {
  sockaddr_storage storage{};
  EXPECT_DEATH(write_sockaddr({kLoopback6, 1}, AF_INET, storage), "bug: CHECK");
}

}  // namespace
}  // namespace hubbub::net
