// SPDX-License-Identifier: MIT OR Apache-2.0
// Listening, accepting when descriptors run out, and UDP.
#include "io/internal/sockets.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>

#include "io/internal/listen_sockets.h"
#include "io/internal/listener.h"
#include "io/internal/udp_socket.h"

namespace weir {
namespace {

const Endpoint kLoopback4{IpAddress::v4(0x7f000001), 0};
const Endpoint kLoopback6{*IpAddress::parse("::1"), 0};

template <class Condition>
bool run_until(boost::asio::io_context& io, Condition condition,
               std::chrono::milliseconds patience = std::chrono::seconds(5)) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition() && std::chrono::steady_clock::now() < end) {
    io.restart();
    io.run_one_for(std::chrono::milliseconds(20));
  }
  return condition();
}

TEST(SocketAddress, IsTheSameThereAndBack) {
  for (const char* text : {"1.2.3.4:5", "[2a00::1]:65535", "[::1]:1"}) {
    const Endpoint endpoint = *Endpoint::parse(text);
    const SocketAddress address = to_socket_address(endpoint);
    EXPECT_EQ(to_endpoint(address.get(), address.length), endpoint) << text;
    EXPECT_FALSE(to_endpoint(address.get(), address.length - 1)) << "cut";
  }
}

TEST(ListenSockets, ChosenPortIsTheSameForBothFamiliesAndUdp) {
  const std::vector<Endpoint> wanted{kLoopback4, kLoopback6};
  auto sockets = open_listen_sockets(wanted);
  // Another program may have the same port over UDP.
  for (int i = 0; i < 16 && sockets && sockets->udp_v4; ++i) {
    if (local_endpoint(sockets->udp_v4->get())->port == sockets->port()) break;
    sockets = open_listen_sockets(wanted);
  }
  ASSERT_TRUE(sockets.has_value());
  ASSERT_FALSE(sockets->endpoints.empty());
  for (const Endpoint& endpoint : sockets->endpoints) {
    EXPECT_EQ(endpoint.port, sockets->port());
    EXPECT_NE(endpoint.port, 0);
  }
  EXPECT_EQ(sockets->endpoints.size() + sockets->warnings.size(), 2u);
  ASSERT_TRUE(sockets->udp_v4);
  EXPECT_EQ(local_endpoint(sockets->udp_v4->get())->port, sockets->port());
}

TEST(ListenSockets, TakenPortIsAnErrorForTcpOnly) {
  const auto first = open_listen_sockets({&kLoopback4, 1});
  ASSERT_TRUE(first.has_value());
  const Endpoint taken = first->endpoints[0];
  const auto second = open_listen_sockets({&taken, 1});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, NetErrc::address_in_use);
  EXPECT_NE(second.error().detail.find(taken.text()), std::string::npos);
}

TEST(ListenSockets, UdpGoesElsewhereWhenItsPortIsTaken) {
  // Another program may have the same port over TCP, so not every one that UDP gets will do.
  for (int attempt = 0; attempt < 16; ++attempt) {
    const auto udp = open_udp(kLoopback4);
    ASSERT_TRUE(udp.has_value());
    const Endpoint near{kLoopback4.address, local_endpoint(udp->get())->port};
    const auto sockets = open_listen_sockets({&near, 1});
    if (!sockets) {
      ASSERT_EQ(sockets.error().code, NetErrc::address_in_use);
      continue;
    }
    ASSERT_TRUE(sockets->udp_v4);
    EXPECT_NE(local_endpoint(sockets->udp_v4->get())->port, near.port);
    return;
  }
  FAIL() << "every port was taken";
}

TEST(ListenSockets, AddressOfNobodyHereIsAnError) {
  const Endpoint elsewhere{*IpAddress::parse("198.51.100.7"), 0};
  const auto sockets = open_listen_sockets({&elsewhere, 1});
  ASSERT_FALSE(sockets.has_value());
  EXPECT_EQ(sockets.error().code, NetErrc::address_unavailable);
}

TEST(ListenSockets, NowhereToListenStillHasUdp) {
  const auto sockets = open_listen_sockets({});
  ASSERT_TRUE(sockets.has_value());
  EXPECT_EQ(sockets->port(), 0);
  EXPECT_TRUE(sockets->udp_v4);
}

TEST(Listener, PausesWhenDescriptorsRunOutAndGoesOn) {
  boost::asio::io_context io;
  auto fd = open_listener(kLoopback4);
  ASSERT_TRUE(fd.has_value());
  const Endpoint at = *local_endpoint(fd->get());
  std::vector<Descriptor> accepted;
  int pauses = 0;
  Listener listener(io, std::move(*fd),
                    {[&](Descriptor peer, const Endpoint&) { accepted.push_back(std::move(peer)); },
                     [&](const NetError& error) {
                       ++pauses;
                       EXPECT_EQ(error.code, NetErrc::too_many_files);
                     }});
  listener.start();
  auto client = begin_connect(at);
  ASSERT_TRUE(client.has_value());
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit none = before;
  none.rlim_cur = 3;
  setrlimit(RLIMIT_NOFILE, &none);
  run_until(io, [&] { return pauses > 0; });
  const bool quiet = !run_until(io, [&] { return pauses > 1; }, std::chrono::milliseconds(300));
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(pauses, 1);
  EXPECT_TRUE(quiet) << "one try a second, no spinning";
  EXPECT_TRUE(accepted.empty());
  EXPECT_TRUE(run_until(io, [&] { return !accepted.empty(); }));
  listener.close();
  io.restart();
  io.run();
}

TEST(UdpSocket, CarriesPacketsBothWaysAndDropsHugeOnes) {
  boost::asio::io_context io;
  auto a_fd = open_udp(kLoopback4), b_fd = open_udp(kLoopback4);
  ASSERT_TRUE(a_fd && b_fd);
  const Endpoint a_at = *local_endpoint(a_fd->get()), b_at = *local_endpoint(b_fd->get());
  std::vector<std::string> a_got, b_got;
  UdpSocket a(io, std::move(*a_fd),
              [&](const Endpoint&, Bytes packet) { a_got.emplace_back(as_text(packet)); });
  UdpSocket b(io, std::move(*b_fd), [&](const Endpoint& from, Bytes packet) {
    EXPECT_EQ(from, a_at);
    b_got.emplace_back(as_text(packet));
    b.send(from, as_bytes("answer"));
  });
  a.start();
  b.start();
  a.send(b_at, Buffer(UdpSocket::kPacketMax + 1));
  a.send(b_at, Buffer(UdpSocket::kPacketMax));
  a.send(b_at, as_bytes("question"));
  a.send(b_at, {});
  // Nobody listens there: the report of that must not look like a packet, nor end the socket.
  a.send({b_at.address, 9}, as_bytes("lost"));
  EXPECT_TRUE(run_until(io, [&] { return a_got.size() == 3; }));
  ASSERT_EQ(b_got.size(), 3u);
  EXPECT_EQ(b_got[0].size(), UdpSocket::kPacketMax);
  EXPECT_EQ(b_got[1], "question");
  EXPECT_EQ(b_got[2], "");
  a.close();
  b.close();
  io.restart();
  io.run();
}

}  // namespace
}  // namespace weir
