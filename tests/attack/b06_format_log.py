"""B6, B54: format strings, line ends, escapes and names a page long in every text that a device may choose. In the log each event
is one line of its own, as text; the command line's JSON stays JSON."""
import re

from lab import check
from web import Tunnel, ask, cookie_of, reply, request, sign_in

LINE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (error|warning|notice|info|debug) [a-z-]+: [^\x00-\x08\x0a-\x1f\x7f]*$")
TEXTS = ["%n%n%n%n", "%s%s%s%s%s", "%x.%x.%x", "%99999999d", "%1$n", "%*.*f", "a\nb", "a\r\nb", "a\tb", "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x00x", "\x7f", "\x85",
         "\u2028", "\u202e", "'; DROP TABLE users; --", "$(touch /tmp/mst-b06)", "`id`", "; id", "| id", "&& id", "../../../etc/passwd", "\\..\\..", "{\"a\":1}", "\"}],",
         "<script>alert(1)</script>", "${jndi:ldap://192.0.2.2/a}", "{{7*7}}", "a" * 127, "é" * 60, "\U0001f512"]
FIELDS = ["X-CSTP-Hostname", "User-Agent", "X-AnyConnect-Identifier-Platform", "X-AnyConnect-Identifier-PlatformVersion",
          "X-AnyConnect-Identifier-ClientVersion", "X-AnyConnect-Identifier-DeviceType", "X-AnyConnect-Identifier-Device-UniqueID"]


def whole_lines(lab, fresh, what):
    for line in fresh.split("\n")[:-1]:
        check(LINE.match(line) or "mst-authd" in line or "EAL:" in line or "TELEMETRY:" in line, what, "a line of the log", repr(line))


def attack(lab):
    lab.new_log()
    n = 0
    for text in TEXTS:
        for raw in (reply(text, "x"), reply("alice", "wrong", "<group-select>%s</group-select>" % text.replace("&", "&amp;").replace("<", "&lt;")),
                    ("username=%s&password=x" % "".join("%%%02X" % b for b in text.encode())).encode()):
            a = ask(request("POST", "/auth", body=raw))
            n += 1
            check(a is None or a.cookie() is None, repr(text), "is in")
        whole_lines(lab, lab.new_log(), repr(text))
    # What was refused as a name is in the log as it was sent, if at all.
    sign_in("%n%s%x-b06", "x")
    check("%n%s%x-b06" in lab.new_log(), "a name with % is not logged as it is")
    cookie = cookie_of("user16")
    for text in TEXTS:
        value = text.encode().replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"")
        fields = [f.encode() + b": " + value for f in FIELDS]
        lab.new_log()
        try:
            t = Tunnel(cookie, *fields)
        except Exception:  # control characters in a header field: refused
            n += 1
            continue
        n += 1
        rows = lab.cli("server", "show", "sessions")
        check(rows is not None, repr(text), "the command line's answer is no JSON")
        check(len(rows) == 1, repr(text), "%d sessions" % len(rows))
        for raw in t.answer200.lines:
            check(re.fullmatch(rb"[\x20-\x7e]*", raw), repr(text), "in the answer", raw)
        whole_lines(lab, lab.new_log(), repr(text))
        t.close()
    lab.disconnect("user16")
    return n
