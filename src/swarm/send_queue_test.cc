// SPDX-License-Identifier: MIT OR Apache-2.0
#include "swarm/send_queue.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"
#include "wire/encoder.h"

namespace weir {
namespace {

// What the peer would receive, content spelled as its piece's letter.
std::string spell(const std::vector<SendItem>& items, std::size_t bytes) {
  std::string out;
  for (const SendItem& item : items) {
    if (const auto* text = std::get_if<Bytes>(&item)) {
      out += as_text(*text);
    } else {
      const auto& ref = std::get<ContentRef>(item);
      out += std::string(ref.length, static_cast<char>('a' + to_int(ref.piece)));
    }
  }
  return out.substr(0, bytes);
}

TEST(SendQueue, EmptyQueueListsNothing) {
  SendQueue queue;
  std::vector<SendItem> items;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.list(1000, items), 0u);
}

TEST(SendQueue, MessagesNeverCutABlock) {
  SendQueue queue;
  append(queue.control(), "one");
  queue.add_block({PieceIndex{0}, 0, 100});
  std::vector<SendItem> items;
  ASSERT_EQ(queue.list(1000, items), 3u + 13 + 100);
  EXPECT_EQ(queue.sent(50).content_bytes, 34u);
  append(queue.control(), "two");
  queue.fix_control();
  items.clear();
  ASSERT_EQ(queue.list(1000, items), 66u + 3);
  EXPECT_EQ(spell(items, 1000), std::string(66, 'a') + "two");
}

TEST(SendQueue, ListedBytesStayInPlaceWhileOthersAddMessages) {
  SendQueue queue;
  append(queue.control(), "listed");
  queue.fix_control();
  std::vector<SendItem> items;
  queue.list(1000, items);
  for (int i = 0; i < 10'000; ++i) append(queue.control(), "more");
  EXPECT_EQ(spell(items, 1000), "listed");
}

TEST(SendQueue, CountsMessageBytesAndNotContent) {
  SendQueue queue;
  append(queue.control(), "abc");
  queue.add_block({PieceIndex{1}, 16384, 16384});
  EXPECT_EQ(queue.control_bytes(), 3u + 13);
  EXPECT_TRUE(queue.holds(PieceIndex{1}));
  EXPECT_FALSE(queue.holds(PieceIndex{0}));
  const SendQueue::Sent sent = queue.sent(3 + 13 + 16384);
  EXPECT_EQ(sent.content_bytes, 16384u);
  EXPECT_EQ(sent.blocks, 1u);
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.control_bytes(), 0u);
}

TEST(SendQueue, AnyCutsGiveTheSameStream) {
  Random random(5);
  for (int round = 0; round < 50; ++round) {
    SendQueue queue;
    std::string wanted, got;
    while (wanted.size() < 20'000 || !queue.empty()) {
      if (wanted.size() < 20'000) {
        const std::string text(random.below(30), static_cast<char>('0' + random.below(10)));
        append(queue.control(), text);
        wanted += text;
        if (random.chance(0.5)) {
          const ContentRef block{PieceIndex{static_cast<std::uint32_t>(random.below(4))}, 7,
                                 static_cast<std::uint32_t>(1 + random.below(300))};
          queue.add_block(block);
          Buffer header;
          append_block_header(header, {block.piece, block.offset, block.length});
          wanted += as_text(header);
          wanted += std::string(block.length, static_cast<char>('a' + to_int(block.piece)));
        }
      }
      queue.fix_control();
      std::vector<SendItem> items;
      const std::size_t listed = queue.list(1 + random.below(500), items);
      const std::size_t sent = random.below(listed + 1);
      got += spell(items, sent);
      queue.sent(sent);
    }
    ASSERT_EQ(got, wanted);
  }
}

}  // namespace
}  // namespace weir
