#!/bin/bash
# What sslscan finds is the profile and nothing else: protocols, suites, groups, with an ECDSA and an RSA certificate.
# MST_TESTSSL=1: testssl.sh, too, which takes minutes, finds nothing above LOW but what a laboratory's certificate lacks.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

command -v sslscan >/dev/null || { say "skip: no sslscan"; exit 77; }
CONF_HANDSHAKES=1000
lab_up
openssl req -x509 -nodes -days 90 -subj "/CN=gateway.example" -addext "subjectAltName=IP:$PUB_GW,DNS:gateway.example" \
	-newkey rsa:2048 -keyout "$LAB/rsa.key" -out "$LAB/rsa.crt" 2>/dev/null
chmod 600 "$LAB/rsa.key"
sed -i "s|certificate: .*|certificate: [$LAB/site.crt, $LAB/rsa.crt]|; s|^  key: .*|  key: [$LAB/site.key, $LAB/rsa.key]|" "$LAB/mst.yaml"
gw_start
in_client sslscan --no-colour --show-cipher-ids --no-fallback $PUB_GW:443 >"$LAB/scan" 2>&1 || fail "sslscan: $(cat "$LAB/scan")"
protocols=$(sed -n 's/^\(SSLv[23]\|TLSv1\.[0-3]\) *enabled.*/\1/p' "$LAB/scan" | tr '\n' ' ')
[ "$protocols" = 'TLSv1.2 TLSv1.3 ' ] || fail "protocols: $protocols"
suites=$(sed -n 's/^\(Preferred\|Accepted\)  *TLSv1\.[23]  *[0-9]* bits  *0x\([0-9A-F]*\) .*/\2/p' "$LAB/scan" | sort | tr '\n' ' ')
[ "$suites" = '1301 1302 1303 C02B C02C C02F C030 CCA8 CCA9 ' ] || fail "suites: $suites"
groups=$(sed -n 's/^TLSv1\.3  *[0-9]* bits  \([^ ]*\).*/\1/p' "$LAB/scan" | sort -u | tr '\n' ' ')
[ "$groups" = 'secp256r1 secp384r1 x25519 ' ] || fail "groups: $groups"
grep -q 'Session renegotiation.*not supported\|Secure session renegotiation supported' "$LAB/scan" || fail "renegotiation"
grep -q 'Compression disabled\|OpenSSL version does not support compression' "$LAB/scan" || fail "compression"
if [ -n "${MST_TESTSSL:-}" ]; then
	in_client testssl --quiet --color 0 --warnings off --severity MEDIUM --jsonfile "$LAB/testssl.json" $PUB_GW:443 >/dev/null 2>&1 || true
	# A self-made certificate has no chain, no OCSP and no CRL; Mozilla's profile leaves the order of suites to the device.
	python3 - "$LAB/testssl.json" <<-'P' || fail "testssl"
		import json, sys
		known = ("cert_chain_of_trust", "cert_revocation", "cert_crlDistributionPoints", "cert_ocspURL", "cert_trust",
		         "OCSP_stapling", "DNS_CAArecord", "cert_expirationStatus", "overall_grade", "grade_cap_reason",
		         "cipher_order", "engine_problem")
		bad = [f for f in json.load(open(sys.argv[1])) if not f["id"].startswith(known)]
		for f in bad:
		    print(f["severity"], f["id"], f["finding"], file=sys.stderr)
		sys.exit(1 if bad else 0)
	P
fi
