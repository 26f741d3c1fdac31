// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/internal/publication.h"

#include <span>
#include <utility>

#include "base/result.h"
#include "codex/block.h"
#include "metainfo/create.h"
#include "metainfo/parse.h"

namespace weir {
namespace {

NodeError codex_error(const codex::CodexError& error) {
  using enum codex::CodexErrc;
  switch (error.code) {
    case empty_dataset:
      return {NodeErrc::empty_content, "there is no content"};
    case too_many_blocks:
    case too_many_pieces:
      return {NodeErrc::too_large, "more pieces than a torrent can have"};
    case text_too_long:
      return {NodeErrc::bad_text, "the file name or the MIME type is too long"};
    default:
      return {NodeErrc::bad_torrent, error_name(error.code)};
  }
}

// The pieces of a hybrid of one file are those of the v1 torrent, and the roots of their leaves
// came with the same pass, so the content is not read again.
NodeResult<CreatedTorrent> make_hybrid(const codex::BitTorrentInfo& info, const std::string& name,
                                       std::span<const Sha256Digest> piece_roots) {
  CreateOptions options;
  options.kind = TorrentKind::hybrid;
  options.piece_length = info.piece_length;
  options.name = name;
  options.created_by = "weir";
  const auto refused = [](const CreateError& error) {
    const bool large = error.code == CreateErrc::too_many_pieces;
    return std::unexpected(
        NodeError{large ? NodeErrc::too_large : NodeErrc::bad_torrent, error_name(error.code)});
  };
  auto builder = TorrentBuilder::make(std::move(options), {{{}, info.length, {}, {}}});
  if (!builder) return refused(builder.error());
  std::vector<CreatedPieceHashes> hashes(info.pieces.size());
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    hashes[i].piece = static_cast<PieceIndex>(i);
    hashes[i].v1 = info.pieces[i];
    hashes[i].v2_subtree = piece_roots[i];
  }
  builder->add(hashes);
  auto created = builder->finish();
  if (!created) return refused(created.error());
  return std::move(*created);
}

// Put together from what is known of it, so that no start parses it anew.
void set_reference(Publication& out, const codex::BitTorrentInfo& info) {
  TorrentInfo reference;
  reference.raw_info = codex::bencode_info(info);
  reference.hashes.v1 = codex::info_hash(info);
  reference.name = out.path;
  TorrentFile file;
  file.path = out.path;
  file.length = info.length;
  reference.layout = Layout(TorrentKind::v1, info.piece_length, {std::move(file)});
  reference.piece_hashes = info.pieces;
  append(out.reference_file, "d4:info");
  append(out.reference_file, Bytes(reference.raw_info));
  append(out.reference_file, "e");
  TorrentMetadata metadata;
  metadata.info = std::make_shared<const TorrentInfo>(std::move(reference));
  out.reference = std::make_shared<const TorrentMetadata>(std::move(metadata));
}

void set_hybrid(Publication& out, TorrentMetadata metadata, Buffer file) {
  const TorrentFile& content = metadata.info->layout.files()[0];
  out.path = content.path;
  out.root = content.pieces_root.hex();
  out.hybrid = std::make_shared<const TorrentMetadata>(std::move(metadata));
  out.hybrid_file = std::move(file);
}

}  // namespace

NodeError node_error(const DiskError& error) {
  const std::string detail = error.path + ": " + error_name(error.code);
  return {error.code == DiskErrc::no_space ? NodeErrc::no_space : NodeErrc::disk, detail};
}

codex::BitTorrentManifest Publication::torrent_manifest() const {
  codex::BitTorrentManifest out;
  out.info.length = manifest.dataset_size;
  out.info.piece_length = reference->info->layout.piece_length();
  out.info.pieces = reference->info->piece_hashes;
  out.info.name = manifest.filename;
  out.codex_manifest = cid;
  return out;
}

NodeResult<std::shared_ptr<const Publication>> make_publication(
    const UploadOptions& options, codex::HashedContent torrent,
    std::optional<codex::HashedContent> data, std::int64_t now) {
  auto out = std::make_shared<Publication>();
  out->kind = options.kind;
  out->created = now;
  const std::vector<Sha256Digest> piece_roots = std::move(torrent.piece_roots);
  const codex::PublishText text{options.name, options.mimetype};
  auto named = codex::publish_torrent(std::move(torrent), text);
  if (!named) return std::unexpected(codex_error(named.error()));
  codex::PublishedData published = std::move(named->data);
  if (data) {
    auto padded = codex::publish_data(*data, text);
    if (!padded) return std::unexpected(codex_error(padded.error()));
    published = std::move(*padded);
  }
  out->manifest = std::move(published.manifest);
  out->manifest_block = std::move(published.block);
  out->cid = published.cid;
  const codex::BitTorrentInfo& info = named->manifest.info;
  const std::string name = options.name.empty() ? named->info_hash.hex() : options.name;
  WEIR_TRY(hybrid, make_hybrid(info, name, piece_roots));
  set_hybrid(*out, std::move(hybrid.metadata), std::move(hybrid.bytes));
  set_reference(*out, info);
  return out;
}

ContentId content_of(const Publication& publication) {
  return {Sha256Digest::from_hex_text(publication.root).value_or(Sha256Digest{}),
          publication.manifest.dataset_size};
}

CatalogueRow row_of(const Publication& publication) {
  return {publication.cid.text(),     publication.root,        publication.path,
          publication.manifest_block, publication.hybrid_file, publication.created};
}

NodeResult<std::shared_ptr<const Publication>> publication_of(CatalogueRow row) {
  const auto bad = [](const char* what) {
    return std::unexpected(NodeError{NodeErrc::bad_torrent, what});
  };
  auto out = std::make_shared<Publication>();
  const auto cid = Cid::parse(row.cid);
  if (!cid || !codex::check_block(*cid, row.manifest)) return bad("not its manifest");
  auto manifest = codex::decode_manifest(row.manifest);
  if (!manifest) return bad("the manifest can't be read");
  auto metadata = parse_torrent(row.torrent);
  if (!metadata || metadata->info->layout.kind() != TorrentKind::hybrid ||
      metadata->info->layout.files().size() != 1 ||
      metadata->info->layout.content_size() != manifest->dataset_size) {
    return bad("the torrent can't be read");
  }
  out->cid = *cid;
  out->manifest = std::move(*manifest);
  out->manifest_block = std::move(row.manifest);
  out->created = row.created;
  out->kind =
      out->manifest.block_size == codex::kTorrentBlockSize ? UploadKind::torrent : UploadKind::data;
  set_hybrid(*out, std::move(*metadata), std::move(row.torrent));
  if (out->root != row.root || out->path != row.path) return bad("not its content");
  codex::BitTorrentInfo info;
  info.length = out->manifest.dataset_size;
  info.piece_length = out->hybrid->info->layout.piece_length();
  info.pieces = out->hybrid->info->piece_hashes;
  info.name = out->manifest.filename;
  set_reference(*out, info);
  return out;
}

}  // namespace weir
