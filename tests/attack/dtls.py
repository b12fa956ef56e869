"""DTLS 1.2 by PSK as records and messages: a client that can also lie, and what an attacker sees and sends on its way."""
import hashlib
import hmac
import os
import socket
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from scapy.layers.inet import IP, UDP

from lab import DEVICE, GATEWAY, HOST, check
from web import Exporting

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
VERSION = b"\xfe\xfd"
PSK_AES128_GCM = b"\x00\xa8"
MESSAGE_DATA, MESSAGE_DPD_REQ, MESSAGE_DPD_RESP = 0, 3, 4
SEQ_MAX = (1 << 48) - 1


def prf(secret, label, seed, size):
    out, a = b"", label + seed
    while len(out) < size:
        a = hmac.new(secret, a, hashlib.sha256).digest()
        out += hmac.new(secret, a + label + seed, hashlib.sha256).digest()
    return out[:size]


def number(epoch, seq):
    return struct.pack(">H", epoch) + seq.to_bytes(6, "big")


def record(kind, epoch, seq, body, version=VERSION):
    return bytes([kind]) + version + number(epoch, seq) + struct.pack(">H", len(body)) + body


def records(datagram):
    while len(datagram) >= 13:
        size = 13 + struct.unpack(">H", datagram[11:13])[0]
        yield datagram[0], datagram[:size]
        datagram = datagram[size:]


def message(kind, seq, body):
    size = len(body).to_bytes(3, "big")
    return bytes([kind]) + size + struct.pack(">H", seq) + bytes(3) + size + body


def client_hello(session_id, random=None, suites=PSK_AES128_GCM, cookie=b"", extensions=b"", seq=0):
    body = VERSION + (random or os.urandom(32)) + bytes([len(session_id)]) + session_id + bytes([len(cookie)]) + cookie
    body += struct.pack(">H", len(suites)) + suites + b"\x01\x00" + extensions
    return message(1, seq, body)


def udp(source=None, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind((source or DEVICE, port))
    s.connect((GATEWAY, 443))
    s.settimeout(2)
    return s


def heard(sock, seconds=0.3):
    """Every datagram that comes within the time."""
    out = []
    sock.settimeout(seconds)
    try:
        while True:
            out.append(sock.recv(4096))
    except (TimeoutError, ConnectionError):
        return out


class Device:
    """A signed-in device with a CSTP connection and DTLS: the victim, or an attacker with an account."""

    def __init__(self, cookie, source=None):
        self.source = source or DEVICE
        self.web = Exporting(self.source)
        answer, self.psk = self.web.tunnel(cookie)
        self.address = answer.field("X-CSTP-Address")
        self.app_id = bytes.fromhex(answer.field("X-DTLS-App-ID"))
        self.sock = udp(self.source)
        self.seq = 1  # the Finished was 0
        self.sent = []  # every protected record, as it was on the wire
        self.hello = None

    def handshake(self):
        random = os.urandom(32)
        hello = client_hello(self.app_id, random)
        self.hello = record(HANDSHAKE, 0, 0, hello)
        self.sock.send(self.hello)
        log = hello
        server_random = None
        done = False
        while not done:
            for kind, rec in records(self.sock.recv(4096)):
                check(kind == HANDSHAKE, "handshake", rec)
                body = rec[13:]
                while body:
                    size = 12 + int.from_bytes(body[1:4], "big")
                    if body[0] == 2:
                        server_random = body[14:46]
                    done = done or body[0] == 14
                    log += body[:size]
                    body = body[size:]
        exchange = message(16, 1, b"\x00\x03psk")
        log += exchange
        n = struct.pack(">H", len(self.psk))
        master = prf(n + bytes(len(self.psk)) + n + self.psk, b"master secret", random + server_random, 48)
        block = prf(master, b"key expansion", server_random + random, 40)
        self.key, self.peer_key, self.salt, self.peer_salt = block[:16], block[16:32], block[32:36], block[36:40]
        verify = prf(master, b"client finished", hashlib.sha256(log).digest(), 12)
        self.finished = (record(HANDSHAKE, 0, 1, exchange) + record(CCS, 0, 2, b"\x01") +
                         self.seal(HANDSHAKE, 0, message(20, 2, verify)))
        self.sock.send(self.finished)
        self.sock.recv(4096)
        return self

    def seal(self, kind, seq, plain, epoch=1):
        aad = number(epoch, seq) + bytes([kind]) + VERSION + struct.pack(">H", len(plain))
        explicit = number(epoch, seq)
        return record(kind, epoch, seq, explicit + AESGCM(self.key).encrypt(self.salt + explicit, plain, aad))

    def open(self, rec):
        kind, explicit, body = rec[0], rec[13:21], rec[21:]
        aad = rec[3:11] + bytes([kind]) + VERSION + struct.pack(">H", len(body) - 16)
        try:
            return AESGCM(self.peer_key).decrypt(self.peer_salt + explicit, body, aad)
        except InvalidTag:
            return None

    def send(self, kind, payload=b"", seq=None):
        if seq is None:
            seq, self.seq = self.seq, self.seq + 1
        rec = self.seal(DATA, seq, bytes([kind]) + payload)
        self.sent.append(rec)
        self.sock.send(rec)
        return rec

    def receive(self, seconds=2):
        """The next data record that opens: (type, payload), or None."""
        self.sock.settimeout(seconds)
        try:
            while True:
                for kind, rec in records(self.sock.recv(4096)):
                    plain = self.open(rec) if kind == DATA else None
                    if plain:
                        return plain[0], plain[1:]
        except (TimeoutError, ConnectionError):
            return None

    def lives(self, tries=3):
        """A question by DTLS is answered."""
        for _ in range(tries):
            word = os.urandom(8)
            self.send(MESSAGE_DPD_REQ, word)
            while True:
                got = self.receive(0.7)
                if got == (MESSAGE_DPD_RESP, word):
                    return True
                if got is None:
                    break
        return False

    def packet(self, payload, port=9):
        """To the host behind the gateway, from the leased address."""
        return bytes(IP(src=self.address, dst=HOST) / UDP(sport=7, dport=port) / payload)

    def leave(self):
        self.web.send(b"STF\x01\x00\x01\x05\x00\xb0")
        self.web.close()
        self.sock.close()
