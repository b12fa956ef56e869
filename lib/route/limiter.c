// How often the kernel is asked to resolve one neighbour. Control lcore; pure, time is an argument.
#include "route.h"

bool
route_limiter_admit(struct route_limiter *l, int ifindex, const struct mst_ip *ip, uint64_t now_ns)
{
	uint32_t h = route_hash(ip->bytes, 16, (uint32_t)ifindex << 8 | ip->family);
	unsigned int set = h % ROUTE_LIMIT_SETS, take = ROUTE_LIMIT_WAYS;

	for (unsigned int w = 0; w < ROUTE_LIMIT_WAYS; w++) {
		bool old = l->set[set][w].ifindex == 0 || now_ns - l->set[set][w].last_ns >= ROUTE_LIMIT_NS;

		if (l->set[set][w].ifindex == ifindex && mst_ip_equal(&l->set[set][w].ip, ip)) {
			if (!old)
				return false;
			take = w;
			break;
		}
		if (old)
			take = w;
	}
	// A scan of the net by a device fills the sets, and so bounds itself: 256 questions in 100 ms.
	if (take == ROUTE_LIMIT_WAYS)
		return false;
	l->set[set][take].ifindex = ifindex;
	l->set[set][take].ip = *ip;
	l->set[set][take].last_ns = now_ns;
	return true;
}
