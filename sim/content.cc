// SPDX-License-Identifier: MIT OR Apache-2.0
#include "sim/content.h"

#include <string>
#include <utility>

#include "base/assert.h"
#include "base/random.h"
#include "metainfo/create.h"

namespace weir::sim {

Buffer Content::piece(PieceIndex piece) const {
  if (!known_pieces.empty()) return known_pieces.at(piece);
  Buffer bytes;
  const Layout& l = layout();
  for (const FileSlice& slice : l.slices(piece, 0, l.piece_size(piece))) {
    if (slice.pad) {
      bytes.resize(bytes.size() + slice.length);
      continue;
    }
    const Bytes file = files[to_int(slice.file)];
    append(bytes, file.subspan(static_cast<std::size_t>(slice.file_offset), slice.length));
  }
  return bytes;
}

Content make_content(TorrentKind kind, std::uint32_t piece_length,
                     const std::vector<ContentFile>& files, std::uint64_t seed) {
  return make_content(
      ContentOptions{.kind = kind, .piece_length = piece_length, .files = files, .seed = seed});
}

Content make_content(const ContentOptions& wanted) {
  CreateOptions options;
  options.kind = wanted.kind;
  options.piece_length = wanted.piece_length;
  options.name = "content-" + std::to_string(wanted.seed);
  options.is_private = wanted.is_private;
  options.tracker_tiers = {{kTrackerUrl}};
  for (const std::string& url : wanted.more_trackers) options.tracker_tiers.push_back({url});
  std::vector<CreateFile> list;
  for (const ContentFile& file : wanted.files) list.push_back({file.path, file.length, {}, {}});
  auto builder = TorrentBuilder::make(std::move(options), std::move(list));
  WEIR_ASSERT(builder.has_value());

  Random random(wanted.seed);
  Content content;
  content.files.resize(builder->layout().files().size());
  for (std::size_t i = 0; i < content.files.size(); ++i) {
    const TorrentFile& file = builder->layout().files()[i];
    if (file.attributes.pad) continue;
    content.files[i].resize(file.length);
    random.fill(content.files[i]);
  }
  // Content::piece() needs a layout only; lend it the builder's until the torrent is there.
  auto info = std::make_shared<TorrentInfo>();
  info->layout = builder->layout();
  auto metadata = std::make_shared<TorrentMetadata>();
  metadata->info = info;
  content.metadata = metadata;
  for (std::uint32_t i = 0; i < builder->layout().piece_count(); ++i) {
    const Buffer bytes = content.piece(static_cast<PieceIndex>(i));
    const CreatedPieceInput input{static_cast<PieceIndex>(i), bytes};
    builder->add(hash_created_pieces(builder->layout(), {&input, 1}));
  }
  auto created = builder->finish();
  WEIR_ASSERT(created.has_value());
  content.metadata = std::make_shared<const TorrentMetadata>(std::move(created->metadata));
  content.torrent_file = std::move(created->bytes);
  return content;
}

Content make_content(TorrentKind kind, std::uint32_t piece_length, std::uint64_t length,
                     std::uint64_t seed) {
  return make_content(kind, piece_length, {{{}, length}}, seed);
}

}  // namespace weir::sim
