// SPDX-License-Identifier: MIT OR Apache-2.0
// Locks, the service manager's sockets, the ports file and signals, against the real kernel.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/instance_lock.h"
#include "daemon/ports_file.h"
#include "daemon/service_manager.h"
#include "daemon/signals.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

struct ProcessTest : testing::Test {
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "weir-daemon-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    dir = name;
  }
  void TearDown() override { fs::remove_all(dir); }
  static std::string text_of(const fs::path& path) {
    std::ostringstream out;
    out << std::ifstream(path).rdbuf();
    return out.str();
  }
  fs::path dir;
};

TEST_F(ProcessTest, ADirectoryIsLockedByOneAndFreedWithIt) {
  const std::string state = dir / "a" / "b";
  {
    auto first = InstanceLock::acquire(state);
    ASSERT_TRUE(first);
    EXPECT_EQ(text_of(fs::path(state) / "node.lock"), std::to_string(getpid()) + "\n");
    EXPECT_EQ(fs::status(state).permissions(), fs::perms::owner_all);
    const auto second = InstanceLock::acquire(state);
    ASSERT_FALSE(second);
    EXPECT_TRUE(second.error().held);
    EXPECT_EQ(second.error().holder, getpid());
    EXPECT_EQ(second.error().path, state + "/node.lock");
    EXPECT_TRUE(InstanceLock::acquire(dir / "other"));
  }
  EXPECT_TRUE(InstanceLock::acquire(state));
}

TEST_F(ProcessTest, ALockIsFreedByAKill) {
  const std::string state = dir / "state";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto lock = InstanceLock::acquire(state);
    if (lock) (void)!write(ready[1], "x", 1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  const auto held = InstanceLock::acquire(state);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().holder, child);
  kill(child, SIGKILL);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  EXPECT_TRUE(InstanceLock::acquire(state));
  close(ready[0]);
  close(ready[1]);
}

TEST_F(ProcessTest, ALockThatCantBeMadeSaysWhy) {
  std::ofstream(dir / "file") << "x";
  const auto below_a_file = InstanceLock::acquire(dir / "file" / "state");
  ASSERT_FALSE(below_a_file);
  EXPECT_FALSE(below_a_file.error().held);
  EXPECT_EQ(below_a_file.error().error, ENOTDIR);
  fs::create_directory(dir / "linked");
  fs::create_symlink(dir / "file", dir / "linked" / "node.lock");
  const auto through_a_link = InstanceLock::acquire(dir / "linked");
  ASSERT_FALSE(through_a_link);
  EXPECT_EQ(through_a_link.error().error, ELOOP);
  EXPECT_EQ(text_of(dir / "file"), "x");
}

// A datagram socket as the service manager has one.
struct ManagerSocket {
  explicit ManagerSocket(std::string_view name) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = 0;
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0;
  }
  ~ManagerSocket() { close(fd); }
  [[nodiscard]] std::string next() const {
    char text[256];
    const ssize_t got = recv(fd, text, sizeof(text), MSG_DONTWAIT);
    return got < 0 ? "(nothing)" : std::string(text, static_cast<std::size_t>(got));
  }
  int fd;
  bool bound;
};

TEST_F(ProcessTest, TheServiceManagerIsToldOverPathsAndAbstractNames) {
  const std::string path = dir / "notify";
  const std::string abstract = "@weir-test-" + std::to_string(getpid());
  for (const std::string& name : {path, abstract}) {
    const ManagerSocket manager(name);
    ASSERT_TRUE(manager.bound) << name;
    const ServiceNotifier notifier(name);
    EXPECT_TRUE(notifier.send("READY=1\nSTATUS=ready"));
    EXPECT_EQ(manager.next(), "READY=1\nSTATUS=ready");
  }
}

TEST_F(ProcessTest, NobodyToTellIsNoFailureThatCounts) {
  for (const std::string& name :
       {std::string(), std::string("@"), std::string("relative"), (dir / "absent").string(),
        "/" + std::string(107, 'x'), "/" + std::string(108, 'x')}) {
    EXPECT_FALSE(ServiceNotifier(name).send("READY=1")) << name;
  }
}

