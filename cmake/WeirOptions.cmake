# SPDX-License-Identifier: MIT OR Apache-2.0
# Compiler settings shared by every target, and the switches the presets turn.
option(WEIR_TESTS "Build unit tests, the simulator and the fuzz replay programs" ON)
option(WEIR_BENCH "Build benchmarks" OFF)
option(WEIR_LIBFUZZER "Build fuzz targets with libFuzzer instead of as replay programs" OFF)
set(WEIR_SANITIZE "" CACHE STRING "Value for -fsanitize=, empty for none")

# Headers of libweir, as installed.
include(GNUInstallDirs)
set(WEIR_INCLUDE_DIR "${CMAKE_INSTALL_INCLUDEDIR}/weir")

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# For everything below this directory, and for nobody who links with it.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wswitch -Werror)
# At -O2 GCC 12 sees overlapping copies in std::string (GCC bug 105651) and uninitialized members of
# empty optionals and other alternatives of variants, neither of which are there.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13
   AND CMAKE_CXX_FLAGS MATCHES "-O[23]")
  add_compile_options(-Wno-restrict -Wno-maybe-uninitialized)
endif()
if(WEIR_SANITIZE)
  add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${WEIR_SANITIZE})
  # The checks that GCC inserts hide from this warning what a variant holds.
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
endif()

# weir_time_limit(TEST SECONDS): after how long a test counts as hung. A sanitizer makes some work ten
# times as slow.
function(weir_time_limit test seconds)
  if(WEIR_SANITIZE)
    math(EXPR seconds "${seconds} * 4")
  endif()
  set_tests_properties(${test} PROPERTIES TIMEOUT ${seconds})
endfunction()

if(WEIR_LIBFUZZER)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# mold where it is; under the sanitizers the linker that the compiler was tested with.
find_program(WEIR_MOLD mold)
find_program(WEIR_LLD NAMES ld.lld-19)
if(WEIR_MOLD AND NOT WEIR_SANITIZE)
  add_link_options(-fuse-ld=mold)
elseif(WEIR_LLD AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()
find_program(WEIR_CCACHE ccache)
if(WEIR_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${WEIR_CCACHE})
endif()
