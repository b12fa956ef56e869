// What holds for one session: the sections of all, with what its host, its group and its user have instead. Any thread.
#include <errno.h>
#include <string.h>

#include "conf.h"

// Each key that from has written, over what is in to. The table knows where everything stands.
static void
overlay(const struct mst_conf_key *keys, const uint8_t *from, uint8_t *to)
{
	for (const struct mst_conf_key *k = keys; k->name != NULL; k++) {
		bool written = false;

		if (conf_is_one_map(k))
			overlay(k->keys, from + k->offset, to + k->offset);
		if (k->has_present)
			memcpy(&written, from + k->present_offset, sizeof(written));
		if (!written)
			continue;
		memcpy(to + k->present_offset, &written, sizeof(written));
		memcpy(to + k->offset, from + k->offset, k->is_list ? sizeof(void *) : k->bytes);
		if (k->is_list)
			memcpy(to + k->count_offset, from + k->count_offset, sizeof(uint32_t));
	}
}

// ---- profiles by name: every look at a session asks for two of up to a thousand ------------------
static uint32_t
slot_of(const struct mst_conf *conf, const char *user, const char *group)
{
	uint32_t hash = 2166136261u; // FNV-1a: whoever writes the file chooses the names

	for (; *user != '\0'; user++)
		hash = (hash ^ (uint8_t)*user) * 16777619u;
	hash *= 16777619u;
	for (; *group != '\0'; group++)
		hash = (hash ^ (uint8_t)*group) * 16777619u;
	return hash & (conf->n_profile_slots - 1);
}

int
conf_profiles_index(struct mst_conf *conf)
{
	uint32_t n = 1;

	if (conf->n_profiles == 0)
		return 0;
	while (n < 2 * conf->n_profiles)
		n *= 2;
	conf->profile_slots = calloc(n, sizeof(*conf->profile_slots));
	if (conf->profile_slots == NULL)
		return -ENOMEM;
	conf->n_profile_slots = n;
	for (uint32_t i = 0; i < conf->n_profiles; i++) {
		uint32_t at = slot_of(conf, conf->profiles[i].user, conf->profiles[i].group);

		while (conf->profile_slots[at] != 0)
			at = (at + 1) & (n - 1);
		conf->profile_slots[at] = i + 1;
	}
	return 0;
}

static bool
is_for(const struct mst_conf_profile *p, const char *user, const char *group)
{
	return strcmp(p->user, user) == 0 && strcmp(p->group, group) == 0;
}

static const struct mst_conf_profile *
find(const struct mst_conf *conf, const char *user, const char *group)
{
	if (conf->profile_slots == NULL) {
		for (uint32_t i = 0; i < conf->n_profiles; i++) {
			if (is_for(&conf->profiles[i], user, group))
				return &conf->profiles[i];
		}
		return NULL;
	}
	for (uint32_t at = slot_of(conf, user, group); conf->profile_slots[at] != 0;
		at = (at + 1) & (conf->n_profile_slots - 1)) {
		if (is_for(&conf->profiles[conf->profile_slots[at] - 1], user, group))
			return &conf->profiles[conf->profile_slots[at] - 1];
	}
	return NULL;
}

static void
overlay_matching(
	const struct mst_conf *conf, const char *user, const char *group, struct mst_conf_profile *out)
{
	const struct mst_conf_profile *p = find(conf, user, group);

	if (p != NULL)
		overlay(conf_profile_keys, (const uint8_t *)p, (uint8_t *)out);
}

static bool
is_mobile(const char *platform)
{
	return strncmp(platform, "android", 7) == 0 || strncmp(platform, "apple-ios", 9) == 0;
}

void
mst_conf_profile_of(const struct mst_conf *conf, const char *user, const char *group, const char *platform,
	struct mst_conf_profile *out)
{
	struct mst_conf_timeouts *limits = &out->timeouts;

	*out = (struct mst_conf_profile){
		.group = group,
		.user = user,
		.network = conf->network,
		.timeouts = conf->timeouts,
		.udp = conf->listen.udp,
	};
	if (group[0] != '\0')
		overlay_matching(conf, "", group, out);
	if (user[0] != '\0')
		overlay_matching(conf, user, "", out);
	out->udp = out->udp && conf->listen.udp;
	if (is_mobile(platform) && limits->has_mobile_dpd)
		limits->dpd_s = limits->mobile_dpd_s;
	if (is_mobile(platform) && limits->has_mobile_idle)
		limits->idle_s = limits->mobile_idle_s;
}

bool
mst_conf_auth_at(const struct mst_conf *conf, uint32_t i, struct mst_conf_auth *out)
{
	if (i > conf->n_hosts)
		return false;
	*out = conf->auth;
	if (i > 0)
		overlay(conf_host_auth_keys, (const uint8_t *)&conf->hosts[i - 1].auth, (uint8_t *)out);
	return true;
}

int
mst_conf_auth_of(const struct mst_conf *conf, const char *host, struct mst_conf_auth *out)
{
	uint32_t i = 0;

	while (host[0] != '\0' && i < conf->n_hosts && strcmp(conf->hosts[i].names[0], host) != 0)
		i++;
	return mst_conf_auth_at(conf, host[0] != '\0' ? i + 1 : 0, out) ? 0 : -ENOENT;
}

static const struct mst_net *
addresses_of_profile(const struct mst_conf *conf, const char *user, const char *group)
{
	const struct mst_conf_profile *p = find(conf, user, group);

	return p != NULL && p->addresses.ip.family != 0 ? &p->addresses : NULL;
}

const struct mst_net *
mst_conf_addresses_of(const struct mst_conf *conf, const char *host, const char *user, const char *group)
{
	const struct mst_net *found = user[0] != '\0' ? addresses_of_profile(conf, user, "") : NULL;

	if (found == NULL && group[0] != '\0')
		found = addresses_of_profile(conf, "", group);
	for (uint32_t i = 0; found == NULL && host[0] != '\0' && i < conf->n_hosts; i++) {
		const struct mst_conf_host *h = &conf->hosts[i];

		if (h->addresses.ip.family != 0 && strcmp(h->names[0], host) == 0)
			found = &h->addresses;
	}
	return found;
}

const struct mst_net *
mst_conf_addresses_at(const struct mst_conf *conf, uint32_t i)
{
	for (uint32_t h = 0; h < conf->n_hosts; h++)
		if (conf->hosts[h].addresses.ip.family != 0 && i-- == 0)
			return &conf->hosts[h].addresses;
	for (uint32_t p = 0; p < conf->n_profiles; p++)
		if (conf->profiles[p].addresses.ip.family != 0 && i-- == 0)
			return &conf->profiles[p].addresses;
	return NULL;
}

bool
mst_conf_wants_certificates(const struct mst_conf_auth *auth)
{
	for (uint32_t i = 0; i < auth->n_methods; i++) {
		if (auth->methods[i] >= MST_CONF_METHOD_CERTIFICATE)
			return true;
	}
	return false;
}

bool
mst_conf_wants_passwords(const struct mst_conf_auth *auth)
{
	for (uint32_t i = 0; i < auth->n_methods; i++) {
		if (auth->methods[i] == MST_CONF_METHOD_PASSWORD ||
			auth->methods[i] == MST_CONF_METHOD_CERTIFICATE_PASSWORD)
			return true;
	}
	return false;
}
