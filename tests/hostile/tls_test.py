# SPDX-License-Identifier: MIT OR Apache-2.0
"""HTTPS trackers of a `weir seed`: where they may redirect to, and whom weir believes."""

from support import HostileCase, main  # first: it finds the others

import socket
import ssl
import subprocess

from harness import bencode, network, weir
from harness.processes import wait_until
from tracker_test import PLAIN, TRACKER_ADDRESS, Server, redirect, says

HOSTS = f"IP:{TRACKER_ADDRESS}"
REPLY = bencode.encode({"interval": 1800, "peers": b""})
ANSWER = PLAIN + b"Content-Length: %d\r\n\r\n" % len(REPLY) + REPLY


class TlsServer(Server):
    """The same behind TLS. A handshake that fails is no request."""

    def __init__(self, answer, certificate, **options):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        super().__init__(answer, **options)
        self.url = self.url.replace("http:", "https:")

    def _serve(self, connection) -> None:
        connection.settimeout(60)
        try:
            connection = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            self.ended += 1
            return
        super()._serve(connection)


class TlsTrackers(HostileCase):
    def setUp(self):
        self.certificates = self.folder("certificates")
        self.authority = self.certificates / "authority.pem"
        self.openssl("req", "-x509", "-subj", "/CN=an authority", "-days", "2",
                     "-out", self.authority, "-keyout", self.certificates / "authority.key")
        self.good = self.certificate("good", HOSTS, 2)
        self.environment = {"SSL_CERT_FILE": str(self.authority)}

    def openssl(self, *words) -> None:
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        argv = ["openssl", words[0], *(key if words[0] == "req" else []), *map(str, words[1:])]
        subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL)

    def certificate(self, name: str, hosts: str, days: int):
        """One that the authority signed, with its key in the same file."""
        base = self.certificates / name
        request, key, signed = (base.with_suffix(end) for end in (".csr", ".key", ".crt"))
        names = base.with_suffix(".ext")
        names.write_text(f"subjectAltName={hosts}\n")
        self.openssl("req", "-subj", f"/CN={name}", "-out", request, "-keyout", key)
        self.openssl("x509", "-req", "-in", request, "-CA", self.authority, "-CAkey",
                     self.certificates / "authority.key", "-CAcreateserial", "-days", days,
                     "-extfile", names, "-out", signed)
        both = base.with_suffix(".pem")
        both.write_bytes(key.read_bytes() + signed.read_bytes())
        return both

    def start(self, name, argv, folder, env=None):
        return super().start(name, argv, folder, {**(env or {}), **self.environment})

    def server(self, answer, certificate=None, **options) -> Server:
        kind = TlsServer if certificate else Server
        server = kind(answer, certificate, **options) if certificate else kind(answer, **options)
        self.addCleanup(server.close)
        return server

    def announce_to(self, server: Server) -> None:
        """Until the announce and whatever it led to is over."""
        self.start_seed("--tracker", server.url)
        wait_until("a connection", lambda: server.accepted, 20)
        wait_until("its end", lambda: server.ended == server.accepted, 20)

    def test_TRH_05_https_may_lead_to_https_only(self):
        plain = self.server(says(ANSWER))
        good = self.server(says(ANSWER), self.good)
        for name, (target, reached) in {
            "to http": (plain, 0), "to https": (good, 1),
        }.items():
            with self.subTest(name):
                first = self.server(says(redirect(target.url)), self.good)
                self.announce_to(first)
                self.assertEqual(1, len(first.requests), "TLS does not work at all")
                if reached:
                    wait_until("the second hop", lambda: target.requests, 10)
                self.assert_serves()  # by now a second hop would have come
                self.assertEqual(reached, target.accepted)
                self.stop_node()

    def test_TRH_05_http_may_lead_to_https_but_not_back(self):
        plain = self.server(says(ANSWER))
        back = self.server(says(redirect(plain.url)), self.good)
        first = self.server(says(redirect(back.url)))
        self.announce_to(first)
        wait_until("the second hop", lambda: back.requests, 10)
        self.assert_serves()
        self.assertEqual(0, plain.accepted, "the third hop is a downgrade")

    def test_TRH_05_no_redirect_leads_around_the_certificate(self):
        bad = self.server(says(ANSWER), self.certificate("elsewhere", "DNS:tracker.test", 2))
        first = self.server(says(redirect(bad.url)), self.good)
        self.announce_to(first)
        wait_until("the second hop", lambda: bad.ended, 10)
        self.assert_serves()
        self.assertEqual([], bad.requests, "it told a stranger")

    def test_certificates_that_prove_nothing_are_refused(self):
        stranger = self.certificates / "stranger.pem"
        key = self.certificates / "stranger.key"
        self.openssl("req", "-x509", "-subj", "/CN=a stranger", "-addext",
                     f"subjectAltName={HOSTS}", "-days", "2", "-out", stranger, "-keyout", key)
        stranger.write_bytes(stranger.read_bytes() + key.read_bytes())
        for name, certificate in {
            "of another host": self.certificate("other", "IP:10.77.0.2", 2),
            "of a host in its common name only": self.certificate(TRACKER_ADDRESS, "DNS:x", 2),
            "signed by itself": stranger,
        }.items():
            with self.subTest(name):
                server = self.server(says(ANSWER), certificate)
                self.announce_to(server)
                self.assert_serves()
                self.assertEqual([], server.requests)
                self.stop_node()

    def test_without_SSL_CERT_FILE_the_authority_is_not_trusted(self):
        for name, environment in {"not set": {}, "empty": {"SSL_CERT_FILE": ""},
                                  "missing": {"SSL_CERT_FILE": str(self.work / "none")},
                                  "garbage": {"SSL_CERT_FILE": str(self.good.with_suffix(".ext"))},
                                  }.items():
            with self.subTest(name):
                self.environment = environment
                server = self.server(says(ANSWER), self.good)
                self.announce_to(server)
                self.assert_serves()
                self.assertEqual([], server.requests)
                self.stop_node()


if __name__ == "__main__":
    main()
