// Queues, offloads, RSS, MTU and start of one port. Control lcore, at start.
#include <errno.h>
#include <string.h>

#include "port_private.h"

// Of UDP on receive nothing is asked: what counts there is the tag of the record.
#define RX_CHECKSUMS RTE_ETH_RX_OFFLOAD_IPV4_CKSUM
#define TX_CHECKSUMS (RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM)
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN + 2 * RTE_VLAN_HLEN)

static unsigned int
lowest(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

unsigned int
port_queues_wanted(const struct mst_port_profile *profile, unsigned int queues, unsigned int n_workers)
{
	return lowest(queues != 0 ? queues : n_workers, lowest(profile->max_rxq, MST_MAX_WORKERS));
}

void
port_queues_choose(const struct mst_port_profile *profile, unsigned int queues, unsigned int n_workers,
	uint16_t dev_rxq, uint16_t dev_txq, uint16_t *n_rxq, uint16_t *n_txq)
{
	*n_rxq = (uint16_t)lowest(port_queues_wanted(profile, queues, n_workers), dev_rxq);
	if (profile->spread == MST_PORT_SPREAD_ALL)
		*n_rxq = dev_rxq;
	*n_txq = (uint16_t)lowest(n_workers, lowest(dev_txq, profile->max_txq));
	// The transmit half of a pair would bring a receive half that nobody polls.
	if (profile->spread != MST_PORT_SPREAD_ANY && *n_txq > *n_rxq)
		*n_txq = *n_rxq;
}

// Names in plain words what was asked for and is not there.
static uint64_t
offloads(const struct mst_port *port, bool asked, uint64_t want, uint64_t capa, const char *what)
{
	if (!asked)
		return 0;
	if ((capa & want) != want)
		MST_LOG(INFO, "port", "%s: no %s in hardware, done in software", port->device, what);
	return capa & want;
}

static void
make_conf(struct mst_port *port, const struct rte_eth_dev_info *info, struct rte_eth_conf *conf)
{
	const struct mst_port_profile *profile = &port->profile;
	struct port_rss rss = {.words = "a rule of the device"};

	memset(conf, 0, sizeof(*conf));
	port->rx_offloads = offloads(
		port, profile->rx_checksum, RX_CHECKSUMS, info->rx_offload_capa, "checksums on receive");
	port->tx_offloads = offloads(
		port, profile->tx_checksum, TX_CHECKSUMS, info->tx_offload_capa, "checksums on transmit");
	conf->rxmode.offloads = port->rx_offloads;
	conf->txmode.offloads = port->tx_offloads;
	port->spread = "one queue";
	conf->intr_conf.rxq = port->wake == MST_PORT_WAKE_INTERRUPT;
	if (port->n_rxq == 1)
		return;
	if (profile->rss)
		port_rss_choose(port->roles, info->flow_type_rss_offloads, &rss);
	port->spread = rss.words;
	if (rss.fields != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = rss.fields; // the key is the driver's own
	}
}

static void
log_spread(const struct mst_port *port, unsigned int n_workers)
{
	if (port->n_rxq > 1)
		MST_LOG(INFO, "port", "%s: packets are spread over %u receive queues by %s", port->device,
			port->n_rxq, port->spread);
	if (mst_port_spreads_by_software(port, n_workers))
		MST_LOG(NOTICE, "port",
			"%s: %u receive queues for %u workers: software spreads packets further",
			port->device, port->n_rxq, n_workers);
	if (port->n_txq < n_workers)
		MST_LOG(NOTICE, "port", "%s: %u transmit queues for %u workers: packets are handed over",
			port->device, port->n_txq, n_workers);
}

static int
set_mtu(struct mst_port *port, uint16_t want, const struct rte_eth_dev_info *info, char *err, size_t err_cap)
{
	uint16_t now = 0;
	uint16_t room = rte_pktmbuf_data_room_size(mst_port_pool());
	int rc;

	(void)rte_eth_dev_get_mtu(port->dpdk_id, &now);
	port->mtu = want != 0 ? want : now;
	if ((unsigned int)port->mtu + FRAME_OVERHEAD + RTE_PKTMBUF_HEADROOM > room) {
		snprintf(err, err_cap, "MTU %u does not fit packet buffers of %u bytes", port->mtu, room);
		return -EINVAL;
	}
	rc = want == 0 ? 0 : rte_eth_dev_set_mtu(port->dpdk_id, want);
	if (rc == -ENOTSUP) {
		MST_LOG(INFO, "port", "%s: %s has no MTU to set; %u is held to by the gateway alone",
			port->device, port->driver, want);
		return 0;
	}
	if (rc < 0 && now == want) {
		MST_LOG(INFO, "port", "%s: MTU %u left as it is (%s)", port->device, want, strerror(-rc));
		return 0;
	}
	if (rc < 0)
		snprintf(err, err_cap,
			"refuses MTU %u (%s): its frames have up to %u bytes, its MTU is now %u", want,
			strerror(-rc), info->max_rx_pktlen, now);
	return rc;
}

static int
setup_queues(const struct mst_port *port, char *err, size_t err_cap)
{
	uint16_t rx_desc = port->profile.rx_desc;
	uint16_t tx_desc = port->profile.tx_desc;
	int socket = rte_eth_dev_socket_id(port->dpdk_id);
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(port->dpdk_id, &rx_desc, &tx_desc);

	if (rc < 0) {
		snprintf(err, err_cap, "refuses queues of %u and %u descriptors: %s", rx_desc, tx_desc,
			strerror(-rc));
		return rc;
	}
	for (uint16_t q = 0; q < port->n_rxq; q++) {
		rc = rte_eth_rx_queue_setup(
			port->dpdk_id, q, rx_desc, (unsigned int)socket, NULL, port_pool_on(socket));
		if (rc < 0) {
			snprintf(err, err_cap, "receive queue %u: %s", q, strerror(-rc));
			return rc;
		}
	}
	for (uint16_t q = 0; q < port->n_txq; q++) {
		rc = rte_eth_tx_queue_setup(port->dpdk_id, q, tx_desc, (unsigned int)socket, NULL);
		if (rc < 0) {
			snprintf(err, err_cap, "transmit queue %u: %s", q, strerror(-rc));
			return rc;
		}
	}
	return 0;
}

// Neighbour discovery is multicast (RFC 4861 section 7.2.1): the port must let all of it in.
static void
admit_multicast(const struct mst_port *port)
{
	if (rte_eth_allmulticast_enable(port->dpdk_id) == 0)
		return;
	if (rte_eth_promiscuous_enable(port->dpdk_id) == 0)
		return;
	MST_LOG(INFO, "port", "%s: %s filters no addresses, or cannot be told to admit multicast",
		port->device, port->driver);
}

static int
start(struct mst_port *port, char *err, size_t err_cap)
{
	int rc = rte_eth_dev_start(port->dpdk_id);

	if (rc == 0) {
		rc = rte_eth_macaddr_get(port->dpdk_id, &port->mac);
		if (rc < 0)
			(void)rte_eth_dev_stop(port->dpdk_id);
	}
	if (rc < 0) {
		snprintf(err, err_cap, "does not start: %s", strerror(-rc));
		return rc;
	}
	admit_multicast(port);
	return 0;
}

// The return codes of drivers are poor; their log says more.
static void
add_driver_words(char *err, size_t err_cap)
{
	char why[192];
	size_t len = strlen(err);

	mst_rt_eal_error(why, sizeof(why));
	if (why[0] != '\0')
		snprintf(err + len, err_cap - len, " (%s)", why);
}

int
port_setup(struct mst_port *port, const struct mst_port_params *p, unsigned int n_workers, char *err,
	size_t err_cap)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	int rc = rte_eth_dev_info_get(port->dpdk_id, &info);

	if (rc < 0) {
		snprintf(err, err_cap, "tells nothing of itself: %s", strerror(-rc));
		return rc;
	}
	port_queues_choose(&port->profile, p->queues, n_workers, info.max_rx_queues, info.max_tx_queues,
		&port->n_rxq, &port->n_txq);
	if (p->queues != 0 && port->n_rxq != p->queues)
		MST_LOG(WARNING, "port", "%s: %u receive queues asked for, %u used", port->device, p->queues,
			port->n_rxq);
	port->wake = p->wake ? port->profile.wake : MST_PORT_WAKE_NONE;
	make_conf(port, &info, &conf);
	log_spread(port, n_workers);
	rc = rte_eth_dev_configure(port->dpdk_id, port->n_rxq, port->n_txq, &conf);
	if (rc < 0)
		snprintf(err, err_cap, "refuses %u receive and %u transmit queues: %s", port->n_rxq,
			port->n_txq, strerror(-rc));
	if (rc == 0)
		rc = set_mtu(port, p->mtu, &info, err, err_cap);
	if (rc == 0)
		rc = setup_queues(port, err, err_cap);
	if (rc == 0)
		rc = start(port, err, err_cap);
	if (rc < 0)
		add_driver_words(err, err_cap);
	return rc;
}
