// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/error_text.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

#include "bencode/decoder.h"
#include "engine/session_types.h"
#include "io/net_error.h"
#include "io/sqlite_state.h"
#include "metainfo/create.h"
#include "metainfo/magnet.h"
#include "metainfo/metainfo_error.h"
#include "store/disk.h"
#include "tracker/tracker_types.h"

namespace weir {
namespace {

// Whether `value` is one of its enumeration's names: the compiler spells any other one as a cast.
template <auto value>
constexpr bool is_enumerator() {
  const std::string_view name = __PRETTY_FUNCTION__;
  const auto at = name.find("value = ") + 8;
  return name.substr(at, 1) != "(" && name.substr(at, 1) != "-";
}

enum class Sample : std::uint8_t { zero, two = 2 };
static_assert(is_enumerator<Sample{0}>() && !is_enumerator<Sample{1}>() &&
              is_enumerator<Sample{2}>() && !is_enumerator<Sample{255}>());

template <class Errc>
constexpr std::array<bool, 256> enumerators() {
  return []<std::size_t... i>(std::index_sequence<i...>) {
    return std::array{is_enumerator<Errc{static_cast<std::uint8_t>(i)}>()...};
  }(std::make_index_sequence<256>{});
}

template <class Errc>
class Sentences : public testing::Test {};
using Components = testing::Types<BencodeErrc, MetainfoErrc, MagnetErrc, CreateErrc, DiskErrc,
                                  StateErrc, SessionErrc, TrackerErrc, NetErrc>;
TYPED_TEST_SUITE(Sentences, Components);

TYPED_TEST(Sentences, EveryErrorHasOne) {
  static_assert(std::is_same_v<std::underlying_type_t<TypeParam>, std::uint8_t>);
  constexpr auto named = enumerators<TypeParam>();
  std::size_t count = 0;
  for (std::size_t i = 0; i < named.size(); ++i) {
    if (!named[i]) continue;
    ++count;
    const std::string_view code = error_name(TypeParam{static_cast<std::uint8_t>(i)});
    const std::string_view sentence = error_sentence(code);
    EXPECT_NE(sentence, "") << code;
    EXPECT_EQ(sentence.find('_'), sentence.npos) << code;
    EXPECT_FALSE(sentence.ends_with('.')) << code << ": a detail may follow";
  }
  EXPECT_GT(count, 1u);
}

TEST(Explain, PutsTheDetailBehindTheSentence) {
  EXPECT_EQ(explain("read_only"), "the file system is read-only");
  EXPECT_EQ(explain("read_only", "/a"), "the file system is read-only: /a");
  EXPECT_EQ(explain("never heard of", "x"), "never heard of: x");
  EXPECT_EQ(explain("never heard of"), "never heard of");
}

TEST(WithCode, AddsItInBrackets) {
  EXPECT_EQ(with_code("no", "read_only"), "no [read_only]");
  EXPECT_EQ(with_code("no", "usage"), "no");
  EXPECT_EQ(with_code("no", ""), "no");
}

}  // namespace
}  // namespace weir
