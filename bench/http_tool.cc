// SPDX-License-Identifier: MIT OR Apache-2.0
// What http_bench.py measures, and what it measures with.
//
//   http_tool serve FILE           our server on a free port of loopback, which it prints; GET of
//                                  anything is the file; ends by a signal
//   http_tool load PORT TARGET CONNECTIONS REQUESTS
//                                  so many connections at once, so many requests on each; prints
//                                  seconds and bytes of bodies
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "io/http_server.h"

namespace {

using namespace weir;

class OneRange final : public HttpBodySource {
 public:
  explicit OneRange(HttpFileRange range) : range_(std::move(range)) {}
  void next(std::size_t, std::function<void(HttpBodyPart)> done) override {
    if (std::exchange(given_, true)) return done(HttpBodyEnd{});
    done(range_);
  }

 private:
  HttpFileRange range_;
  bool given_ = false;
};

class OneFile final : public HttpHandler {
 public:
  OneFile(int fd, std::uint64_t length) : fd_(fd), length_(length) {}
  void handle(HttpCall call) override {
    HttpAnswer answer;
    answer.fields.push_back({"Content-Type", "application/octet-stream"});
    answer.body = std::make_unique<OneRange>(HttpFileRange{{fd_, nullptr}, 0, length_});
    answer.length = length_;
    call.answer(std::move(answer));
  }

 private:
  int fd_;
  std::uint64_t length_;
};

int serve(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  struct stat facts{};
  if (fd < 0 || ::fstat(fd, &facts) != 0) return 1;
  OneFile handler(fd, static_cast<std::uint64_t>(facts.st_size));
  HttpServerConfig config;
  config.listen = {Endpoint{IpAddress::v4(0x7f000001), 0}};
  HttpServer server(config, handler);
  if (!server.start()) return 1;
  std::printf("%u\n", unsigned{server.listening()[0].port});
  std::fflush(stdout);
  for (;;) ::pause();
}

// One answer; gives the bytes of its body, or nothing when the server broke off.
std::optional<std::uint64_t> read_answer(int fd, std::vector<char>& buffer) {
  std::size_t known = 0;
  std::size_t head = std::string_view::npos;
  while (head == std::string_view::npos) {
    const ssize_t got = ::recv(fd, buffer.data() + known, buffer.size() - known, 0);
    if (got <= 0) return std::nullopt;
    known += static_cast<std::size_t>(got);
    head = std::string_view(buffer.data(), known).find("\r\n\r\n");
  }
  const std::string_view fields(buffer.data(), head);
  const std::size_t at = fields.find("Content-Length: ");
  if (!fields.starts_with("HTTP/1.1 200") || at == std::string_view::npos) return std::nullopt;
  const std::uint64_t length = std::strtoull(fields.data() + at + 16, nullptr, 10);
  for (std::uint64_t left = length - (known - head - 4); left > 0;) {
    const ssize_t got = ::recv(fd, buffer.data(), std::min<std::uint64_t>(left, buffer.size()), 0);
    if (got <= 0) return std::nullopt;
    left -= static_cast<std::uint64_t>(got);
  }
  return length;
}

bool run_connection(std::uint16_t port, const std::string& request, int requests,
                    std::atomic<std::uint64_t>& bytes) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bool good = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)) == 0;
  std::vector<char> buffer(256 * 1024);
  for (int i = 0; i < requests && good; ++i) {
    good = ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0;
    const auto got = good ? read_answer(fd, buffer) : std::nullopt;
    good = got.has_value();
    bytes += got.value_or(0);
  }
  ::close(fd);
  return good;
}

int load(std::uint16_t port, const std::string& target, int connections, int requests) {
  const std::string request = "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  std::atomic<std::uint64_t> bytes = 0;
  std::atomic<bool> good = true;
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) {
    threads.emplace_back([&] {
      if (!run_connection(port, request, requests, bytes)) good = false;
    });
  }
  for (std::thread& thread : threads) thread.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  std::printf("%.6f %llu\n", took.count(), static_cast<unsigned long long>(bytes.load()));
  return good ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view task = argc > 1 ? argv[1] : "";
  if (task == "serve" && argc == 3) return serve(argv[2]);
  if (task == "load" && argc == 6) {
    return load(static_cast<std::uint16_t>(std::atoi(argv[2])), argv[3], std::atoi(argv[4]),
                std::atoi(argv[5]));
  }
  std::fputs("usage: http_tool serve FILE | load PORT TARGET CONNECTIONS REQUESTS\n", stderr);
  return 2;
}
