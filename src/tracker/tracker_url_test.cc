// SPDX-License-Identifier: MIT OR Apache-2.0
#include "tracker/tracker_url.h"

#include <gtest/gtest.h>

#include <string>

namespace weir {
namespace {

TrackerUrl good(std::string_view text, TrackerUrlPolicy policy = {}) {
  const auto url = parse_tracker_url(text, policy);
  EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().text);
  return url.value_or(TrackerUrl{});
}

TrackerErrc refusal(std::string_view text, TrackerUrlPolicy policy = {}) {
  const auto url = parse_tracker_url(text, policy);
  EXPECT_FALSE(url) << text;
  return url ? TrackerErrc{} : url.error().code;
}

IpAddress ip(std::string_view text) { return IpAddress::parse(text).value(); }

TEST(TrackerUrl, SplitsIntoParts) {
  const auto url = good("HTTP://Tracker.Example.com:8080/a/announce?passkey=xY#part");
  EXPECT_EQ(url.scheme, TrackerScheme::http);
  EXPECT_EQ(url.host, "tracker.example.com");
  EXPECT_EQ(url.port, 8080);
  EXPECT_EQ(url.target, "/a/announce?passkey=xY");
  EXPECT_EQ(url.path(), "/a/announce");
  EXPECT_TRUE(url.is_announce());
  EXPECT_EQ(url.text(), "http://tracker.example.com:8080/a/announce?passkey=xY");
}

TEST(TrackerUrl, UsesTheSchemesOwnPort) {
  EXPECT_EQ(good("http://h/announce").port, 80);
  EXPECT_EQ(good("https://h:/announce").port, 443);
  EXPECT_EQ(good("https://h:443/announce").text(), "https://h/announce");
  EXPECT_EQ(refusal("udp://h/announce"), TrackerErrc::bad_url);
  EXPECT_EQ(good("udp://h:6969").text(), "udp://h:6969");
}

TEST(TrackerUrl, AcceptsAddressesAsHosts) {
  EXPECT_EQ(good("udp://[::1]:6969/announce").literal, ip("::1"));
  EXPECT_EQ(good("udp://[::1]:6969/announce").text(), "udp://[::1]:6969/announce");
  EXPECT_EQ(good("http://192.0.2.1/announce").literal, ip("192.0.2.1"));
  EXPECT_FALSE(good("http://tracker.example/announce").literal);
}

TEST(TrackerUrl, RefusesDisguisedAddresses) {
  for (const char* host : {"127.1", "2130706433", "0x7f000001", "0177.0.0.1", "1.2.3.4.5",
                           "example.0x10", "256.1.1.1", "[127.0.0.1]", "[::1", "[zz]", "::1"}) {
    EXPECT_EQ(refusal("http://" + std::string(host) + "/announce"), TrackerErrc::bad_host) << host;
  }
}

TEST(TrackerUrl, RefusesMalformedHosts) {
  for (const std::string& host :
       {std::string(), std::string("a..b"), std::string("a b"), std::string("a%41"),
        std::string("a\\b"), std::string(64, 'a'), std::string("[::1]x"), std::string(".")}) {
    EXPECT_EQ(refusal("http://" + host + "/announce"), TrackerErrc::bad_host) << host;
  }
  good("http://" + std::string(63, 'a') + "/announce");
  good("http://example.com./announce");
}

TEST(TrackerUrl, RefusesBadPorts) {
  for (const char* port : {"0", "65536", "99999999", "8o", "-1", "+80", " 80"}) {
    EXPECT_EQ(refusal("http://h:" + std::string(port) + "/announce"), TrackerErrc::bad_url) << port;
  }
  EXPECT_EQ(good("http://h:65535/").port, 65535);
}

TEST(TrackerUrl, UnknownSchemesAreUnsupportedNotBad) {
  EXPECT_EQ(refusal("wss://tracker.example/"), TrackerErrc::unsupported_scheme);
  EXPECT_EQ(refusal("i2p://tracker.i2p/"), TrackerErrc::unsupported_scheme);
  EXPECT_EQ(refusal("file:///etc/passwd"), TrackerErrc::unsupported_scheme);
  EXPECT_EQ(refusal("tracker.example/announce"), TrackerErrc::bad_url);
  EXPECT_EQ(refusal(""), TrackerErrc::bad_url);
  EXPECT_EQ(refusal("://x"), TrackerErrc::bad_url);
}

TEST(TrackerUrl, LengthLimitAtAndPastIt) {
  const std::string start = "http://tracker.example/announce?k=";
  good(start + std::string(kTrackerUrlMax - start.size(), 'x'));
  EXPECT_EQ(refusal(start + std::string(kTrackerUrlMax - start.size() + 1, 'x')),
            TrackerErrc::url_too_long);
  // Escaping triples these.
  EXPECT_EQ(refusal(start + std::string(2000, '{')), TrackerErrc::url_too_long);
}

TEST(TrackerUrl, TRH_07_ControlCharactersAreRefused) {
  for (const char* text : {"http://h/announce\r\nX-Evil: 1", "http://h\r\n/announce",
                           "http://h/a\tb", "http://h/a\x7f", "\nhttp://h/announce"}) {
    EXPECT_EQ(refusal(text), TrackerErrc::bad_url) << text;
  }
  EXPECT_EQ(refusal(std::string_view("http://h/\0x", 11)), TrackerErrc::bad_url);
}

TEST(TrackerUrl, TRH_07_UserInfoIsRefused) {
  EXPECT_EQ(refusal("http://user:password@h/announce"), TrackerErrc::user_info);
  EXPECT_EQ(refusal("http://tracker.example@evil.example/announce"), TrackerErrc::user_info);
  good("http://h/announce?mail=a@b");
}

TEST(TrackerUrl, TRH_07_PresetParametersAreRefused) {
  for (const char* query :
       {"info_hash=x", "a=1&INFO_HASH=x", "info%5Fhash=x", "event=stopped", "a=1;peer_id=x",
        "left=0", "port=1", "uploaded=1", "downloaded=1", "ip=1.2.3.4", "trackerid=x", "event"}) {
    EXPECT_EQ(refusal("http://h/announce?" + std::string(query)), TrackerErrc::preset_parameter)
        << query;
  }
  good("http://h/announce?passkey=info_hash&events=1");
  good("http://h/announce?info_hash=x", {.preset_parameters = true});
}

TEST(TrackerUrl, TRH_07_InternationalHostsAreOffByDefault) {
  EXPECT_EQ(refusal("http://tr\xc3\xa4"
                    "cker.example/announce"),
            TrackerErrc::bad_host);
  EXPECT_EQ(refusal("http://tracker.XN--80ak6aa92e.com/announce"), TrackerErrc::bad_host);
  good("http://tracker.xn--80ak6aa92e.com/announce", {.international_hosts = true});
  EXPECT_EQ(refusal("http://tr\xc3\xa4"
                    "cker.example/",
                    {.international_hosts = true}),
            TrackerErrc::bad_host);
}

TEST(TrackerUrl, TRH_07_UnsafeBytesAreEscaped) {
  EXPECT_EQ(good(" http://h/a b\xc3\xa4\"<>|?x={y} ").target, "/a%20b%C3%A4%22%3C%3E%7C?x=%7By%7D");
  EXPECT_EQ(good("http://h?x=1").target, "/?x=1");
  EXPECT_EQ(good("http://h").target, "/");
}

TEST(TrackerUrl, PrintedUrlParsesToItself) {
  for (const char* text : {"http://h/announce", "udp://[2001:470::1]:1/x?y", "https://h:1/?q"}) {
    const auto url = good(text);
    EXPECT_EQ(good(url.text()), url);
  }
}

TEST(TrackerRedirect, ResolvesReferences) {
  const auto from = good("http://h:81/a/announce?x=1");
  const auto to = [&](std::string_view location) {
    const auto url = redirect_allowed(from, location, 0);
    return url ? url->text() : url.error().text;
  };
  EXPECT_EQ(to("http://other/announce?info_hash=%01"), "http://other/announce?info_hash=%01");
  EXPECT_EQ(to("//other/b"), "http://other/b");
  EXPECT_EQ(to("/b"), "http://h:81/b");
  EXPECT_EQ(to("b?c:d"), "http://h:81/a/b?c:d");
  EXPECT_EQ(to("?y=2"), "http://h:81/a/announce?y=2");
}

TEST(TrackerRedirect, TRH_05_AtMostFiveHops) {
  const auto from = good("http://h/announce");
  EXPECT_TRUE(redirect_allowed(from, "/a", kTrackerRedirectsMax - 1));
  const auto sixth = redirect_allowed(from, "/a", kTrackerRedirectsMax);
  ASSERT_FALSE(sixth);
  EXPECT_EQ(sixth.error().code, TrackerErrc::redirect_refused);
}

TEST(TrackerRedirect, TRH_05_OnlyHttpAndNoDowngrade) {
  const auto plain = good("http://h/announce");
  const auto secure = good("https://h/announce");
  for (const char* location : {"file:///etc/passwd", "ftp://h/", "udp://h:1/", "javascript:1",
                               "gopher://h/", "", "http://u:p@h/", "http://h\r\n/"}) {
    EXPECT_FALSE(redirect_allowed(plain, location, 0)) << location;
  }
  EXPECT_FALSE(redirect_allowed(secure, "http://h/announce", 0));
  EXPECT_TRUE(redirect_allowed(secure, "https://other/announce", 0));
  EXPECT_TRUE(redirect_allowed(plain, "https://h/announce", 0));
  EXPECT_FALSE(redirect_allowed(plain, "/" + std::string(kTrackerUrlMax, 'x'), 0));
}

TEST(TrackerRedirect, TRH_05_NeverToANarrowerScope) {
  const auto global = ip("8.8.8.8");
  EXPECT_TRUE(redirect_address_allowed(global, ip("2606:4700::1")));
  for (const char* target : {"127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "192.168.1.1",
                             "fe80::1", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1"}) {
    EXPECT_FALSE(redirect_address_allowed(global, ip(target))) << target;
  }
  EXPECT_TRUE(redirect_address_allowed(ip("127.0.0.1"), ip("127.0.0.1")));
  EXPECT_TRUE(redirect_address_allowed(ip("127.0.0.1"), ip("10.0.0.1")));
  EXPECT_TRUE(redirect_address_allowed(ip("10.0.0.1"), ip("10.0.0.2")));
  EXPECT_FALSE(redirect_address_allowed(ip("10.0.0.1"), ip("127.0.0.1")));
  EXPECT_FALSE(redirect_address_allowed(ip("127.0.0.1"), ip("169.254.169.254")));
}

TEST(TrackerAddress, TRU_05_ReflectionTargetsAreRefused) {
  const auto allowed = [](std::string_view address, std::uint16_t port, bool local) {
    return tracker_address_allowed(TrackerScheme::udp, {ip(address), port}, {.allow_local = local});
  };
  EXPECT_FALSE(allowed("127.0.0.1", 53, false));
  EXPECT_FALSE(allowed("127.0.0.1", 53, true));
  EXPECT_FALSE(allowed("192.168.0.1", 53, true));
  EXPECT_FALSE(allowed("192.168.0.1", 1023, true));
  EXPECT_TRUE(allowed("192.168.0.1", 1024, false));
  EXPECT_FALSE(allowed("127.0.0.1", 6969, false));
  EXPECT_TRUE(allowed("127.0.0.1", 6969, true));
  EXPECT_FALSE(allowed("169.254.169.254", 6969, false));
  for (const char* address : {"224.0.0.1", "255.255.255.255", "0.0.0.0", "ff02::1", "::"}) {
    EXPECT_FALSE(allowed(address, 6969, true)) << address;
  }
  EXPECT_FALSE(allowed("8.8.8.8", 0, true));
  EXPECT_TRUE(allowed("8.8.8.8", 80, false));
}

TEST(TrackerAddress, ARefusalNamesTheAddressAndTheReason) {
  const auto text = [](const char* address, std::uint16_t port) {
    return address_refusal_text(TrackerScheme::udp, {ip(address), port});
  };
  EXPECT_TRUE(text("127.0.0.1", 2).starts_with("127.0.0.1:2 is a port below 1024"));
  EXPECT_NE(text("127.0.0.1", 6969).find("on this machine"), std::string::npos);
  EXPECT_NE(text("224.0.0.1", 6969).find("no address"), std::string::npos);
}

TEST(TrackerAddress, HttpMayUseLowPortsAtHomeButNotOnLoopback) {
  EXPECT_TRUE(tracker_address_allowed(TrackerScheme::http, {ip("10.0.0.1"), 80}, {}));
  EXPECT_FALSE(tracker_address_allowed(TrackerScheme::http, {ip("127.0.0.1"), 80}, {}));
  EXPECT_TRUE(tracker_address_allowed(TrackerScheme::http, {ip("::1"), 80}, {.allow_local = true}));
}

TEST(TrackerAddress, TRH_09_LocalPeersOnlyFromLocalTrackers) {
  EXPECT_FALSE(tracker_peer_allowed(ip("8.8.8.8"), ip("127.0.0.1")));
  EXPECT_FALSE(tracker_peer_allowed(ip("10.0.0.1"), ip("::1")));
  EXPECT_FALSE(tracker_peer_allowed(ip("8.8.8.8"), ip("169.254.169.254")));
  EXPECT_FALSE(tracker_peer_allowed(ip("127.0.0.1"), ip("0.0.0.0")));
  EXPECT_TRUE(tracker_peer_allowed(ip("127.0.0.1"), ip("127.0.0.1")));
  EXPECT_TRUE(tracker_peer_allowed(ip("8.8.8.8"), ip("10.0.0.1")));
}

}  // namespace
}  // namespace weir
