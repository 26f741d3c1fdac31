// SPDX-License-Identifier: MIT OR Apache-2.0
// The least that moving content can cost on a machine, beside which transfer_bench.py puts the
// programs: one connection, no protocol. The sender uses sendfile(); the receiver reads into one
// buffer, and on request hashes it and writes it out, 1 MiB at a time.
//
//   floor send FILE ADDRESS PORT          serves one connection
//   floor receive ADDRESS PORT [sha1] [write=FILE]
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace {

constexpr std::size_t kChunk = 1u << 20;

template <class T>
T need(T value, const char* what) {
  if (value >= 0) return value;
  std::perror(what);
  std::exit(1);
}

sockaddr_in address_of(const char* address, const char* port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, address, &out.sin_addr) != 1) std::exit(2);
  return out;
}

int send_file(const char* path, const sockaddr_in& address) {
  const int listener = need(::socket(AF_INET, SOCK_STREAM, 0), "socket");
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  need(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  need(::listen(listener, 1), "listen");
  const int file = need(::open(path, O_RDONLY), "open");
  struct stat status{};
  need(::fstat(file, &status), "fstat");
  const int peer = need(::accept(listener, nullptr, nullptr), "accept");
  off_t at = 0;
  while (at < status.st_size) need(::sendfile(peer, file, &at, kChunk), "sendfile");
  return 0;
}

int receive(const sockaddr_in& address, bool hash, const char* target) {
  const int peer = need(::socket(AF_INET, SOCK_STREAM, 0), "socket");
  need(::connect(peer, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
  const int file =
      target == nullptr ? -1 : need(::open(target, O_WRONLY | O_CREAT | O_TRUNC, 0644), "open");
  std::vector<unsigned char> buffer(kChunk);
  std::vector<unsigned char> digest(EVP_MAX_MD_SIZE);
  off_t at = 0;
  while (true) {
    std::size_t filled = 0;
    while (filled < kChunk) {
      const ssize_t got = need(::recv(peer, buffer.data() + filled, kChunk - filled, 0), "recv");
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    if (filled == 0) return 0;
    if (hash) EVP_Digest(buffer.data(), filled, digest.data(), nullptr, EVP_sha1(), nullptr);
    if (file >= 0) at += need(::pwrite(file, buffer.data(), filled, at), "pwrite");
  }
}

int usage() {
  std::fputs("usage: floor send FILE ADDRESS PORT | receive ADDRESS PORT [sha1] [write=FILE]\n",
             stderr);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> words(argv, static_cast<std::size_t>(argc));
  if (words.size() == 5 && std::string_view(words[1]) == "send") {
    return send_file(words[2], address_of(words[3], words[4]));
  }
  if (words.size() < 4 || std::string_view(words[1]) != "receive") return usage();
  bool hash = false;
  const char* target = nullptr;
  for (char* word : words.subspan(4)) {
    const std::string_view text(word);
    if (text == "sha1") {
      hash = true;
    } else if (text.starts_with("write=")) {
      target = word + 6;
    } else {
      return usage();
    }
  }
  return receive(address_of(words[2], words[3]), hash, target);
}
