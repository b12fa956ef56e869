"""B16: certificates of users that are over, not yet, of another use, of no authority or of a false one, too weak, too long, or not
their bearer's. None signs in; who has a good one does, as nobody but itself."""
import datetime
import os
import ssl
import subprocess
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from lab import GATEWAY, check, until
from web import Connection, Tunnel, connect_request, make_context, reply, request

warnings.simplefilter("ignore")  # that SHA-1 is over is the case
AUTH = """auth:
  methods: [%s]
  certificate: {ca: %s/ca.pem, user: cn, ocsp: "off"}
"""
DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.utcnow()
CLIENT = [ExtendedKeyUsageOID.CLIENT_AUTH]


def new_key(kind="ec"):
    return ec.generate_private_key({"ec": ec.SECP256R1, "p192": ec.SECP192R1, "p384": ec.SECP384R1}[kind]()) if not isinstance(
        kind, int) else rsa.generate_private_key(65537, kind)


def issue(name, key, by_name, by_key, start=NOW - DAY, end=NOW + 30 * DAY, usage=CLIENT, ca=None, digest=None, extra=(), names=None):
    subject = x509.Name(names or [x509.NameAttribute(NameOID.COMMON_NAME, name)])
    b = (x509.CertificateBuilder().subject_name(subject).issuer_name(by_name).public_key(key.public_key())
         .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end))
    if usage:
        b = b.add_extension(x509.ExtendedKeyUsage(usage), False)
    if ca is not None:
        b = b.add_extension(x509.BasicConstraints(ca, None), True)
    for e in extra:
        b = b.add_extension(e, False)
    return b.sign(by_key, digest or hashes.SHA256())


class Authority:
    def __init__(self, name="users"):
        self.key = new_key()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.cert = issue(name, self.key, self.name, self.key, usage=None, ca=True)

    def user(self, name, key=None, **more):
        key = key or new_key()
        return [issue(name, key, self.name, self.key, **more)], key


def forged(real):
    """The real authority's name over another's key."""
    false = Authority()
    false.name = real.name
    return false


def cases(real):
    other = Authority("strangers")
    yield "of an unknown authority", other.user("alice")
    yield "of an authority with the same name", forged(real).user("alice")
    key = new_key()
    own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice")])
    yield "by itself", ([issue("alice", key, own, key)], key)
    yield "over", real.user("alice", start=NOW - 10 * DAY, end=NOW - DAY)
    yield "not yet", real.user("alice", start=NOW + DAY, end=NOW + 10 * DAY)
    yield "for servers", real.user("alice", usage=[ExtendedKeyUsageOID.SERVER_AUTH])
    yield "for code", real.user("alice", usage=[ExtendedKeyUsageOID.CODE_SIGNING])
    yield "for mail", real.user("alice", usage=[ExtendedKeyUsageOID.EMAIL_PROTECTION])
    yield "RSA of 1024 bits", real.user("alice", new_key(1024))
    yield "curve of 192 bits", real.user("alice", new_key("p192"))
    yield "signed by SHA-1", real.user("alice", digest=hashes.SHA1())
    (middle,), middle_key = real.user("middle", ca=False)
    yield "by one who is no authority", ([issue("alice", key, middle.subject, middle_key), middle], key)
    (middle,), middle_key = real.user("middle")
    yield "by a user", ([issue("alice", key, middle.subject, middle_key), middle], key)
    yield "a critical extension that nobody knows", unknown_extension(real)
    yield "no name", real.user("", names=[x509.NameAttribute(NameOID.ORGANIZATION_NAME, "x")])
    chain, by_key, by_name = [], real.key, real.name
    for i in range(100):  # each may issue, so that only the length is wrong
        k = new_key()
        c = issue("link%d" % i, k, by_name, by_key, usage=None, ca=True)
        chain.insert(0, c)
        by_key, by_name = k, c.subject
    yield "behind a hundred", ([issue("alice", key, by_name, by_key)] + chain, key)
    big = x509.SubjectAlternativeName([x509.DNSName("a" * 60 + ".example.com")] * 3000)
    yield "of 200 KB", real.user("alice", extra=[big])


def unknown_extension(real):
    key = new_key()
    b = (x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "alice")])).issuer_name(real.name)
         .public_key(key.public_key()).serial_number(7).not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
         .add_extension(x509.ExtendedKeyUsage(CLIENT), False)
         .add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4.5"), b"\x05\x00"), True))
    return [b.sign(real.key, hashes.SHA256())], key


