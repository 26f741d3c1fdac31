// SPDX-License-Identifier: MIT OR Apache-2.0
// Bodies that are tar archives and become torrents.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "api/internal/routes.h"
#include "http/media_type.h"
#include "node/folder_upload.h"

namespace weir::api {

// The file name in Content-Disposition, made safe; empty: there is none. Or the sentence to refuse
// it with.
[[nodiscard]] std::expected<std::string, std::string> upload_name(const Request& request);
// Content-Type: nothing where there is none, or where a tool put in its own for want of one.
// Or the sentence to refuse the body with: of a form, or of a type that is none.
[[nodiscard]] std::expected<std::optional<http::MediaType>, std::string> upload_type(
    const Request& request);
// Whether the client asks for JSON in place of plain text.
[[nodiscard]] bool wants_json(const Request& request);

enum class ErrorForm : std::uint8_t { text, json };
// On the server's thread: receives the archive, publishes it and goes on, or answers why not.
void receive_folder(Context& context, const RequestPtr& request, ErrorForm errors,
                    std::function<void(const RequestPtr&, const PublishedFolder&)> done);

}  // namespace weir::api
