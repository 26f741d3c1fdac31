// SPDX-License-Identifier: MIT OR Apache-2.0
// The one translation unit that holds Asio's definitions (see CMakeLists.txt).
#include <boost/asio/impl/src.hpp>
