#!/bin/bash
# Hosts with a sign-in and addresses of their own: who gets in where and with which address, what one host gave at another,
# and a range that is full.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

ec_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$LAB/$1.key" 2>/dev/null; }
host() { # host NAME: a certificate with the site's key, so that one pin is good for all
	openssl req -x509 -key "$LAB/site.key" -days 90 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" -out "$LAB/$1.crt" 2>/dev/null
}
ca() { # ca NAME
	ec_key "$1"
	openssl req -x509 -key "$LAB/$1.key" -days 30 -subj "/CN=$1" -out "$LAB/$1.crt" 2>/dev/null
}
user() { # user NAME CA
	ec_key "$1"
	openssl req -new -key "$LAB/$1.key" -subj "/CN=$1" -out "$LAB/$1.csr" 2>/dev/null
	openssl x509 -req -in "$LAB/$1.csr" -CA "$LAB/$2.crt" -CAkey "$LAB/$2.key" -CAcreateserial -days 30 -out "$LAB/$1.crt" \
		-extfile <(echo extendedKeyUsage=clientAuth) 2>/dev/null
}
at() { # at HOST USER oc_start|oc_spawn N [OPTION...]
	local host=$1 user=$2
	shift 2
	OC_GATEWAY=$host OC_USER=$user "$@" "--resolve=$host:$PUB_GW"
}
by() { # by USER: openconnect's options for his certificate
	echo "-c $LAB/$1.crt -k $LAB/$1.key"
}
refused() { # refused HOST USER [OPTION...]
	local host=$1 user=$2
	shift 2
	at "$host" "$user" oc_spawn 9 "$@"
	wait_for 15 oc_gone 9 || fail "$user was neither taken nor refused by $host"
	! oc_up 9 || fail "$user was taken by $host"
}
gets() { # gets N FIRST LAST: of 10.99.0.x
	local last
	last=$(oc_ip "$1")
	last=${last##*.}
	((last >= $2 && last <= $3)) || fail "client $1 has $(oc_ip "$1"), not one of .$2 to .$3"
}

lab_up
for name in partners devices both; do host $name.example; done
ca devices-ca
ca both-ca
user user1 devices-ca
user user3 devices-ca
user user4 both-ca
cat >>"$LAB/mst.yaml" <<-Y
	hosts:
	- {name: partners.example, certificate: $LAB/partners.example.crt, key: $LAB/site.key, addresses: 10.99.0.64/27}
	- name: devices.example
	  certificate: $LAB/devices.example.crt
	  key: $LAB/site.key
	  addresses: 10.99.0.97/32
	  auth: {methods: [certificate], certificate: {ca: $LAB/devices-ca.crt, ocsp: off}}
	- name: both.example
	  certificate: $LAB/both.example.crt
	  key: $LAB/site.key
	  auth: {methods: [certificate+password], certificate: {ca: $LAB/both-ca.crt, ocsp: off}}
	profiles:
	- {user: user2, addresses: 10.99.0.77/32}
Y
gw_start
LAB_STATE=$(gw_state)

at partners.example alice oc_start 0
gets 0 64 95
# shellcheck disable=SC2046
at devices.example '' oc_start 1 $(by user1)
gets 1 97 97
OC_USER=user2 oc_start 2
gets 2 77 77
# shellcheck disable=SC2046
at both.example user4 oc_start 3 $(by user4)
gets 3 1 63
ping_lan 3 || fail "packets were lost"
cli --json server show id "$(cli --json server show user alice | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["ID"])')" |
	grep -q '"vhost": *"partners.example"' || fail "$(cli server show user alice)"
cli server show sessions | grep -q '10.99.0.77 *10.99.0.77/32' || fail "$(cli server show sessions)"

refused devices.example alice
# shellcheck disable=SC2046
{
	refused both.example user1 $(by user1)    # a certificate of the other host's CA, and the right password
	refused both.example alice $(by user4)    # not one user
	refused devices.example '' $(by user4)
	refused devices.example '' $(by user3)    # the one address is taken
}
cli server show events | grep -q 'user3.*no address of 10.99.0.97/32 is free' || fail "$(cli server show events)"

# What one host gave at others, whatever the header says.
tried=$(in_client python3 "$LAB_ROOT/tests/support/cookie_of_host.py" $PUB_GW partners.example user5 secret \
	devices.example both.example '' partners.example)
[ "$tried" = "401 401 401 200 " ] || fail "a cookie of partners.example at devices, both, the site, partners: $tried"
[ "$(counter cookie_host)" = 3 ] || fail "cookie_host is $(counter cookie_host)"
for n in 0 1 2 3; do oc_stop $n; done
cli server disconnect all >/dev/null
no_leftovers
