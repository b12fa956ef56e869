#!/usr/bin/python3
"""A token issuer for tests: OpenID discovery, keys and tokens over https, by a certificate authority of its own.

issuer.py serve DIR [--bind ADDRESS] [--port PORT] [--host NAME]...
    Makes DIR/ca.pem and the keys, prints "ready ISSUER BAIT PROXY" and serves until its standard input ends. BAIT is the
    origin of a second server, to which hostile modes point and that counts who comes; PROXY is a port where CONNECT works
    for user "proxy" with password "canary".
issuer.py token DIR [--user NAME] [--group NAME]... [--claim NAME=JSON]... [--alg ALG] [--header NAME=JSON]...
    Prints a token by the newest key. A claim or header of the JSON null is left out.
issuer.py rotate DIR
    Makes a new key, which is served from then on beside the one before it.

GET /admin/mode/NAME changes how documents are served (see MODES), /admin/rotate rotates, /admin/counters gives numbers.
Exits with 77 where python3-cryptography is missing.
"""

import argparse
import base64
import datetime
import http.server
import ipaddress
import json
import os
import socket
import socketserver
import ssl
import sys
import threading
import time
import uuid

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
except ImportError:
    print("needs python3-cryptography")
    sys.exit(77)

MODES = {
    "good": "as it should be",
    "redirect": "every document is at the bait, by a redirect",
    "redirect-keys": "the keys are",
    "metadata": "the keys are at https://169.254.169.254/",
    "other-host": "the keys are at the bait",
    "other-scheme": "the keys are at the same place without TLS",
    "file": "the keys are at file:///",
    "user-info": "the keys' URL has a user name",
    "other-issuer": "the discovery document is another issuer's",
    "no-json": "documents are cut in the middle",
    "huge": "documents have 300 KB",
    "slow": "documents take 20 s",
    "status": "every document is answered by 500",
    "empty": "the key set is empty",
    "weak": "the only key has 1,024 bits",
}
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value, size=None):
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


# ---- keys: DIR/keys holds one file a key, named so that the newest comes last ---------------------------------------
def make_key(folder, kind="rsa"):
    os.makedirs(folder + "/keys", exist_ok=True)
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    name = "%020d-%s" % (time.time_ns(), uuid.uuid4().hex[:8])
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with open("%s/keys/.%s" % (folder, name), "wb") as f:
        f.write(pem)
    os.rename("%s/keys/.%s" % (folder, name), "%s/keys/%s.pem" % (folder, name))


def load_keys(folder):
    keys = []
    for name in sorted(n for n in os.listdir(folder + "/keys") if n.endswith(".pem")):
        with open("%s/keys/%s" % (folder, name), "rb") as f:
            keys.append((name[:-4], serialization.load_pem_private_key(f.read(), None)))
    return keys


def jwk(kid, key):
    n = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {"kty": "RSA", "use": "sig", "kid": kid, "n": number(n.n), "e": number(n.e)}
    return {"kty": "EC", "use": "sig", "kid": kid, "crv": "P-256", "x": number(n.x, 32), "y": number(n.y, 32)}


def sign(key, alg, data):
    digest = HASHES[alg[2:]]()
    if alg.startswith("RS"):
        return key.sign(data, padding.PKCS1v15(), digest)
    if alg.startswith("PS"):
        return key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def merge(base, pairs):
    for pair in pairs:
        name, _, value = pair.partition("=")
        base[name] = json.loads(value)
    return {name: value for name, value in base.items() if value is not None}


def mint(folder, user="anna", groups=(), claims=(), alg=None, header=()):
    kid, key = load_keys(folder)[-1]
    alg = alg or ("RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256")
    with open(folder + "/issuer") as f:
        issuer = f.read()
    now = int(time.time())
    body = {"iss": issuer, "aud": "mst", "exp": now + 600, "nbf": now - 5, "iat": now - 5}
    body.update({"sub": user, "preferred_username": user, "groups": list(groups)})
    text = ".".join(
        b64(json.dumps(part).encode())
        for part in (merge({"alg": alg, "kid": kid, "typ": "JWT"}, header), merge(body, claims))
    )
    return text + "." + b64(sign(key, alg, text.encode()))


# ---- certificates ---------------------------------------------------------------------------------------------------
def certificate(subject, key, issuer, issuer_key, extensions):
    now = datetime.datetime.utcnow()
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, False)
    return builder.sign(issuer_key, hashes.SHA256())


