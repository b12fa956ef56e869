// The rtnetlink sockets: one that hears the kernel's changes, one for dumps, one to ask for neighbours.
// Control lcore. The groups are joined before the first dump, so that no change falls between the two.
#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <libmnl/libmnl.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "route.h"

#define BUF_BYTES 65536
#define EVENT_RCVBUF_BYTES (8 << 20)
#define MAX_DATAGRAMS 1024 // a call of netlink_drain; the rest keeps the descriptor readable
#define DUMP_TRIES 3

static struct mnl_socket *events, *dumps, *asks;
static alignas(struct nlmsghdr) uint8_t buf[BUF_BYTES];

static struct mnl_socket *
open_socket(int flags, unsigned int groups)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, flags | SOCK_CLOEXEC);

	if (nl == NULL)
		return NULL;
	if (mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID) < 0) {
		int e = errno;

		mnl_socket_close(nl);
		errno = e;
		return NULL;
	}
	return nl;
}

int
netlink_open(char *err, size_t err_cap)
{
	const unsigned int groups = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
				    RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE;
	struct timeval wait = {.tv_sec = 2};
	int size = EVENT_RCVBUF_BYTES, ret;

	events = open_socket(SOCK_NONBLOCK, groups);
	if (events == NULL)
		goto err;
	// Beyond net.core.rmem_max needs CAP_NET_ADMIN; without it what overflows is dumped again.
	if (setsockopt(mnl_socket_get_fd(events), SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(mnl_socket_get_fd(events), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	dumps = open_socket(0, 0);
	if (dumps == NULL ||
		setsockopt(mnl_socket_get_fd(dumps), SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0)
		goto err;
	asks = open_socket(SOCK_NONBLOCK, 0);
	if (asks == NULL)
		goto err;
	return 0;
err:
	ret = -errno;
	snprintf(err, err_cap, "cannot open rtnetlink: %s", strerror(-ret));
	netlink_close();
	return ret;
}

void
netlink_close(void)
{
	struct mnl_socket **all[] = {&events, &dumps, &asks};

	for (size_t i = 0; i < MST_ARRAY_SIZE(all); i++) {
		if (*all[i] != NULL)
			mnl_socket_close(*all[i]);
		*all[i] = NULL;
	}
}

int
netlink_fd(void)
{
	return events != NULL ? mnl_socket_get_fd(events) : -1;
}

// One datagram of the kernel into buf; what another process sent is not one. -EMSGSIZE when it did not fit.
static ssize_t
receive(struct mnl_socket *nl)
{
	for (;;) {
		struct sockaddr_nl from = {0};
		struct iovec iov = {.iov_base = buf, .iov_len = sizeof(buf)};
		struct msghdr msg = {
			.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &iov, .msg_iovlen = 1};
		ssize_t n = recvmsg(mnl_socket_get_fd(nl), &msg, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (from.nl_pid != 0)
			continue;
		return (msg.msg_flags & MSG_TRUNC) != 0 ? -EMSGSIZE : n;
	}
}

static void
handle(const struct nlmsghdr *nlh, int len)
{
	struct route_event ev;
	int ret = route_msg_parse(nlh, (size_t)len, &ev);

	if (ret == 0)
		sync_event(&ev);
	else if (ret == -EBADMSG)
		MST_LOG(WARNING, "route", "rtnetlink message of type %u does not parse", nlh->nlmsg_type);
}

// Messages of one datagram of a dump: 1 = done, 0 = more to come. moved: the table changed under the dump.
static int
dump_part(int len, uint32_t seq, bool *moved)
{
	for (const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf; mnl_nlmsg_ok(nlh, len);
		nlh = mnl_nlmsg_next(nlh, &len)) {
		int error = 0;

		if (nlh->nlmsg_seq != seq)
			continue;
		if ((nlh->nlmsg_flags & NLM_F_DUMP_INTR) != 0)
			*moved = true;
		if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR) {
			if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(error))
				memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
			return error < 0 ? error : 1;
		}
		handle(nlh, len);
	}
	return 0;
}

static int
dump_one(uint16_t type, uint8_t family, size_t header_bytes)
{
	static uint32_t seq;
	union {
		struct nlmsghdr nlh;
		uint8_t bytes[64];
	} req = {0};
	struct rtgenmsg *gen;
	bool moved = false;

	mnl_nlmsg_put_header(&req);
	req.nlh.nlmsg_type = type;
	req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	req.nlh.nlmsg_seq = ++seq;
	gen = mnl_nlmsg_put_extra_header(
		&req.nlh, header_bytes); // each kind of header begins with the family
	gen->rtgen_family = family;
	if (mnl_socket_sendto(dumps, &req, req.nlh.nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t n = receive(dumps);
		int ret;

		if (n < 0)
			return (int)n;
		ret = dump_part((int)n, seq, &moved);
		if (ret < 0)
			return ret;
		if (ret == 1)
			return moved ? -EINTR : 0;
	}
}

int
netlink_dump(void)
{
	static const struct {
		uint16_t type;
		uint8_t family;
		size_t header_bytes;
	} wanted[] = {{RTM_GETLINK, AF_UNSPEC, sizeof(struct ifinfomsg)},
		{RTM_GETROUTE, AF_INET, sizeof(struct rtmsg)}, {RTM_GETROUTE, AF_INET6, sizeof(struct rtmsg)},
		{RTM_GETNEIGH, AF_UNSPEC, sizeof(struct ndmsg)}};

	for (size_t i = 0; i < MST_ARRAY_SIZE(wanted); i++) {
		int ret = -EINTR;

		for (unsigned int t = 0; ret == -EINTR && t < DUMP_TRIES; t++)
			ret = dump_one(wanted[i].type, wanted[i].family, wanted[i].header_bytes);
		// A table that never stands still: its changes are in the queue of events and follow.
		if (ret != 0 && ret != -EINTR)
			return ret;
	}
	return 0;
}

int
netlink_drain(void)
{
	int handled = 0;

	for (unsigned int i = 0; i < MAX_DATAGRAMS; i++) {
		ssize_t n = receive(events);
		int len = (int)n;

		if (n == -EAGAIN || n == -EWOULDBLOCK)
			return handled;
		if (n < 0)
			return -ENOBUFS;
		for (const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf; mnl_nlmsg_ok(nlh, len);
			nlh = mnl_nlmsg_next(nlh, &len)) {
			handle(nlh, len);
			handled++;
		}
	}
	return handled;
}

int
netlink_use_neighbour(int ifindex, const struct mst_ip *ip)
{
	union {
		struct nlmsghdr nlh;
		uint8_t bytes[128];
	} req = {0};
	struct ndmsg *ndm;

	if (asks == NULL)
		return -ENOTCONN;
	mnl_nlmsg_put_header(&req);
	req.nlh.nlmsg_type = RTM_NEWNEIGH;
	req.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE;
	ndm = mnl_nlmsg_put_extra_header(&req.nlh, sizeof(*ndm));
	ndm->ndm_family = ip->family == 4 ? AF_INET : AF_INET6;
	ndm->ndm_ifindex = ifindex;
	ndm->ndm_state = NUD_NONE;
	ndm->ndm_flags = NTF_USE;
	mnl_attr_put(&req.nlh, NDA_DST, route_family_bits(ip->family) / 8, ip->bytes);
	if (mnl_socket_sendto(asks, &req, req.nlh.nlmsg_len) < 0)
		return -errno;
	// Nothing is answered but errors, which the next packet for the neighbour makes good; take them off
	// the queue.
	while (recv(mnl_socket_get_fd(asks), req.bytes, sizeof(req.bytes), MSG_DONTWAIT) > 0)
		continue;
	return 0;
}
