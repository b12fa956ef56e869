// The device string of a port: "0000:03:00.0[,args]" or "net_af_packet0,iface=eth1". Pure. Control lcore.
#include <errno.h>
#include <string.h>

#include <rte_pci.h>

#include "port_private.h"

// What a vdev may be called: "net_" and what C calls an identifier; some drivers are told apart after a dash
// or dot.
static bool
is_vdev_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";

	return strncmp(name, "net_", 4) == 0 && name[4] != '\0' && strspn(name, allowed) == strlen(name);
}

int
port_device_parse(const char *text, struct port_device *out, char *err, size_t err_cap)
{
	struct port_device d = {.bus = PORT_BUS_VDEV};
	struct rte_pci_addr addr;
	size_t name_len = strcspn(text, ",");
	const char *args = text[name_len] == ',' ? text + name_len + 1 : "";

	if (name_len >= sizeof(d.name) || strlen(args) >= sizeof(d.args)) {
		snprintf(err, err_cap, "device string too long");
		return -EINVAL;
	}
	memcpy(d.name, text, name_len);
	snprintf(d.args, sizeof(d.args), "%s", args);
	if (rte_pci_addr_parse(d.name, &addr) == 0) {
		d.bus = PORT_BUS_PCI;
		rte_pci_device_name(&addr, d.name, sizeof(d.name)); // "03:00.0" is 0000:03:00.0
	} else if (!is_vdev_name(d.name)) {
		snprintf(err, err_cap,
			"neither a PCI address (0000:03:00.0) nor a vdev (net_af_packet0,iface=eth1)");
		return -EINVAL;
	}
	*out = d;
	return 0;
}

bool
mst_port_is_pci(const char *device)
{
	struct port_device d;
	char err[128];

	return port_device_parse(device, &d, err, sizeof(err)) == 0 && d.bus == PORT_BUS_PCI;
}

// The next "key=value" of a list: start and length; false: no more.
static bool
next_arg(const char **pos, const char **arg, size_t *len)
{
	while (**pos == ',')
		(*pos)++;
	*arg = *pos;
	*len = strcspn(*pos, ",");
	*pos += *len;
	return *len > 0;
}

static const char *
find_arg(const char *args, const char *key, size_t key_len, size_t *len)
{
	const char *arg;

	while (next_arg(&args, &arg, len)) {
		if (*len >= key_len && strncmp(arg, key, key_len) == 0 &&
			(*len == key_len || arg[key_len] == '='))
			return arg;
	}
	return NULL;
}

bool
port_args_value(const char *args, const char *key, char *out, size_t cap)
{
	size_t len;
	size_t key_len = strlen(key);
	const char *arg = find_arg(args, key, key_len, &len);

	if (arg == NULL || len <= key_len || len - key_len - 1 >= cap)
		return false;
	memcpy(out, arg + key_len + 1, len - key_len - 1);
	out[len - key_len - 1] = '\0';
	return true;
}

static void
append(struct mst_str *s, const char *arg, size_t len, unsigned int queues)
{
	static const char mark[] = "{queues}";
	const char *at = memmem(arg, len, mark, sizeof(mark) - 1);

	if (s->len > 0)
		mst_str_add(s, ",", 1);
	if (at == NULL) {
		mst_str_add(s, arg, len);
		return;
	}
	mst_str_add(s, arg, (size_t)(at - arg));
	mst_str_fmt(s, "%u", queues);
	at += sizeof(mark) - 1;
	mst_str_add(s, at, len - (size_t)(at - arg));
}

int
port_args_merge(char args[PORT_ARGS_BYTES], const char *more, unsigned int queues)
{
	char merged[PORT_ARGS_BYTES];
	struct mst_str s = mst_str_init(merged, sizeof(merged));
	const char *arg;
	size_t len;

	mst_str_add(&s, args, strlen(args));
	while (next_arg(&more, &arg, &len)) {
		const char *equals = memchr(arg, '=', len);
		size_t key_len = equals == NULL ? len : (size_t)(equals - arg);
		size_t have_len;

		if (find_arg(args, arg, key_len, &have_len) == NULL)
			append(&s, arg, len, queues);
	}
	if (s.err)
		return -ENOBUFS;
	memcpy(args, merged, s.len + 1);
	return 0;
}