def load(lab, chain, key):
    """A context that shows this certificate."""
    path = lab.folder + "/shown.pem"
    with open(path, "wb") as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()))
        for c in chain:
            f.write(c.public_bytes(serialization.Encoding.PEM))
    context = make_context()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_cert_chain(path)
    os.unlink(path)
    return context


def sign_in(context, body):
    """The cookie of one try with what the context shows; None: refused in any way."""
    try:
        with Connection(context=context) as c:
            a = c.ask(request("POST", "/", body=body))
    except (OSError, ssl.SSLError):
        return None
    return a.cookie() if a is not None else None


def is_taken(context, cookie):
    """Whether CONNECT by the cookie gets a tunnel; it does not stay."""
    try:
        with Connection(context=context) as c:
            a = c.ask(connect_request(cookie))
    except (OSError, ssl.SSLError):
        return False
    return a is not None and a.status == 200


def stolen(lab, chain):
    """A certificate that anybody can see, and the key of somebody else: libssl would not load the two, s_client is made to."""
    path, key = lab.folder + "/stolen.pem", lab.folder + "/other.key"
    with open(path, "wb") as f:
        f.write(chain[0].public_bytes(serialization.Encoding.PEM))
    with open(key, "wb") as f:
        f.write(new_key().private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()))
    out = subprocess.run(["openssl", "s_client", "-connect", GATEWAY + ":443", "-cert", path, "-key", key, "-quiet"],
                         input=request("POST", "/", body=reply("alice", "secret")), capture_output=True, timeout=20)
    check(b"webvpn=" not in out.stdout.replace(b"webvpncontext=", b""), "another's certificate without its key", "signs in")


def attack(lab):
    path = lab.folder + "/mst.yaml"
    with open(path) as f:
        before = f.read()
    real = Authority()
    with open(lab.folder + "/ca.pem", "wb") as f:
        f.write(real.cert.public_bytes(serialization.Encoding.PEM))
    both, nothing = reply("alice", "secret"), reply(None, None)
    n = 0
    try:
        with open(path, "w") as f:
            f.write(lab.without(before, "auth") + AUTH % ("certificate+password", lab.folder))
        lab.restart()
        good = load(lab, *real.user("alice"))
        until(10, lambda: sign_in(good, both) is not None, "a right certificate and its password do not sign in")
        bad = [(name, load(lab, *made)) for name, made in cases(real)]
        for name, context in bad:
            check(sign_in(context, both) is None, name, "signs in with a password")
            n += 1
        stolen(lab, real.user("alice")[0])
        # One's certificate and another's password, in each order, and each alone.
        other = load(lab, *real.user("user1"))
        for what, context, body in (("user1's certificate, alice's password", other, both), ("alice's certificate, user1's password", good, reply("user1", "secret")),
                                    ("a certificate alone", good, nothing), ("a wrong password", good, reply("alice", "wrong")),
                                    ("a password alone", make_context(), both)):
            check(sign_in(context, body) is None, what, "signs in")
            n += 1
        with open(path, "w") as f:
            f.write(lab.without(before, "auth") + AUTH % ("certificate", lab.folder))
        lab.restart()
        cookie = None
        for spelling in ("alice", "ALICE"):
            own = load(lab, *real.user(spelling))
            cookie = sign_in(own, nothing)
            check(cookie is not None, "a right certificate does not sign in as %s" % spelling)
            # The cookie is worth nothing without the certificate; another one of the same user is another one.
            for name, context in [("none", make_context()), ("user1's", other), ("alice's other", good)] + bad:
                check(not is_taken(context, cookie), "a cookie with a certificate that is not its own:", name)
                n += 1
            t = Tunnel(cookie, context=own)
            check(lab.connected_users() == {"alice"}, spelling, "is", lab.connected_users())
            t.sign_out()
        for name, context in bad:
            check(sign_in(context, nothing) is None, name, "signs in alone")
            check(sign_in(context, both) is None, name, "signs in alone")
            n += 2
        check(sign_in(make_context(), both) is None, "a password where a certificate is asked for", "signs in")
    finally:
        with open(path, "w") as f:
            f.write(before)
        lab.restart()
    return n + 4
