// rtnetlink messages to events (rtnetlink(7), RFC 3549). Pure; control lcore. Every attribute is taken by its
// length, and bytes left over make the message a bad one: a lost RTA_DST would else read as a default route.
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include "route.h"

// Attributes of a message or a nest, the last of a type wins. -EBADMSG when they do not fill len exactly.
static int
collect(const void *payload, size_t len, const struct nlattr **table, unsigned int max)
{
	const char *p = payload, *end = p + len;

	memset(table, 0, sizeof(*table) * (max + 1));
	while (p < end) {
		const struct nlattr *attr = (const struct nlattr *)p;
		size_t step;

		if (!mnl_attr_ok(attr, (int)(end - p)))
			return -EBADMSG;
		if (mnl_attr_get_type(attr) <= max)
			table[mnl_attr_get_type(attr)] = attr;
		step = MNL_ALIGN(mnl_attr_get_len(attr));
		p += step < (size_t)(end - p) ? step : (size_t)(end - p);
	}
	return 0;
}

static int
get_u32(const struct nlattr *attr, uint32_t *out)
{
	if (mnl_attr_get_payload_len(attr) < sizeof(*out))
		return -EBADMSG;
	memcpy(out, mnl_attr_get_payload(attr), sizeof(*out));
	return 0;
}

static uint8_t
family_of(uint8_t af)
{
	return af == AF_INET ? 4 : af == AF_INET6 ? 6 : 0;
}

static int
get_ip(const void *bytes, size_t len, uint8_t family, struct mst_ip *out)
{
	if (len != route_family_bits(family) / 8)
		return -EBADMSG;
	*out = (struct mst_ip){.family = family};
	memcpy(out->bytes, bytes, len);
	return 0;
}

static int
get_ip_attr(const struct nlattr *attr, uint8_t family, struct mst_ip *out)
{
	return get_ip(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr), family, out);
}

// RTA_VIA: a gateway of another family than the route's (RFC 8950).
static int
get_via(const struct nlattr *attr, struct mst_ip *out)
{
	size_t len = mnl_attr_get_payload_len(attr);
	struct rtvia via;
	uint8_t family;

	if (len < sizeof(via))
		return -EBADMSG;
	memcpy(&via, mnl_attr_get_payload(attr), sizeof(via));
	family = family_of((uint8_t)via.rtvia_family);
	if (family == 0)
		return -EBADMSG;
	return get_ip(
		(const uint8_t *)mnl_attr_get_payload(attr) + sizeof(via), len - sizeof(via), family, out);
}

