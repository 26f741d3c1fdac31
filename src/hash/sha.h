// SPDX-License-Identifier: MIT OR Apache-2.0
// SHA-1 and SHA-256: one stream at a time (OpenSSL) and many messages at once (our SIMD lanes).
//
// The *_many functions hash independent messages side by side: 16 lanes with AVX-512, 8 with AVX2.
// They hash one after another (OpenSSL) where neither exists, or where so few lanes would be busy
// that this is faster. The kernel is chosen once, at first use, from what the CPU offers. Every
// kernel gives the same digests as OpenSSL; sha_test compares them on random lengths.
// All functions are thread-safe; the streaming classes belong to one thread at a time.
#pragma once

#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/digest.h"

namespace weir {

[[nodiscard]] Sha1Digest sha1(Bytes message);
[[nodiscard]] Sha256Digest sha256(Bytes message);

// out[i] = hash of messages[i]. Any lengths, equal lengths are fastest.
// REQUIRES: out.size() == messages.size().
void sha1_many(std::span<const Bytes> messages, std::span<Sha1Digest> out);
void sha256_many(std::span<const Bytes> messages, std::span<Sha256Digest> out);

// Incremental hashing of one stream: update() any number of times, then finish() once. A stream
// that was moved from can only be assigned to or destroyed.
template <class D>
class ShaStream {
 public:
  ShaStream();
  ~ShaStream();
  ShaStream(ShaStream&&) noexcept;
  ShaStream& operator=(ShaStream&&) noexcept;

  void update(Bytes bytes);
  // Gives the digest and starts over.
  [[nodiscard]] D finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};
using Sha1Stream = ShaStream<Sha1Digest>;
using Sha256Stream = ShaStream<Sha256Digest>;

// Which kernel the *_many functions use here, and a way for tests and benchmarks to name one.
enum class ShaKernel : unsigned char { portable, avx2, avx512 };
[[nodiscard]] ShaKernel sha_kernel();
[[nodiscard]] bool sha_kernel_supported(ShaKernel kernel);
// REQUIRES: supported.
void sha1_many(std::span<const Bytes> messages, std::span<Sha1Digest> out, ShaKernel kernel);
void sha256_many(std::span<const Bytes> messages, std::span<Sha256Digest> out, ShaKernel kernel);

}  // namespace weir
