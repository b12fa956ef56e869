"""B42: MTUs that are negative, huge, text, or come twice. What is announced stays between the least and the port's."""
from lab import check
from web import Tunnel, cookie_of

VALUES = ["0", "1", "67", "68", "575", "576", "577", "1279", "1280", "1406", "1499", "1500", "1501", "9000", "16384", "65535", "65536", "65537",
          "131072", "2147483647", "2147483648", "4294967295", "4294967296", "4294967872", "18446744073709551615", "18446744073709552192", "-1",
          "-576", "+1400", " 1400", "1400 ", "1400a", "0x578", "1e3", "1400.0", "", "a", "1400,1400", "9" * 300, "٥٧٦", "01400",
          "%d", "1400;DROP"]
MIN4, MIN6, PORT_MTU = 576, 1280, 1500


def attack(lab):
    cookie = cookie_of("user12")
    n = 0
    fields = []
    for v in VALUES:
        v = v.encode()
        fields += [[b"X-CSTP-MTU: " + v], [b"X-CSTP-Base-MTU: " + v], [b"X-CSTP-MTU: " + v, b"X-CSTP-MTU: 1400"],
                   [b"X-CSTP-MTU: 1400", b"X-CSTP-MTU: " + v], [b"X-CSTP-MTU: 65535", b"X-CSTP-Base-MTU: " + v], [b"X-DTLS-MTU: " + v]]
    for more in fields:
        # The usual Base-MTU of a request is left out where the case brings its own.
        t = MtuTunnel(cookie, more)
        n += 1
        mtu, base = t.answer200.field("X-CSTP-MTU"), t.answer200.field("X-CSTP-Base-MTU")
        check(mtu is not None and mtu.isdigit() and MIN4 <= int(mtu) <= PORT_MTU, more, "MTU %s" % mtu)
        check(base is None or MIN4 <= int(base) <= PORT_MTU, more, "base MTU %s" % base)
        check(t.answer200.field("X-CSTP-Address-IP6") is None or int(mtu) >= MIN6, more, "IPv6 with MTU %s" % mtu)
        check(t.lives(), more, "the tunnel")
        t.close()
    # Packets over the MTU that was announced, up to the largest frame: dropped or sent on, never a buffer of that size.
    t = Tunnel(cookie)
    for size in (0, 1, 19, 20, 575, 1405, 1406, 1407, 1500, 1501, 2047, 2048, 2049, 9000, 16376):
        t.frame(0, b"\x45\x00" + size.to_bytes(2, "big") + bytes(max(0, size - 4)))
        n += 1
    check(t.lives(), "packets of all sizes")
    t.sign_out()
    return n


class MtuTunnel(Tunnel):
    def __init__(self, cookie, more):
        self.more_fields = more
        super().__init__(cookie)

    def ask(self, raw):
        lines = raw.split(b"\r\n")
        brought = {f.split(b":")[0].lower() for f in self.more_fields}
        kept = [line for line in lines if line.split(b":")[0].lower() not in brought]
        at = len(kept) - 2
        return super().ask(b"\r\n".join(kept[:at] + self.more_fields + kept[at:]))
