"""B3: lengths that overflow, contradict each other or hide in a coding. Refused before memory of that size is taken."""
import select

from lab import check, until
from web import Connection, INIT, ask

LENGTHS = ["0", "00", "1", "+1", "-1", "-0", " 1", "1 ", "0x10", "1e3", "1.0", "1,1", "1;1", "", " ", "a", "65535", "65536", "65537",
           "262143", "262144", "262145", "2147483647", "2147483648", "4294967295", "4294967296", "4294967297", "9223372036854775807",
           "9223372036854775808", "18446744073709551615", "18446744073709551616", "18446744073709551617",
           "9" * 40, "9" * 400, "1\t", "\t1", "1\x0b", "١", "０", "0b1", "0o7", "1_000", "NaN", "Infinity"]
CODINGS = ["chunked", "Chunked", "CHUNKED", " chunked", "chunked ", "\tchunked", "xchunked", "chunked, identity", "identity, chunked",
           "identity", "gzip, chunked", "gzip", "chunked, chunked", "", "\"chunked\"", "chunked;q=1", "x"]
CHUNKS = ["0\r\n\r\n", "ffffffff\r\n", "ffffffffffffffff\r\n", "-1\r\n", "+1\r\na\r\n0\r\n\r\n", "0x1\r\na\r\n0\r\n\r\n",
          " 1\r\na\r\n0\r\n\r\n", "1 \r\na\r\n0\r\n\r\n", "1;a=b\r\na\r\n0\r\n\r\n", "1\na\n0\n\n", "1\r\na\r\n0\r\nX: y\r\n\r\n",
          "1\r\na\r\n" * 200 + "0\r\n\r\n", "00000000000000000001\r\na\r\n0\r\n\r\n", "g\r\n", "\r\n", "1\r\na"]
REFUSED = (400, 411, 413, 417, 431, 501)
MEMORY_KIB = 8192
BODY_BYTES, OWN_BYTES, LARGE_BYTES = 262144, 65536, 8 << 20  # a body, what each may hold, what all may beyond it


def bare(*fields, body=b"", method="POST", version="HTTP/1.1"):
    head = "%s / %s\r\nHost: x\r\nX-Aggregate-Auth: 1\r\n" % (method, version)
    return head.encode() + b"".join(f.encode("utf-8") + b"\r\n" for f in fields) + b"\r\n" + body


def cases():
    for n in LENGTHS:
        yield "length %r" % n[:24], bare("Content-Length: " + n, body=INIT)
        yield "length %r with GET" % n[:24], bare("Content-Length: " + n, body=INIT, method="GET")
        yield "length %r, then the right one" % n[:24], bare("Content-Length: " + n, "Content-Length: %d" % len(INIT), body=INIT)
        yield "the right length, then %r" % n[:24], bare("Content-Length: %d" % len(INIT), "Content-Length: " + n, body=INIT)
    for c in CODINGS:
        yield "coding %r" % c, bare("Transfer-Encoding: " + c, body=b"0\r\n\r\n")
        yield "coding %r and a length" % c, bare("Transfer-Encoding: " + c, "Content-Length: 5", body=b"0\r\n\r\n")
        yield "a length and coding %r" % c, bare("Content-Length: 5", "Transfer-Encoding: " + c, body=b"0\r\n\r\n")
    for c in CHUNKS:
        yield "chunks %r" % c[:20], bare("Transfer-Encoding: chunked", body=c.encode())
    for spelling in ("content-length", "CONTENT-LENGTH", "Content_Length", "Content-Length ", "Content -Length", " Content-Length"):
        yield "field %r" % spelling, bare(spelling + ": 4294967297", body=INIT)
    yield "1.0", bare("Content-Length: 5", body=b"aaaaa", version="HTTP/1.0")
    yield "no length", bare(body=INIT)
    yield "expect", bare("Expect: 100-continue", "Content-Length: 4294967297")


def attack(lab):
    n = 0
    held = []
    before = lab.rss_kib()
    for name, raw in cases():
        c = Connection(timeout=0.15)
        held.append(c)
        c.send(raw)
        a = c.answer()
        # No answer: it waits for the rest of a body that it would take, and for no larger one.
        n += 1
        if a is None:
            continue
        check(a.status in REFUSED or b"config-auth" in a.body or a.status in (200, 404, 505), name, a.raw[:80])
        check(a.cookie() is None and b"HTTP/1.1" not in c.rest, name, "more than one answer")
        if a.status == 200:
            check(well_formed(raw), name, "was served")
    grown = lab.rss_kib() - before
    for c in held:
        c.close()
    # Every connection is still held here: a TLS connection and what it sent, nothing of the size it spoke of.
    check(grown < MEMORY_KIB + 200 * n or "asan" in lab.build, "memory", "%d KiB for %d connections" % (grown, n))
    for size, status in (BODY_BYTES - 1, 200), (BODY_BYTES, 200), (BODY_BYTES + 1, 413):
        check(ask(whole(size)).status == status, "a body of %d bytes" % size)
    return n + 3 + large(lab), "%d KiB a connection" % (grown // n)


def whole(size):
    return bare("Content-Length: %d" % size, body=INIT + b" " * (size - len(INIT)))


def answered(held):
    return [c for c in held if select.select([c.tls], [], [], 0)[0]]


def large(lab):
    """Bodies that are large and never end: the gateway holds so many of them, puts off the rest, and serves whoever is modest."""
    count = LARGE_BYTES // (BODY_BYTES - OWN_BYTES) + 20
    before = lab.rss_kib()
    held = [Connection() for _ in range(count)]
    for c in held:
        c.send(whole(BODY_BYTES)[:-1])
    until(5, lambda: len(answered(held)) >= 15, "large bodies without end")
    put_off = [c.answer().status for c in answered(held)]
    check(set(put_off) == {503}, "large bodies", put_off)
    grown = lab.rss_kib() - before
    check(grown * 1024 < LARGE_BYTES + count * (OWN_BYTES + (100 << 10)) or "asan" in lab.build, "memory", "%d KiB" % grown)
    check(ask(whole(OWN_BYTES)).status == 200, "who is modest is not served")
    for c in held:
        c.close()
    until(10, lambda: ask(whole(BODY_BYTES)).status == 200, "what was held is not given back")
    return count


def well_formed(raw):
    """One length, in digits, no coding, no larger than what was sent."""
    head, _, body = raw.partition(b"\r\n\r\n")
    lines = [line.split(b":", 1) for line in head.split(b"\r\n")[1:]]
    sizes = [v.strip(b" \t") for k, v in lines if k.lower() == b"content-length"]
    if any(k.lower() == b"transfer-encoding" for k, _ in lines) or len(sizes) > 1:
        return False
    return not sizes or (sizes[0].isdigit() and int(sizes[0]) <= len(body))
