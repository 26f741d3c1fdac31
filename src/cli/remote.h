// SPDX-License-Identifier: MIT OR Apache-2.0
// What the commands that speak to a running node share: which node is meant, asking it, what its
// refusals mean, and finding the torrent that a user names.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/source.h"
#include "io/api_client.h"

namespace weir {

// --api or WEIR_API (unix:PATH, http:// or https://), else the socket of the node whose
// configuration this user has; the token of --token-file or WEIR_TOKEN.
[[nodiscard]] CliResult<ApiTarget> api_target(const Arguments& arguments);
// Whether the user has named a node, so that there is no doing without it.
[[nodiscard]] bool api_named(const Arguments& arguments);

// "not_running" is what exit code 10 and the advice to start a node come from.
[[nodiscard]] CliError api_failure(const ApiClientError& error);
// Of an answer that is no success.
[[nodiscard]] CliError api_refusal(const ApiAnswer& answer, std::string_view about);

class NodeLink {
 public:
  static constexpr std::size_t kPageMax = 1000;
  // The shortest beginning of a hash that names a torrent.
  static constexpr std::size_t kPrefixMin = 4;

  explicit NodeLink(ApiTarget target);

  [[nodiscard]] ApiClient& client() { return client_; }
  [[nodiscard]] const ApiTarget& target() const { return client_.target(); }
  // A body becomes JSON; "about" is whom a refusal names. `target` is below /api/weir/v1.
  CliResult<boost::json::value> ask(std::string method, const std::string& target,
                                    std::string_view about, std::string body = {},
                                    std::string type = {});
  // What GET /torrents/{hash} says of the torrent that `id` names: a .torrent file, a magnet link,
  // an info hash or the beginning of one, a name, a CID. "not_found", "ambiguous".
  CliResult<boost::json::object> find(const std::string& id);
  // All torrents that `query` ("q=…&state=…") lets through, in the order it asks for.
  CliResult<boost::json::array> list(const std::string& query);

 private:
  // Nothing: there is none.
  CliResult<boost::json::object> detail(const std::string& hash, const std::string& id);
  CliResult<boost::json::object> search(const std::string& id);

  ApiClient client_;
};

// Fields of what a node says; 0 and empty where they are missing.
[[nodiscard]] std::uint64_t number_of(const boost::json::object& object, std::string_view name);
[[nodiscard]] std::string text_of(const boost::json::object& object, std::string_view name);
// Printable, for people.
[[nodiscard]] std::string shown_of(const boost::json::object& object, std::string_view name);

}  // namespace weir
