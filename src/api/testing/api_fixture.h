// SPDX-License-Identifier: MIT OR Apache-2.0
// The API over a node and a server on loopback, and requests to it. For tests.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/api.h"
#include "io/testing/http_client.h"
#include "node/testing/node_fixture.h"

namespace weir {

// One node with its face. The order of members is the order of their end, backwards.
struct ServedNode {
  ServedNode(std::unique_ptr<Node> its_node, ApiConfig config)
      : node(std::move(its_node)), api(*node, std::move(config)), server(on_loopback(), api) {
    WEIR_ASSERT(server.start().has_value());
  }
  ~ServedNode() { server.stop(); }

  static HttpServerConfig on_loopback() {
    HttpServerConfig out;
    out.listen = {*Endpoint::parse("127.0.0.1:0")};
    return out;
  }
  [[nodiscard]] Endpoint endpoint() const { return server.listening().at(0); }

  std::unique_ptr<Node> node;
  Api api;
  HttpServer server;
};

class ApiFixture : public NodeFixture {
 public:
  using Fields = std::vector<std::pair<std::string, std::string>>;

 protected:
  std::unique_ptr<ServedNode> serve(const std::string& name, ApiConfig api = {}) {
    return serve(config(name), std::move(api));
  }
  std::unique_ptr<ServedNode> serve(NodeConfig node, ApiConfig api = {}) {
    return std::make_unique<ServedNode>(open(std::move(node)), std::move(api));
  }
  // Fields replace the Host that is sent otherwise.
  static ClientAnswer ask(const ServedNode& to, std::string_view method, std::string_view target,
                          const Fields& fields = {}, std::string_view body = {}) {
    HttpClient client(to.endpoint());
    std::string text = std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\n";
    bool host = false;
    for (const auto& [name, value] : fields) {
      text += name + ": " + value + "\r\n";
      host = host || name == "Host";
    }
    if (!host) text += "Host: localhost\r\n";
    if (method == "POST") text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    client.send(text + "\r\n");
    client.send(body);
    return client.answer(method == "HEAD");
  }
  static ClientAnswer get(const ServedNode& to, std::string_view target,
                          const Fields& fields = {}) {
    return ask(to, "GET", target, fields);
  }
  static ClientAnswer post(const ServedNode& to, std::string_view target, Bytes body,
                           const Fields& fields = {}) {
    return ask(to, "POST", target, fields, as_text(body));
  }
  static std::string text_of(Bytes bytes) { return std::string(as_text(bytes)); }
};

inline constexpr const char* kTorrentUrl = "/api/codex/v1/torrent";
inline constexpr const char* kDataUrl = "/api/codex/v1/data";

}  // namespace weir
