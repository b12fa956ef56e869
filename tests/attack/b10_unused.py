"""B10: any method on any path. Only the documented ones answer."""
import random

from lab import check
from web import AGENT, ask, request

METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "PROPFIND"]
WORDS = """cert.pem ca.pem profiles profile.xml +CSCOE+/logon.html +CSCOT+/translation-table +webvpn+/index.html CACHE/stc
 1/index.html 1/binaries/update.txt 1/Linux 1/Windows logout svc CSCOSSLC/tunnel CSCOSSLC/config-auth sslvpn webvpn.html
 remote/login remote/fgt_lang dana-na/auth/url_default/welcome.cgi vpn/index.html vpns/portal global-protect/login.esp
 ssl-vpn/hipreport.esp cgi/login my.policy oauth/idp/.well-known/openid-configuration saml/login SAML20/SP/ACS auth/saml
 metrics health healthz status server-status info debug/pprof actuator/env admin login.html api api/v1 config config.xml
 users password change_password reset .git/config .env .well-known/acme-challenge/x robots.txt favicon.ico index.html
 cgi-bin/test-cgi shell console manager/html phpinfo.php wp-login.php graphql ws socket.io mst mst.sock telemetry""".split()


def paths(lab):
    rng = random.Random(10)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789-_."
    made = ["".join(rng.choice(letters) for _ in range(rng.randint(1, 12))) for _ in range(lab.scale(5, 5000 - len(WORDS)))]
    return ["/" + p for p in WORDS + [m + "/" + m for m in made]] + ["*", "", "/auth/", "//", "/?a", "/auth?a", "/VPN/x"]


def served(method, path, vpn):
    """What the documentation lists; the sign-in takes the name of a group as one segment."""
    path = path.partition("?")[0]
    if method in ("GET", "HEAD"):
        return path in ("/", "/auth", "/VPN") if vpn else path == "/"
    return method == "POST" and path.count("/") == 1 and path[1:2] != "."


def attack(lab):
    n = 0
    for path in paths(lab):
        for method in METHODS:
            vpn = n % 2 == 0
            a = ask(request(method, path, agent=AGENT if vpn else b"Mozilla/5.0", body=b"x=y" if method == "POST" else None))
            n += 1
            name = "%s %s" % (method, path)
            if served(method, path, vpn):
                continue
            check(a is not None and a.status in (400, 404, 405), name, a.raw[:60] if a else "closed")
            check(a.body == b"", name, "an answer with a body")
    return n
