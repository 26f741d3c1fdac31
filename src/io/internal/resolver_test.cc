// SPDX-License-Identifier: MIT OR Apache-2.0
// Name look-ups that answer, hang, and pile up.
#include "io/internal/resolver.h"

#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <thread>

namespace weir {
namespace {

using std::chrono::milliseconds;

struct Loop {
  explicit Loop(Resolver::LookUp look_up = Resolver::system_look_up)
      : mailbox(std::make_shared<Mailbox>(io)),
        resolver(
            mailbox,
            [this](RequestId id, std::vector<IpAddress> addresses) {
              answers[id] = std::move(addresses);
            },
            std::move(look_up)) {}
  ~Loop() { stop(); }

  void stop() {
    mailbox->close();
    resolver.stop();
    io.restart();
    io.run();
  }
  bool wait(std::size_t count, milliseconds patience = milliseconds(5000)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (answers.size() < count && std::chrono::steady_clock::now() < end) {
      io.restart();
      io.run_one_for(milliseconds(20));
    }
    return answers.size() >= count;
  }

  boost::asio::io_context io;
  std::shared_ptr<Mailbox> mailbox;
  std::map<RequestId, std::vector<IpAddress>> answers;
  Resolver resolver;
};

RequestId id(std::uint64_t n) { return static_cast<RequestId>(n); }

// Hangs until the test lets go; shared, because a thread may outlive the test.
struct Gate {
  std::atomic<bool> open = false;
  std::atomic<int> inside = 0;
};
Resolver::LookUp hanging(std::shared_ptr<Gate> gate) {
  return [gate](const std::string& host, AddressFamily) -> std::vector<IpAddress> {
    if (host == "fast") return {IpAddress::v4(1)};
    ++gate->inside;
    while (!gate->open) std::this_thread::sleep_for(milliseconds(5));
    --gate->inside;
    return {IpAddress::v4(2)};
  };
}

TEST(Resolver, FindsLocalNamesOfTheFamilyAskedFor) {
  Loop loop;
  loop.resolver.lookup(id(1), "localhost", AddressFamily::v4);
  loop.resolver.lookup(id(2), "127.0.0.1", AddressFamily::v6);
  loop.resolver.lookup(id(3), "::1", AddressFamily::v6);
  loop.resolver.lookup(id(4), "", AddressFamily::v4);
  ASSERT_TRUE(loop.wait(4));
  ASSERT_FALSE(loop.answers[id(1)].empty());
  EXPECT_EQ(loop.answers[id(1)][0].text(), "127.0.0.1");
  EXPECT_TRUE(loop.answers[id(2)].empty());
  EXPECT_EQ(loop.answers[id(3)].size(), 1u);
  EXPECT_EQ(loop.answers[id(4)].size(), 0u);
}

TEST(Resolver, HangingNamesDoNotHoldUpOthers) {
  const auto gate = std::make_shared<Gate>();
  Loop loop(hanging(gate));
  for (std::uint64_t i = 0; i + 1 < Resolver::kThreadsMax; ++i) {
    loop.resolver.lookup(id(i), "slow", AddressFamily::v4);
  }
  loop.resolver.lookup(id(99), "fast", AddressFamily::v4);
  ASSERT_TRUE(loop.wait(1));
  EXPECT_TRUE(loop.answers.contains(id(99)));
  gate->open = true;
  EXPECT_TRUE(loop.wait(Resolver::kThreadsMax));
}

TEST(Resolver, StopDoesNotWaitForAHangingName) {
  const auto gate = std::make_shared<Gate>();
  {
    Loop loop(hanging(gate));
    loop.resolver.lookup(id(1), "slow", AddressFamily::v4);
    while (gate->inside == 0) std::this_thread::sleep_for(milliseconds(1));
    const auto begin = std::chrono::steady_clock::now();
    loop.stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, milliseconds(2000));
    EXPECT_TRUE(loop.answers.empty());
  }
  // The thread comes back to a resolver and a loop that are gone.
  gate->open = true;
  while (gate->inside > 0) std::this_thread::sleep_for(milliseconds(1));
  std::this_thread::sleep_for(milliseconds(20));
}

TEST(Resolver, CancelledLookupsAreNotAnswered) {
  const auto gate = std::make_shared<Gate>();
  Loop loop(hanging(gate));
  loop.resolver.lookup(id(1), "slow", AddressFamily::v4);
  loop.resolver.lookup(id(2), "fast", AddressFamily::v4);
  loop.resolver.cancel(id(1));
  gate->open = true;
  ASSERT_TRUE(loop.wait(1));
  EXPECT_TRUE(loop.answers.contains(id(2)));
  EXPECT_FALSE(loop.wait(2, milliseconds(100)));
}

TEST(Resolver, ACancelledLookupThatWaitsForAThreadIsNeverBegun) {
  const auto gate = std::make_shared<Gate>();
  std::atomic<bool> begun = false;
  Loop loop([gate, &begun, slow = hanging(gate)](const std::string& host, AddressFamily family) {
    if (host == "cancelled") begun = true;
    return slow(host, family);
  });
  for (std::uint64_t i = 0; i < Resolver::kThreadsMax; ++i) {
    loop.resolver.lookup(id(i), "slow", AddressFamily::v4);
  }
  loop.resolver.lookup(id(98), "cancelled", AddressFamily::v4);
  loop.resolver.lookup(id(99), "fast", AddressFamily::v4);
  loop.resolver.cancel(id(98));
  gate->open = true;
  ASSERT_TRUE(loop.wait(Resolver::kThreadsMax + 1));
  EXPECT_TRUE(loop.answers.contains(id(99))) << "asked after it, so its turn has passed";
  EXPECT_FALSE(begun);
}

TEST(Resolver, OneLookupTooManyIsAnsweredWithNothing) {
  const auto gate = std::make_shared<Gate>();
  Loop loop(hanging(gate));
  for (std::uint64_t i = 0; i < Resolver::kLookupsMax; ++i) {
    loop.resolver.lookup(id(i), "slow", AddressFamily::v4);
  }
  EXPECT_FALSE(loop.wait(1, milliseconds(50)));
  loop.resolver.lookup(id(5000), "fast", AddressFamily::v4);
  ASSERT_TRUE(loop.wait(1));
  EXPECT_TRUE(loop.answers.at(id(5000)).empty());
  gate->open = true;
  EXPECT_TRUE(loop.wait(Resolver::kLookupsMax + 1));
}

TEST(Resolver, ManyAddressesOfANameAreCut) {
  Loop loop([](const std::string&, AddressFamily) {
    return std::vector<IpAddress>(10'000, IpAddress::v4(3));
  });
  loop.resolver.lookup(id(1), "many", AddressFamily::v4);
  ASSERT_TRUE(loop.wait(1));
  EXPECT_EQ(loop.answers[id(1)].size(), Resolver::kAddressesMax);
}

}  // namespace
}  // namespace weir
