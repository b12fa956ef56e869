// /mst/session/...: the telemetry threads of EAL. No cookie and no key is in what they read.
#include <errno.h>
#include <string.h>

#include "session.h"

// DPDK cuts a reply at 16 KiB without a word: a page ends before it.
#define PAGE_ROWS 100
#define PAGE_BYTES 14000
#define ROW_FIXED_BYTES 120 // numbers, address and punctuation of a row

static const char *const path_names[] = {
	[MST_PATH_NONE] = "none",
	[MST_PATH_STREAM] = "stream",
	[MST_PATH_DTLS] = "dtls",
};

static int
session_count_cb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct mst_session_counts c;

	(void)cmd;
	(void)params;
	mst_session_counts(&c);
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_uint(d, "sessions", c.sessions);
	rte_tel_data_add_dict_uint(d, "dtls", c.dtls);
	rte_tel_data_add_dict_uint(d, "capacity", mst_session_capacity());
	rte_tel_data_add_dict_uint(d, "leases_free", c.leases_free);
	rte_tel_data_add_dict_uint(d, "leases_quarantined", c.leases_quarantined);
	rte_tel_data_add_dict_uint(d, "opened", c.opened);
	rte_tel_data_add_dict_uint(d, "closed", c.closed);
	rte_tel_data_add_dict_uint(d, "exhausted", c.exhausted);
	return 0;
}

static int
parse_u32(const char *params, uint32_t *out)
{
	uint64_t v;

	if (params == NULL)
		return -EINVAL;
	MST_TRY(mst_parse_u64(params, strlen(params), 0, UINT32_MAX, &v));
	*out = (uint32_t)v;
	return 0;
}

static void
address_text(const struct mst_session_view *v, char text[MST_IP_TEXT_BYTES])
{
	struct mst_ip ip = mst_ip4_from_host(v->addr4);

	mst_ip_format(&ip, text);
}

enum column { COL_ID, COL_INDEX, COL_ADDRESS, COL_USER, COL_PATH, COL_RX, COL_TX, COL_COUNT };

static const struct {
	const char *name;
	enum rte_tel_value_type type;
} columns[COL_COUNT] = {
	[COL_ID] = {"id", RTE_TEL_UINT_VAL},
	[COL_INDEX] = {"index", RTE_TEL_UINT_VAL},
	[COL_ADDRESS] = {"address", RTE_TEL_STRING_VAL},
	[COL_USER] = {"user", RTE_TEL_STRING_VAL},
	[COL_PATH] = {"path", RTE_TEL_STRING_VAL},
	[COL_RX] = {"rx_packets", RTE_TEL_UINT_VAL},
	[COL_TX] = {"tx_packets", RTE_TEL_UINT_VAL},
};

static void
add_row(struct rte_tel_data *const col[COL_COUNT], const struct mst_session_view *v)
{
	char address[MST_IP_TEXT_BYTES];

	address_text(v, address);
	rte_tel_data_add_array_uint(col[COL_ID], v->id);
	rte_tel_data_add_array_uint(col[COL_INDEX], v->index);
	rte_tel_data_add_array_string(col[COL_ADDRESS], address);
	rte_tel_data_add_array_string(col[COL_USER], v->info.user);
	rte_tel_data_add_array_string(col[COL_PATH], path_names[v->path]);
	rte_tel_data_add_array_uint(col[COL_RX], v->rx_packets);
	rte_tel_data_add_array_uint(col[COL_TX], v->tx_packets);
}

static void
free_columns(struct rte_tel_data *col[COL_COUNT])
{
	for (unsigned int i = 0; i < COL_COUNT; i++)
		rte_tel_data_free(col[i]);
}

// Rows from start on; returns where the next page starts, 0 after the last.
static uint32_t
fill_page(struct rte_tel_data *const col[COL_COUNT], uint32_t start)
{
	struct mst_session_view v;
	size_t bytes = 0;

	for (unsigned int n = 0; mst_session_snapshot(start, &v); n++) {
		// A character of a name takes two when JSON escapes it.
		bytes += ROW_FIXED_BYTES + 2 * strlen(v.info.user);
		if (n == PAGE_ROWS || (n > 0 && bytes > PAGE_BYTES))
			return v.index;
		add_row(col, &v);
		start = v.index + 1;
	}
	return 0;
}

static int
session_list_cb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct rte_tel_data *col[COL_COUNT] = {NULL};
	uint32_t start = 0;

	(void)cmd;
	if (params != NULL && params[0] != '\0')
		MST_TRY(parse_u32(params, &start));
	for (unsigned int i = 0; i < COL_COUNT; i++) {
		col[i] = rte_tel_data_alloc();
		if (col[i] == NULL) {
			free_columns(col);
			return -ENOMEM;
		}
		rte_tel_data_start_array(col[i], columns[i].type);
	}
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_uint(d, "next", fill_page(col, start));
	for (unsigned int i = 0; i < COL_COUNT; i++)
		rte_tel_data_add_dict_container(d, columns[i].name, col[i], 0);
	return 0;
}

