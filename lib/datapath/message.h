// The messages inside a DTLS data record: one type byte, then the body (draft-mavrogiannopoulos-openconnect
// section 2.2). Worker lcores.
#pragma once

enum message_type {
	MESSAGE_DATA = 0x00,	// an IP packet
	MESSAGE_DPD_REQ = 0x03, // to be answered with the same body
	MESSAGE_DPD_RESP = 0x04,
	MESSAGE_KEEPALIVE = 0x07, // needs no answer
};

#define MESSAGE_TYPE_BYTES 1
