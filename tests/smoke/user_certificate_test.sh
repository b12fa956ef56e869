#!/bin/bash
# Certificates of users: with a password of the same user in any spelling and of no other, alone, and revoked; a cookie
# that was gained by one is worth nothing without it.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

ec_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$LAB/$1.key" 2>/dev/null; }
user_certificate() { # user_certificate NAME SERIAL COMMON_NAME
	ec_key "$1"
	openssl req -new -key "$LAB/$1.key" -subj "/OU=$1s/CN=$3" -out "$LAB/$1.csr" 2>/dev/null
	openssl x509 -req -in "$LAB/$1.csr" -CA "$LAB/ca.crt" -CAkey "$LAB/ca.key" -set_serial "$2" -days 30 -out "$LAB/$1.crt" \
		-extfile <(printf 'extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\nauthorityInfoAccess=OCSP;URI:http://127.0.0.1:8888\n') \
		2>/dev/null
}
sign_in() { # sign_in N CERTIFICATE USER
	OC_USER=$3 oc_start "$1" -c "$LAB/$2.crt" -k "$LAB/$2.key"
}
refused() { # refused N CERTIFICATE USER
	OC_USER=$3 oc_spawn "$1" -c "$LAB/$2.crt" -k "$LAB/$2.key"
	wait_for 15 oc_gone "$1" || fail "$2's certificate and $3's password were neither taken nor refused"
	oc_up "$1" && fail "$2's certificate and $3's password were taken"
	return 0
}
configure() { # configure METHOD [OPTION]
	CONF_AUTH="methods: [$1], certificate: {ca: $LAB/ca.crt, user: cn, group: ou${2:-}}" lab_config
}
by_cookie() { # by_cookie N [OPTION...]
	rm -f "$LAB/env.tun$1"
	background "oc.$1" c openconnect --cookie-on-stdin --servercert "$LAB_PIN" --interface "tun$1" \
		--script "$LAB/vpnc-script" -v "${@:2}" "https://$PUB_GW/" <<<"$cookie" >"$LAB/oc.$1.log" 2>&1
	wait_for 15 oc_up_or_gone "$1" || fail "a cookie was neither taken nor refused"
}

lab_up
ec_key ca
openssl req -x509 -key "$LAB/ca.key" -days 30 -subj /CN=users -out "$LAB/ca.crt" 2>/dev/null
user_certificate alice 0x1001 alice
user_certificate user1 0x1002 USER1
user_certificate lost 0x1003 user2
user_certificate late 0x1004 user3
printf 'V\t491231235959Z\t\t1001\tunknown\t/CN=alice\nV\t491231235959Z\t\t1002\tunknown\t/CN=user1\n' >"$LAB/index"
printf 'R\t491231235959Z\t240101000000Z\t1003\tunknown\t/CN=user2\n' >>"$LAB/index"
background ocsp g openssl ocsp -index "$LAB/index" -port 8888 -rsigner "$LAB/ca.crt" -rkey "$LAB/ca.key" -CA "$LAB/ca.crt" \
	>"$LAB/ocsp.log" 2>&1
configure certificate+password
gw_start
LAB_STATE=$(gw_state)

sign_in 0 alice ALICE
sign_in 1 user1 user1
ping_lan 5 || fail "packets were lost"
refused 2 alice user1
refused 2 user1 ALICE
refused 2 lost user2
gw_log_has 'certificate from 192.0.2.2 refused: it has been revoked' || fail "the log does not say why"
for n in 0 1; do oc_stop $n; done

configure certificate
cli server reload >/dev/null
cookie=$(in_client openconnect --non-inter --servercert "$LAB_PIN" -c "$LAB/alice.crt" -k "$LAB/alice.key" --authenticate \
	"https://$PUB_GW/" 2>/dev/null | sed -n "s/^COOKIE='\(.*\)'/\1/p")
[ -n "$cookie" ] || fail "--authenticate gave no cookie"
by_cookie 1
oc_up 1 && fail "a cookie was taken without its certificate"
by_cookie 1 -c "$LAB/user1.crt" -k "$LAB/user1.key"
oc_up 1 && fail "a cookie was taken with another certificate"
[ "$(counter cookie_certificate)" = 2 ] || fail "the refused cookies are not counted"
by_cookie 1 -c "$LAB/alice.crt" -k "$LAB/alice.key"
oc_up 1 || fail "a cookie was not taken with its certificate"
oc_stop 1
sign_in 0 user1 ''
cli --json server show users | grep -q '"Groupname": *"user1s"' || fail "$(cli --json server show users)"
# Nobody to ask about others: closed.
stop_background ocsp
refused 2 late ''
gw_log_has 'certificate from 192.0.2.2 refused: it could not be asked about' || fail "the log does not say why"
oc_stop 0
no_leftovers