def host_name(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def make_certificates(folder, hosts):
    ca_key = ec.generate_private_key(ec.SECP256R1())
    key = ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test issuer's CA")])
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test issuer")])
    ca = certificate(ca_name, ca_key, ca_name, ca_key, [x509.BasicConstraints(True, None)])
    leaf = certificate(
        name, key, ca_name, ca_key, [x509.SubjectAlternativeName([host_name(host) for host in hosts])]
    )
    with open(folder + "/ca.pem", "wb") as f:
        f.write(ca.public_bytes(serialization.Encoding.PEM))
    with open(folder + "/tls.pem", "wb") as f:
        f.write(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        f.write(leaf.public_bytes(serialization.Encoding.PEM))


# ---- servers --------------------------------------------------------------------------------------------------------
class State:
    def __init__(self, folder):
        self.folder = folder
        self.mode = "good"
        self.issuer = ""
        self.bait = ""
        self.counters = {"discovery": 0, "keys": 0, "bait": 0, "tunnels": 0}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # who hangs up in the middle is what tests are about


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = None
    is_bait = False

    def log_message(self, format, *args):
        pass

    def reply(self, body, status=200, headers=()):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def discovery(self):
        s = self.state
        s.counters["discovery"] += 1
        keys = {
            "metadata": "https://169.254.169.254/keys",
            "other-host": s.bait + "/keys",
            "other-scheme": s.issuer.replace("https:", "http:") + "/keys",
            "file": "file://%s/static.json" % s.folder,
            "user-info": s.issuer.replace("https://", "https://user@") + "/keys",
        }.get(s.mode, s.issuer + "/keys")
        issuer = s.bait if s.mode == "other-issuer" else s.issuer
        return json.dumps({"issuer": issuer, "jwks_uri": keys, "token_endpoint": s.issuer + "/token"})

    def keys(self):
        s = self.state
        s.counters["keys"] += 1
        if s.mode == "empty":
            return json.dumps({"keys": []})
        if s.mode == "weak":
            return json.dumps({"keys": [jwk("weak", rsa.generate_private_key(65537, 1024))]})
        return json.dumps({"keys": [jwk(*pair) for pair in load_keys(s.folder)[-2:]]})

    def document(self, text, is_keys):
        mode = self.state.mode
        if mode == "redirect" or (mode == "redirect-keys" and is_keys):
            self.reply("", 302, [("Location", self.state.bait + "/keys")])
        elif mode == "status":
            self.reply(text, 500)
        elif mode == "no-json":
            self.reply(text[: len(text) // 2])
        elif mode == "huge":
            self.reply(text[:-1] + " " * 300000 + "}")
        else:
            if mode == "slow":
                time.sleep(20)
            self.reply(text, headers=[("Cache-Control", "public, max-age=3600")])

    def admin(self, words):
        s = self.state
        if words[0] == "mode" and words[1] in MODES:
            s.mode = words[1]
        elif words[0] == "rotate":
            make_key(s.folder, "ec")
        elif words[0] != "counters":
            self.reply("{}", 404)
            return
        self.reply(json.dumps(s.counters))

    def do_GET(self):
        words = self.path.strip("/").split("/")
        if self.is_bait:
            self.state.counters["bait"] += 1
            self.reply("{}")
        elif self.path == "/.well-known/openid-configuration":
            self.document(self.discovery(), False)
        elif self.path == "/keys":
            self.document(self.keys(), True)
        elif words[0] == "token":
            self.reply(mint(self.state.folder, words[1] if len(words) > 1 else "anna"))
        elif words[0] == "admin" and len(words) > 1:
            self.admin(words[1:])
        else:
            self.reply("{}", 404)


class Proxy(socketserver.StreamRequestHandler):
    state = None
    allowed = "Basic " + base64.b64encode(b"proxy:canary").decode()

    def handle(self):
        target = self.rfile.readline().split()[1].decode().rsplit(":", 1)
        headers = {}
        for line in iter(self.rfile.readline, b"\r\n"):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("proxy-authorization") != self.allowed:
            self.wfile.write(b"HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
            return
        self.state.counters["tunnels"] += 1
        with socket.create_connection((target[0], int(target[1]))) as far:
            self.wfile.write(b"HTTP/1.1 200 Go on\r\n\r\n")
            back = threading.Thread(target=self.pump, args=(far, self.connection), daemon=True)
            back.start()
            self.pump(self.connection, far)
            back.join()

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class ProxyServer(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def start_proxy(state, bind):
    server = ProxyServer((bind, 0), type("Proxy", (Proxy,), {"state": state}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def start(state, address, is_bait):
    handler = type("Handler", (Handler,), {"state": state, "is_bait": is_bait})
    server = Server(address, handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(state.folder + "/tls.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def serve(args):
    state = State(args.dir)
    hosts = args.host or ["127.0.0.1"]
    make_certificates(args.dir, hosts)
    make_key(args.dir)
    state.issuer = "https://%s:%d" % (hosts[0], start(state, (args.bind, args.port), False))
    state.bait = "https://%s:%d" % (hosts[0], start(state, (args.bind, 0), True))
    with open(args.dir + "/issuer", "w") as f:
        f.write(state.issuer)
    with open(args.dir + "/static.json", "w") as f:
        f.write(json.dumps({"keys": [jwk(*pair) for pair in load_keys(args.dir)]}))
    print("ready", state.issuer, state.bait, start_proxy(state, args.bind), flush=True)
    sys.stdin.buffer.read()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve", "token", "rotate"])
    parser.add_argument("dir")
    parser.add_argument("--bind", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--host", action="append")
    parser.add_argument("--user", default="anna")
    parser.add_argument("--group", action="append", default=[])
    parser.add_argument("--claim", action="append", default=[])
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--alg")
    args = parser.parse_args()
    if args.command == "serve":
        serve(args)
    elif args.command == "rotate":
        make_key(args.dir, "ec")
    else:
        print(mint(args.dir, args.user, args.group, args.claim, args.alg, args.header))


if __name__ == "__main__":
    main()
