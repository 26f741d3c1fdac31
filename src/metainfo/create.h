// SPDX-License-Identifier: MIT OR Apache-2.0
// Creates torrents from files: v1, v2 or hybrid (BEP 3, 47, 52). No I/O: the caller lists the
// files, reads the pieces and feeds them in any order.
//
//   auto builder = TorrentBuilder::make(options, files);
//   for each piece p of builder->layout():  // several at a time, on any thread
//     data = bytes of layout().slices(p, 0, piece_size(p)), zeros for pad slices
//   hashes = hash_created_pieces(builder->layout(), inputs);   // pure, thread-safe
//   builder->add(hashes);                                      // on the builder's owner only
//   auto created = builder->finish();
//
// Both kinds of hashes come out of the same pass over the bytes.
//
// The same input gives the same info hashes as libtorrent 2.0: v2 and hybrid torrents list files
// in the order of the file tree (component by component, as bytes), a hybrid has a pad file
// ".pad/<length>" after every file that does not end on a piece boundary, the last one too unless
// it is the only file. v1 torrents have no pad files; libtorrent leaves their order to the caller,
// ours is natural order (digits count as numbers) unless the caller's is asked for.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "metainfo/layout.h"
#include "metainfo/metainfo_error.h"
#include "metainfo/torrent_info.h"

namespace weir {

enum class CreateV1Order : std::uint8_t { natural, as_given };

struct CreateOptions {
  TorrentKind kind = TorrentKind::hybrid;
  std::uint32_t piece_length = 0;  // 0: choose_piece_length of the content
  std::string name;                // the directory's or the single file's name
  CreateV1Order v1_order = CreateV1Order::natural;
  std::vector<std::vector<std::string>> tracker_tiers;
  std::vector<std::string> web_seeds;
  std::vector<TorrentMetadata::Node> nodes;
  bool is_private = false;
  std::string source;
  std::string comment;
  std::string created_by;
  std::optional<std::int64_t> creation_date;  // left out when not given, for reproducible output
};

struct CreateFile {
  // Below the directory; empty for the one file of a single-file torrent.
  std::vector<std::string> path;
  std::uint64_t length = 0;
  FileAttributes attributes;                // never pad; a symlink has no length
  std::vector<std::string> symlink_target;  // BEP 47: from the torrent's root
};

enum class CreateErrc : std::uint8_t {
  no_files,
  no_content,        // nothing but empty files
  too_many_files,    // LIM-04
  too_many_pieces,   // LIM-03: a longer piece is needed
  bad_piece_length,  // not a power of two of 16 KiB to 256 MiB
  bad_name,          // empty, "." or "..", with a separator or NUL, or not UTF-8; also in paths
  duplicate_path,    // the same path twice, or one that is another's directory
  too_large,         // no torrent can hold this much
  not_loadable,      // the result would not be accepted by our own parser
};
[[nodiscard]] const char* error_name(CreateErrc code);

struct CreateError {
  CreateErrc code{};
  std::string path;                      // the file at fault, when there is one
  std::optional<MetainfoErrc> metainfo;  // for not_loadable
};
template <class T>
using CreateResult = std::expected<T, CreateError>;

// The smallest power of two from 16 KiB to 16 MiB that gives at most 2,000 pieces.
[[nodiscard]] std::uint32_t choose_piece_length(std::uint64_t content_size);

// a2 before a10; otherwise by bytes.
[[nodiscard]] bool natural_less(std::string_view a, std::string_view b);

struct CreatedPieceInput {
  PieceIndex piece{};
  Bytes data;  // piece_size(piece) bytes, borrowed for the call
};
// Also made by another pass that has hashed the pieces, say while their bytes came in before anyone
// knew how many there would be (codex/content_hasher.h).
struct CreatedPieceHashes {
  PieceIndex piece{};
  Sha1Digest v1;            // zero for v2-only
  Sha256Digest v2_subtree;  // zero for v1-only
  // SHA-256 of each 16 KiB of the piece's payload, when they were asked for: what other trees over
  // the same bytes are made of. Those of a file's pieces in order are the file's.
  std::vector<Sha256Digest> leaves;
};

enum class CreatedLeaves : std::uint8_t { drop, keep };

// Hashes several pieces side by side in SIMD lanes; a batch of 16 or more is fastest.
// REQUIRES: data.size() == layout.piece_size(piece) for each; leaves are kept of v2 and hybrid
// torrents only.
[[nodiscard]] std::vector<CreatedPieceHashes> hash_created_pieces(
    const Layout& layout, std::span<const CreatedPieceInput> inputs,
    CreatedLeaves leaves = CreatedLeaves::drop);

struct CreatedTorrent {
  TorrentMetadata metadata;
  Buffer bytes;  // of the .torrent file
};

class TorrentBuilder {
 public:
  [[nodiscard]] static CreateResult<TorrentBuilder> make(CreateOptions options,
                                                         std::vector<CreateFile> files);

  // Which bytes make up which piece, pad files included.
  [[nodiscard]] const Layout& layout() const { return layout_; }
  // For each file of layout(): its index in the list given to make(); nothing for pad files.
  [[nodiscard]] std::optional<std::size_t> source_of(FileIndex file) const;

  // Any order; a piece that comes twice counts once.
  void add(std::span<const CreatedPieceHashes> hashes);
  [[nodiscard]] std::uint32_t missing_pieces() const { return missing_; }

  // REQUIRES: missing_pieces() == 0.
  [[nodiscard]] CreateResult<CreatedTorrent> finish();

 private:
  TorrentBuilder() = default;
  void lay_out(std::vector<std::size_t> order);
  void compute_roots();
  [[nodiscard]] Buffer write_info() const;
  void write_file_list(class BencodeWriter& writer) const;
  void write_file_tree(class BencodeWriter& writer) const;

  CreateOptions options_;
  std::vector<CreateFile> files_;  // as given
  bool single_ = false;
  Layout layout_;
  std::vector<std::size_t> sources_;  // by layout file; kPad for pad files
  std::vector<Sha1Digest> v1_hashes_;
  std::vector<Sha256Digest> v2_subtrees_;
  std::vector<bool> added_;
  std::uint32_t missing_ = 0;
  std::vector<Sha256Digest> roots_;  // by layout file
  std::vector<PieceLayer> layers_;
};

}  // namespace weir
