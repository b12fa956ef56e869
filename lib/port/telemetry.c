// /mst/port/map: the ports by column. Runs on EAL's telemetry threads.
#include <errno.h>
#include <stdatomic.h>

#include "port_private.h"

typedef void column_fn(struct rte_tel_data *array, const struct mst_port *p);

static void
put_index(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_uint(array, p->index);
}

static void
put_dpdk_id(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_uint(array, p->dpdk_id);
}

static void
put_rxq(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_uint(array, p->n_rxq);
}

static void
put_txq(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_uint(array, p->n_txq);
}

static void
put_mtu(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_uint(array, p->mtu);
}

static void
put_device(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_string(array, p->device); // cut at 127 bytes
}

static void
put_driver(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_string(array, p->driver);
}

static void
put_roles(struct rte_tel_data *array, const struct mst_port *p)
{
	static const char *const words[] = {"none", "public", "private", "public and private"};

	rte_tel_data_add_array_string(array, words[p->roles & 3]);
}

static void
put_tap(struct rte_tel_data *array, const struct mst_port *p)
{
	rte_tel_data_add_array_string(array, p->tap);
}

static void
put_mac(struct rte_tel_data *array, const struct mst_port *p)
{
	char text[RTE_ETHER_ADDR_FMT_SIZE];

	rte_ether_format_addr(text, sizeof(text), &p->mac);
	rte_tel_data_add_array_string(array, text);
}

static const struct column {
	const char *name;
	enum rte_tel_value_type type;
	column_fn *put;
} columns[] = {
	{"index", RTE_TEL_UINT_VAL, put_index},
	{"dpdk_id", RTE_TEL_UINT_VAL, put_dpdk_id},
	{"device", RTE_TEL_STRING_VAL, put_device},
	{"driver", RTE_TEL_STRING_VAL, put_driver},
	{"roles", RTE_TEL_STRING_VAL, put_roles},
	{"rx_queues", RTE_TEL_UINT_VAL, put_rxq},
	{"tx_queues", RTE_TEL_UINT_VAL, put_txq},
	{"tap", RTE_TEL_STRING_VAL, put_tap},
	{"mac", RTE_TEL_STRING_VAL, put_mac},
	{"mtu", RTE_TEL_UINT_VAL, put_mtu},
};

static int
on_map(const char *cmd, const char *params, struct rte_tel_data *d)
{
	unsigned int n = mst_port_count();

	(void)cmd;
	(void)params;
	rte_tel_data_start_dict(d);
	for (size_t c = 0; c < MST_ARRAY_SIZE(columns); c++) {
		struct rte_tel_data *array = rte_tel_data_alloc();

		if (array == NULL)
			return -ENOMEM;
		rte_tel_data_start_array(array, columns[c].type);
		for (unsigned int i = 0; i < n; i++) {
			const struct mst_port *p = mst_port_get(i);

			if (p != NULL) // gone meanwhile
				columns[c].put(array, p);
		}
		rte_tel_data_add_dict_container(d, columns[c].name, array, 0);
	}
	return 0;
}

int
port_telemetry_create(void)
{
	static const struct mst_telemetry_row rows[] = {
		{"/mst/port/map", on_map, "The ports, one array a column. No parameters"}};
	static bool done;

	if (done)
		return 0;
	MST_TRY(mst_rt_telemetry(rows, MST_ARRAY_SIZE(rows)));
	done = true;
	return 0;
}
