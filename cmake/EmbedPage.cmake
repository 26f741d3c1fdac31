# SPDX-License-Identifier: MIT OR Apache-2.0
# cmake -D FOLDER=… -D NAMES=a,b,… -D OUTPUT=… -P EmbedPage.cmake
#
# Writes the files of FOLDER as a C++ source that defines what src/page/page.h declares. "@version@"
# in index.html becomes the version, a digest of all files: what the page loads has it in its
# address, and so never changes there.
cmake_minimum_required(VERSION 3.25)

string(REPLACE "," ";" names "${NAMES}")
set(digests "")
foreach(name IN LISTS names)
  file(SHA256 "${FOLDER}/${name}" digest)
  string(APPEND digests "${name} ${digest}\n")
endforeach()
string(SHA256 version "${digests}")
string(SUBSTRING "${version}" 0 16 version)

set(sixteen "")
foreach(i RANGE 1 16)
  string(APPEND sixteen "[0-9a-f][0-9a-f]")
endforeach()

set(arrays "")
set(rows "")
set(number 0)
foreach(name IN LISTS names)
  if(name STREQUAL "index.html")
    file(READ "${FOLDER}/${name}" text)
    string(REPLACE "@version@" "${version}" text "${text}")
    string(HEX "${text}" bytes)
  else()
    file(READ "${FOLDER}/${name}" bytes HEX)
  endif()
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(${sixteen})" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
  string(REPLACE "\n" "\"\n    \"" bytes "${bytes}")
  string(APPEND arrays "constexpr char kBytes${number}[] =\n    \"${bytes}\";\n")
  string(APPEND rows "    {\"${name}\", {kBytes${number}, ${size}}},\n")
  math(EXPR number "${number} + 1")
endforeach()

file(WRITE "${OUTPUT}" "// Made from src/page/web by cmake/EmbedPage.cmake.
#include \"page/page.h\"

namespace weir {
namespace {

${arrays}
constexpr PageFile kFiles[] = {
${rows}};

}  // namespace

std::span<const PageFile> page_files() { return kFiles; }
std::string_view page_version() { return \"${version}\"; }

}  // namespace weir
")
