// SPDX-License-Identifier: MIT OR Apache-2.0
// The protobuf forms of trees and proofs.
#include "base/result.h"
#include "codex/internal/protobuf.h"
#include "codex/tree.h"

namespace weir::codex {
namespace {

constexpr std::size_t kEncodedNodeSize = 36;  // field key, length, and the same of the node in it
constexpr std::size_t kPathMax = 64;

void add_node(protozero::pbf_writer& writer, std::uint32_t tag, const Sha256Digest& node) {
  std::string inner;
  protozero::pbf_writer(inner).add_bytes(1, to_view(node.view()));
  writer.add_message(tag, inner);
}

CodexResult<Sha256Digest> read_node(const Field& field) {
  std::optional<Sha256Digest> out;
  FieldReader reader(field);
  while (true) {
    WEIR_TRY(next, reader.next());
    if (!next) break;
    if (!next->is_bytes(1)) continue;
    out = Sha256Digest::from(next->bytes);
    if (!out) return refuse(CodexErrc::bad_node, next->offset, "node");
  }
  if (!out) return refuse(CodexErrc::bad_node, field.offset, "node");
  return *out;
}

// Hash code, a number or two, and nodes: proofs and trees look alike.
struct Nodes {
  std::optional<std::uint64_t> hash_code;
  std::uint64_t numbers[4] = {};  // by tag
  std::vector<Sha256Digest> nodes;
};

CodexResult<Nodes> read_nodes(Bytes bytes, std::uint32_t nodes_tag, std::size_t nodes_max) {
  Nodes out;
  FieldReader reader(bytes);
  while (true) {
    WEIR_TRY(field, reader.next());
    if (!field) break;
    if (field->is_bytes(nodes_tag)) {
      if (out.nodes.size() == nodes_max) {
        return refuse(CodexErrc::too_many_nodes, field->offset, "nodes");
      }
      WEIR_TRY(node, read_node(*field));
      out.nodes.push_back(node);
    } else if (field->is_number(1)) {
      out.hash_code = field->number;
    } else if (field->tag < nodes_tag && field->kind == Field::Kind::number) {
      out.numbers[field->tag] = field->number;
    }
  }
  if (out.hash_code != static_cast<std::uint64_t>(HashCode::sha2_256)) {
    return refuse(CodexErrc::wrong_hash, 0, "mcodec");
  }
  if (out.nodes.empty()) return refuse(CodexErrc::no_nodes, 0, "nodes");
  return out;
}

}  // namespace

Buffer encode_proof(const TreeProof& proof) {
  std::string out;
  protozero::pbf_writer writer(out);
  writer.add_uint64(1, static_cast<std::uint64_t>(HashCode::sha2_256));
  writer.add_uint64(2, proof.index);
  writer.add_uint64(3, proof.leaf_count);
  for (const Sha256Digest& node : proof.path) add_node(writer, 4, node);
  return to_buffer(as_bytes(out));
}

CodexResult<TreeProof> decode_proof(Bytes bytes) {
  if (bytes.size() > kEncodedProofMax) return refuse(CodexErrc::input_too_large);
  WEIR_TRY(read, read_nodes(bytes, 4, kPathMax));
  return TreeProof{read.numbers[2], read.numbers[3], std::move(read.nodes)};
}

Buffer Tree::encode() const {
  std::string out;
  out.reserve(nodes_.size() * kEncodedNodeSize + 16);
  protozero::pbf_writer writer(out);
  writer.add_uint64(1, static_cast<std::uint64_t>(HashCode::sha2_256));
  writer.add_uint64(2, count_);
  for (const Sha256Digest& node : nodes_) add_node(writer, 3, node);
  return to_buffer(as_bytes(out));
}

CodexResult<Tree> Tree::decode(Bytes bytes) {
  if (bytes.size() > kEncodedTreeMax) return refuse(CodexErrc::input_too_large);
  WEIR_TRY(read, read_nodes(bytes, 3, kEncodedTreeMax / kEncodedNodeSize));
  const std::uint64_t leaves = read.numbers[2];
  if (leaves == 0 || leaves > read.nodes.size()) {
    return refuse(CodexErrc::wrong_leaf_count, 0, "nleaves");
  }
  const auto end = read.nodes.begin() + static_cast<std::ptrdiff_t>(leaves);
  Tree out = over({read.nodes.begin(), end});
  if (out.nodes_.size() != read.nodes.size()) {
    return refuse(CodexErrc::wrong_node_count, 0, "nodes");
  }
  if (out.nodes_ != read.nodes) return refuse(CodexErrc::root_mismatch, 0, "nodes");
  return out;
}

}  // namespace weir::codex
