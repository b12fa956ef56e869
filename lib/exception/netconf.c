// rtnetlink requests that set up our interfaces (rtnetlink(7)). Control lcore, start only: each waits for its
// answer.
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "exception.h"

union request {
	struct nlmsghdr nlh;
	uint8_t bytes[512];
};

int
netconf_open(struct mnl_socket **out)
{
	struct timeval wait = {.tv_sec = 2};
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	int ret;

	if (nl == NULL)
		return -errno;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
		setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0) {
		ret = -errno;
		mnl_socket_close(nl);
		return ret;
	}
	*out = nl;
	return 0;
}

void
netconf_close(struct mnl_socket *nl)
{
	if (nl != NULL)
		mnl_socket_close(nl);
}

static void *
begin(union request *req, uint16_t type, uint16_t flags, size_t header_bytes)
{
	static uint32_t seq;

	memset(req, 0, sizeof(*req));
	mnl_nlmsg_put_header(req);
	req->nlh.nlmsg_type = type;
	req->nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	req->nlh.nlmsg_seq = ++seq;
	return mnl_nlmsg_put_extra_header(&req->nlh, header_bytes);
}

// Sends it and waits for the kernel's answer to it.
static int
transact(struct mnl_socket *nl, const union request *req)
{
	union request answer;
	int error;

	if (mnl_socket_sendto(nl, req, req->nlh.nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(nl), &answer, sizeof(answer), MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if ((size_t)n < sizeof(answer.nlh) + sizeof(error) ||
			answer.nlh.nlmsg_seq != req->nlh.nlmsg_seq || answer.nlh.nlmsg_type != NLMSG_ERROR)
			continue;
		memcpy(&error, mnl_nlmsg_get_payload(&answer.nlh), sizeof(error));
		return error;
	}
}

int
netconf_link(struct mnl_socket *nl, int ifindex, const uint8_t *mac, uint16_t mtu, uint32_t txqlen)
{
	union request req;
	struct ifinfomsg *ifi = begin(&req, RTM_NEWLINK, 0, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	if (mac != NULL)
		mnl_attr_put(&req.nlh, IFLA_ADDRESS, 6, mac);
	mnl_attr_put_u32(&req.nlh, IFLA_MTU, mtu);
	mnl_attr_put_u32(&req.nlh, IFLA_TXQLEN, txqlen);
	return transact(nl, &req);
}

int
netconf_up(struct mnl_socket *nl, int ifindex)
{
	union request req;
	struct ifinfomsg *ifi = begin(&req, RTM_NEWLINK, 0, sizeof(*ifi));

	ifi->ifi_index = ifindex;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
	return transact(nl, &req);
}

static size_t
address_bytes(const struct mst_ip *ip)
{
	return ip->family == 4 ? 4 : 16;
}

static uint8_t
address_family(const struct mst_ip *ip)
{
	return ip->family == 4 ? AF_INET : AF_INET6;
}

int
netconf_address(struct mnl_socket *nl, int ifindex, const struct mst_net *addr)
{
	union request req;
	struct ifaddrmsg *ifa = begin(&req, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, sizeof(*ifa));

	ifa->ifa_family = address_family(&addr->ip);
	ifa->ifa_prefixlen = addr->depth;
	ifa->ifa_flags = addr->ip.family == 6 ? IFA_F_NODAD : 0;
	ifa->ifa_scope = RT_SCOPE_UNIVERSE;
	ifa->ifa_index = (uint32_t)ifindex;
	mnl_attr_put(&req.nlh, IFA_LOCAL, address_bytes(&addr->ip), addr->ip.bytes);
	mnl_attr_put(&req.nlh, IFA_ADDRESS, address_bytes(&addr->ip), addr->ip.bytes);
	return transact(nl, &req);
}

// A route of the main table to dst out of ifindex, to which more attributes may be added.
static void
begin_route(union request *req, uint16_t type, uint16_t flags, int ifindex, const struct mst_net *dst,
	bool on_link)
{
	struct rtmsg *rtm = begin(req, type, flags, sizeof(*rtm));
	struct mst_ip base = mst_net_base(dst);

	rtm->rtm_family = address_family(&dst->ip);
	rtm->rtm_dst_len = dst->depth;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_type = RTN_UNICAST;
	rtm->rtm_scope = on_link && dst->ip.family == 4 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	if (dst->depth > 0)
		mnl_attr_put(&req->nlh, RTA_DST, address_bytes(&base), base.bytes);
	mnl_attr_put_u32(&req->nlh, RTA_OIF, (uint32_t)ifindex);
}

int
netconf_route_mtu(struct mnl_socket *nl, int ifindex, const struct mst_ip *dst, uint16_t mtu)
{
	struct mst_net net = {.ip = *dst, .depth = dst->family == 4 ? 32 : 128};
	union request req;
	struct nlattr *metrics;

	if (mtu == 0) {
		begin_route(&req, RTM_DELROUTE, 0, ifindex, &net, true);
		return transact(nl, &req);
	}
	begin_route(&req, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, ifindex, &net, true);
	metrics = mnl_attr_nest_start(&req.nlh, RTA_METRICS);
	mnl_attr_put_u32(&req.nlh, RTAX_MTU, mtu);
	mnl_attr_nest_end(&req.nlh, metrics);
	return transact(nl, &req);
}

int
netconf_route(struct mnl_socket *nl, int ifindex, const struct mst_net *dst, const struct mst_ip *gateway,
	uint32_t metric)
{
	union request req;

	begin_route(&req, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, ifindex, dst, gateway == NULL);
	if (gateway != NULL)
		mnl_attr_put(&req.nlh, RTA_GATEWAY, address_bytes(gateway), gateway->bytes);
	if (metric != 0)
		mnl_attr_put_u32(&req.nlh, RTA_PRIORITY, metric);
	return transact(nl, &req);
}
