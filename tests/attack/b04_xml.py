"""B4: documents that expand, fetch, nest or lie. None is accepted, none is slow, and nothing is fetched."""
import random
import socket
import time

from lab import DEVICE, Fail, check
from web import ask, request

PORT = 8099


def auth(inner, head=""):
    return head + '<config-auth client="vpn" type="auth-reply"><auth>%s</auth></config-auth>' % inner


def doctypes():
    url = "http://%s:%d/x" % (DEVICE, PORT)
    for subset in ("", '[<!ENTITY a "b">]', '[<!ENTITY a SYSTEM "file:///etc/passwd">]', '[<!ENTITY a SYSTEM "%s">]' % url,
                   '[<!ENTITY % a SYSTEM "' + url + '"> %a;]', '[<!ELEMENT a ANY>]', '[<!ATTLIST a b CDATA "c">]', 'SYSTEM "%s"' % url,
                   'PUBLIC "-//a//b" "%s"' % url, '[<!NOTATION a SYSTEM "%s">]' % url, '[<?a b?>]', '[<!-- -->]'):
        for use in ("", "&a;", "<username>&a;</username>"):
            yield auth(use, "<!DOCTYPE config-auth %s>" % subset)
    bomb = '<!ENTITY a0 "lol">' + "".join('<!ENTITY a%d "%s">' % (i, ("&a%d;" % (i - 1)) * 10) for i in range(1, 10))
    yield auth("<username>&a9;</username>", "<!DOCTYPE config-auth [%s]>" % bomb)
    yield auth("<username>%s</username>" % ("&a;" * 10000), '<!DOCTYPE config-auth [<!ENTITY a "%s">]>' % ("b" * 20000))


def shapes():
    for depth in (2, 7, 8, 9, 100, 1000, 10000):
        yield "<config-auth type='auth-reply'>" + "<a>" * depth + "</a>" * depth + "</config-auth>"
        yield "<config-auth type='auth-reply'>" + "<a>" * depth
        yield "<a>" * depth
    for attrs in (1, 100, 1000, 4000):
        yield auth("", "").replace("<auth>", "<auth %s>" % " ".join("a%d='b'" % i for i in range(attrs)))
        yield auth("", "").replace("<auth>", "<auth a='%s'>" % ("b" * attrs * 10))
        yield auth("<" + "n" * attrs * 10 + "/>")
        yield auth("<username>" + "<![CDATA[a]]>" * attrs + "</username>")
        yield auth("<username>" + "&#65;" * attrs + "</username>")
        yield auth("<!--" + "c" * attrs * 10 + "-->")
        yield auth("<?p " + "c" * attrs * 10 + "?>")
        yield auth("<x xmlns:%s='u'/>" % ("p" * attrs))
    yield auth("<username>a</username>" * 2)
    yield auth("<password>a</password>" * 1000)
    yield auth("<username a='1' a='2'>b</username>")
    yield auth("<username>a<b/>c</username>")
    yield auth("<auth><username>a</username></auth>")
    yield "<config-auth type='auth-reply'><auth></config-auth></auth>"
    yield "<config-auth type='auth-reply' type='init'/>"
    yield "<config-auth type='%s'/>" % ("i" * 30000)
    for text in ("&#0;", "&#1;", "&#xD800;", "&#x110000;", "&#99999999999;", "&amp", "&;", "&#;", "&unknown;", "\x01", "]]>", "\ufffe", "<", "a\x00b"):
        yield auth("<username>%s</username><password>b</password>" % text)
    for tail in ("", "<", "</", "<a", "<a ", "<a b", "<a b=", "<a b='", "<a/", "<!", "<!-", "<!--", "<![", "<![CDATA[", "<?", "&", "</auth"):
        yield auth("")[:-22] + tail
    yield auth("") * 2
    yield auth("") + "trailing"
    yield " " * 60000 + auth("")


def encodings():
    text = auth("<username>a</username><password>b</password>")
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "cp037", "utf-8-sig"):
        yield text.encode(name)
    for name in ("UTF-16", "UTF-7", "ISO-8859-1", "US-ASCII", "EBCDIC-CP-US", "x" * 5000, ""):
        yield ('<?xml version="1.0" encoding="%s"?>' % name).encode() + text.encode()
    for raw in (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x00", b"\x00" * 60000, b"\xc0\x80", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xff" * 4096):
        yield raw + text.encode()
        yield auth("<username>").encode()[:-22] + raw + b"</username></auth></config-auth>"
        yield raw
    yield b""


def documents():
    made = [d.encode("utf-8", "surrogatepass") for d in [*doctypes(), *shapes()]] + [*encodings()]
    # Cut anywhere.
    whole = auth("<username>a</username><password>b</password>", '<?xml version="1.0"?>').encode()
    return made + [whole[:n] for n in range(1, len(whole), 2)]


def spoilt(docs, count):
    """Some of them with a few bytes changed, left out or put in."""
    rng = random.Random(4)
    for _ in range(count):
        doc = bytearray(rng.choice(docs)[:4000])
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(doc) + 1)
            doc[at:at + rng.randint(0, 2)] = rng.choice((b"", b"<", b">", b"/", b"&", b"'", b'"', b"=", b"!", b"\0", b"\xff", b"]]>"))
        yield bytes(doc)


def attack(lab):
    trap = socket.create_server(("0.0.0.0", PORT))
    trap.setblocking(False)
    whole = documents()
    docs = whole + [*spoilt(whole, lab.scale(60, 3000))]
    slowest = 0
    for i, doc in enumerate(docs):
        start = time.monotonic()
        a = ask(request("POST", "/", body=doc))
        slowest = max(slowest, time.monotonic() - start)
        name = "document %r" % doc[:60]
        check(a is None or a.status in (200, 400, 401, 404, 413), name, a.raw[:60] if a else "")
        check(a is None or a.cookie() is None, name, "gave a cookie")
        # What is spoilt may be no XML any more, and a form.
        check(a is None or a.status == 400 or b"<!DOCTYPE" not in doc or i >= len(whole), name, "a document type was taken")
    try:
        _, who = trap.accept()
        raise Fail("%s came to fetch" % (who,))
    except BlockingIOError:
        pass
    finally:
        trap.close()
    return len(docs), "slowest %.0f ms" % (1000 * slowest)
