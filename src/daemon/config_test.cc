// SPDX-License-Identifier: MIT OR Apache-2.0
#include "daemon/config.h"

#include <gtest/gtest.h>

#include <set>

namespace weir {
namespace {

constexpr const char* kToken = "0123456789abcdef";

ConfigInputs inputs_with(std::string file) {
  ConfigInputs inputs;
  inputs.file_name = "/etc/weir/weir.toml";
  inputs.file_text = std::move(file);
  inputs.environment = {{"HOME", "/home/user"}};
  inputs.working_dir = "/srv";
  return inputs;
}

DaemonConfig config_of(const ConfigInputs& inputs) {
  const auto loaded = load_config(inputs);
  EXPECT_TRUE(loaded) << loaded.error().front().place << ": " << loaded.error().front().text;
  return loaded ? loaded->config : DaemonConfig{};
}

// The only error of a configuration file.
ConfigError error_of(const ConfigInputs& inputs) {
  const auto loaded = load_config(inputs);
  EXPECT_FALSE(loaded);
  if (loaded) return {};
  EXPECT_EQ(loaded.error().size(), 1u);
  return loaded.error().front();
}
ConfigError error_of(std::string file) { return error_of(inputs_with(std::move(file))); }

std::string numbered_hosts(std::size_t count) {
  std::string out = "[http]\nallowed_hosts = [";
  for (std::size_t i = 0; i < count; ++i) out += "\"h" + std::to_string(i) + "\",";
  return out + "]\n";
}

TEST(Settings, NamesFlagsAndVariablesAreDistinct) {
  std::set<std::string> names;
  for (const Setting& setting : kSettings) {
    EXPECT_TRUE(names.insert(std::string(setting.name)).second) << setting.name;
    EXPECT_TRUE(names.insert(environment_name(setting)).second) << setting.name;
    if (!setting.flag.empty()) {
      EXPECT_TRUE(names.insert(std::string(setting.flag)).second) << setting.flag;
      EXPECT_FALSE(setting.value.empty()) << setting.name;
    }
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_EQ(find_setting(setting.name), &setting);
  }
  EXPECT_EQ(environment_name(setting_of(SettingId::http_allowed_hosts)), "WEIR_HTTP_ALLOWED_HOSTS");
  EXPECT_EQ(find_setting("http"), nullptr);
}

TEST(Settings, SlipsFindTheNameThatWasMeant) {
  const std::vector<std::string> names{"http.listen", "quota", "log.level"};
  EXPECT_EQ(nearest("http.lisen", names), "http.listen");
  EXPECT_EQ(nearest("qouta", names), "quota");
  EXPECT_EQ(nearest("zzzzzzzz", names), std::nullopt);
  EXPECT_EQ(nearest(std::string(65, 'q'), names), std::nullopt);
}

TEST(Config, DefaultsNeedNoFile) {
  ConfigInputs inputs = inputs_with("");
  inputs.file_text.reset();
  const DaemonConfig config = config_of(inputs);
  ASSERT_EQ(config.http_listen.size(), 1u);
  EXPECT_EQ(config.http_listen[0].text(), "127.0.0.1:8080");
  EXPECT_EQ(config.peer_listen.endpoints.size(), 2u);
  EXPECT_EQ(config.peer_listen.endpoints[0].port, 6981);
  EXPECT_EQ(config.peer_listen.port_attempts, 100);
  EXPECT_TRUE(config.peer_listen.any_address);
  EXPECT_EQ(config.data_dir, "/home/user/.local/share/weir");
  EXPECT_EQ(config.state_dir, "/home/user/.local/state/weir/node");
  EXPECT_EQ(config.quota, 0u);
  EXPECT_EQ(config.fetch_timeout, std::chrono::seconds(20));
  EXPECT_EQ(config.http_connections, 512u);
  EXPECT_EQ(config.connections, 500u);
  EXPECT_EQ(config.connections_per_torrent, 55u);
  EXPECT_EQ(config.dial_below, 30u);
  EXPECT_EQ(config.log_level, LogLevel::info);
  EXPECT_EQ(config.log_format, LogFormat::text);
  EXPECT_EQ(config.ports_file, "");
}

TEST(Config, XdgDirectoriesCountWhenTheyAreAbsolute) {
  ConfigInputs inputs = inputs_with("");
  inputs.environment["XDG_DATA_HOME"] = "/data";
  inputs.environment["XDG_STATE_HOME"] = "relative";
  const DaemonConfig config = config_of(inputs);
  EXPECT_EQ(config.data_dir, "/data/weir");
  EXPECT_EQ(config.state_dir, "/home/user/.local/state/weir/node");
}

TEST(Config, WithoutAHomeDirectoriesHaveToBeNamed) {
  ConfigInputs inputs = inputs_with("data_dir = \"/d\"");
  inputs.environment.clear();
  const ConfigError error = error_of(inputs);
  EXPECT_EQ(error.code, ConfigErrc::contradiction);
  EXPECT_EQ(error.key, "state_dir");
}

TEST(Config, EverySettingIsReadFromTheFile) {
  const DaemonConfig config = config_of(inputs_with(R"(
data_dir = "/d"
state_dir = "/s"
quota = "10G"
fetch_timeout = 1.5
ports_file = "/run/weir.json"
[http]
listen = ["0.0.0.0:0", "[::1]:81"]
allowed_hosts = ["Node.Example", "other:8080"]
tokens = ["admin:0123456789abcdef"]
cors_origin = ["https://App.example", "*"]
connections = 16
[peer]
listen = ["127.0.0.1:1", "none"]
[limits]
down = 1000
up = "1K"
connections = 2
connections_per_torrent = 2
[store]
ttl = "48h"
[log]
level = "debug"
format = "json"
)"));
  EXPECT_EQ(config.data_dir, "/d");
  EXPECT_EQ(config.state_dir, "/s");
  EXPECT_EQ(config.quota, 10ull << 30);
  EXPECT_EQ(config.store_ttl, std::chrono::hours(48));
  EXPECT_EQ(config_of(inputs_with("[store]\nttl = 0\n")).store_ttl.count(), 0);
  EXPECT_EQ(error_of("[store]\nttl = -1\n").code, ConfigErrc::bad_value);
  EXPECT_EQ(config.fetch_timeout, std::chrono::milliseconds(1500));
  EXPECT_EQ(config.ports_file, "/run/weir.json");
  ASSERT_EQ(config.http_listen.size(), 2u);
  EXPECT_EQ(config.http_listen[0].text(), "0.0.0.0:0");
  EXPECT_EQ(config.http_listen[1].text(), "[::1]:81");
  ASSERT_EQ(config.allowed_hosts.size(), 2u);
  EXPECT_EQ(config.allowed_hosts[0].name, "node.example");
  EXPECT_EQ(config.allowed_hosts[1].port, 8080);
  ASSERT_EQ(config.tokens.size(), 1u);
  EXPECT_EQ(config.tokens[0].token, kToken);
  EXPECT_EQ(config.tokens[0].scope, http::Scope::admin);
  EXPECT_TRUE(config.cors.any);
  EXPECT_EQ(config.cors.allowed, std::vector<std::string>{"https://app.example"});
  EXPECT_EQ(config.http_connections, 16u);
  ASSERT_EQ(config.peer_listen.endpoints.size(), 1u);
  EXPECT_FALSE(config.peer_listen.any_address);
  EXPECT_EQ(config.down_bytes_per_second, 1000u);
  EXPECT_EQ(config.up_bytes_per_second, 1024u);
  EXPECT_EQ(config.connections, 2u);
  EXPECT_EQ(config.log_level, LogLevel::debug);
  EXPECT_EQ(config.log_format, LogFormat::json);
}

TEST(Config, FlagsWinOverTheEnvironmentOverTheFileOverDefaults) {
  ConfigInputs inputs = inputs_with("quota = 1\n[log]\nlevel = \"debug\"\n");
  EXPECT_EQ(load_config(inputs)->values[index_of(SettingId::quota)].place, "/etc/weir/weir.toml:1");
  EXPECT_EQ(config_of(inputs).quota, 1u);
  inputs.environment["WEIR_QUOTA"] = "2";
  EXPECT_EQ(config_of(inputs).quota, 2u);
  EXPECT_EQ(load_config(inputs)->values[index_of(SettingId::quota)].place, "WEIR_QUOTA");
  inputs.flags.push_back({SettingId::quota, {"3"}});
  EXPECT_EQ(config_of(inputs).quota, 3u);
  EXPECT_EQ(load_config(inputs)->values[index_of(SettingId::quota)].place, "--quota");
  EXPECT_EQ(config_of(inputs).log_level, LogLevel::debug);
}

TEST(Config, AnEmptyVariableIsNoneAndAListHasCommas) {
  ConfigInputs inputs = inputs_with("quota = 1\n");
  inputs.environment["WEIR_QUOTA"] = "";
  inputs.environment["WEIR_HTTP_ALLOWED_HOSTS"] = "a, b ,,c";
  const DaemonConfig config = config_of(inputs);
  EXPECT_EQ(config.quota, 1u);
  ASSERT_EQ(config.allowed_hosts.size(), 3u);
  EXPECT_EQ(config.allowed_hosts[1].name, "b");
}

TEST(Config, RelativePathsBeginBesideTheFileOrInTheWorkingDirectory) {
  ConfigInputs inputs = inputs_with("data_dir = \"data\"\nstate_dir = \"state\"\n");
  inputs.flags.push_back({SettingId::state_dir, {"here"}});
  EXPECT_EQ(config_of(inputs).data_dir, "/etc/weir/data");
  EXPECT_EQ(config_of(inputs).state_dir, "/srv/here");
  inputs.file_name = "weir.toml";
  EXPECT_EQ(config_of(inputs).data_dir, "/srv/data");
  inputs.file_name = "conf/weir.toml";
  EXPECT_EQ(config_of(inputs).data_dir, "/srv/conf/data");
  inputs.file_name = "/weir.toml";
  EXPECT_EQ(config_of(inputs).data_dir, "/data");
}

TEST(Config, UnknownKeysAreNamedWithTheNearestAndTheirLine) {
  const ConfigError slip = error_of("\n\n[http]\nlisen = \"127.0.0.1:1\"\n");
  EXPECT_EQ(slip.code, ConfigErrc::unknown_key);
  EXPECT_EQ(slip.place, "/etc/weir/weir.toml:4");
  EXPECT_EQ(slip.text, "there is no setting http.lisen; is http.listen meant?");
  EXPECT_EQ(error_of("[htp]\nlisten = 1\n").text, "there is no setting htp; is http meant?");
  EXPECT_EQ(error_of("[log]\nquota = 1\n").text, "there is no setting log.quota; is quota meant?");
  EXPECT_EQ(error_of("zzzzzzzzzzzz = 1\n").text, "there is no setting zzzzzzzzzzzz");
}

TEST(Config, EveryErrorIsToldAtOnce) {
  const auto loaded = load_config(inputs_with("a1 = 1\nb2 = 2\nhttp = 3\nquota = true\n"));
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().size(), 4u);
  const auto values = load_config(inputs_with("quota = \"x\"\n[log]\nlevel = \"loud\"\n"));
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().size(), 2u);
}

TEST(Config, ErrorsHaveAnEnd) {
  for (const std::size_t count : {kConfigErrorsMax, kConfigErrorsMax + 1}) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "key" + std::to_string(i) + " = 1\n";
    const auto loaded = load_config(inputs_with(text));
    ASSERT_FALSE(loaded);
    EXPECT_EQ(loaded.error().size(), kConfigErrorsMax);
  }
}

