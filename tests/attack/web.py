"""What a client does over TLS, and what it should not: raw requests, sign-in, CONNECT, CSTP frames."""
import itertools
import os
import re
import socket
import ssl
import struct

from OpenSSL import SSL

from lab import DEVICE, GATEWAY, check

AGENT = b"Open AnyConnect VPN Agent v9.01"
DATA, DPD_REQ, DPD_RESP, DISCONNECT, KEEPALIVE, COMPRESSED, TERMINATE = 0, 3, 4, 5, 7, 8, 9
LOGOUT = b"\xb0bye"


def make_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


CONTEXT = make_context()
_office = itertools.cycle(range(20, 220))


def stranger():
    """The next address of the attackers."""
    return "%s%d" % (os.environ.get("ATTACKERS", "192.0.2."), next(_office))


def tcp(source=None, timeout=5):
    sock = socket.create_connection((GATEWAY, 443), timeout=timeout, source_address=(source or stranger(), 0))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


class Answer:
    def __init__(self, raw):
        self.raw = raw
        head, _, self.body = raw.partition(b"\r\n\r\n")
        self.lines = head.split(b"\r\n")
        self.status = int(self.lines[0][9:12]) if self.lines[0].startswith(b"HTTP/1.1 ") else 0

    def field(self, name):
        for line in self.lines[1:]:
            if line.lower().startswith(name.lower().encode() + b":"):
                return line.split(b":", 1)[1].strip().decode()
        return None

    def cookie(self):
        m = re.search(rb"(?im)^Set-Cookie: webvpn=([^;\r\n]+)", self.raw)
        return m.group(1).decode() if m else None


class Connection:
    """One TLS connection, as bytes; behind a load balancer it begins with the address of whom this speaks for."""

    def __init__(self, source=None, timeout=5, context=CONTEXT, behind=None):
        self.sock = tcp(source, timeout)
        try:
            if behind:
                self.sock.sendall(("PROXY TCP4 %s %s 1024 443\r\n" % (behind, GATEWAY)).encode())
            self.tls = context.wrap_socket(self.sock)
        except (OSError, ssl.SSLError):
            self.sock.close()
            raise
        self.rest = b""
        self.asked_head = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.tls.close()

    def send(self, data):
        self.asked_head = data.startswith(b"HEAD ")
        try:
            self.tls.sendall(data)
            return True
        except (OSError, ssl.SSLError):
            return False

    def more(self):
        try:
            part = self.tls.recv(65536)
        except (OSError, ssl.SSLError):
            part = b""
        self.rest += part
        return part != b""

    def answer(self):
        """The next whole answer; None when the connection ends first."""
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return None
        head = self.rest.partition(b"\r\n\r\n")[0]
        m = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        total = len(head) + 4 + (int(m.group(1)) if m and not self.asked_head else 0)
        while len(self.rest) < total:
            if not self.more():
                break
        raw, self.rest = self.rest[:total], self.rest[total:]
        return Answer(raw)

    def all(self):
        """Everything until the other side closes, or says nothing for the time-out."""
        while self.more():
            pass
        raw, self.rest = self.rest, b""
        return raw

    def closed(self, seconds=2):
        """Whether it ends within the time, whatever is said before."""
        self.tls.settimeout(seconds)
        try:
            while self.tls.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except (OSError, ssl.SSLError):
            return True

    def ask(self, request):
        self.send(request)
        return self.answer()


def ask(request, source=None, timeout=5):
    """One request on a connection of its own: the first answer, or None."""
    with Connection(source, timeout) as c:
        return c.ask(request)


def everything(request, source=None, timeout=1.0):
    """One request: all that comes back, up to the end of the connection or of an answer that keeps it open."""
    with Connection(source, timeout) as c:
        a = c.ask(request)
        if a is None:
            return c.rest
        return a.raw + (c.all() if a.field("Connection") == "close" else c.rest)


def request(method="GET", target="/", *fields, body=None, agent=AGENT):
    head = "%s %s HTTP/1.1\r\n" % (method, target)
    head = head.encode("latin-1") + b"Host: gateway.example\r\n"
    if agent:
        head += b"User-Agent: " + agent + b"\r\n"
    for f in fields:
        head += (f if isinstance(f, bytes) else f.encode("latin-1")) + b"\r\n"
    if body is not None:
        head += b"X-Aggregate-Auth: 1\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n" % len(body)
    return head + b"\r\n" + (body or b"")


