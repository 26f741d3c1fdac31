// SPDX-License-Identifier: MIT OR Apache-2.0
#include "node/internal/local_torrent.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace weir {
namespace {

NodeError create_error(const CreateError& error) {
  const std::string detail =
      std::string(error_name(error.code)) + (error.path.empty() ? "" : ": " + error.path);
  switch (error.code) {
    case CreateErrc::no_files:
    case CreateErrc::no_content:
      return {NodeErrc::empty_content, "there is no content"};
    case CreateErrc::too_many_files:
    case CreateErrc::too_many_pieces:
    case CreateErrc::too_large:
      return {NodeErrc::too_large, detail};
    case CreateErrc::bad_name:
    case CreateErrc::duplicate_path:
    case CreateErrc::bad_piece_length:
    case CreateErrc::not_loadable:
      return {NodeErrc::bad_path, "no torrent can be made of it: " + detail};
  }
  std::unreachable();
}

}  // namespace

NodeError content_error(const LocalContentError& error) {
  switch (error.code) {
    case LocalContentErrc::os:
      return {error.os_error == ENOENT || error.os_error == ENOTDIR ? NodeErrc::not_found
                                                                    : NodeErrc::bad_path,
              error.path + ": " + std::strerror(error.os_error)};
    case LocalContentErrc::symbolic_link:
      return {NodeErrc::bad_path, error.path + ": a symbolic link, which a torrent can't hold"};
    case LocalContentErrc::special_file:
      return {NodeErrc::bad_path, error.path + ": a special file, which a torrent can't hold"};
    case LocalContentErrc::changed:
      return {NodeErrc::changed, error.path + ": changed while it was read"};
  }
  std::unreachable();
}

NodeResult<CreatedTorrent> hash_local_content(const LocalContent& content, const std::string& name,
                                              const HashingWatch& watch) {
  CreateOptions options;
  options.name = name;
  options.created_by = "weir";
  auto builder = TorrentBuilder::make(std::move(options), content.files);
  if (!builder) return std::unexpected(create_error(builder.error()));
  const Layout& layout = builder->layout();
  if (watch.begun) watch.begun(layout.content_size());
  LocalContentReader reader(content, *builder);
  const std::uint64_t batch = std::max<std::uint64_t>(1, kHashBatchBytes / layout.piece_length());
  Buffer buffer;
  for (std::uint32_t at = 0; at < layout.piece_count();) {
    if (watch.cancelled()) {
      return std::unexpected(NodeError{NodeErrc::cancelled, "publishing was cancelled"});
    }
    const auto end =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(at + batch, layout.piece_count()));
    std::size_t bytes = 0;
    for (std::uint32_t i = at; i < end; ++i) bytes += layout.piece_size(PieceIndex{i});
    buffer.resize(bytes);
    MutableBytes rest = buffer;
    std::vector<CreatedPieceInput> inputs;
    for (; at < end; ++at) {
      const MutableBytes data = rest.first(layout.piece_size(PieceIndex{at}));
      rest = rest.subspan(data.size());
      if (const auto read = reader.read(PieceIndex{at}, data); !read) {
        return std::unexpected(content_error(read.error()));
      }
      inputs.push_back({.piece = PieceIndex{at}, .data = data});
    }
    builder->add(hash_created_pieces(layout, inputs));
    if (watch.progressed) watch.progressed(bytes);
  }
  auto created = builder->finish();
  if (!created) return std::unexpected(create_error(created.error()));
  return std::move(*created);
}

}  // namespace weir
