# shellcheck shell=bash disable=SC2034
# Sourced by tests/interop/run, as rows.sh: other ways to sign in than a password.

TOTP_HEX=48656c6c6f21deadbeef3132333435363738

lab_interop_identities() {
	printf 'HOTP/T30 alice - %s\n' "$TOTP_HEX" >"$LAB/oath"
	chmod 600 "$LAB/oath"
}

# ---- one-time codes ------------------------------------------------------------------------------
with_codes() { settings "s,^  file: .*/users$,&\n  oath: $LAB/oath,"; }

row short totp # the code is made by the client itself
row_totp() {
	with_codes && client --token-mode=totp --token-secret="0x$TOTP_HEX" && up && dtls && ping_lan 3
}

row totp_wrong
row_totp_wrong() {
	with_codes && client --token-mode=totp --token-secret=0x00112233445566778899 && gone && ! signed_in
}

row totp_missing # the right password alone opens nothing
row_totp_missing() {
	with_codes && client && gone && ! signed_in
}
