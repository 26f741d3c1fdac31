// SPDX-License-Identifier: MIT OR Apache-2.0
#include "hash/sha.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <numeric>
#include <string>

#include "base/random.h"
#include "hash/internal/sha_schedule.h"

namespace weir {
namespace {

// Straight from the library, so that the code under test is not its own judge.
template <class D>
D reference(Bytes message) {
  D digest;
  unsigned size = 0;
  const EVP_MD* md = D::kSize == 20 ? EVP_sha1() : EVP_sha256();
  EXPECT_EQ(EVP_Digest(message.data(), message.size(),
                       reinterpret_cast<unsigned char*>(digest.bytes.data()), &size, md, nullptr),
            1);
  EXPECT_EQ(size, D::kSize);
  return digest;
}

std::vector<ShaKernel> kernels() {
  std::vector<ShaKernel> supported;
  for (ShaKernel k : {ShaKernel::portable, ShaKernel::avx2, ShaKernel::avx512}) {
    if (sha_kernel_supported(k)) supported.push_back(k);
  }
  return supported;
}

// Slices of one pool at odd offsets: neither alignment nor order of addresses can be relied upon.
std::vector<Bytes> random_messages(Random& random, Bytes pool, std::size_t count,
                                   std::size_t size_max) {
  std::vector<Bytes> messages;
  for (std::size_t i = 0; i < count; ++i) {
    const auto size = static_cast<std::size_t>(random.below(size_max + 1));
    const auto at = static_cast<std::size_t>(random.below(pool.size() - size + 1));
    messages.push_back(pool.subspan(at, size));
  }
  return messages;
}

template <class D>
void expect_reference(std::span<const Bytes> messages, std::span<const D> got) {
  for (std::size_t i = 0; i < messages.size(); ++i) {
    ASSERT_EQ(got[i].hex(), reference<D>(messages[i]).hex())
        << "message " << i << " of " << messages.size() << ", size " << messages[i].size();
  }
}

// The lanes, without the choice of where lanes pay, and then the public function with it.
void check_batch(ShaKernel kernel, std::span<const Bytes> messages) {
  std::vector<Sha1Digest> small(messages.size());
  std::vector<Sha256Digest> large(messages.size());
  if (kernel != ShaKernel::portable) {
    std::vector<std::size_t> order(messages.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    sha1_in_lanes(kernel, messages, order, small);
    sha256_in_lanes(kernel, messages, order, large);
    ASSERT_NO_FATAL_FAILURE(expect_reference<Sha1Digest>(messages, small));
    ASSERT_NO_FATAL_FAILURE(expect_reference<Sha256Digest>(messages, large));
  }
  small.assign(messages.size(), {});
  large.assign(messages.size(), {});
  sha1_many(messages, small, kernel);
  sha256_many(messages, large, kernel);
  ASSERT_NO_FATAL_FAILURE(expect_reference<Sha1Digest>(messages, small));
  ASSERT_NO_FATAL_FAILURE(expect_reference<Sha256Digest>(messages, large));
}

class ShaKernels : public testing::Test {
 protected:
  ShaKernels() : pool_(3 << 20) { random_.fill(pool_); }

  Random random_{20240817};
  Buffer pool_;
};

TEST(Sha, AgreesWithTheExamplesOfFips180) {
  EXPECT_EQ(sha1({}).hex(), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(sha1(as_bytes("abc")).hex(), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha256({}).hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(as_bytes("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const Bytes two_blocks = as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
  EXPECT_EQ(sha1(two_blocks).hex(), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(sha256(two_blocks).hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha, MillionTimesTheLetterAInEveryKernel) {
  const std::string text(1'000'000, 'a');
  const std::vector<Bytes> messages(17, as_bytes(text));
  for (ShaKernel kernel : kernels()) {
    if (kernel == ShaKernel::portable) continue;
    std::vector<std::size_t> order(messages.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::vector<Sha1Digest> small(messages.size());
    std::vector<Sha256Digest> large(messages.size());
    sha1_in_lanes(kernel, messages, order, small);
    sha256_in_lanes(kernel, messages, order, large);
    for (const auto& d : small) EXPECT_EQ(d.hex(), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
    for (const auto& d : large) {
      EXPECT_EQ(d.hex(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
  }
}

TEST_F(ShaKernels, EveryLengthUpToFourBlocksAndMore) {
  std::vector<Bytes> messages;
  for (std::size_t size = 0; size <= 300; ++size) {
    messages.push_back(Bytes(pool_).subspan(size % 67, size));
  }
  for (ShaKernel kernel : kernels()) ASSERT_NO_FATAL_FAILURE(check_batch(kernel, messages));
}

TEST_F(ShaKernels, EqualLengthsInEveryBatchSize) {
  for (ShaKernel kernel : kernels()) {
    for (std::size_t count = 0; count <= 40; ++count) {
      for (std::size_t size :
           {std::size_t{55}, std::size_t{56}, std::size_t{64}, std::size_t{999}}) {
        std::vector<Bytes> messages;
        for (std::size_t i = 0; i < count; ++i) {
          messages.push_back(Bytes(pool_).subspan(i * 1001, size));
        }
        ASSERT_NO_FATAL_FAILURE(check_batch(kernel, messages));
      }
    }
  }
}

TEST_F(ShaKernels, MixedShortLengthsInRandomBatches) {
  for (ShaKernel kernel : kernels()) {
    for (int round = 0; round < 200; ++round) {
      const auto count = static_cast<std::size_t>(random_.below(41));
      ASSERT_NO_FATAL_FAILURE(check_batch(kernel, random_messages(random_, pool_, count, 300)));
    }
  }
}

TEST_F(ShaKernels, LongMessagesAmongShortOnes) {
  for (ShaKernel kernel : kernels()) {
    for (int round = 0; round < 10; ++round) {
      auto messages = random_messages(random_, pool_, 20, 20'000);
      const auto longer = random_messages(random_, pool_, 3, 1 << 20);
      messages.insert(messages.begin() + 7, longer.begin(), longer.end());
      messages.emplace_back();  // empty, without an address
      ASSERT_NO_FATAL_FAILURE(check_batch(kernel, messages));
    }
  }
}

// A heap block of exactly the message's size lets the address sanitizer see a read past the end.
TEST_F(ShaKernels, NeverReadPastAMessage) {
  std::vector<std::unique_ptr<std::byte[]>> owners;
  std::vector<Bytes> messages;
  for (std::size_t size = 1; size <= 200; ++size) {
    owners.push_back(std::make_unique<std::byte[]>(size));
    messages.emplace_back(owners.back().get(), size);
  }
  for (ShaKernel kernel : kernels()) ASSERT_NO_FATAL_FAILURE(check_batch(kernel, messages));
}

template <class D>
void check_stream(Random& random, Bytes pool) {
  ShaStream<D> stream;
  for (int round = 0; round < 50; ++round) {
    const Bytes message = pool.first(static_cast<std::size_t>(random.below(5000)));
    for (Bytes rest = message; !rest.empty();) {
      const auto cut = static_cast<std::size_t>(random.below(rest.size() + 1));
      stream.update(rest.first(cut));
      rest = rest.subspan(cut);
    }
    EXPECT_EQ(stream.finish(), reference<D>(message));
  }
}

TEST_F(ShaKernels, StreamsGiveTheSameForEveryCutAndStartOver) {
  check_stream<Sha1Digest>(random_, pool_);
  check_stream<Sha256Digest>(random_, pool_);
}

TEST(ShaStream, MovesWithItsState) {
  Sha256Stream first;
  first.update(as_bytes("a"));
  Sha256Stream second = std::move(first);
  second.update(as_bytes("bc"));
  first = std::move(second);
  EXPECT_EQ(first.finish(), sha256(as_bytes("abc")));
}

TEST(ShaSchedule, CountsThePaddingBlocks) {
  EXPECT_EQ(sha_blocks(0), 1U);
  EXPECT_EQ(sha_blocks(55), 1U);
  EXPECT_EQ(sha_blocks(56), 2U);
  EXPECT_EQ(sha_blocks(64), 2U);
  EXPECT_EQ(sha_blocks(119), 2U);
  EXPECT_EQ(sha_blocks(120), 3U);
}

TEST(ShaSchedule, PortableNeverUsesLanes) {
  EXPECT_GT(sha_crossover(ShaKernel::portable, false).sha1, 16U);
  EXPECT_GT(sha_crossover(ShaKernel::portable, true).sha256, 16U);
  EXPECT_GT(sha_crossover(ShaKernel::avx2, true).sha256, 8U);
}

}  // namespace
}  // namespace weir
