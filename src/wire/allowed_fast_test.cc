// SPDX-License-Identifier: MIT OR Apache-2.0
#include "wire/allowed_fast.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace weir {
namespace {

std::vector<PieceIndex> pieces(std::initializer_list<std::uint32_t> indices) {
  std::vector<PieceIndex> out;
  for (const std::uint32_t i : indices) out.push_back(static_cast<PieceIndex>(i));
  return out;
}

Sha1Digest all_aa() {
  Sha1Digest hash;
  hash.bytes.fill(std::byte{0xaa});
  return hash;
}

TEST(AllowedFast, GivesTheSetsOfTheSpecification) {
  const IpAddress peer = *IpAddress::parse("80.4.4.200");
  EXPECT_EQ(allowed_fast_set(peer, all_aa(), 1313, 7),
            pieces({1059, 431, 808, 1217, 287, 376, 1188}));
  EXPECT_EQ(allowed_fast_set(peer, all_aa(), 1313, 9),
            pieces({1059, 431, 808, 1217, 287, 376, 1188, 353, 508}));
}

TEST(AllowedFast, IsTheSameForTheWhole24) {
  EXPECT_EQ(allowed_fast_set(*IpAddress::parse("80.4.4.1"), all_aa(), 1313),
            allowed_fast_set(*IpAddress::parse("80.4.4.254"), all_aa(), 1313));
  EXPECT_NE(allowed_fast_set(*IpAddress::parse("80.4.5.1"), all_aa(), 1313),
            allowed_fast_set(*IpAddress::parse("80.4.4.1"), all_aa(), 1313));
}

TEST(AllowedFast, SmallTorrentsAreAllowedWhole) {
  const IpAddress peer = *IpAddress::parse("80.4.4.200");
  EXPECT_TRUE(allowed_fast_set(peer, all_aa(), 0).empty());
  EXPECT_EQ(allowed_fast_set(peer, all_aa(), 3), pieces({0, 1, 2}));
  EXPECT_EQ(allowed_fast_set(peer, all_aa(), 10).size(), 10U);
  auto eleven = allowed_fast_set(peer, all_aa(), 11);
  EXPECT_EQ(eleven.size(), 10U);
  std::ranges::sort(eleven);
  EXPECT_EQ(std::ranges::adjacent_find(eleven), eleven.end());
  EXPECT_LT(to_int(eleven.back()), 11U);
}

TEST(AllowedFast, IsNotDefinedForIpv6) {
  EXPECT_TRUE(allowed_fast_set(*IpAddress::parse("2001:db8::1"), all_aa(), 1313).empty());
}

}  // namespace
}  // namespace weir
