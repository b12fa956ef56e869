#!/bin/bash
# The CA is asked about the gateway's own certificate: by OCSP, and devices are sent what it says while it is good, or where the
# certificate names only a revocation list, by that. A revocation is told.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

ocsp_server() { # ocsp_server INDEX_LINE
	printf '%b\n' "$1" >"$LAB/index"
	background ocsp g openssl ocsp -index "$LAB/index" -port 8888 -ndays 1 -rsigner "$LAB/ca.crt" -rkey "$LAB/ca.key" \
		-CA "$LAB/ca.crt" >"$LAB/ocsp.log" 2>&1
}
list_server() {
	mkdir "$LAB/www"
	printf '[ca]\ndefault_ca=c\n[c]\ndatabase=%s\ndefault_md=sha256\n' "$LAB/index" >"$LAB/ca.cnf"
	openssl ca -gencrl -config "$LAB/ca.cnf" -keyfile "$LAB/ca.key" -cert "$LAB/ca.crt" -crldays 1 -out "$LAB/list.pem" 2>/dev/null
	openssl crl -in "$LAB/list.pem" -outform DER -out "$LAB/www/list.crl"
	background list g python3 -m http.server 8889 --bind 127.0.0.1 --directory "$LAB/www" >"$LAB/list.log" 2>&1
}
certificate() { # certificate SERIAL [EXTENSION]
	local extension="${2:-authorityInfoAccess=OCSP;URI:http://127.0.0.1:8888}"

	openssl x509 -req -in "$LAB/site.csr" -CA "$LAB/ca.crt" -CAkey "$LAB/ca.key" -set_serial "$1" -days 30 -out "$LAB/leaf.crt" \
		-extfile <(printf 'subjectAltName=DNS:gw.example\n%s\n' "$extension") 2>/dev/null
	cat "$LAB/leaf.crt" "$LAB/ca.crt" >"$LAB/site.new"
	mv "$LAB/site.new" "$LAB/site.crt"
}
shown() { cli server show certificate | grep -q "$1"; }
stapled() {
	in_client openssl s_client -connect "$PUB_GW:443" -status </dev/null 2>/dev/null | grep -q "$1"
}

lab_up
for name in ca site; do openssl ecparam -name prime256v1 -genkey -noout -out "$LAB/$name.key" 2>/dev/null; done
openssl req -x509 -key "$LAB/ca.key" -days 30 -subj /CN=ca -out "$LAB/ca.crt" 2>/dev/null
openssl req -new -key "$LAB/site.key" -subj /CN=gw.example -out "$LAB/site.csr" 2>/dev/null
chmod 600 "$LAB/site.key"
certificate 0x1001
ocsp_server 'V\t491231235959Z\t\t1001\tunknown\t/CN=gw.example\nR\t491231235959Z\t240101000000Z\t1002\tunknown\t/CN=gw.example'
list_server
gw_start
LAB_STATE=$(gw_state)
wait_for 8 shown 'OCSP, stapled, good until' || fail "$(cli server show certificate)"
stapled 'OCSP Response Status: successful' || fail "nothing is stapled"
cli server reload >/dev/null
stapled 'Cert Status: good' || fail "nothing is stapled after a reload"
certificate 0x1002
wait_for 12 shown revoked || fail "$(cli server show certificate)"
gw_log_has 'HAS BEEN REVOKED' || fail "the log does not say it"
stapled 'OCSP response: no response sent' || fail "a revocation is stapled"
list='crlDistributionPoints=URI:http://127.0.0.1:8889/list.crl'
certificate 0x1003 "$list"
wait_for 12 shown 'revocation list, good until' || fail "$(cli server show certificate)"
certificate 0x1002 "$list"
wait_for 12 shown revoked || fail "$(cli server show certificate)"
stop_background ocsp
stop_background list
no_leftovers
