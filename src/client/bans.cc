// SPDX-License-Identifier: MIT OR Apache-2.0
// Bans as the user sees them, and how they outlive the process: the engine counts monotonic time
// and knows no date, so what is kept and shown is the time of day at which they end.
#include <algorithm>
#include <future>
#include <utility>

#include "client/internal/client_impl.h"
#include "io/clock.h"

namespace weir {
namespace {

using std::chrono::system_clock;

std::int64_t unix_seconds(system_clock::time_point at) {
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

void warn(const ClientConfig& config, const char* what, const DiskError& error) {
  if (config.warn) config.warn(std::string(what) + ": " + error_name(error.code));
}

}  // namespace

void Client::Impl::restore_bans() {
  const std::int64_t today = unix_now();
  auto saved = state->load_bans(today);
  if (!saved) return warn(config, "bans are not restored", saved.error());
  command([today, bans = std::move(*saved)](Session& session, TimePoint now) {
    for (const auto& ban : bans) {
      // A clock that was set back would make a ban longer than it was: the session cuts it.
      constexpr std::int64_t kLeftMax = 24 * 3600;
      session.restore_ban(now, ban.address,
                          std::chrono::seconds(std::min(ban.until - today, kLeftMax)));
    }
  });
}

void Client::Impl::save_ban(const PeerBanned& banned) {
  if (!saver) return;
  const auto until =
      system_clock::now() + std::chrono::duration_cast<system_clock::duration>(banned.lasts);
  const SqliteStateStore::SavedBan ban{.address = banned.address, .until = unix_seconds(until)};
  (void)saver->post([this, ban] {
    if (const auto done = state->save_ban(ban); !done) {
      warn(config, "a ban is not saved", done.error());
    }
  });
}

std::vector<Client::Ban> Client::bans() {
  const auto read = [](Session& session, TimePoint now) {
    const auto today = system_clock::now();
    std::vector<Ban> out;
    for (const auto& entry : session.bans(now)) {
      const auto left = std::chrono::duration_cast<system_clock::duration>(entry.until - now);
      out.push_back({.address = entry.address, .until = today + left});
    }
    return out;
  };
  return impl_->call(read).value_or(std::vector<Ban>{});
}

bool Client::unban(const IpAddress& address) {
  const bool was =
      impl_->call([=](Session& s, TimePoint now) { return s.unban(now, address); }).value_or(false);
  if (!was || !impl_->saver) return was;
  // Behind the save of the same ban, and done when this returns.
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> finished = done->get_future();
  const bool posted = impl_->saver->post([this, address, done] {
    if (const auto removed = impl_->state->remove_ban(address); !removed) {
      warn(impl_->config, "a ban is lifted until the next start only", removed.error());
    }
    done->set_value();
  });
  if (posted) finished.wait();
  return was;
}

std::vector<IpAddress> Client::external_addresses() {
  return impl_->call([](Session& s, TimePoint) { return s.external_addresses(); })
      .value_or(std::vector<IpAddress>{});
}

}  // namespace weir
