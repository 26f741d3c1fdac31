// SPDX-License-Identifier: MIT OR Apache-2.0
#include "cli/error_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

// By component, in the order of its enumerators. A code that several components have stands where
// it comes first, in words that fit all of them.
constexpr auto kSentences = std::to_array<std::pair<std::string_view, std::string_view>>({
    // Disk.
    {"not_found", "there is no such file or directory"},
    {"already_exists", "there is something else of that name already, or a longer file"},
    {"no_space", "the disk is full, or a quota is used up"},
    {"permission", "permission denied"},
    {"read_only", "the file system is read-only"},
    {"not_regular", "there is no regular file of that name but something else"},
    {"not_contained", "a symbolic link is in the way, or the path leads out of its directory"},
    {"name_too_long", "the name is longer than the file system takes"},
    {"too_large", "that is more than the file system, or a torrent, can hold"},
    {"short_read", "a file is shorter than it was"},
    {"io_error", "the disk reported an error"},
    // Saved state.
    {"disk", "the saved state can't be read or written"},
    {"newer_version", "the saved state is of a later weir; another --state-dir leaves it alone"},
    {"foreign", "the database there is of another program; another --state-dir leaves it alone"},
    // Session.
    {"already_added", "this torrent is being transferred already"},
    {"no_such_torrent", "there is no such torrent"},
    {"no_such_file", "the torrent has no such file"},
    {"no_metadata", "it is not known yet what is in the torrent"},
    {"path_conflict", "another torrent of this run has a file of the same path"},
    {"bad_metadata", "what peers sent as the torrent's description is no valid torrent"},
    {"bad_request", "that can't be done with this torrent"},
    {"stopping", "the program is ending"},
    {"torrents_max", "there are as many torrents as there may be"},
    {"inconsistent_hybrid", "the torrent contradicts itself: its v1 and v2 hashes differ"},
    {"changed", "it changed while it was read"},
    // Bencoding.
    {"unexpected_end", "it ends in the middle of a value"},
    {"expected_value", "there is a byte that begins no value"},
    {"expected_key", "a dictionary has a key that is no text"},
    {"missing_value", "a dictionary ends after a key"},
    {"expected_digit", "a number has something else where a digit belongs"},
    {"leading_zero", "a number begins with a zero"},
    {"negative_zero", "a number is minus zero"},
    {"integer_out_of_range", "a number has more than 64 bits"},
    {"expected_colon", "the length of a text is not followed by a colon"},
    {"string_too_long", "a text is longer than what follows"},
    {"unsorted_key", "the keys of a dictionary are not in order"},
    {"duplicate_key", "a dictionary has a key twice"},
    {"trailing_data", "there are bytes behind its end"},
    {"too_deep", "values are nested too deep"},
    {"too_many_tokens", "it has more values than a torrent may have"},
    {"input_too_large", "it is larger than a torrent may be"},
    // Torrent files.
    {"not_bencoded", "it is no torrent file, or a damaged one"},
    {"bad_bencode", "it is no torrent file, or a damaged one"},
    {"root_not_dict", "it is no torrent file: it is no dictionary"},
    {"missing_info", "it does not say what is in the torrent"},
    {"info_not_dict", "the info dictionary is none"},
    {"unsorted_info", "the keys of the info dictionary are not in order"},
    {"bad_meta_version", "its version is no number"},
    {"unsupported_meta_version", "it is of a version that weir does not know"},
    {"missing_piece_length", "it has no piece length"},
    {"bad_piece_length", "the piece length is none that a torrent may have"},
    {"piece_length_out_of_range", "the piece length is too small or too large"},
    {"piece_length_no_power_of_two", "the piece length is no power of two"},
    {"missing_name", "the torrent has no name"},
    {"bad_name", "a name is empty, no text, or none that a file can have"},
    {"empty_name", "the torrent's name is empty"},
    {"missing_pieces", "it has no piece hashes"},
    {"bad_pieces", "the piece hashes are no string of bytes"},
    {"pieces_not_digests", "the piece hashes are cut off"},
    {"wrong_piece_count", "there are more or fewer piece hashes than the content needs"},
    {"too_many_pieces", "it has more pieces than a torrent may have; longer pieces make fewer"},
    {"missing_length", "a file has no length"},
    {"bad_length", "a length is no number"},
    {"negative_length", "a length is negative"},
    {"length_too_large", "a length is more than a torrent can hold"},
    {"bad_files", "the list of files is none"},
    {"empty_files", "the list of files is empty"},
    {"bad_file", "an entry of the list of files is none"},
    {"too_many_files", "it has more files than a torrent may have"},
    {"missing_path", "a file has no path"},
    {"bad_path", "a path is no list of names"},
    {"empty_path", "a path is empty"},
    {"path_too_deep", "a path has too many directories"},
    {"path_too_long", "a path is too long"},
    {"too_many_collisions", "too many of its paths are the same"},
    {"no_content", "all files are empty, so there is nothing to transfer"},
    {"symlink_with_length", "a symbolic link has a length"},
    {"file_below_symlink", "a file lies below a symbolic link of the torrent"},
    {"missing_file_tree", "it has no file tree"},
    {"bad_file_tree", "its file tree is broken"},
    {"file_and_directory", "a path is both a file and a directory"},
    {"root_is_file", "its file tree has a file without a name"},
    {"missing_pieces_root", "a file has no hash"},
    {"bad_pieces_root", "a file's hash has not 32 bytes"},
    {"zero_pieces_root", "a file's hash is all zeros"},
    {"pieces_root_on_empty_file", "an empty file has a hash"},
    {"bad_piece_layers", "its piece layers are broken"},
    {"unknown_piece_layer", "it has a piece layer that is of none of its files"},
    {"unneeded_piece_layer", "it has a piece layer of a file that needs none"},
    {"piece_layer_size", "a piece layer has not one hash for each piece"},
    {"piece_layer_mismatch", "a piece layer does not have the hash that its file says"},
    {"hybrid_mismatch", "it contradicts itself: its v1 and v2 parts describe different files"},
    {"hybrid_misaligned", "its v1 part lacks the padding that its v2 part needs"},
    {"info_hash_mismatch", "it is another torrent than the info hash says"},
    // Making torrents.
    {"no_files", "there are no files in it"},
    {"duplicate_path", "two files have the same path, or one is the directory of another"},
    {"not_loadable", "the torrent would not be valid"},
    // Links.
    {"too_long", "it is longer than 64 KiB"},
    {"not_a_magnet", "it does not begin with magnet:?"},
    {"bad_escape", "a % is not followed by two hexadecimal digits"},
    {"missing_topic", "it names no BitTorrent info hash (xt=urn:btih:... or urn:btmh:...)"},
    {"bad_btih", "the v1 info hash has not 40 hexadecimal or 32 base32 digits"},
    {"bad_btmh", "the v2 info hash is not 1220 and 64 hexadecimal digits"},
    {"conflicting_topics", "it names two different info hashes of the same kind"},
    {"bad_file_selection", "its selection of files (so=) is no list of numbers"},
    {"web_address", "torrent files are not fetched from the web"},
    {"needs_torrent_file", "a .torrent file is needed for this"},
    // Trackers and web seeds.
    {"unsupported_scheme", "a tracker's URL is http, https or udp"},
    {"bad_url", "this is no URL"},
    {"url_too_long", "the URL is too long"},
    {"bad_host", "the URL's host name is not acceptable"},
    {"user_info", "a name or password in the URL is not accepted"},
    {"preset_parameter", "the URL brings its own announce parameters"},
    {"no_scrape", "this tracker has no scrape address"},
    {"reply_too_large", "the answer is too large"},
    {"bad_reply", "the answer is not what a tracker sends"},
    {"tracker_failure", "the tracker says"},
    {"http_status", "the web server answered with an error"},
    {"unresolved", "the host name has no address"},
    {"address_refused", "the address is not one that a torrent may send the program to"},
    {"redirect_refused", "the tracker points somewhere it may not point"},
    {"connection_failed", "there is no connection"},
    {"timed_out", "there was no answer in time"},
    // Sockets.
    {"network", "no connections can be accepted"},
    {"listen_failed", "no connections can be accepted"},
    {"address_in_use", "another program uses this address and port"},
    {"address_unavailable", "this machine does not have that address"},
    {"family_unsupported", "this machine does not speak IPv6"},
    {"too_many_files", "too many files and connections are open"},
    {"refused", "the other side refused the connection"},
    {"unreachable", "there is no way to that address"},
    {"failed", "it failed"},
    // The program's own.
    {"interrupted", "it was stopped before the end"},
});

}  // namespace

std::string_view error_sentence(std::string_view code) {
  const auto found =
      std::ranges::find(kSentences, code, &std::pair<std::string_view, std::string_view>::first);
  return found == kSentences.end() ? std::string_view() : found->second;
}

std::string explain(std::string_view code, std::string_view detail) {
  const std::string_view sentence = error_sentence(code);
  std::string out(sentence.empty() ? code : sentence);
  if (!detail.empty()) out += fmt::format(": {}", detail);
  return out;
}

std::string with_code(std::string_view text, std::string_view code) {
  if (code.empty() || code == "usage") return std::string(text);
  return fmt::format("{} [{}]", text, code);
}

}  // namespace weir
