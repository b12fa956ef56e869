"""findings.py FILE: judges what testssl.sh has found (--jsonfile). Every finding is OK or INFO, and those without which the
scan would have looked at nothing are there."""
import json
import sys

# id -> severity: what testssl.sh says of itself, not of the gateway.
KNOWN = {"engine_problem": "WARN"}  # its openssl has no GOST

# id -> what its finding begins with; of each certificate with " <cert#N>" behind the id.
WANTED = {
    "SSLv2": "not offered", "SSLv3": "not offered", "TLS1": "not offered", "TLS1_1": "not offered",
    "TLS1_2": "offered", "TLS1_3": "offered with final", "NPN": "not offered", "ALPN": "not offered",
    "cipherlist_NULL": "not offered", "cipherlist_aNULL": "not offered", "cipherlist_EXPORT": "not offered",
    "cipherlist_LOW": "not offered", "cipherlist_3DES_IDEA": "not offered", "cipherlist_AVERAGE": "not offered",
    "cipherlist_STRONG": "offered",
    "PFS": "offered", "PFS_ECDHE_curves": "prime256v1 secp384r1 X25519",
    "TLS_session_ticket": "no", "SSL_sessionID_support": "no", "TLS_timestamp": "random", "cert_numbers": "2",
    "HSTS_time": "365 days", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "banner_server": "No Server",
    "heartbleed": "not vulnerable", "CCS": "not vulnerable", "ticketbleed": "no session ticket", "ROBOT": "not vulnerable",
    "secure_renego": "supported", "secure_client_renego": "not vulnerable", "CRIME_TLS": "not vulnerable",
    "BREACH": "not vulnerable", "POODLE_SSL": "not vulnerable", "fallback_SCSV": "no protocol below TLS 1.2",
    "SWEET32": "not vulnerable", "FREAK": "not vulnerable", "DROWN": "not vulnerable", "LOGJAM": "not vulnerable",
    "LOGJAM-common_primes": "no DH key", "BEAST": "not vulnerable", "LUCKY13": "not vulnerable", "RC4": "not vulnerable",
}
WANTED_OF_CERT = {
    "cert_trust": "Ok via SAN", "cert_chain_of_trust": "passed",
    "cert_signatureAlgorithm": "ECDSA with SHA256", "OCSP_stapling": "offered", "cert_mustStapleExtension": "supported",
}
WANTED.update({"cert_keySize <cert#1>": "RSA 2048", "cert_keySize <cert#2>": "EC 256"})
for cert in 1, 2:
    WANTED.update({"%s <cert#%d>" % (name, cert): text for name, text in WANTED_OF_CERT.items()})
LEAST = 110


def wrong(findings):
    bad = ["%(severity)s %(id)s: %(finding)s" % f for f in findings
           if f["severity"] not in ("OK", "INFO") and KNOWN.get(f["id"]) != f["severity"]]
    found = {f["id"]: f["finding"].strip() for f in findings}
    bad += ["%s: %r, not %r" % (name, found.get(name), text) for name, text in WANTED.items()
            if not found.get(name, "").startswith(text)]
    if len(findings) < LEAST:
        bad.append("%d findings, fewer than %d" % (len(findings), LEAST))
    return bad


findings = json.load(open(sys.argv[1]))
bad = wrong(findings)
print("\n".join(bad), file=sys.stderr)
# It is no judge who does not notice.
for i, f in enumerate(findings):
    others = findings[:i] + findings[i + 1:]
    assert wrong(others + [dict(f, severity="LOW")]), f
    assert f["id"] not in WANTED or wrong(others), f
sys.exit(1 if bad else 0)
