// SPDX-License-Identifier: MIT OR Apache-2.0
// std::expected with the one helper GCC 12 lacks.
//
// Each component declares its own error: an `enum class XErrc`, a small `struct XError` with the
// code and its context, and `template <class T> using XResult = std::expected<T, XError>`.
#pragma once

#include <expected>
#include <utility>

// WEIR_TRY(value, expression): declares `value` from the expression's result, or returns its error
// from the enclosing function. WEIR_CHECK(expression) is the same for results without a value.
#define WEIR_CONCAT_INNER(a, b) a##b
#define WEIR_CONCAT(a, b) WEIR_CONCAT_INNER(a, b)
#define WEIR_TRY_INNER(result, value, ...)                        \
  auto result = (__VA_ARGS__);                                    \
  if (!result) return std::unexpected(std::move(result).error()); \
  auto value = std::move(*result)
#define WEIR_TRY(value, ...) WEIR_TRY_INNER(WEIR_CONCAT(weir_try_, __LINE__), value, __VA_ARGS__)
#define WEIR_CHECK(...)                                                     \
  do {                                                                      \
    auto weir_check = (__VA_ARGS__);                                        \
    if (!weir_check) return std::unexpected(std::move(weir_check).error()); \
  } while (false)
