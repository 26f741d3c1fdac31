// SPDX-License-Identifier: MIT OR Apache-2.0
// What an HttpCall shares with its connection. The connection is only ever locked on the server's
// thread, so that it is also destroyed there.
#pragma once

#include <atomic>
#include <memory>

#include "io/http_server.h"
#include "io/internal/mailbox.h"

namespace weir {

class HttpConnection;

struct HttpCall::State {
  std::shared_ptr<Mailbox> mailbox;
  std::weak_ptr<HttpConnection> connection;
  HttpRequestHead head;
  std::atomic<bool> connected{true};
  std::atomic<bool> answered{false};  // by whoever sets it
};

}  // namespace weir
