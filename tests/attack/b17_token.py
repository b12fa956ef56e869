"""B17, B9: tokens that are not signed, signed by another, for another, over, or lie about how to check them; and an issuer whose
documents point elsewhere. None signs in, and nobody but the issuer is asked."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import time

import issuer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lab import HOST, check, until
from web import Tunnel, ask, request

PORT = 8443
AUTH = """auth:
  methods: [token]
  oidc:
  - issuer: https://%s:%d
    audience: [mst]
    ca-file: %s/ca.pem
    refresh-min: 2s
"""
HOSTILE = ("redirect-keys", "other-host", "metadata", "other-scheme", "file", "user-info", "redirect", "other-issuer", "no-json", "huge", "status",
           "empty", "weak")
LAN = ["ip", "netns", "exec", os.environ.get("LAB_ID", "") + "-l"]


class Issuer:
    def __init__(self, lab):
        self.folder = lab.folder + "/issuer"
        os.mkdir(self.folder)
        self.child = subprocess.Popen(LAN + ["/usr/bin/python3", os.environ["LAB_ROOT"] + "/tests/support/issuer.py", "serve", self.folder, "--bind",
                                             HOST, "--port", str(PORT), "--host", HOST], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        check(self.child.stdout.readline().startswith(b"ready"), "there is no issuer")
        self.kid, self.key = issuer.load_keys(self.folder)[-1]

    def admin(self, words):
        out = subprocess.run(LAN + ["curl", "-sk", "https://%s:%d/admin/%s" % (HOST, PORT, words)], capture_output=True, timeout=30)
        return json.loads(out.stdout)

    def close(self):
        self.child.stdin.close()
        self.child.wait(30)

    def mint(self, **more):
        return issuer.mint(self.folder, **more)

    def raw(self, head, body, key=None, alg="RS256"):
        """Head and body as text or as what becomes JSON, signed as it should be."""
        parts = [p if isinstance(p, bytes) else json.dumps(p).encode() for p in (head, body)]
        text = ".".join(issuer.b64(p) for p in parts)
        return text + "." + issuer.b64(issuer.sign(key or self.key, alg, text.encode()))

    def head(self, **more):
        return {"alg": "RS256", "kid": self.kid, "typ": "JWT", **more}

    def body(self, **more):
        now = int(time.time())
        said = {"iss": "https://%s:%d" % (HOST, PORT), "aud": "mst", "exp": now + 600, "nbf": now - 5, "iat": now - 5, "sub": "anna",
                "preferred_username": "anna", **more}
        return {k: v for k, v in said.items() if v is not None}


def algorithms(o):
    good = o.mint()
    head, body, signature = good.split(".")
    for alg in ("none", "None", "NONE", "nOnE", "", "null", "HS256", "HS384", "HS512", "rs256", "RS1", "RS128", "ES256K", "EdDSA", "RSA-OAEP", "dir", "A" * 1000):
        spelled = issuer.b64(json.dumps(o.head(alg=alg)).encode())
        yield "alg %s, no signature" % alg[:8], "%s.%s." % (spelled, body)
        yield "alg %s, the old signature" % alg[:8], "%s.%s.%s" % (spelled, body, signature)
    public = o.key.public_key()
    for name, secret in (("PEM", public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)),
                         ("DER", public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)),
                         ("PKCS#1", public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)),
                         ("JWK", json.dumps(issuer.jwk(o.kid, o.key)).encode()), ("n", issuer.jwk(o.kid, o.key)["n"].encode()), ("nothing", b"")):
        text = "%s.%s" % (issuer.b64(json.dumps(o.head(alg="HS256")).encode()), body)
        yield "HS256 by the public key, %s" % name, text + "." + issuer.b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())
    text = "%s.%s" % (issuer.b64(json.dumps(o.head(alg="ES256")).encode()), body)
    for n in (64, 96, 0, 1):
        yield "ES256, %d zero bytes" % n, text + "." + issuer.b64(bytes(n))
    yield "PS256 named RS256", o.raw(o.head(), o.body(), alg="PS256")
    yield "RS512 named RS256", o.raw(o.head(), o.body(), alg="RS512")


def keys(o):
    own = rsa.generate_private_key(65537, 2048)
    curve = ec.generate_private_key(ec.SECP256R1())
    yield "another key under its id", o.raw(o.head(), o.body(), own)
    yield "its own key in the head", o.raw(o.head(jwk=issuer.jwk(o.kid, own)), o.body(), own)
    yield "its own curve in the head", o.raw(o.head(alg="ES256", jwk=issuer.jwk("x", curve)), o.body(), curve, "ES256")
    for name in ("jku", "x5u"):
        for url in ("https://192.0.2.2/keys", "https://169.254.169.254/", "file:///etc/passwd", "http://127.0.0.1/"):
            yield "%s %s" % (name, url), o.raw(o.head(**{name: url}), o.body(), own)
    yield "x5c", o.raw(o.head(x5c=[base64.b64encode(b"x" * 500).decode()]), o.body(), own)
    for kid in ("../../../dev/null", "/etc/passwd", "' OR 1=1 --", "http://192.0.2.2/", "", "x" * 2000, "\x00", None, 1, [], {}, o.kid + "\x00", o.kid + " "):
        yield "kid %.10r" % (kid,), o.raw(o.head(kid=kid), o.body(), own)
    for more in ({"crit": ["exp"]}, {"crit": ["x"], "x": 1}, {"crit": []}, {"b64": False, "crit": ["b64"]}):
        yield "head %s" % more, o.raw(o.head(**more), o.body())


def claims(o):
    now = int(time.time())
    for name, values in (("iss", [None, "", "https://evil.example", "https://%s:%d/" % (HOST, PORT), "http://%s:%d" % (HOST, PORT), ["x"], {}, 0]),
                         ("aud", [None, "", "other", "MST", "mst ", ["other"], [], {}, ["ms", "t"], 0, True]),
                         ("exp", [None, 0, now - 400, -1, "9999999999", "tomorrow", 1e300, [], {}, True]),
                         ("nbf", [now + 4000, "x", [], 1e300]), ("iat", [now + 4000, "x", []]),
                         ("preferred_username", [None, "", "\x00", "a\nb", "a" * 1000, [], {}, 0, ["anna"], True, "\ud800"])):
        for value in values:
            yield "%s %.20r" % (name, value), o.raw(o.head(), o.body(**{name: value}))


def shapes(o):
    good = o.mint()
    head, body, signature = good.split(".")
    for i in range(0, len(signature), max(1, len(signature) // 24)):
        yield "letter %d of the signature" % i, "%s.%s.%s" % (head, body, signature[:i] + ("A" if signature[i] != "A" else "B") + signature[i + 1:])
    for i in range(0, len(body), max(1, len(body) // 24)):
        yield "letter %d of the body" % i, "%s.%s.%s" % (head, body[:i] + ("A" if body[i] != "A" else "B") + body[i + 1:], signature)
    yield from (("no signature", head + "." + body + "."), ("two parts", head + "." + body), ("one part", head), ("four parts", good + ".x"),
                ("five parts", good + ".x.y"), ("empty parts", ".."), ("dots", "." * 100), ("a part in front", "." + good), ("empty head", "." + body + "." + signature),
                ("empty body", head + ".." + signature), ("padding", good + "="), ("padding inside", head + "=." + body + "." + signature),
                ("standard base64", head + "." + body + "." + base64.b64encode(base64.urlsafe_b64decode(signature + "==")).decode().replace("+", "+").rstrip("=") + "/+"),
                ("half", good[:len(good) // 2]), ("longer than any", good + "A" * 17000), ("JSON", '{"alg":"none"}'), ("words", "alice secret"))
    said = json.dumps(o.body())
    for name, text in (("a name twice", said[:-1] + ', "aud": "other"}'), ("issuer twice", said[:-1] + ', "iss": "https://evil.example"}'), ("user twice", said[:-1] + ', "preferred_username": "root"}'),
                       ("an array", "[%s]" % said), ("a string", json.dumps(said)), ("deep", said[:-1] + ', "x": ' + "[" * 5000 + "]" * 5000 + "}"),
                       ("a huge number", said[:-1] + ', "x": 1e99999}'), ("cut", said[:-1]), ("two documents", said + said), ("NUL behind", said + "\x00"), ("empty", ""), ("null", "null")):
        yield name, o.raw(o.head(), text.encode())
    yield "alg twice", o.raw(json.dumps(o.head())[:-1].encode() + b', "alg": "none"}', o.body())


def try_token(token):
    a = ask(request("GET", "/", b"Authorization: Bearer " + token.encode("utf-8", "surrogatepass")), timeout=20)
    return a.cookie() if a is not None else None


def signs_in(lab, token):
    cookie = try_token(token)
    check(cookie is not None, "the right token does not sign in")
    t = Tunnel(cookie)
    check(lab.connected_users() == {"anna"}, "the right token is somebody else's")
    t.sign_out()


def bad_tokens(lab, o):
    n = 0
    every = lab.scale(3, 1)
    for name, token in [*algorithms(o), *keys(o), *claims(o), *shapes(o)][::every]:
        check(try_token(token) is None, name, "signs in")
        n += 1
    return n


def hostile_issuer(lab, o):
    """While it lies, its old keys go on, and an unknown one makes nobody ask where it points to."""
    modes = lab.scale(HOSTILE[:2], HOSTILE)
    for mode in modes:
        o.admin("mode/" + mode)
        time.sleep(2.2)  # refresh-min
        check(try_token(o.raw(o.head(kid="unknown-" + mode), o.body())) is None, mode, "signs in")
        check(o.admin("counters")["bait"] == 0, mode, "the bait was asked")
        check(try_token(o.mint()) is not None, mode, "the right token no longer signs in")
    o.admin("mode/good")
    return 2 * len(modes)


def attack(lab):
    path = lab.folder + "/mst.yaml"
    with open(path) as f:
        before = f.read()
    o = Issuer(lab)
    try:
        with open(path, "w") as f:
            f.write(lab.without(before, "auth") + AUTH % (HOST, PORT, o.folder))
        lab.restart()
        until(20, lambda: try_token(o.mint()) is not None, "the right token does not sign in")
        signs_in(lab, o.mint())
        n = bad_tokens(lab, o) + hostile_issuer(lab, o)
        signs_in(lab, o.mint())
        check(o.mint().split(".")[1] not in lab.log(), "a token is in the log")
    finally:
        with open(path, "w") as f:
            f.write(before)
        lab.restart()
        o.close()
    return n