TEST_F(ProcessTest, SocketsMeantForAnotherProcessAreLeftAlone) {
  const std::string other = std::to_string(getpid() + 1);
  EXPECT_EQ(activated_sockets(std::nullopt, "1")->size(), 0u);
  EXPECT_EQ(activated_sockets(other, "1")->size(), 0u);
  EXPECT_EQ(activated_sockets("x", "1")->size(), 0u);
  const std::string self = std::to_string(getpid());
  EXPECT_EQ(activated_sockets(self, std::nullopt)->size(), 0u);
  EXPECT_EQ(activated_sockets(self, "0")->size(), 0u);
  EXPECT_FALSE(activated_sockets(self, "-1"));
  EXPECT_FALSE(activated_sockets(self, "one"));
  EXPECT_FALSE(activated_sockets(self, std::to_string(kActivationFdsMax + 1)));
}

// Runs `body` in a child whose descriptor 3 is `fd`; its exit code.
template <class Body>
int run_with_descriptor(int fd, Body body) {
  const pid_t child = fork();
  if (child == 0) {
    if (fd != kActivationFdFirst) dup2(fd, kActivationFdFirst);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST_F(ProcessTest, AListeningSocketIsTakenAndOtherDescriptorsAreRefused) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const auto take = [] {
    const auto sockets = activated_sockets(std::to_string(getpid()), "1");
    if (!sockets) return 2;
    const ActivatedSocket& only = sockets->front();
    const bool good = only.fd == kActivationFdFirst && only.local.port != 0 &&
                      only.local.address == *IpAddress::parse("127.0.0.1") &&
                      (fcntl(only.fd, F_GETFD) & FD_CLOEXEC) != 0;
    return good ? 0 : 1;
  };
  EXPECT_EQ(run_with_descriptor(fd, take), 2) << "bound, but not listening";
  ASSERT_EQ(listen(fd, 4), 0);
  EXPECT_EQ(run_with_descriptor(fd, take), 0);
  close(fd);
  const ManagerSocket datagrams(std::string(dir / "datagrams"));
  EXPECT_EQ(run_with_descriptor(datagrams.fd, take), 2);
}

TEST_F(ProcessTest, ThePortsFileAppearsWholeAndGoesWithItsOwner) {
  const std::string path = dir / "ports.json";
  const Ports ports{.http = {*Endpoint::parse("127.0.0.1:80"), *Endpoint::parse("[::1]:81")},
                    .peer = {},
                    .socket = "/run/a \"b\"\n"};
  {
    const auto file = PortsFile::write(path, ports);
    ASSERT_TRUE(file);
    EXPECT_EQ(text_of(path), "{\"pid\": " + std::to_string(getpid()) +
                                 ", \"http\": [\"127.0.0.1:80\", \"[::1]:81\"], \"peer\": [], "
                                 "\"socket\": \"/run/a \\\"b\\\"\\u000a\"}\n");
    EXPECT_EQ(std::distance(fs::directory_iterator(dir), fs::directory_iterator()), 1);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST_F(ProcessTest, APortsFileOfAnotherIsLeftAlone) {
  const std::string path = dir / "ports.json";
  {
    const auto file = PortsFile::write(path, {});
    ASSERT_TRUE(file);
    std::ofstream(dir / "theirs") << "theirs";
    fs::rename(dir / "theirs", path);
  }
  EXPECT_EQ(text_of(path), "theirs");
  const auto nowhere = PortsFile::write(dir / "absent" / "ports", {});
  ASSERT_FALSE(nowhere);
  EXPECT_EQ(nowhere.error(), ENOENT);
}

TEST_F(ProcessTest, SignalsComeInOrderAndTheSecondStopEndsTheProcess) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    DaemonSignals signals;
    raise(SIGHUP);
    if (signals.wait() != DaemonSignal::reload) _exit(1);
    raise(SIGTERM);
    if (signals.wait() != DaemonSignal::stop) _exit(2);
    raise(SIGHUP);
    if (signals.wait() != DaemonSignal::stop) _exit(3);
    raise(SIGINT);
    _exit(4);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGINT);
}

TEST_F(ProcessTest, AStopIsHeardBehindAnyNumberOfReloads) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    DaemonSignals signals;
    for (int i = 0; i < 100'000; ++i) raise(SIGHUP);
    raise(SIGTERM);
    _exit(signals.wait() == DaemonSignal::stop ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace weir
