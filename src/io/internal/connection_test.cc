// SPDX-License-Identifier: MIT OR Apache-2.0
// Connections between real sockets and a machine of the test's own.
#include "io/internal/connection.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <csignal>
#include <thread>

#include "base/random.h"
#include "io/internal/sockets.h"
#include "io/testing/scratch.h"

namespace weir {
namespace {

constexpr ConnId kConn{7};

// A machine that takes bytes in pieces of odd sizes and sends what it was told to.
class ScriptedHost : public ConnectionHost {
 public:
  void begin_turn() override { EXPECT_EQ(turns++, 0); }
  void end_turn() override { EXPECT_EQ(--turns, 0); }
  void dialled(ConnId, const Endpoint& local) override { dialled_from = local; }
  void dial_failed(ConnId, const NetError& error) override { dial_error = error; }
  void closed(ConnId, CloseReason reason) override { close_reason = reason; }

  std::size_t prepare(ConnId, std::span<MutableBytes> out) override {
    if (paused) return 0;
    std::size_t sizes[] = {3, 1, 5000, 40'000};
    std::size_t count = std::min(out.size(), std::size(sizes)), offset = 0;
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = MutableBytes(landing_).subspan(offset, sizes[i]);
      offset += sizes[i];
    }
    return count;
  }
  void commit(ConnId, std::size_t bytes) override {
    received += as_text(Bytes(landing_).first(bytes));
    ++commits;
    if (pause_at != 0 && received.size() >= pause_at) paused = true;
    if (close_on_commit != nullptr) close_on_commit->close();
  }

  void collect(ConnId, std::size_t bytes_max, std::vector<SendRange>& out) override {
    std::size_t listed = 0, skip = sent_bytes;
    for (const SendRange& range : script) {
      const std::size_t size = size_of(range);
      if (skip >= size) {
        skip -= size;
        continue;
      }
      if (listed >= bytes_max) return;
      out.push_back(after(range, skip));
      listed += size - skip;
      skip = 0;
    }
  }
  void sent(ConnId, std::size_t bytes) override {
    sent_bytes += bytes;
    ++sends;
  }
  void send_failed(ConnId, const DiskError& error) override { send_error = error; }
  void content_changed(ConnId, const StoredRange&, const FileStat& now_is) override {
    changed_to = now_is;
  }
  DiskResult<SendFile> open_read(ConnId, const DiskPath& path) override {
    const int fd = ::open((path.root + "/" + path.relative).c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected(DiskError{DiskErrc::not_found, path.relative});
    ++opened;
    return SendFile{fd, std::make_shared<Descriptor>(fd)};
  }

  static std::size_t size_of(const SendRange& range) {
    if (const auto* bytes = std::get_if<Bytes>(&range)) return bytes->size();
    return std::get<StoredRange>(range).length;
  }
  static SendRange after(const SendRange& range, std::size_t skip) {
    if (const auto* bytes = std::get_if<Bytes>(&range)) return bytes->subspan(skip);
    StoredRange rest = std::get<StoredRange>(range);
    rest.offset += skip;
    rest.length -= static_cast<std::uint32_t>(skip);
    return rest;
  }

  int turns = 0, commits = 0, sends = 0, opened = 0;
  bool paused = false;
  std::size_t pause_at = 0, sent_bytes = 0;
  std::string received;
  std::vector<SendRange> script;
  Connection* close_on_commit = nullptr;
  std::optional<Endpoint> dialled_from;
  std::optional<NetError> dial_error;
  std::optional<CloseReason> close_reason;
  std::optional<DiskError> send_error;
  std::optional<FileStat> changed_to;

 private:
  Buffer landing_ = Buffer(64 * 1024);
};

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() {
    std::signal(SIGPIPE, SIG_IGN);
    auto listener = open_listener({IpAddress::v4(0x7f000001), 0});
    EXPECT_TRUE(listener.has_value());
    listener_ = std::move(*listener);
    at_ = *local_endpoint(listener_.get());
    connection_ = std::make_shared<Connection>(io_, host_, kConn);
  }
  ~ConnectionTest() override {
    connection_->close();
    io_.restart();
    io_.run();
  }

