# shellcheck shell=bash disable=SC2034
# Sourced by tests/interop/run: one function a row. It runs with a fresh client log; client, up, gone and the checks of lab.sh are
# there. "short" in front of a name: the row is part of the short list.

ROWS=()
row() { # row [short] NAME: the function row_NAME
	local list=long
	[ "$1" = short ] && list=short && shift
	ROWS+=("$list:$1")
}

# ---- the channel ---------------------------------------------------------------------------------
row short plain
row_plain() {
	client && up && dtls && ping_lan 5 && saw POST
}

row short no_dtls
row_no_dtls() {
	client --no-dtls && up && ping_lan 5 && ! dtls 2 && path_is CSTP
}

row dtls12_ciphers # what is offered of old names does not hinder PSK-NEGOTIATE
row_dtls12_ciphers() {
	client --dtls12-ciphers AES256-GCM-SHA384 && up && ping_lan 5
}

row short disable_ipv6
row_disable_ipv6() {
	client --disable-ipv6 && up && ! env_has INTERNAL_IP6_NETMASK && ping_lan 5
}

row ipv6
row_ipv6() {
	client && up && env_has INTERNAL_IP6_NETMASK=fd00:99:
}

row base_mtu # 1300 - 20 - 8 - 38, or what the suite leaves
row_base_mtu() {
	client --base-mtu 1300 --disable-ipv6 && up && dtls && env_has INTERNAL_IP4_MTU=1234 && ping_lan 3 -s 1200
}

row tls12
row_tls12() {
	client --gnutls-priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2' && up && dtls && saw '(TLS1.2)' && ping_lan 5
}

row pfs
row_pfs() {
	client --pfs && up && dtls
}

# The gateway forgets the connection: the device is back by its cookie.
row reconnect_timeout
row_reconnect_timeout() {
	client --reconnect-timeout 20 --force-dpd 2 && up && dtls || return 1
	local before
	before=$(counter connect_resumed)
	kill -USR2 "$(client_pid)"
	wait_for 15 resumed_since "$before" && ping_lan 5
}
resumed_since() { [ "$(counter connect_resumed)" -gt "$1" ]; }

# ---- who the device says it is -------------------------------------------------------------------
row short useragent
row_useragent() {
	client --useragent 'AnyConnect Windows 4.10.05095' && up && shown User-Agent 'AnyConnect Windows 4.10.05095'
}

row os_win
row_os_win() { client --os win && up && shown Device win; }
row os_mac
row_os_mac() { client --os mac-intel && up && shown Device mac-intel; }
row short os_android # a phone has a DPD of its own
row_os_android() { client --os android && up && shown Device android && saw 'X-CSTP-DPD: 77'; }
row os_ios
row_os_ios() { client --os apple-ios && up && shown Device apple-ios && saw 'X-CSTP-DPD: 77'; }

row local_hostname
row_local_hostname() { client --local-hostname thing-7 && up && shown Hostname thing-7; }

# ---- forms ---------------------------------------------------------------------------------------
with_groups() { settings 's/^auth: {/&groups: [staff, eng], /'; }

row short wrong_password
row_wrong_password() {
	CLIENT_PASSWORD=wrong client && gone && saw 'Sign-in failed' && ! signed_in
}

row unknown_user
row_unknown_user() {
	CLIENT_USER=nobody-here client && gone && saw 'Sign-in failed' && ! signed_in
}

row short authgroup # not the first of the list: the form comes again
row_authgroup() {
	local CLIENT_USER=both
	with_groups && client --authgroup eng && up && shown Groupname eng && saw 'X-CSTP-Banner: engineers'
}

row authgroup_first
row_authgroup_first() {
	local CLIENT_USER=both
	with_groups && client --authgroup staff && up && shown Groupname staff && ! saw 'X-CSTP-Banner: engineers'
}

row short authgroup_of_others # refused as a wrong password is
row_authgroup_of_others() {
	with_groups && client --authgroup eng && gone && saw 'Sign-in failed' && ! signed_in
}

row group_by_url
row_group_by_url() {
	local CLIENT_USER=both CLIENT_PATH=eng
	with_groups && client --authgroup eng && up && shown Groupname eng
}

row form_entry
row_form_entry() {
	with_groups && CLIENT_USER='' client --form-entry main:username=alice --form-entry main:group_list=staff && up && shown Username alice
}

row short no_xmlpost # GET, and forms without XML
row_no_xmlpost() {
	client --no-xmlpost && up && dtls && ! saw 'POST https://.*/$'
}

row no_http_keepalive
row_no_http_keepalive() { client --no-http-keepalive && up && dtls; }

row deflate # never negotiated
row_deflate() { client --deflate --compression=all && up && ping_lan 3 && ! saw '^< X-(CSTP|DTLS)-Content-Encoding'; }

row queue_len
row_queue_len() { client --queue-len 64 && up && ping_lan 3; }

row version_string
row_version_string() { client --version-string 4.10.1 && up; }

# ---- the cookie, apart from the tunnel -----------------------------------------------------------
row short cookieonly
row_cookieonly() {
	local cookie
	cookie=$(client_once --cookieonly) && [ -n "$cookie" ] || return 1
	CLIENT_PASSWORD='' client_by_cookie "$cookie" && up && dtls && ping_lan 5
}

row short authenticate
row_authenticate() {
	local COOKIE='' HOST='' FINGERPRINT='' CONNECT_URL='' RESOLVE=''
	eval "$(client_once --authenticate | grep -E '^(COOKIE|HOST|FINGERPRINT|CONNECT_URL|RESOLVE)=')"
	[ "$FINGERPRINT" = "$LAB_PIN" ] && [ "$HOST" = "$PUB_GW" ] && client_by_cookie "$COOKIE" && up && dtls
}

row cookie_of_others
row_cookie_of_others() {
	client_by_cookie "webvpn=$(printf '0%.0s' {1..64})" && gone && saw 'Cookie was rejected'
}

# ---- what CONNECT tells --------------------------------------------------------------------------
row short connect_headers # openconnect 9.12 hears of NBNS servers and passes none on
row_connect_headers() {
	client && up && env_has 'CISCO_DEF_DOMAIN=example.com corp.example.com' && env_has 'CISCO_SPLIT_DNS=corp.example' &&
		env_has CISCO_SPLIT_INC=2 && env_has CISCO_SPLIT_EXC_0_ADDR=10.20.9.0 && env_has INTERNAL_IP4_DNS=10.20.0.53 &&
		saw 'X-CSTP-NBNS: 10.20.0.54' && env_has 'CISCO_PROXY_PAC=http://proxy.example.com/p.pac' &&
		env_has 'CISCO_BANNER=Welcome' && saw 'X-CSTP-Tunnel-All-DNS: false'
}