INIT = b'<?xml version="1.0" encoding="UTF-8"?><config-auth client="vpn" type="init"><version who="vpn">v9.01</version></config-auth>'


def xml_escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def reply(user, password, extra=""):
    auth = ""
    if user is not None:
        auth += "<username>%s</username>" % xml_escape(user)
    if password is not None:
        auth += "<password>%s</password>" % xml_escape(password)
    return ('<?xml version="1.0" encoding="UTF-8"?><config-auth client="vpn" type="auth-reply">%s<auth>%s</auth>'
            "</config-auth>" % (extra, auth)).encode()


def sign_in(user="alice", password="secret", source=None):
    """The answer to one try to sign in."""
    return ask(request("POST", "/", body=reply(user, password)), source)


def cookie_of(user="alice", password="secret", source=None):
    a = sign_in(user, password, source)
    check(a is not None and a.cookie(), "%s could not sign in" % user, a.raw[:120] if a else "closed")
    return a.cookie()


def connect_request(cookie, *fields, dtls=False, target="/CSCOSSLC/tunnel"):
    more = ["X-DTLS-CipherSuite: PSK-NEGOTIATE"] if dtls else []
    if cookie is not None:
        more.append("Cookie: webvpn=" + cookie)
    return request("CONNECT", target, "X-CSTP-Version: 1", "X-CSTP-Hostname: attacker", "X-CSTP-Base-MTU: 1500",
                   "X-CSTP-Address-Type: IPv4", *more, *fields)


def tls_record_frame(kind, payload=b"", magic=b"STF\x01", length=None, reserved=0):
    return magic + struct.pack(">HBB", len(payload) if length is None else length, kind, reserved) + payload


class Tunnel(Connection):
    """A CSTP tunnel by cookie; self.answer200 is what CONNECT was answered by."""

    def __init__(self, cookie, *fields, source=None, timeout=5, context=CONTEXT):
        super().__init__(source, timeout, context)
        self.answer200 = self.ask(connect_request(cookie, *fields))
        if self.answer200 is None or self.answer200.status != 200:
            self.close()
            check(False, "CONNECT", self.answer200.raw[:100] if self.answer200 else "closed")
        self.address = self.answer200.field("X-CSTP-Address")

    def frame(self, kind, payload=b"", **lies):
        return self.send(tls_record_frame(kind, payload, **lies))

    def next_frame(self):
        while len(self.rest) < 8:
            if not self.more():
                return None
        kind, length = self.rest[6], struct.unpack(">H", self.rest[4:6])[0]
        while len(self.rest) < 8 + length:
            if not self.more():
                return None
        payload, self.rest = self.rest[8:8 + length], self.rest[8 + length:]
        return kind, payload

    def lives(self):
        """A question is answered, whatever else comes first."""
        if not self.frame(DPD_REQ, b"alive?"):
            return False
        while True:
            f = self.next_frame()
            if f is None:
                return False
            if f == (DPD_RESP, b"alive?"):
                return True

    def sign_out(self):
        self.frame(DISCONNECT, LOGOUT)
        self.close()


def legitimate():
    """What a device does: signs in, connects, is answered, signs out."""
    t = Tunnel(cookie_of("user1", source=DEVICE), source=DEVICE)
    check(t.lives(), "the device's tunnel does not answer")
    t.sign_out()


# ---- the same by pyOpenSSL, which tells the key that DTLS is made from
class Exporting:
    def __init__(self, source=None):
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        self.sock = tcp(source)
        self.sock.settimeout(None)
        self.tls = SSL.Connection(context, self.sock)
        self.tls.set_connect_state()
        self.tls.do_handshake()

    def tunnel(self, cookie, *fields):
        self.tls.sendall(connect_request(cookie, *fields, dtls=True))
        raw = b""
        while b"\r\n\r\n" not in raw:
            raw += self.tls.recv(65536)
        a = Answer(raw)
        check(a.status == 200, "CONNECT with DTLS", raw[:100])
        psk = self.tls.export_keying_material(b"EXPORTER-openconnect-psk", 32)
        return a, psk

    def send(self, data):
        self.tls.sendall(data)

    def close(self):
        self.sock.close()
