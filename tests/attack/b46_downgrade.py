"""B46: old versions, weak suites, weak signatures, compression, renegotiation, early data. Only the profile is spoken."""
import re
import shutil
import struct
import subprocess

from lab import GATEWAY, check
from dtls import HANDSHAKE, Device, client_hello, heard, record, udp
from web import cookie_of, stranger, tcp

# Mozilla's intermediate profile: these and no others, whichever key the certificate has.
TLS12 = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384",
         "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"}
TLS13 = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
WEAK = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def s_client(*options, stdin=b""):
    out = subprocess.run(["openssl", "s_client", "-connect", GATEWAY + ":443", *options], input=stdin, capture_output=True, timeout=20)
    return (out.stdout + out.stderr).decode(errors="replace")


def spoken(text):
    m = re.search(r"Cipher is (\S+)", text)
    return m.group(1) if m and m.group(1) != "(NONE)" else None


def versions():
    for v in ("-ssl3", "-tls1", "-tls1_1"):
        text = s_client(v, "-cipher", WEAK)
        check(spoken(text) is None, v, "is spoken", spoken(text))
    for v, suites in (("-tls1_2", TLS12), ("-tls1_3", TLS13)):
        check(spoken(s_client(v)) in suites, v, "is not spoken")
    return 5


def suites(lab):
    """Each suite that this OpenSSL knows and the profile does not: all of them at once, and alone."""
    out = subprocess.run(["openssl", "ciphers", "-tls1_2", "-s", WEAK], capture_output=True, text=True).stdout
    names = [n for n in out.strip().split(":") if not n.startswith("TLS_") and n not in TLS12]
    tries = [":".join(names)] + (names if lab.full else names[::8])
    for name in tries:
        got = spoken(s_client("-tls1_2", "-cipher", name + ":@SECLEVEL=0"))
        check(got is None, got, "is spoken")
    for name in ("TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"):
        check(spoken(s_client("-tls1_3", "-ciphersuites", name)) is None, name, "is spoken")
    return len(tries) + 2


def parameters():
    for sigalgs in ("RSA+SHA1", "ECDSA+SHA1", "RSA+MD5", "DSA+SHA1", "RSA+SHA1:ECDSA+SHA1"):
        check(spoken(s_client("-tls1_2", "-sigalgs", sigalgs, "-cipher", "ALL:@SECLEVEL=0")) is None, sigalgs, "is taken")
    for group in ("secp224r1", "sect163k1", "secp192k1", "brainpoolP256r1", "ffdhe2048"):
        text = s_client("-groups", group, "-cipher", "ALL:@SECLEVEL=0")
        check(spoken(text) is None, group, "is taken")
    text = s_client("-tls1_2", "-comp")
    check("Compression: NONE" in text, "compression is agreed on")
    text = s_client("-tls1_2", stdin=b"R\n")
    check("RENEGOTIATING" not in text or "no renegotiation" in text or "handshake failure" in text, "renegotiation", text[-200:])
    check(not re.search(r"Max Early Data: [1-9]", s_client("-tls1_3")), "early data")
    text = s_client("-tls1_3", "-reconnect") + s_client("-tls1_2", "-reconnect")
    check("Reused," not in text, "a session is resumed")
    check("heartbeat" not in s_client("-tls1_2", "-tlsextdebug").lower(), "heartbeats")
    return 15


def raw_hellos():
    """What no library sends any more."""
    n = 0
    for name, hello in (("SSLv2", bytes.fromhex("802e0100020015000000100100800700c00300800600400200800400800000") + bytes(16)),
                        ("SSLv3", b"\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00" + bytes(32) + b"\x00\x00\x04\x00\x2f\x00\x35\x01\x00"),
                        ("TLS 1.0, fallback", b"\x16\x03\x01\x00\x31\x01\x00\x00\x2d\x03\x01" + bytes(32) + b"\x00\x00\x06\xc0\x13\xc0\x14\x56\x00\x01\x00"),
                        ("NULL", b"\x16\x03\x03\x00\x2f\x01\x00\x00\x2b\x03\x03" + bytes(32) + b"\x00\x00\x04\x00\x3b\x00\x02\x01\x00"),
                        ("export", b"\x16\x03\x03\x00\x2f\x01\x00\x00\x2b\x03\x03" + bytes(32) + b"\x00\x00\x04\x00\x03\x00\x14\x01\x00"),
                        ("heartbeat", b"\x18\x03\x02\x00\x03\x01\x40\x00"), ("plain HTTP", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")):
        with tcp(stranger(), 2) as s:
            s.sendall(hello)
            try:
                got = s.recv(4096)
            except (TimeoutError, ConnectionError):
                got = b""
        n += 1
        check(got == b"" or got[0] == 21, name, "is answered", got[:20])
    return n


def dtls():
    """DTLS 1.0, 0.9, CBC and NULL: of a device that may, and whose App-ID is right."""
    device = Device(cookie_of("user14"))
    n = 0
    for version in (b"\xfe\xff", b"\x01\x00", b"\xfe\xfc", b"\x03\x03"):
        hello = client_hello(device.app_id)
        device.sock.send(record(HANDSHAKE, 0, n, hello[:12] + version + hello[14:], version))
        got = heard(device.sock, 0.2)
        check(not any(len(d) > 13 and d[0] == HANDSHAKE and d[13] == 2 for d in got), "DTLS %r" % version, "is spoken")
        n += 1
    for suite in (0x008c, 0x0090, 0x00ae, 0x002c, 0x002f, 0x0035, 0xc0a8, 0xc0a4, 0x009c, 0x0001, 0x00ff):
        sock = udp(port=0)
        sock.send(record(HANDSHAKE, 0, 0, client_hello(device.app_id, suites=struct.pack(">H", suite))))
        got = heard(sock, 0.1)
        sock.close()
        check(not any(d[0] == HANDSHAKE and d[13] == 2 for d in got if len(d) > 13), "suite %04x" % suite, "is spoken")
        n += 1
    device.handshake()
    check(device.lives(), "DTLS 1.2 with AES-GCM")
    device.leave()
    return n + 1


def scan():
    """sslscan's own opinion, where it is installed."""
    if shutil.which("sslscan") is None:
        return 0
    out = subprocess.run(["sslscan", "--no-colour", "--no-check-certificate", GATEWAY + ":443"], capture_output=True, text=True, timeout=120).stdout
    offered = set(re.findall(r"^(?:Preferred|Accepted)\s+TLSv1\.\d\s+\d+ bits\s+(\S+)", out, re.M))
    check(offered and offered <= TLS12 | TLS13, "sslscan", offered - (TLS12 | TLS13))
    for line in re.findall(r"^(SSLv2|SSLv3|TLSv1\.0|TLSv1\.1)\s+(\w+)", out, re.M):
        check(line[1] == "disabled", "sslscan", line)
    check("vulnerable to heartbleed" not in out.replace("not vulnerable to heartbleed", ""), "sslscan", "heartbleed")
    return 1


def attack(lab):
    return versions() + suites(lab) + parameters() + raw_hellos() + dtls() + scan()
