// SPDX-License-Identifier: MIT OR Apache-2.0
// What is uploaded and downloaded over all runs survives an end that nobody announces.
#include <gtest/gtest.h>

#include "engine/session.h"
#include "engine/session_driver.h"

namespace weir {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPiece = 16 * 1024;
constexpr std::uint64_t kContent = 8 * kPiece;

// A node that has everything and keeps records, and a leech that fetches it.
struct Totals : testing::Test {
  Totals() {
    full.put_content(torrent);
    full.state.set_hook([this](DiskOperation kind, const std::string&) {
      if (kind == DiskOperation::save_progress) ++saves;
      return std::optional<DiskErrc>{};
    });
    full_key = full.add(torrent.request()).value();
    leech_key = leech.add(torrent.request()).value();
  }
  void fetch() {
    leech.session.add_peer(leech.now, leech_key, test_endpoint(2), PeerSource::user);
    leech.drain();
    leech_conn = leech.dials.at(0).conn;
    full_conn = full.accept(test_endpoint(1)).value();
    leech.dialled(leech_conn);
    for (int i = 0; i < 40; ++i) {
      join(leech, leech_conn, full, full_conn);
      leech.pass(milliseconds(50));
      full.pass(milliseconds(50));
    }
    ASSERT_EQ(leech.state_of(leech_key), TorrentState::seeding);
  }
  [[nodiscard]] static TorrentProgress saved(SessionDriver& node, const DriverTorrent& torrent) {
    const auto entry = node.state.load_all().value().at(0);
    return decode_progress(entry.progress, torrent.metadata->info->layout).value();
  }

  DriverTorrent torrent{TorrentKind::v1, kPiece, {{"a", kContent}}};
  SessionDriver full{{}, 2}, leech;
  TorrentKey full_key{}, leech_key{};
  ConnId full_conn{}, leech_conn{};
  int saves = 0;
};

TEST_F(Totals, DownloadsAreCountedWithThePiecesTheyBrought) {
  fetch();
  EXPECT_EQ(saved(leech, torrent).downloaded_bytes, kContent);
}

TEST_F(Totals, UploadsAloneAreSavedOnceAMinute) {
  fetch();
  EXPECT_EQ(saved(full, torrent).uploaded_bytes, 0u) << "nothing else was to be written";
  const int before = saves;
  full.pass(seconds(60));
  EXPECT_EQ(saved(full, torrent).uploaded_bytes, kContent);
  EXPECT_EQ(saves, before + 1);
}

TEST_F(Totals, NothingNewIsNotSavedAgain) {
  fetch();
  full.pass(seconds(61));
  const int before = saves;
  full.pass(std::chrono::hours(3));
  EXPECT_EQ(saves, before);
}

TEST_F(Totals, EarlierRunsAreAddedTo) {
  fetch();
  full.pass(seconds(60));
  SessionDriver again({}, 3);
  again.put_content(torrent);
  AddTorrent request = torrent.request();
  request.saved_progress = full.state.load_all().value().at(0).progress;
  request.check = StartCheck::full;
  ASSERT_TRUE(again.add(std::move(request)));
  EXPECT_EQ(saved(again, torrent).uploaded_bytes, kContent);
  EXPECT_EQ(saved(again, torrent).downloaded_bytes, 0u);
}

TEST_F(Totals, APauseSavesThem) {
  fetch();
  full.session.pause(full.now, full_key);
  full.drain();
  EXPECT_EQ(saved(full, torrent).uploaded_bytes, kContent);
}

TEST_F(Totals, ACleanEndSavesThem) {
  fetch();
  full.session.stop(full.now);
  full.drain();
  EXPECT_EQ(saved(full, torrent).uploaded_bytes, kContent);
}

}  // namespace
}  // namespace weir
