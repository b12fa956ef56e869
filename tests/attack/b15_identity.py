"""B15: one user, many spellings of the name. Whoever gets in is the one canonical user, and nobody gets in by a twin."""
import unicodedata

from lab import check
from web import Tunnel, ask, cookie_of, reply, request, sign_in

USER, OTHER = "alice", "bob-does-not-exist"


def spellings():
    yield from ("Alice", "ALICE", "aLICE", "alice ", " alice", "alice.", ".alice", "alice\t", "\talice", "alice\n", "alice\r\n", "alice ",
                "alice@example.com", "alice@", "@alice", "EXAMPLE\\alice", "\\alice", "EXAMPLE/alice", "alice/", "./alice", "alice%00", "alice%20",
                "alice,", "alice;", "alice:staff", "alice:", ":alice", "alice|", "alice*", "al?ce", "alice)(uid=*", "alice'--", "alice\"", "alice\\",
                "cn=alice", "uid=alice,dc=x", "alice\u200b", "\ufeffalice", "al\u00adice", "alice\u202e", "\u202ealice", "alic\u0435", "\u0430lice",
                "a\u0131ice", "al\u0131ce", "al\u0130ce", "alicé", unicodedata.normalize("NFD", "alicé"), "ａｌｉｃｅ", "𝒶𝓁𝒾𝒸ℯ", "ⓐⓛⓘⓒⓔ", "alıce", "aliſe", "ALICE",
                "alice" * 25, "a" * 127, "a" * 128, "null", "NULL", "None", "undefined", "true", "0", "-1")


def twins():
    """Every other case, every letter's look-alike, and what is not seen at every place."""
    for bits in range(1, 32):
        yield "".join(c.upper() if bits >> i & 1 else c for i, c in enumerate(USER))
    for i, other in enumerate("\u0430\u04cf\u0456\u0441\u0435"):
        yield USER[:i] + other + USER[i + 1:]
    for i in range(len(USER) + 1):
        for unseen in "\u200b\u200d\u00ad\u0301\u202e\ufeff\x7f\x1b\u2060\u3164 ":
            yield USER[:i] + unseen + USER[i:]


def attack(lab):
    n, inside = 0, []
    lab.end_sessions()
    for name in [*spellings(), *(twins() if lab.full else ())]:
        for raw in (request("POST", "/auth", body=reply(name, "secret")),
                    request("POST", "/auth", body=form(name, "secret"))):
            a = ask(raw)
            n += 1
            if a is None or a.cookie() is None:
                continue
            t = Tunnel(a.cookie())
            who = lab.connected_users()
            check(who == {USER}, repr(name), "is in as %s" % who)
            inside.append(name)
            t.sign_out()
    for name in (b"alice\x00", b"alice\x00bob", b"ali\xffce", b"\xc1\xa1lice", b"al\xc0\xaece", b"al\xed\xa0\x80ice"):
        body = b"<config-auth type='auth-reply'><auth><username>" + name + b"</username><password>secret</password></auth></config-auth>"
        for raw in (request("POST", "/auth", body=body), request("POST", "/auth", body=b"username=" + name + b"&password=secret")):
            a = ask(raw)
            n += 1
            check(a is None or a.cookie() is None, repr(name), "is in")
    # The password of one with the name of another; one name twice; a second name behind the first.
    for user, password in ((OTHER, "secret"), ("canary-name-7f3a", "secret"), (USER, "canary-password-c41d"), (USER, "secret "), (USER, " secret"),
                           (USER, "SECRET"), (USER, "secret\n"), (USER, "secre"), (USER, "secrett"), (USER, "sécret")):
        a = sign_in(user, password)
        n += 1
        check(a is None or a.cookie() is None, "%r by %r" % (user, password), "is in")
    for body in (b"username=nobody&password=secret&username=alice", b"username=alice&username=nobody&password=secret",
                 b"username=alice&password=wrong&password=secret", b"username=alice&password=secret&password=wrong"):
        a = ask(request("POST", "/auth", body=body))
        n += 1
        check(a is None or a.cookie() is None, repr(body), "is in")
    # The name comes in two steps: the second may not change it behind the first's back.
    cookie = cookie_of(USER)
    t = Tunnel(cookie)
    check(lab.connected_users() == {USER}, "the right name")
    t.sign_out()
    return n + 1, "%d other spellings are %s" % (len(set(inside)), USER)


def form(user, password):
    def percent(text):
        return "".join("%%%02X" % b for b in text.encode("utf-8", "surrogatepass"))
    return ("username=%s&password=%s" % (percent(user), percent(password))).encode()