  // A connection that is open on both ends.
  void open() {
    connection_->dial(at_);
    run_until([&] { return host_.dialled_from.has_value(); });
    // The other end blocks: a plain socket for the test to use.
    peer_ = Descriptor(::accept(listener_.get(), nullptr, nullptr));
    ASSERT_TRUE(peer_);
  }
  template <class Condition>
  bool run_until(Condition condition,
                 std::chrono::milliseconds patience = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!condition() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(std::chrono::milliseconds(20));
    }
    return condition();
  }
  void peer_says(const std::string& text) {
    ASSERT_EQ(::send(peer_.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  // What the connection sends, `size` bytes of it, read by another thread.
  std::string peer_hears(std::size_t size) {
    std::string heard(size, '\0');
    std::size_t got = 0;
    std::thread reader([&] {
      while (got < size) {
        const ssize_t n = ::recv(peer_.get(), heard.data() + got, size - got, 0);
        if (n <= 0) return;
        got += static_cast<std::size_t>(n);
      }
    });
    run_until([&] { return host_.sent_bytes == size || host_.close_reason.has_value(); });
    if (host_.sent_bytes != size) ::shutdown(peer_.get(), SHUT_RDWR);
    reader.join();
    heard.resize(got);
    return heard;
  }
  std::string random_text(std::size_t size) {
    std::string text(size, '\0');
    random_.fill({reinterpret_cast<std::byte*>(text.data()), text.size()});
    return text;
  }
  StoredRange file_range(std::uint64_t offset, std::uint32_t length) const {
    return {{dir_.path(), "file"}, offset, length};
  }

  boost::asio::io_context io_;
  ScriptedHost host_;
  Descriptor listener_, peer_;
  Endpoint at_;
  std::shared_ptr<Connection> connection_;
  ScratchDir dir_;
  Random random_{1};
};

TEST_F(ConnectionTest, ReportsADialThatSucceeds) {
  open();
  EXPECT_EQ(host_.dialled_from->address.text(), "127.0.0.1");
  EXPECT_FALSE(host_.dial_error);
}

TEST_F(ConnectionTest, ReportsADialThatIsRefused) {
  listener_.reset();
  connection_->dial(at_);
  EXPECT_FALSE(host_.dial_error) << "never from within dial()";
  ASSERT_TRUE(run_until([&] { return host_.dial_error.has_value(); }));
  EXPECT_EQ(host_.dial_error->code, NetErrc::refused);
  EXPECT_FALSE(connection_->is_open());
}

TEST_F(ConnectionTest, ReportsNothingAfterCloseDuringADial) {
  connection_->dial(at_);
  connection_->close();
  io_.run();
  EXPECT_FALSE(host_.dialled_from || host_.dial_error || host_.close_reason);
}

TEST_F(ConnectionTest, ReceivesEveryByteInOrder) {
  open();
  const std::string text = random_text(3'000'000);
  std::thread writer([&] { peer_says(text); });
  run_until([&] { return host_.received.size() == text.size(); });
  writer.join();
  EXPECT_EQ(host_.received, text);
}

TEST_F(ConnectionTest, StopsReadingUntilItIsWoken) {
  open();
  host_.pause_at = 10;
  peer_says("0123456789");
  ASSERT_TRUE(run_until([&] { return host_.paused; }));
  peer_says("more");
  EXPECT_FALSE(
      run_until([&] { return host_.received.size() > 10; }, std::chrono::milliseconds(100)));
  host_.paused = false;
  host_.pause_at = 0;
  connection_->wake_read();
  connection_->wake_read();
  EXPECT_TRUE(run_until([&] { return host_.received == "0123456789more"; }));
}

TEST_F(ConnectionTest, TellsARemoteCloseFromAReset) {
  open();
  peer_.reset();
  ASSERT_TRUE(run_until([&] { return host_.close_reason.has_value(); }));
  EXPECT_EQ(host_.close_reason, CloseReason::remote_closed);

  ScriptedHost other;
  const auto second = std::make_shared<Connection>(io_, other, kConn);
  second->dial(at_);
  run_until([&] { return other.dialled_from.has_value(); });
  Descriptor peer(::accept(listener_.get(), nullptr, nullptr));
  const linger abort{1, 0};
  ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &abort, sizeof(abort));
  peer.reset();
  ASSERT_TRUE(run_until([&] { return other.close_reason.has_value(); }));
  EXPECT_EQ(other.close_reason, CloseReason::network_error);
}

TEST_F(ConnectionTest, MayBeClosedWhileItReportsBytes) {
  open();
  host_.close_on_commit = connection_.get();
  peer_says("bytes");
  ASSERT_TRUE(run_until([&] { return host_.commits > 0; }));
  io_.restart();
  io_.run();  // ends: nothing is under way
  EXPECT_EQ(host_.commits, 1);
  EXPECT_FALSE(host_.close_reason) << "who closes is not told";
}

TEST_F(ConnectionTest, SendsHeadersContentAndZerosInOrder) {
  open();
  const std::string content = random_text(2'000'000);
  put_file(dir_.at("file"), content);
  const std::string header = "thirteen byte";
  std::string expected;
  for (std::uint32_t i = 0; i < 100; ++i) {
    host_.script.emplace_back(as_bytes(header));
    host_.script.emplace_back(file_range(i * 16'384, 16'384));
    expected += header + content.substr(i * 16'384, 16'384);
  }
  host_.script.emplace_back(as_bytes(header));
  host_.script.emplace_back(StoredRange{{}, 0, 200'000});  // pad
  host_.script.emplace_back(file_range(1'999'999, 1));
  expected += header + std::string(200'000, '\0') + content.substr(1'999'999);
  connection_->wake_write();
  connection_->wake_write();
  EXPECT_EQ(peer_hears(expected.size()), expected);
  EXPECT_LT(host_.opened, 20) << "a file is opened once a turn, not once a block";
}

TEST_F(ConnectionTest, SendsManySmallMessagesAndHugePads) {
  open();
  std::string expected;
  const std::string message = "abcdefg";
  for (int i = 0; i < 1000; ++i) {
    host_.script.emplace_back(as_bytes(message));
    expected += message;
  }
  constexpr std::uint32_t kHuge = 9'000'000;  // more than one call can say
  host_.script.emplace_back(StoredRange{{}, 0, kHuge});
  host_.script.emplace_back(as_bytes(message));
  expected += std::string(kHuge, '\0') + message;
  connection_->wake_write();
  EXPECT_TRUE(peer_hears(expected.size()) == expected);
}

TEST_F(ConnectionTest, SleepsWhenThereIsNothingToSendAndWakes) {
  open();
  connection_->wake_write();
  io_.restart();
  io_.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(host_.sends, 0);
  host_.script.emplace_back(as_bytes("late"));
  connection_->wake_write();
  EXPECT_EQ(peer_hears(4), "late");
}

TEST_F(ConnectionTest, SendsNothingOfAFileThatIsNotWhatItWas) {
  open();
  put_file(dir_.at("file"), "verified once");
  StoredRange range = file_range(0, 5);
  range.seen = FileStat{.size = 13, .mtime_ns = 1, .file_id = 2};
  host_.script.emplace_back(range);
  connection_->wake_write();
  ASSERT_TRUE(run_until([&] { return host_.changed_to.has_value(); }));
  EXPECT_EQ(host_.sends, 0);
}

TEST_F(ConnectionTest, ReportsAFileThatIsTooShort) {
  open();
  put_file(dir_.at("file"), "short");
  host_.script.emplace_back(file_range(0, 16'384));
  connection_->wake_write();
  ASSERT_TRUE(run_until([&] { return host_.send_error.has_value(); }));
  EXPECT_EQ(host_.send_error->code, DiskErrc::short_read);
}

TEST_F(ConnectionTest, ReportsAFileThatIsGone) {
  open();
  host_.script.emplace_back(file_range(0, 16'384));
  connection_->wake_write();
  ASSERT_TRUE(run_until([&] { return host_.send_error.has_value(); }));
  EXPECT_EQ(host_.send_error->code, DiskErrc::not_found);
}

TEST_F(ConnectionTest, LosesAPeerThatGoesWhileItIsSentTo) {
  open();
  put_file(dir_.at("file"), random_text(1'000'000));
  for (int i = 0; i < 50; ++i) host_.script.emplace_back(file_range(0, 1'000'000));
  connection_->wake_write();
  run_until([&] { return host_.sent_bytes > 0; });
  peer_.reset();
  ASSERT_TRUE(run_until([&] { return host_.close_reason.has_value(); }));
  EXPECT_FALSE(host_.send_error) << "not the file's fault";
}

}  // namespace
}  // namespace weir
