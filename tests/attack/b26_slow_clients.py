"""B26: clients that stop in the middle of everything, or go on by a byte at a time. Each is closed by its time limit; however many
there are, a tunnel lives, a device gets in, and memory stays."""
import resource
import socket
import ssl
import time

from lab import DEVICE, GATEWAY, check, until
from web import CONTEXT, Tunnel, cookie_of, legitimate, request, reply, stranger

LIMIT_S, SIGN_IN_S = 1, 5
SLACK_S = 1.5
PER_CLIENT_KIB = 64
DEVICE_S = 3
POST = request("POST", "/", body=reply("quick1", "wrong"))


class Slow:
    """One connection; `drip` goes out a byte at each tick, through TLS once there is one."""

    def __init__(self, small=False):
        self.sock, self.small = socket.socket(), small
        if small:  # the window that the gateway may fill
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        self.sock.bind((stranger(), 0))
        self.sock.settimeout(10)
        self.sock.connect((GATEWAY, 443))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls, self.drip = None, b""

    def flight(self, context=CONTEXT):
        """The next flight of the handshake; empty when nothing is missing."""
        self.tls = self.tls or context.wrap_bio(self.got, self.out)
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.out.read()

    def hear(self):
        self.got.write(self.sock.recv(65536))

    def handshake(self):
        self.sock.sendall(self.flight())
        while self.tls.version() is None or not self.tls.cipher():
            self.hear()
            self.sock.sendall(self.flight())
        return self

    def say(self, data):
        self.tls.write(data)
        self.sock.sendall(self.out.read())
        return self

    def tick(self):
        if not self.drip:
            return
        part, self.drip = self.drip[:1], self.drip[1:]
        try:
            if self.tls is not None and self.tls.cipher():
                self.say(part)
            else:
                self.sock.send(part)
        except OSError:
            self.drip = b""

    def ended(self):
        """Whether the gateway has closed; what it had written comes once the window opens."""
        self.sock.settimeout(5 if self.small else 0)
        try:
            while self.sock.recv(65536):
                pass
            return True
        except (BlockingIOError, TimeoutError):
            return False
        except OSError:
            return True


def nothing():
    return Slow()


def half_a_hello():
    s = Slow()
    s.sock.sendall(s.flight()[:100])
    return s


def hello_by_bytes():
    s = Slow()
    s.drip, s.tls = s.flight(), None
    return s


def after_hello():
    s = Slow()
    s.sock.sendall(s.flight())
    return s


def after_hello_1_2():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    s = Slow()
    s.sock.sendall(s.flight(context))
    return s


def half_a_finished():
    s = after_hello()
    s.hear()
    s.sock.sendall(s.flight()[:40])
    s.tls = None
    return s


def no_request():
    return Slow().handshake()


def half_a_header():
    return Slow().handshake().say(request()[:40])


def header_by_bytes():
    s = Slow().handshake()
    s.drip = request()[:-2] + b"X-More: " + b"a" * 5000
    return s


def half_a_body():
    return Slow().handshake().say(POST[:-20])


def body_by_bytes():
    s = Slow().handshake().say(POST[:POST.index(b"\r\n\r\n") + 4])
    s.drip = b" " * 5000
    return s


def half_a_record():
    s = Slow().handshake()
    s.tls.write(request())
    s.sock.sendall(s.out.read()[:-30])
    s.tls = None
    return s


def record_by_bytes():
    s = Slow().handshake()
    s.tls.write(POST)
    s.drip, s.tls = s.out.read(), None
    return s


def no_answer_read():
    s = Slow(small=True).handshake()
    for _ in range(16):
        try:
            s.say(request("GET", "/"))
        except OSError:
            break
    return s


def one_wrong_password():  # and then nothing: sign-in has a time of its own
    return Slow().handshake().say(POST)


KINDS = (nothing, half_a_hello, hello_by_bytes, after_hello, after_hello_1_2, half_a_finished, no_request, half_a_header,
         header_by_bytes, half_a_body, body_by_bytes, half_a_record, record_by_bytes, no_answer_read, one_wrong_password)


def made(kind):
    try:
        return kind.__name__, kind()
    except (OSError, ssl.SSLError):  # others have taken its place already
        return kind.__name__, None


def go_slowly(clients, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for _, s in clients:
            if s is not None:
                s.tick()
        time.sleep(0.2)


def each_by_its_limit(lab):
    clients = [made(kind) for kind in KINDS for _ in range(2)]
    for name, s in clients:
        check(s is not None, name, "was not even listened to")
    go_slowly(clients, LIMIT_S + SLACK_S)
    for name, s in clients:
        check(name == "one_wrong_password" or s.ended(), name, "is still there after its time")
    go_slowly(clients, SIGN_IN_S - LIMIT_S)
    for name, s in clients:
        check(s.ended(), name, "is still there after its time")
        s.sock.close()
    until(2, lambda: lab.tele("/mst/info")["half_open"] == 0, "half-open connections are left")
    return len(clients)


def too_many(lab, count, half_open):
    """A device gets in between them, again and again."""
    before, clients, longest = lab.rss_kib(), [], 0
    while len(clients) < count:
        clients += [made(KINDS[len(clients) % len(KINDS)]) for _ in range(count // 8)]
        start = time.monotonic()
        legitimate()
        longest = max(longest, time.monotonic() - start)
    grown = lab.rss_kib() - before
    check(longest < DEVICE_S or not lab.full, "a device took %.1f s to get in" % longest)
    check(lab.tele("/mst/info")["half_open"] <= half_open, "more are half-open than may")
    check("asan" in lab.build or grown < half_open * PER_CLIENT_KIB, "memory grew by %d KiB" % grown)
    for _, s in clients:
        if s is not None:
            s.sock.close()
    return len(clients), "a device got in within %.2f s, +%d KiB" % (longest, grown)


def attack(lab):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    half_open = lab.scale(64, 1024)
    lab.configure(limits__half_open=half_open, timeouts__tls_handshake="%ds" % LIMIT_S, timeouts__header="%ds" % LIMIT_S,
                  timeouts__auth="%ds" % SIGN_IN_S)
    tunnel = Tunnel(cookie_of("user15", source=DEVICE), source=DEVICE)
    n = each_by_its_limit(lab)
    check(tunnel.lives(), "the tunnel that was there before")
    m, note = too_many(lab, lab.scale(120, 10000), half_open)
    check(tunnel.lives(), "the tunnel that was there before")
    tunnel.sign_out()
    lab.configure(limits__half_open="1024", timeouts__tls_handshake="10s", timeouts__header="10s", timeouts__auth="240s")
    return n + m, note
