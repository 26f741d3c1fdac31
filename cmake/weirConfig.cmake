# SPDX-License-Identifier: MIT OR Apache-2.0
# find_package(weir) gives the target weir::libweir.
include(CMakeFindDependencyMacro)
find_dependency(Boost 1.81)
find_dependency(CURL 7.87)
find_dependency(OpenSSL 3)
find_dependency(SQLite3)
find_dependency(Threads)
include("${CMAKE_CURRENT_LIST_DIR}/weirTargets.cmake")
add_library(weir::libweir ALIAS weir::client)