static int
session_info_cb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct mst_session_view v;
	struct mst_ip ip6 = {.family = 6};
	char text[MST_IP_TEXT_BYTES + 4];
	uint32_t id;

	(void)cmd;
	MST_TRY(parse_u32(params, &id));
	if (id == 0 || !session_copy(0, id, &v))
		return -ENOENT;
	rte_tel_data_start_dict(d);
	rte_tel_data_add_dict_uint(d, "id", v.id);
	rte_tel_data_add_dict_uint(d, "index", v.index);
	address_text(&v, text);
	rte_tel_data_add_dict_string(d, "address", text);
	if (v.has6) {
		memcpy(ip6.bytes, v.addr6, sizeof(ip6.bytes));
		rte_tel_data_add_dict_string(d, "address6", mst_ip_format(&ip6, text));
	}
	if (v.range.ip.family != 0)
		rte_tel_data_add_dict_string(d, "range", mst_net_format(&v.range, text));
	rte_tel_data_add_dict_uint(d, "mtu", v.mtu);
	rte_tel_data_add_dict_string(d, "path", path_names[v.path]);
	rte_tel_data_add_dict_uint(d, "rx_packets", v.rx_packets);
	rte_tel_data_add_dict_uint(d, "rx_bytes", v.rx_bytes);
	rte_tel_data_add_dict_uint(d, "tx_packets", v.tx_packets);
	rte_tel_data_add_dict_uint(d, "tx_bytes", v.tx_bytes);
	rte_tel_data_add_dict_uint(d, "dtls_rx_packets", v.dtls_rx_packets);
	rte_tel_data_add_dict_uint(d, "dtls_tx_packets", v.dtls_tx_packets);
	rte_tel_data_add_dict_string(d, "user", v.info.user);
	rte_tel_data_add_dict_string(d, "group", v.info.group);
	rte_tel_data_add_dict_string(d, "host", v.info.host);
	rte_tel_data_add_dict_string(d, "hostname", v.info.hostname);
	rte_tel_data_add_dict_string(d, "user_agent", v.info.user_agent);
	rte_tel_data_add_dict_string(d, "platform", v.info.platform);
	rte_tel_data_add_dict_string(d, "device_type", v.info.device_type);
	rte_tel_data_add_dict_string(d, "device_id", v.info.device_id);
	rte_tel_data_add_dict_string(d, "tls_cipher", v.info.tls_cipher);
	rte_tel_data_add_dict_string(d, "dtls_cipher", v.info.dtls_cipher);
	rte_tel_data_add_dict_string(d, "remote", mst_ip_format(&v.info.remote, text));
	rte_tel_data_add_dict_uint(d, "connected_unix_s", v.info.connected_unix_s);
	return 0;
}

// Networks, which may be more than a reply holds: a page of them, and where the next one starts.
static int
session_ranges_cb(const char *cmd, const char *params, struct rte_tel_data *d)
{
	struct mst_session_range r;
	char name[MST_IP_TEXT_BYTES + 4] = "others";
	uint32_t start = 0;
	uint32_t i;

	(void)cmd;
	if (params != NULL && params[0] != '\0')
		MST_TRY(parse_u32(params, &start));
	rte_tel_data_start_dict(d);
	for (i = start; i - start < PAGE_ROWS && mst_session_range_at(i, &r); i++) {
		struct rte_tel_data *row = rte_tel_data_alloc();

		if (row == NULL)
			return -ENOMEM;
		if (r.net.ip.family != 0)
			mst_net_format(&r.net, name);
		rte_tel_data_start_dict(row);
		rte_tel_data_add_dict_uint(row, "addresses", r.size);
		rte_tel_data_add_dict_uint(row, "free", r.n_free);
		rte_tel_data_add_dict_container(d, name, row, 0);
	}
	rte_tel_data_add_dict_uint(d, "next", mst_session_range_at(i, &r) ? i : 0);
	return 0;
}

int
session_telemetry_register(void)
{
	static const struct mst_telemetry_row rows[] = {
		{"/mst/session/count", session_count_cb, "Sessions, leases and their bounds"},
		{"/mst/session/list", session_list_cb,
			"Up to 100 sessions by column; parameter: start, then `next`"},
		{"/mst/session/info", session_info_cb, "One session; parameter: id"},
		{"/mst/session/ranges", session_ranges_cb,
			"Up to 100 ranges of the pool; parameter: start, then `next`"},
	};

	static bool registered; // for the process: DPDK cannot take a command back

	if (registered)
		return 0;
	MST_TRY(mst_rt_telemetry(rows, MST_ARRAY_SIZE(rows)));
	registered = true;
	return 0;
}
