#!/bin/bash
# Passwords verified by a real FreeRADIUS, which says the group, too, and is told of sessions.
set -eu
# shellcheck source=tests/support/lab.sh
. "$(dirname "$0")/../support/lab.sh"

command -v freeradius >/dev/null || { say "needs freeradius" && exit 77; }

radius_files() {
	mkdir "$LAB/raddb"
	echo testing123 >"$LAB/radius.secret"
	echo '$INCLUDE /usr/share/freeradius/dictionary' >"$LAB/raddb/dictionary"
	printf '%s Cleartext-Password := "radius"\n\tUser-Name := "Anna.B", Class := "OU=staff;", Session-Timeout := 3600\n' \
		anna >"$LAB/raddb/users"
	cat >"$LAB/raddb/radiusd.conf" <<-R
		prefix = /usr
		localstatedir = $LAB/raddb
		name = radiusd
		libdir = /usr/lib/freeradius
		logdir = $LAB/raddb
		run_dir = $LAB/raddb
		log {
			destination = files
			file = $LAB/raddb/radius.log
			auth = yes
		}
		security {
			reject_delay = 0
		}
		client lab {
			ipaddr = 127.0.0.1
			secret = testing123
			require_message_authenticator = yes
		}
		modules {
			pap {
			}
			files {
				filename = $LAB/raddb/users
			}
			detail {
				filename = $LAB/raddb/detail
			}
		}
		server lab {
			listen {
				type = auth
				ipaddr = 127.0.0.1
				port = 1812
			}
			listen {
				type = acct
				ipaddr = 127.0.0.1
				port = 1813
			}
			authorize {
				files
				pap
			}
			authenticate {
				Auth-Type PAP {
					pap
				}
			}
			accounting {
				detail
			}
			post-auth {
				update reply {
					Message-Authenticator := 0x00
				}
				Post-Auth-Type REJECT {
					update reply {
						Message-Authenticator := 0x00
					}
				}
			}
		}
	R
}

radius_answers() { grep -q 'Ready to process requests' "$LAB/raddb/radius.log"; }

CONF_AUTH='password: radius, radius: {servers: 127.0.0.1, accounting: 127.0.0.1, secret: SECRET, timeout: 2s, interim: 1s}'
lab_up
CONF_AUTH=${CONF_AUTH/SECRET/$LAB/radius.secret} lab_config
radius_files
background radius g freeradius -f -d "$LAB/raddb" -D "$LAB/raddb" >"$LAB/raddb/out" 2>&1
wait_for 10 radius_answers || fail "freeradius: $(cat "$LAB/raddb/out" "$LAB/raddb/radius.log")"
gw_start
LAB_STATE=$(gw_state)

OC_USER=anna OC_PASSWORD=wrong oc_spawn 0
wait_for 20 oc_gone 0 || fail "a wrong password: the client is still there"
[ ! -s "$LAB/env.tun0" ] || fail "a wrong password got a tunnel"
OC_USER=anna OC_PASSWORD=radius oc_start 0
cli --json server show user anna.b | grep -q '"Groupname": *"staff"' || fail "the group is not that of Class: $(cli --json server show user anna.b)"
grep -q 'Login OK' "$LAB/raddb/radius.log" || fail "it was not FreeRADIUS that let the user in"
ping_lan 5 || fail "no traffic"
# Accounting: its start, its course with what it has carried, its end, under one name.
reported() { grep -q "Acct-Status-Type = $1" "$LAB/raddb/detail"; }
wait_for 5 reported Start || fail "no start was reported: $(cat "$LAB/gateway.log")"
wait_for 5 reported Interim-Update || fail "no interim report"
oc_stop 0
wait_for 5 reported Stop || fail "no end was reported"
sed -n '/= Stop/,/^$/p' "$LAB/raddb/detail" >"$LAB/stop"
grep -q 'User-Name = "anna.b"' "$LAB/stop" || fail "the report is of somebody else: $(cat "$LAB/stop")"
grep -q 'Acct-Terminate-Cause = User-Request' "$LAB/stop" || fail "the cause: $(cat "$LAB/stop")"
[ "$(sed -n 's/.*Acct-Input-Packets = //p' "$LAB/stop")" -ge 5 ] || fail "the packets: $(cat "$LAB/stop")"
[ "$(grep Acct-Session-Id "$LAB/raddb/detail" | sort -u | wc -l)" = 1 ] || fail "one session has more than one name"

# A server that is away is no refusal: the client is told to come back.
stop_background radius
OC_USER=anna OC_PASSWORD=radius oc_spawn 1
wait_for 20 oc_gone 1 || fail "no server: the client is still there"
[ "$(counter auth_busy)" = 1 ] || fail "no server: counted as $(counter auth_failed) refusals"
no_leftovers
