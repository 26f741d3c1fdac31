// SPDX-License-Identifier: MIT OR Apache-2.0
#include "hash/sha.h"

#include <openssl/evp.h>

#include <new>
#include <utility>

#include "base/assert.h"

namespace weir {
namespace {

struct MdFree {
  void operator()(EVP_MD* md) const { EVP_MD_free(md); }
};
struct MdContextFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using MdContext = std::unique_ptr<EVP_MD_CTX, MdContextFree>;

const char* algorithm_name(const Sha1Digest&) { return "SHA1"; }
const char* algorithm_name(const Sha256Digest&) { return "SHA256"; }

// Fetched once: a fetch searches the providers under a lock and costs more than hashing a block.
template <class D>
const EVP_MD* algorithm() {
  static const std::unique_ptr<EVP_MD, MdFree> md(
      EVP_MD_fetch(nullptr, algorithm_name(D{}), nullptr));
  WEIR_ASSERT(md != nullptr);  // an OpenSSL without SHA-1 or SHA-256 can't run this program
  return md.get();
}

template <class D>
MdContext new_context() {
  MdContext context(EVP_MD_CTX_new());
  if (!context) throw std::bad_alloc();
  WEIR_ASSERT(EVP_DigestInit_ex2(context.get(), algorithm<D>(), nullptr) == 1);
  return context;
}

void feed(EVP_MD_CTX& context, Bytes bytes) {
  WEIR_ASSERT(EVP_DigestUpdate(&context, bytes.data(), bytes.size()) == 1);
}

// Leaves the context ready for the next message.
template <class D>
D take_digest(EVP_MD_CTX& context) {
  D digest;
  unsigned size = 0;
  auto* out = reinterpret_cast<unsigned char*>(digest.bytes.data());
  WEIR_ASSERT(EVP_DigestFinal_ex(&context, out, &size) == 1 && size == D::kSize);
  WEIR_ASSERT(EVP_DigestInit_ex2(&context, nullptr, nullptr) == 1);
  return digest;
}

// A context per thread saves its allocation, a third of the price of a short message.
template <class D>
D one_shot(Bytes message) {
  thread_local const MdContext context = new_context<D>();
  feed(*context, message);
  return take_digest<D>(*context);
}

}  // namespace

Sha1Digest sha1(Bytes message) { return one_shot<Sha1Digest>(message); }
Sha256Digest sha256(Bytes message) { return one_shot<Sha256Digest>(message); }

template <class D>
struct ShaStream<D>::Context {
  MdContext md = new_context<D>();
};

template <class D>
ShaStream<D>::ShaStream() : context_(std::make_unique<Context>()) {}
template <class D>
ShaStream<D>::~ShaStream() = default;
template <class D>
ShaStream<D>::ShaStream(ShaStream&&) noexcept = default;
template <class D>
ShaStream<D>& ShaStream<D>::operator=(ShaStream&&) noexcept = default;

template <class D>
void ShaStream<D>::update(Bytes bytes) {
  WEIR_ASSERT(context_ != nullptr);
  feed(*context_->md, bytes);
}
template <class D>
D ShaStream<D>::finish() {
  WEIR_ASSERT(context_ != nullptr);
  return take_digest<D>(*context_->md);
}

template class ShaStream<Sha1Digest>;
template class ShaStream<Sha256Digest>;

}  // namespace weir