static int
get_hop(const struct nlattr *const *a, uint8_t family, unsigned int flags, struct route_hop *hop)
{
	hop->gateway = (struct mst_ip){0};
	hop->usable = (flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0;
	if (a[RTA_GATEWAY] != NULL)
		return get_ip_attr(a[RTA_GATEWAY], family, &hop->gateway);
	if (a[RTA_VIA] != NULL)
		return get_via(a[RTA_VIA], &hop->gateway);
	return 0;
}

static int
get_multipath(const struct nlattr *attr, struct route_event *ev)
{
	const char *p = mnl_attr_get_payload(attr);
	size_t left = mnl_attr_get_payload_len(attr);

	while (left > 0) {
		const struct nlattr *a[RTA_MAX + 1];
		struct rtnexthop nh;
		struct route_hop hop;
		size_t step;

		if (left < sizeof(nh))
			return -EBADMSG;
		memcpy(&nh, p, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > left)
			return -EBADMSG;
		MST_TRY(collect(p + sizeof(nh), nh.rtnh_len - sizeof(nh), a, RTA_MAX));
		hop.ifindex = nh.rtnh_ifindex;
		MST_TRY(get_hop(a, ev->net.ip.family, nh.rtnh_flags, &hop));
		if (ev->n_hops < ROUTE_MAX_HOPS)
			ev->hops[ev->n_hops++] = hop;
		step = RTNH_ALIGN(nh.rtnh_len);
		if (step > left)
			step = left;
		p += step;
		left -= step;
	}
	return ev->n_hops > 0 ? 0 : -EBADMSG;
}

static int
get_hops(const struct nlattr *const *a, const struct rtmsg *rtm, struct route_event *ev)
{
	uint32_t oif = 0;

	// Blackhole, unreachable, prohibit and what else the kernel has; and lightweight tunnels, which only
	// it can make.
	if (ev->class == ROUTE_CLASS_REFUSE || a[RTA_ENCAP] != NULL) {
		ev->class = ROUTE_CLASS_REFUSE;
		ev->n_hops = 1;
		ev->hops[0] = (struct route_hop){.usable = true};
		return 0;
	}
	if (a[RTA_MULTIPATH] != NULL)
		return get_multipath(a[RTA_MULTIPATH], ev);
	if (a[RTA_OIF] != NULL)
		MST_TRY(get_u32(a[RTA_OIF], &oif));
	ev->n_hops = 1;
	ev->hops[0].ifindex = (int)oif;
	return get_hop(a, ev->net.ip.family, rtm->rtm_flags, &ev->hops[0]);
}

static enum route_class
class_of(uint8_t type)
{
	switch (type) {
	case RTN_UNICAST:
		return ROUTE_CLASS_UNICAST;
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return ROUTE_CLASS_LOCAL;
	default:
		return ROUTE_CLASS_REFUSE;
	}
}

static int
parse_route(const struct nlmsghdr *nlh, const void *payload, size_t len, struct route_event *ev)
{
	const struct nlattr *a[RTA_MAX + 1];
	struct rtmsg rtm;
	uint32_t table;

	if (len < sizeof(rtm))
		return -EBADMSG;
	memcpy(&rtm, payload, sizeof(rtm));
	MST_TRY(collect((const char *)payload + sizeof(rtm), len - sizeof(rtm), a, RTA_MAX));
	ev->net.ip.family = family_of(rtm.rtm_family);
	table = rtm.rtm_table;
	if (a[RTA_TABLE] != NULL)
		MST_TRY(get_u32(a[RTA_TABLE], &table));
	// A route for one type of service or one source is not for every packet, and the path looks at
	// neither.
	if (ev->net.ip.family == 0 || (table != RT_TABLE_MAIN && table != RT_TABLE_LOCAL) ||
		rtm.rtm_tos != 0 || rtm.rtm_src_len != 0 || (rtm.rtm_flags & RTM_F_CLONED) != 0 ||
		rtm.rtm_type == RTN_THROW)
		return -ENOMSG;
	if (rtm.rtm_dst_len > route_family_bits(ev->net.ip.family))
		return -EBADMSG;
	ev->net.depth = rtm.rtm_dst_len;
	if (a[RTA_DST] != NULL)
		MST_TRY(get_ip_attr(a[RTA_DST], ev->net.ip.family, &ev->net.ip));
	else if (rtm.rtm_dst_len != 0)
		return -EBADMSG;
	ev->net.ip = mst_net_base(&ev->net);
	ev->kind = ROUTE_EV_ROUTE;
	ev->del = nlh->nlmsg_type == RTM_DELROUTE;
	ev->replace = !ev->del && (nlh->nlmsg_flags & NLM_F_REPLACE) != 0;
	// A dump tells equals in the kernel's order.
	ev->append = !ev->del && (nlh->nlmsg_flags & (NLM_F_APPEND | NLM_F_MULTI)) != 0;
	ev->rank = table == RT_TABLE_LOCAL ? ROUTE_RANK_LOCAL : ROUTE_RANK_MAIN;
	ev->class = class_of(rtm.rtm_type);
	if (a[RTA_PRIORITY] != NULL)
		MST_TRY(get_u32(a[RTA_PRIORITY], &ev->metric));
	return get_hops(a, &rtm, ev);
}

static int
parse_neigh(const struct nlmsghdr *nlh, const void *payload, size_t len, struct route_event *ev)
{
	const struct nlattr *a[NDA_MAX + 1];
	struct ndmsg ndm;

	if (len < sizeof(ndm))
		return -EBADMSG;
	memcpy(&ndm, payload, sizeof(ndm));
	MST_TRY(collect((const char *)payload + sizeof(ndm), len - sizeof(ndm), a, NDA_MAX));
	if (family_of(ndm.ndm_family) == 0 || (ndm.ndm_flags & NTF_PROXY) != 0)
		return -ENOMSG;
	if (a[NDA_DST] == NULL || ndm.ndm_ifindex <= 0)
		return -EBADMSG;
	MST_TRY(get_ip_attr(a[NDA_DST], family_of(ndm.ndm_family), &ev->ip));
	ev->kind = ROUTE_EV_NEIGH;
	ev->del = nlh->nlmsg_type == RTM_DELNEIGH;
	ev->ifindex = ndm.ndm_ifindex;
	ev->state = ndm.ndm_state;
	if (a[NDA_LLADDR] != NULL && mnl_attr_get_payload_len(a[NDA_LLADDR]) == sizeof(ev->mac)) {
		memcpy(&ev->mac, mnl_attr_get_payload(a[NDA_LLADDR]), sizeof(ev->mac));
		ev->has_mac = true;
	}
	return 0;
}

static int
parse_link(const struct nlmsghdr *nlh, const void *payload, size_t len, struct route_event *ev)
{
	const struct nlattr *a[IFLA_MAX + 1];
	struct ifinfomsg ifi;

	if (len < sizeof(ifi))
		return -EBADMSG;
	memcpy(&ifi, payload, sizeof(ifi));
	MST_TRY(collect((const char *)payload + sizeof(ifi), len - sizeof(ifi), a, IFLA_MAX));
	// A bridge tells of its ports with these messages too; those are not about the link itself.
	if (ifi.ifi_family != AF_UNSPEC)
		return -ENOMSG;
	if (ifi.ifi_index <= 0)
		return -EBADMSG;
	ev->kind = ROUTE_EV_LINK;
	ev->del = nlh->nlmsg_type == RTM_DELLINK;
	ev->ifindex = ifi.ifi_index;
	ev->up = (ifi.ifi_flags & IFF_UP) != 0;
	if (a[IFLA_MTU] != NULL)
		MST_TRY(get_u32(a[IFLA_MTU], &ev->mtu));
	return 0;
}

int
route_msg_parse(const struct nlmsghdr *nlh, size_t len, struct route_event *out)
{
	struct route_event ev = {0};
	const void *payload;
	size_t payload_len;
	int ret;

	if (len < sizeof(*nlh) || nlh->nlmsg_len < sizeof(*nlh) || nlh->nlmsg_len > len)
		return -EBADMSG;
	payload = mnl_nlmsg_get_payload(nlh);
	payload_len = mnl_nlmsg_get_payload_len(nlh);
	switch (nlh->nlmsg_type) {
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		ret = parse_route(nlh, payload, payload_len, &ev);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		ret = parse_neigh(nlh, payload, payload_len, &ev);
		break;
	case RTM_NEWLINK:
	case RTM_DELLINK:
		ret = parse_link(nlh, payload, payload_len, &ev);
		break;
	case RTM_DELADDR:
		// Which address does not matter: the routes that preferred it as source are gone without a
		// message.
		ev.kind = ROUTE_EV_ADDR;
		ev.del = true;
		ret = payload_len < sizeof(struct ifaddrmsg) ? -EBADMSG : 0;
		break;
	default:
		return -ENOMSG;
	}
	if (ret == 0)
		*out = ev;
	return ret;
}
