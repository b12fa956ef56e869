#!/bin/bash
# Certificates: a file that changes is taken without a break, a wrong pair is refused and the old one stays; ECDSA and RSA
# side by side, PKCS#12, hosts by name; a certificate that is not for the public address stops the start.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

lab_up
make_pair() { # make_pair NAME CN NAMES OPTION...
	local name=$1 cn=$2 names=$3
	shift 3
	openssl req -x509 -nodes -days 90 -subj "/CN=$cn" -addext "subjectAltName=$names" \
		-keyout "$LAB/$name.key.new" -out "$LAB/$name.crt.new" "$@" 2>/dev/null
	chmod 600 "$LAB/$name.key.new"
	mv "$LAB/$name.key.new" "$LAB/$name.key"
	mv "$LAB/$name.crt.new" "$LAB/$name.crt"
}
p256=(-newkey ec -pkeyopt "ec_paramgen_curve:P-256")
ours=IP:$PUB_GW,DNS:gateway.example
make_pair rsa rsa.example DNS:rsa.example -newkey rsa:2048
make_pair host host.example 'DNS:host.example,DNS:*.host.example' "${p256[@]}"
openssl pkcs12 -export -in "$LAB/host.crt" -inkey "$LAB/host.key" -passout pass:word -out "$LAB/host.pfx"
echo word >"$LAB/host.pass"
chmod 600 "$LAB/host.pfx"
sed -i "s|certificate: .*|certificate: [$LAB/site.crt, $LAB/rsa.crt]|; s|^  key: .*|  key: [$LAB/site.key, $LAB/rsa.key]|
	s|^listen: {|hosts: [{name: [host.example, '*.host.example'], pfx: $LAB/host.pfx, pfx-password-file: $LAB/host.pass}]\nlisten: {public-address: [$PUB_GW, gateway.example], |" \
	"$LAB/mst.yaml"
# The RSA one is not for the public address yet.
if in_gateway "$MST_BUILD/app/gateway/mst-gateway" -c "$LAB/mst.yaml" --check 2>"$LAB/check"; then
	fail "a certificate that is not for the public address is taken"
fi
grep -q 'rsa.crt is not for 192.0.2.1; it has rsa.example' "$LAB/check" || fail "$(cat "$LAB/check")"
make_pair rsa gateway.example "$ours" -newkey rsa:2048
gw_start
LAB_STATE=$(gw_state)

shown() { # shown NAME [OPTION...]: subject and key that a device meets
	local name=$1
	shift
	in_client openssl s_client -connect $PUB_GW:443 -servername "$name" "$@" </dev/null 2>/dev/null |
		openssl x509 -noout -subject -text | sed -n 's/ = /=/g; s/^subject=//p; s/.*Public Key Algorithm: //p' | tr '\n' ' '
}
[ "$(shown gateway.example)" = 'CN=gateway.example id-ecPublicKey ' ] || fail "$(shown gateway.example)"
[ "$(shown gateway.example -sigalgs RSA-PSS+SHA256)" = 'CN=gateway.example rsaEncryption ' ] || fail "no RSA certificate"
[ "$(shown a.host.example)" = 'CN=host.example id-ecPublicKey ' ] || fail "no host by name"
[ "$(shown b.a.host.example)" = 'CN=gateway.example id-ecPublicKey ' ] || fail "a wildcard takes two labels"
[ "$(cli --json server show certificate | grep -cE '"Days left": (89|90)')" = 3 ] || fail "$(cli server show certificate)"

# GnuTLS, which takes both kinds, would rather have RSA.
pin=$(openssl x509 -in "$LAB/rsa.crt" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
oc_start 0 --servercert "pin-sha256:$pin"
# A wrong pair stays outside, and says so; the tunnel does not notice.
cp "$LAB/site.key" "$LAB/keep.key"
cp "$LAB/host.key" "$LAB/site.key"
refused() { [ "$(counter certificate_refused)" = 1 ]; }
wait_for 8 refused || fail "a wrong pair was not noticed"
gw_log_has 'error control: .*does not belong to the certificate' || fail "the log does not say why"
[ "$(shown gateway.example)" = 'CN=gateway.example id-ecPublicKey ' ] || fail "the old certificate is gone"
cp "$LAB/keep.key" "$LAB/site.key"
make_pair site gateway.example "$ours" "${p256[@]}"
new=$(openssl x509 -in "$LAB/site.crt" -noout -serial)
renewed() {
	[ "$(in_client openssl s_client -connect $PUB_GW:443 </dev/null 2>/dev/null | openssl x509 -noout -serial)" = "$new" ]
}
wait_for 8 renewed || fail "the new certificate is not used"
oc_alive 0 || fail "the tunnel was cut"
ping_lan 5 || fail "ping: $(cat "$LAB/ping")"
[ "$(counter tcp_lost)" = 0 ] || fail "a connection was lost"
oc_stop 0
no_leftovers
