// SPDX-License-Identifier: MIT OR Apache-2.0
#include <algorithm>
#include <array>

#include "http/media_type.h"

namespace weir::http {
namespace {

struct Known {
  std::string_view extension;
  std::string_view type;
};

// clang-format off
constexpr std::array kKnown = std::to_array<Known>({
    {"3gp", "video/3gpp"},
    {"7z", "application/x-7z-compressed"},
    {"aac", "audio/aac"},
    {"apk", "application/vnd.android.package-archive"},
    {"apng", "image/apng"},
    {"arrow", "application/vnd.apache.arrow.file"},
    {"ass", "text/x-ssa"},
    {"avi", "video/x-msvideo"},
    {"avif", "image/avif"},
    {"azw3", "application/vnd.amazon.ebook"},
    {"bib", "text/x-bibtex"},
    {"bmp", "image/bmp"},
    {"bz2", "application/x-bzip2"},
    {"c", "text/x-c"},
    {"cbr", "application/vnd.comicbook-rar"},
    {"cbz", "application/vnd.comicbook+zip"},
    {"cc", "text/x-c"},
    {"cpio", "application/x-cpio"},
    {"css", "text/css"},
    {"csv", "text/csv"},
    {"cue", "text/plain"},
    {"deb", "application/vnd.debian.binary-package"},
    {"djvu", "image/vnd.djvu"},
    {"dmg", "application/x-apple-diskimage"},
    {"doc", "application/msword"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"epub", "application/epub+zip"},
    {"exe", "application/vnd.microsoft.portable-executable"},
    {"fasta", "text/x-fasta"},
    {"fb2", "application/x-fictionbook+xml"},
    {"flac", "audio/flac"},
    {"flv", "video/x-flv"},
    {"geojson", "application/geo+json"},
    {"gif", "image/gif"},
    {"gpkg", "application/geopackage+sqlite3"},
    {"gz", "application/gzip"},
    {"h", "text/x-c"},
    {"h5", "application/x-hdf5"},
    {"heic", "image/heic"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ico", "image/vnd.microsoft.icon"},
    {"img", "application/octet-stream"},
    {"ini", "text/plain"},
    {"iso", "application/x-iso9660-image"},
    {"jar", "application/java-archive"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"js", "text/javascript"},
    {"json", "application/json"},
    {"jsonl", "application/jsonl"},
    {"jxl", "image/jxl"},
    {"kml", "application/vnd.google-earth.kml+xml"},
    {"log", "text/plain"},
    {"lz", "application/x-lzip"},
    {"lz4", "application/x-lz4"},
    {"m2ts", "video/mp2t"},
    {"m3u", "audio/x-mpegurl"},
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"m4a", "audio/mp4"},
    {"m4b", "audio/mp4"},
    {"m4v", "video/mp4"},
    {"md", "text/markdown"},
    {"mht", "multipart/related"},
    {"mhtml", "multipart/related"},
    {"mid", "audio/midi"},
    {"mjs", "text/javascript"},
    {"mka", "audio/x-matroska"},
    {"mkv", "video/x-matroska"},
    {"mobi", "application/x-mobipocket-ebook"},
    {"mov", "video/quicktime"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"mpeg", "video/mpeg"},
    {"mpg", "video/mpeg"},
    {"nc", "application/netcdf"},
    {"nfo", "text/plain"},
    {"npy", "application/x-npy"},
    {"npz", "application/x-npz"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"oga", "audio/ogg"},
    {"ogg", "audio/ogg"},
    {"ogv", "video/ogg"},
    {"opus", "audio/ogg"},
    {"orc", "application/vnd.apache.orc"},
    {"otf", "font/otf"},
    {"parquet", "application/vnd.apache.parquet"},
    {"pbf", "application/x-protobuf"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"ps", "application/postscript"},
    {"py", "text/x-python"},
    {"qcow2", "application/x-qemu-disk"},
    {"rar", "application/vnd.rar"},
    {"rpm", "application/x-rpm"},
    {"rs", "text/x-rust"},
    {"rtf", "application/rtf"},
    {"sfv", "text/plain"},
    {"sh", "application/x-sh"},
    {"shtml", "text/html"},
    {"sql", "application/sql"},
    {"sqlite", "application/vnd.sqlite3"},
    {"srt", "application/x-subrip"},
    {"svg", "image/svg+xml"},
    {"svgz", "image/svg+xml"},
    {"swf", "application/x-shockwave-flash"},
    {"tar", "application/x-tar"},
    {"tex", "text/x-tex"},
    {"tgz", "application/gzip"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"toml", "application/toml"},
    {"torrent", "application/x-bittorrent"},
    {"ts", "video/mp2t"},
    {"tsv", "text/tab-separated-values"},
    {"ttf", "font/ttf"},
    {"txt", "text/plain"},
    {"vcf", "text/vcard"},
    {"vtt", "text/vtt"},
    {"warc", "application/warc"},
    {"wasm", "application/wasm"},
    {"wav", "audio/wav"},
    {"weba", "audio/webm"},
    {"webm", "video/webm"},
    {"webp", "image/webp"},
    {"wma", "audio/x-ms-wma"},
    {"wmv", "video/x-ms-wmv"},
    {"woff", "font/woff"},
    {"woff2", "font/woff2"},
    {"xht", "application/xhtml+xml"},
    {"xhtml", "application/xhtml+xml"},
    {"xls", "application/vnd.ms-excel"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
    {"xml", "application/xml"},
    {"xsl", "application/xslt+xml"},
    {"xslt", "application/xslt+xml"},
    {"xz", "application/x-xz"},
    {"yaml", "application/yaml"},
    {"yml", "application/yaml"},
    {"zim", "application/x-openzim"},
    {"zip", "application/zip"},
    {"zst", "application/zstd"},
});
// clang-format on

constexpr bool by_extension(const Known& a, const Known& b) { return a.extension < b.extension; }
static_assert(std::is_sorted(kKnown.begin(), kKnown.end(), by_extension));

}  // namespace

std::string_view media_type_by_name(std::string_view file_name) {
  constexpr std::string_view kUnknown = "application/octet-stream";
  constexpr std::size_t kExtensionMax = 8;  // longer ones are in no table, and need no copy
  const std::size_t dot = file_name.rfind('.');
  if (dot == std::string_view::npos || file_name.size() - dot - 1 > kExtensionMax) return kUnknown;
  const std::string extension = ascii_lowered(file_name.substr(dot + 1));
  const auto found =
      std::lower_bound(kKnown.begin(), kKnown.end(), Known{extension, {}}, by_extension);
  return found != kKnown.end() && found->extension == extension ? found->type : kUnknown;
}

}  // namespace weir::http
