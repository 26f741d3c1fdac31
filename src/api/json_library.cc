// SPDX-License-Identifier: MIT OR Apache-2.0
// Boost.JSON without its compiled library: all of it in this one place.
#include <boost/json/src.hpp>
