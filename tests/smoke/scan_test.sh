#!/bin/bash
# What scanners find is the profile and nothing else, with an ECDSA and an RSA certificate that have to be stapled: sslscan
# the protocols, suites and groups, testssl.sh no weakness at all.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

for tool in sslscan testssl; do
	command -v $tool >/dev/null || { say "skip: no $tool"; exit 77; }
done

certificate() { # certificate NAME OPTION...: its key as the options of req say, of the lab's CA, which knows it
	local name=$1 serial
	shift
	serial=$(openssl rand -hex 15 | tr a-f A-F)
	openssl req -new -nodes -subj /CN=gateway.example "$@" -keyout "$LAB/$name.key" -out "$LAB/$name.csr" 2>/dev/null
	openssl x509 -req -in "$LAB/$name.csr" -CA "$LAB/ca.crt" -CAkey "$LAB/ca.key" -set_serial "0x7F$serial" -days 90 \
		-extfile "$LAB/extensions" -out "$LAB/$name.crt" 2>/dev/null
	cat "$LAB/ca.crt" >>"$LAB/$name.crt"
	chmod 600 "$LAB/$name.key"
	printf 'V\t491231235959Z\t\t%s\tunknown\t/CN=%s\n' "7F$serial" "$name" >>"$LAB/index"
}

CONF_HANDSHAKES=1000
lab_up
cat >"$LAB/extensions" <<-X
	subjectAltName = DNS:gateway.example, IP:$PUB_GW
	keyUsage = critical, digitalSignature
	extendedKeyUsage = serverAuth
	authorityInfoAccess = OCSP;URI:http://127.0.0.1:8888
	tlsfeature = status_request
X
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj "/CN=CA of the lab" \
	-keyout "$LAB/ca.key" -out "$LAB/ca.crt" 2>/dev/null
certificate site -newkey ec -pkeyopt ec_paramgen_curve:P-256
certificate rsa -newkey rsa:2048
sed -i "s|certificate: .*|certificate: [$LAB/site.crt, $LAB/rsa.crt]|; s|^  key: .*|  key: [$LAB/site.key, $LAB/rsa.key]|" "$LAB/mst.yaml"
background ocsp g openssl ocsp -index "$LAB/index" -port 8888 -ndays 30 -rsigner "$LAB/ca.crt" -rkey "$LAB/ca.key" \
	-CA "$LAB/ca.crt" >"$LAB/ocsp.log" 2>&1
gw_start
both_stapled() { [ "$(cli server show certificate | grep -c 'good until')" = 2 ]; }
wait_for 15 both_stapled || fail "$(cli server show certificate)"

# The name says which certificate is expected; nobody is asked for its address, nor about the certificates.
background testssl c timeout 300 testssl --quiet --color 0 --warnings off -n none --add-ca "$LAB/ca.crt" --ip $PUB_GW \
	--protocols --std --fs --server-defaults --headers --vulnerable \
	--jsonfile "$LAB/testssl.json" gateway.example:443 >"$LAB/testssl" 2>&1 </dev/null
in_client sslscan --no-colour --show-cipher-ids --no-fallback $PUB_GW:443 >"$LAB/scan" 2>&1 || fail "sslscan: $(cat "$LAB/scan")"
protocols=$(sed -n 's/^\(SSLv[23]\|TLSv1\.[0-3]\) *enabled.*/\1/p' "$LAB/scan" | tr '\n' ' ')
[ "$protocols" = 'TLSv1.2 TLSv1.3 ' ] || fail "protocols: $protocols"
suites=$(sed -n 's/^\(Preferred\|Accepted\)  *TLSv1\.[23]  *[0-9]* bits  *0x\([0-9A-F]*\) .*/\2/p' "$LAB/scan" | sort | tr '\n' ' ')
[ "$suites" = '1301 1302 1303 C02B C02C C02F C030 CCA8 CCA9 ' ] || fail "suites: $suites"
groups=$(sed -n 's/^TLSv1\.3  *[0-9]* bits  \([^ ]*\).*/\1/p' "$LAB/scan" | sort -u | tr '\n' ' ')
[ "$groups" = 'secp256r1 secp384r1 x25519 ' ] || fail "groups: $groups"
grep -q 'Session renegotiation.*not supported\|Secure session renegotiation supported' "$LAB/scan" || fail "renegotiation"
grep -q 'Compression disabled\|OpenSSL version does not support compression' "$LAB/scan" || fail "compression"

wait "$(cat "$LAB/testssl.pid")" || fail "testssl.sh: $(tail -n 30 "$LAB/testssl")"
rm "$LAB/testssl.pid"
python3 "$LAB_ROOT/tests/support/findings.py" "$LAB/testssl.json" || fail "testssl.sh has found something"
