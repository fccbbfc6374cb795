"""A mail server of one folder, over TLS, that speaks as much of IMAP as reading needs."""

import re
import socketserver
import ssl
import threading
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LITERAL = re.compile(rb"<0\.(\d+)>")


class MailServer:
    """Mails by UID. `seen` has those that were fetched without PEEK: none should be."""

    def __init__(self) -> None:
        self.validity = 7
        self.mails: dict[int, bytes] = {}
        self.seen: set[int] = set()
        self.searches: list[str] = []
        self.logins: list[str] = []
        self.password = "p"
        self.port = 0

    def answers(self, command: str, rest: str) -> tuple[list[bytes], str]:
        """Return the lines of an answer, and how it ends."""
        match command:
            case "CAPABILITY":
                return [b"* CAPABILITY IMAP4rev1 AUTH=XOAUTH2"], "OK done"
            case "LOGIN":
                self.logins.append(rest)
                good = rest.endswith(f'"{self.password}"')
                return [], "OK in" if good else "NO wrong password"
            case "EXAMINE":
                if rest != '"INBOX"':
                    return [], "NO no such folder"
                ok = b"* OK [UIDVALIDITY %d] valid" % self.validity
                return [b"* %d EXISTS" % len(self.mails), ok], "OK [READ-ONLY] selected"
            case "UID" if rest.startswith("SEARCH"):
                self.searches.append(rest)
                found = " ".join(map(str, self._found(rest)))
                return [f"* SEARCH {found}".encode()], "OK found"
            case "UID":
                return self._fetched(rest), "OK fetched"
            case "LOGOUT":
                return [b"* BYE"], "OK bye"
        return [], "BAD what?"

    def _found(self, rest: str) -> list[int]:
        if not (start := re.search(r"UID (\d+):\*", rest)):
            return sorted(self.mails)
        least = min(int(start[1]), max(self.mails, default=0))  # * is the last one, RFC 9051
        return sorted(uid for uid in self.mails if uid >= least)

    def _fetched(self, rest: str) -> list[bytes]:
        uid, what = int(rest.split()[1]), rest.encode()
        if uid not in self.mails:
            return []
        if b"PEEK" not in what:
            self.seen.add(uid)
        limit = LITERAL.search(what)
        content = self.mails[uid][: int(limit[1])] if limit else self.mails[uid]
        head = b"* 1 FETCH (UID %d BODY[]<0> {%d}\r\n" % (uid, len(content))
        return [head + content + b")"]


@contextmanager
def mail_server(folder: Path) -> Iterator[tuple[MailServer, ssl.SSLContext]]:
    """Run a server on this machine; yield it, and what a client trusts."""
    server = MailServer()
    certificate, key = _certificate(folder)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    class Handler(socketserver.StreamRequestHandler):
        def setup(self) -> None:
            self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def handle(self) -> None:
            self.wfile.write(b"* OK ready\r\n")
            for line in self.rfile:
                tag, command, *rest = line.decode().strip().split(" ", 2)
                if command == "AUTHENTICATE":
                    self.wfile.write(b"+ \r\n")
                    shown = b64decode(self.rfile.readline()).decode()
                    server.logins.append(shown)
                    lines, end = list[bytes](), "OK in"
                else:
                    lines, end = server.answers(command, rest[0] if rest else "")
                self.wfile.write(b"".join(one + b"\r\n" for one in lines))
                self.wfile.write(f"{tag} {end}\r\n".encode())

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of clients that end a handshake."""

    with Listener(("127.0.0.1", 0), Handler) as listener:
        server.port = listener.server_address[1]
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield server, ssl.create_default_context(cafile=certificate)
        listener.shutdown()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of this machine and its key."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        [x509.NameAttribute(NameOID.COMMON_NAME, "t")],
    )
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(x509.Name(name), x509.Name(name), key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "mail.pem", folder / "mail.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files
