"""B1: paths that name a file in another spelling. Everything but the list of what is served is one and the same 404."""
import itertools
import os

from lab import check
from web import ask, request

UP = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%252f", "%252e%252e%252f", "..;/", ".%2e/", "%2e./", "..\\",
      "..%5c", "%2e%2e%5c", "..%c0%af", "..%e0%80%af", "..%f0%80%80%af", "%c0%ae%c0%ae/", "..%u2215", "%uff0e%uff0e/",
      "..//", ".././", "....//", "..../", "..%00/", "..%0d/", "..%0a/", "..%09/", "..?/", "..#/", "//../", "/./../",
      "..%ff/", "..%7f/", "..%20/", "..+/", "..%3b/", "..;a=b/", "..%3f/", "..%23/", "..%26/", "%%32%65%%32%65/"]
START = ["/", "//", "/./", "/auth/", "/VPN/", "/CSCOSSLC/", "/CSCOSSLC/tunnel/", "/+CSCOT+/", "/+CSCOE+/", "/+webvpn+/",
         "/+CSCOU+/", "/CACHE/", "/dana-na/", "/dana/html5acc/", "/vpns/", "/vpn/", "/remote/", "/remote/fgt_lang?lang=/",
         "/ssl-vpn/", "/global-protect/", "/clients/MyCRL/", "/api/", "/cgi-bin/", "/images/", "/static/", "/.well-known/",
         "http://gateway.example/", "https://192.0.2.1/", "*/", "\\"]
TARGETS = ["etc/passwd", "etc/shadow", "etc/hosts", "proc/self/maps", "proc/self/environ", "proc/self/cmdline", "dev/zero",
           "etc/mstunnel/mst.yaml", "etc/mstunnel/site.key", "etc/mstunnel/users", "mst.yaml", "site.key", "site.crt", "users",
           "+CSCOE+/portal_inc.lua", "config/md_superadmin", "data/mdb", "session_password.html", "var/log/auth.log",
           "root/.ssh/id_rsa"]
AGENTS = (b"Mozilla/5.0", b"Open AnyConnect VPN Agent v9.01")
ALLOWED = (400, 404, 414)


def spellings():
    return [s + u * 6 + t for u, s, t in itertools.product(UP, START, TARGETS)]


def attack(lab):
    paths = spellings()
    paths += [os.path.join(lab.folder, f)[1:].join(("/../../..//", "")) for f in ("site.key", "users", "mst.yaml")]
    step = lab.scale(61, 1)
    seen = {}
    cases = paths[::step] + paths[-3:]
    for i, path in enumerate(cases):
        method = ("GET", "HEAD", "POST")[i % 3]
        a = ask(request(method, path.replace(" ", "%20"), agent=AGENTS[i // 3 % 2], body=b"<a/>" if method == "POST" else None))
        check(a is not None, path, "no answer")
        check(a.status in ALLOWED, path, a.raw[:60])
        check(a.body == b"", path, "an answer with a body")
        check(seen.setdefault(a.status, a.raw) == a.raw, path, "two %d that differ" % a.status)
    check(404 in seen, "nothing was a 404")
    return len(cases)
