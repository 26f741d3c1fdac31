// SPDX-License-Identifier: MIT OR Apache-2.0
// Bans, listed and lifted; trackers asked for their numbers.
#include <utility>

#include "api/internal/weir.h"

namespace weir::api {
namespace {

namespace json = boost::json;

std::int64_t unix_ms(std::chrono::system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

void get_bans(Context& context, const RequestPtr& request) {
  later(context, request, [request](WeirState& state) {
    json::array bans;
    for (const Client::Ban& ban : state.node.client().bans()) {
      bans.push_back(json::object{{"address", ban.address.text()}, {"until", unix_ms(ban.until)}});
    }
    answer_json(request, json::object{{"bans", std::move(bans)}});
  });
}

void delete_ban(Context& context, const RequestPtr& request) {
  const auto address = IpAddress::parse(request->captures.at(0));
  if (!address) {
    return answer_error(request, 400, "bad_address", "This is no IPv4 or IPv6 address.");
  }
  later(context, request, [request, address = *address](WeirState& state) {
    if (!state.node.client().unban(address)) {
      return answer_error(request, 404, "not_found", "This address is not banned.");
    }
    HttpAnswer out;
    out.status = 204;
    request->answer(std::move(out));
  });
}

void scrape_torrent(Context& context, const RequestPtr& request) {
  later_with_torrent(context, request, [request](WeirState& state, TorrentKey key) {
    const auto asked = state.node.client().scrape(key);
    if (!asked) return answer_error(request, 404, "not_found", "There is no such torrent here.");
    answer_json(request, json::object{{"requests", *asked}}, 202);
  });
}

}  // namespace weir::api
