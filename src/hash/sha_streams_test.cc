// SPDX-License-Identifier: MIT OR Apache-2.0
#include "hash/sha_streams.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/random.h"

namespace weir {
namespace {

Sha1Digest one_stream(Bytes message, Sha1Digest) { return sha1(message); }
Sha256Digest one_stream(Bytes message, Sha256Digest) { return sha256(message); }

// Hashes `count` random messages of `size` bytes in strips and compares with one stream each.
template <class D>
void check(ShaKernel kernel, std::size_t count, std::size_t size, std::size_t strip) {
  Random random(count * 1000 + size);
  std::vector<Buffer> messages(count, Buffer(size));
  for (Buffer& message : messages) random.fill(message);
  ShaStreams<D> streams(count, kernel);
  ASSERT_EQ(streams.count(), count);
  for (std::size_t at = 0; at < size; at += strip) {
    std::vector<Bytes> strips;
    for (const Buffer& message : messages) {
      strips.push_back(Bytes(message).subspan(at, std::min(strip, size - at)));
    }
    streams.update(strips);
  }
  std::vector<D> digests(count);
  streams.finish(digests);
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(digests[i].hex(), one_stream(messages[i], D{}).hex())
        << "stream " << i << " of " << count << ", size " << size << ", strip " << strip;
  }
}

class ShaStreamsKernels : public testing::TestWithParam<ShaKernel> {
  void SetUp() override {
    if (!sha_kernel_supported(GetParam())) GTEST_SKIP() << "this processor has no such kernel";
  }
};
INSTANTIATE_TEST_SUITE_P(All, ShaStreamsKernels,
                         testing::Values(ShaKernel::portable, ShaKernel::avx2, ShaKernel::avx512));

TEST_P(ShaStreamsKernels, EveryNumberOfStreamsAgreesWithOneStream) {
  for (std::size_t count = 0; count <= 35; ++count) {
    ASSERT_NO_FATAL_FAILURE(check<Sha1Digest>(GetParam(), count, 1000, 256));
    ASSERT_NO_FATAL_FAILURE(check<Sha256Digest>(GetParam(), count, 1000, 256));
  }
}

TEST_P(ShaStreamsKernels, EveryLengthAroundABlockAndAStripAgrees) {
  for (std::size_t size = 0; size <= 200; ++size) {
    ASSERT_NO_FATAL_FAILURE(check<Sha1Digest>(GetParam(), 16, size, 64));
    ASSERT_NO_FATAL_FAILURE(check<Sha256Digest>(GetParam(), 9, size, 128));
  }
}

TEST_P(ShaStreamsKernels, AStreamNeverFedHasTheDigestOfNothing) {
  ShaStreams<Sha1Digest> streams(20, GetParam());
  std::vector<Sha1Digest> digests(20);
  streams.finish(digests);
  for (const auto& digest : digests) EXPECT_EQ(digest, sha1({}));
}

TEST(ShaStreamsDeathTest, NothingMayFollowAStripThatIsNotWholeBlocks) {
  const Buffer bytes(65);
  const std::vector<Bytes> strips(16, Bytes(bytes));
  ShaStreams<Sha1Digest> streams(16);
  streams.update(strips);
  if (sha_kernel() == ShaKernel::portable) GTEST_SKIP() << "one stream each has no such limit";
  EXPECT_DEATH(streams.update(strips), "");
}

}  // namespace
}  // namespace weir