TEST(Config, WhatIsNoTomlIsASyntaxErrorWithItsLine) {
  const ConfigError error = error_of("quota = 1\nlog = = 2\n");
  EXPECT_EQ(error.code, ConfigErrc::syntax);
  EXPECT_EQ(error.place, "/etc/weir/weir.toml:2");
  EXPECT_FALSE(error.text.empty());
  EXPECT_EQ(error_of("quota = 1\nquota = 2\n").code, ConfigErrc::syntax);
  EXPECT_EQ(error_of("quota = \"\xff\"\n").code, ConfigErrc::syntax);
  EXPECT_EQ(error_of("quota = " + std::string(100'000, '[')).code, ConfigErrc::syntax);
}

TEST(Config, TypesAreChecked) {
  for (const char* text :
       {"quota = true", "quota = 1.5", "quota = [1]", "quota = 2020-01-01", "data_dir = 5",
        "fetch_timeout = [1]", "[http]\nconnections = \"16\"", "[http]\nlisten = 8080",
        "[http]\nlisten = [8080]", "[http]\ntokens = {a = 1}", "[log]\nlevel = [\"info\"]",
        "http = 5", "log = []", "[[http]]\nlisten = \"127.0.0.1:1\""}) {
    EXPECT_EQ(error_of(text).code, ConfigErrc::wrong_type) << text;
  }
}

TEST(Config, ValuesThatSayNothingAreRefused) {
  for (const char* text :
       {"quota = \"much\"", "quota = -1", "fetch_timeout = \"soon\"", "data_dir = \"\"",
        "[http]\nlisten = \"localhost:80\"", "[http]\nlisten = \"8080\"", "[http]\nlisten = []",
        "[http]\nconnections = -16", "[http]\nallowed_hosts = \"a/b\"",
        "[http]\ncors_origin = \"app.example\"", "[http]\ncors_origin = \"https://a/b\"",
        "[http]\ncors_origin = \"ftp://a\"", "[http]\ntokens = \"0123456789abcdef\"",
        "[http]\ntokens = \"owner:0123456789abcdef\"", "[peer]\nlisten = \"here\"",
        "[peer]\nlisten = 65536", "[log]\nlevel = \"loud\"", "[log]\nlevel = \"\"",
        "[log]\nformat = \"text json\""}) {
    EXPECT_EQ(error_of(text).code, ConfigErrc::bad_value) << text;
  }
}

TEST(Config, LimitsHoldAtThemAndPastThem) {
  for (const Setting& setting : kSettings) {
    if (setting.type != SettingType::count) continue;
    for (const auto& [value, good] :
         {std::pair{setting.min, true}, std::pair{setting.max, true},
          std::pair{setting.min - 1, false}, std::pair{setting.max + 1, false}}) {
      ConfigInputs inputs = inputs_with("");
      // Room for the connections of one torrent within those of all.
      if (setting.id == SettingId::limits_connections) {
        inputs.environment["WEIR_LIMITS_CONNECTIONS_PER_TORRENT"] = "2";
      } else {
        inputs.environment["WEIR_LIMITS_CONNECTIONS"] = "65536";
      }
      inputs.flags.push_back({setting.id, {std::to_string(value)}});
      const auto loaded = load_config(inputs);
      EXPECT_EQ(loaded.has_value(), good) << setting.name << " " << value;
      if (!good) {
        EXPECT_EQ(loaded.error().front().code, ConfigErrc::out_of_range);
      }
    }
  }
  EXPECT_EQ(config_of(inputs_with("fetch_timeout = 1")).fetch_timeout, std::chrono::seconds(1));
  EXPECT_EQ(config_of(inputs_with("fetch_timeout = 3600")).fetch_timeout, std::chrono::hours(1));
  EXPECT_EQ(error_of("fetch_timeout = 0.999").code, ConfigErrc::out_of_range);
  EXPECT_EQ(error_of("fetch_timeout = 3601").code, ConfigErrc::out_of_range);
  EXPECT_EQ(config_of(inputs_with(numbered_hosts(kListMax))).allowed_hosts.size(), kListMax);
  EXPECT_EQ(error_of(numbered_hosts(kListMax + 1)).code, ConfigErrc::out_of_range);
  EXPECT_EQ(error_of("[http]\nconnections = 9223372036854775807").code, ConfigErrc::out_of_range);
  ConfigInputs huge = inputs_with("");
  huge.environment["WEIR_HTTP_CONNECTIONS"] = "99999999999999999999999";
  EXPECT_EQ(error_of(huge).code, ConfigErrc::out_of_range);
}

TEST(Config, TokensHaveALengthAndAreNeverRepeated) {
  const auto file = [](std::size_t size) {
    return "[http]\ntokens = \"read:" + std::string(size, 't') + "\"\n";
  };
  for (const std::size_t size : {http::kTokenBytesMin, http::kTokenBytesMax}) {
    EXPECT_EQ(config_of(inputs_with(file(size))).tokens.size(), 1u);
  }
  for (const std::size_t size : {http::kTokenBytesMin - 1, http::kTokenBytesMax + 1}) {
    const ConfigError error = error_of(file(size));
    EXPECT_EQ(error.code, ConfigErrc::bad_value);
    EXPECT_EQ(error.text.find("ttt"), std::string::npos);
  }
  const std::string secret = std::string("\"admin:") + kToken + "\"";
  const auto loaded = load_config(inputs_with("[http]\ntokens = " + secret));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(render_config(*loaded).find(kToken), std::string::npos);
  EXPECT_NE(render_config(*loaded).find("admin:(hidden)"), std::string::npos);
}

TEST(Config, HTT_17_ANonLoopbackAddressNeedsTokens) {
  for (const char* address : {"0.0.0.0:80", "[::]:80", "192.168.1.1:80", "8.8.8.8:80"}) {
    ConfigInputs inputs = inputs_with("");
    inputs.flags.push_back({SettingId::http_listen, {"127.0.0.1:80", address}});
    const ConfigError error = error_of(inputs);
    EXPECT_EQ(error.code, ConfigErrc::contradiction) << address;
    EXPECT_EQ(error.place, "--http");
    EXPECT_NE(error.text.find("http.tokens"), std::string::npos);
    inputs.environment["WEIR_HTTP_TOKENS"] = std::string("admin:") + kToken;
    EXPECT_TRUE(load_config(inputs)) << address;
  }
  for (const char* address : {"127.0.0.1:0", "127.8.8.8:80", "[::1]:80"}) {
    ConfigInputs inputs = inputs_with("");
    inputs.flags.push_back({SettingId::http_listen, {address}});
    EXPECT_TRUE(load_config(inputs)) << address;
  }
}

TEST(Config, SettingsThatContradictEachOtherAreRefused) {
  EXPECT_EQ(error_of("data_dir = \"/x\"\nstate_dir = \"/x\"\n").code, ConfigErrc::contradiction);
  const ConfigError error = error_of("[limits]\nconnections = 54\n");
  EXPECT_EQ(error.code, ConfigErrc::contradiction);
  EXPECT_EQ(error.key, "limits.connections_per_torrent");
  EXPECT_EQ(config_of(inputs_with("[limits]\nconnections = 55\n")).connections, 55u);
}

TEST(Config, VariablesThatLookLikeSlipsAreNoted) {
  ConfigInputs inputs = inputs_with("");
  inputs.environment["WEIR_QOUTA"] = "1";
  inputs.environment["WEIR_SOMETHING_ELSE_ENTIRELY_OF_OTHERS"] = "1";
  const auto loaded = load_config(inputs);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->warnings,
            std::vector<std::string>{"WEIR_QOUTA is no setting; is WEIR_QUOTA meant?"});
}

TEST(Config, WhatIsPrintedMeansTheSame) {
  ConfigInputs inputs = inputs_with(R"(
quota = "10G"
data_dir = "/d/\"quoted\"\t\\"
[http]
listen = ["127.0.0.1:0", "[::1]:81"]
[log]
level = "debug"
)");
  const auto first = load_config(inputs);
  ASSERT_TRUE(first);
  const auto second = load_config(inputs_with(render_config(*first)));
  ASSERT_TRUE(second) << second.error().front().place << second.error().front().text;
  for (const Setting& setting : kSettings) {
    EXPECT_EQ(first->values[index_of(setting.id)].words, second->values[index_of(setting.id)].words)
        << setting.name;
  }
}

TEST(Config, TheSocketLiesInTheStateDirectoryUnlessNamedOrTurnedOff) {
  EXPECT_EQ(config_of(inputs_with("state_dir = \"/s\"\n")).socket, "/s/api.sock");
  EXPECT_EQ(config_of(inputs_with("socket = \"a.sock\"\n")).socket, "/etc/weir/a.sock");
  EXPECT_EQ(config_of(inputs_with("socket = \"none\"\n")).socket, "");
  EXPECT_EQ(error_of("socket = 5\n").code, ConfigErrc::wrong_type);
  EXPECT_EQ(error_of("socket = \"\"\n").code, ConfigErrc::bad_value);
}

TEST(Config, ASocketsPathHasAtMost107Bytes) {
  const auto named = [](std::size_t bytes) {
    return inputs_with("socket = \"/" + std::string(bytes - 1, 'a') + "\"\n");
  };
  EXPECT_EQ(config_of(named(107)).socket.size(), 107u);
  EXPECT_EQ(error_of(named(108)).code, ConfigErrc::out_of_range);
  // "/api.sock" has nine of them. Without a name of its own there is rather none.
  const auto state = [](std::size_t bytes) {
    return inputs_with("state_dir = \"/" + std::string(bytes - 1, 'a') + "\"\n");
  };
  EXPECT_EQ(config_of(state(98)).socket.size(), 107u);
  const auto loaded = load_config(state(99));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.socket, "");
  EXPECT_EQ(loaded->warnings.size(), 1u);
}

TEST(Config, TheVariablesOfCommandsAreNoSlips) {
  ConfigInputs inputs = inputs_with("");
  inputs.environment["WEIR_API"] = "http://127.0.0.1:1";
  inputs.environment["WEIR_TOKEN"] = kToken;
  const auto loaded = load_config(inputs);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->warnings.empty()) << loaded->warnings.front();
}

}  // namespace
}  // namespace weir
