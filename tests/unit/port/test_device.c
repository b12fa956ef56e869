// Device strings and their arguments, without EAL.
#include <errno.h>
#include <string.h>

#include "mst_test.h"

#include "port_private.h"

static char err[256];

static void
pci_and_vdev_are_told_apart(void **state)
{
	struct port_device d;

	(void)state;
	assert_int_equal(port_device_parse("0000:3b:00.1", &d, err, sizeof(err)), 0);
	assert_int_equal(d.bus, PORT_BUS_PCI);
	assert_string_equal(d.args, "");
	assert_int_equal(port_device_parse("3b:00.1,dv_flow_en=1", &d, err, sizeof(err)), 0);
	assert_string_equal(d.name, "0000:3b:00.1"); // as sysfs writes it
	assert_string_equal(d.args, "dv_flow_en=1");
	assert_int_equal(port_device_parse("net_af_packet0,iface=eth1,qpairs=2", &d, err, sizeof(err)), 0);
	assert_int_equal(d.bus, PORT_BUS_VDEV);
	assert_string_equal(d.name, "net_af_packet0");
	assert_string_equal(d.args, "iface=eth1,qpairs=2");
	assert_true(mst_port_is_pci("0000:3b:00.1"));
	assert_false(mst_port_is_pci("net_tap0"));
	assert_false(mst_port_is_pci("eth1"));
}

static void
other_strings_are_refused(void **state)
{
	char long_name[PORT_NAME_BYTES + 8];
	char long_args[PORT_ARGS_BYTES + 16];
	const char *const bad[] = {"", "eth1", "net_", "crypto_null0", "net_tap0;x", "net tap0", ",iface=x",
		"0000:zz:00.0", long_name, long_args};

	(void)state;
	memset(long_name, 'x', sizeof(long_name) - 1);
	memcpy(long_name, "net_", 4);
	long_name[sizeof(long_name) - 1] = '\0';
	memset(long_args, 'x', sizeof(long_args) - 1);
	memcpy(long_args, "net_tap0,", 9);
	long_args[sizeof(long_args) - 1] = '\0';
	for (size_t i = 0; i < MST_ARRAY_SIZE(bad); i++) {
		struct port_device d = {.name = "untouched"};

		assert_int_equal(port_device_parse(bad[i], &d, err, sizeof(err)), -EINVAL);
		assert_string_equal(d.name, "untouched");
	}
}

static void
values_by_key(void **state)
{
	char out[8];

	(void)state;
	assert_true(port_args_value("iface=eth1,qpairs=2", "qpairs", out, sizeof(out)));
	assert_string_equal(out, "2");
	assert_false(port_args_value("iface=eth1", "if", out, sizeof(out)));
	assert_false(port_args_value("xiface=eth1", "iface", out, sizeof(out)));
	assert_false(port_args_value("iface", "iface", out, sizeof(out)));
	assert_false(port_args_value("iface=12345678", "iface", out, sizeof(out))); // does not fit
	assert_true(port_args_value("iface=1234567", "iface", out, sizeof(out)));
}

static void
what_is_missing_is_added(void **state)
{
	static const struct {
		const char *args, *more, *result;
	} cases[] = {
		{"iface=e", "qpairs={queues},framecnt=64", "iface=e,qpairs=3,framecnt=64"},
		{"iface=e,qpairs=1", "qpairs={queues},framecnt=64", "iface=e,qpairs=1,framecnt=64"},
		{"", "queues={queues}x", "queues=3x"},
		{"flag", "flag,other", "flag,other"},
		{"iface=e", "", "iface=e"},
	};
	char args[PORT_ARGS_BYTES];

	(void)state;
	for (size_t i = 0; i < MST_ARRAY_SIZE(cases); i++) {
		snprintf(args, sizeof(args), "%s", cases[i].args);
		assert_int_equal(port_args_merge(args, cases[i].more, 3), 0);
		assert_string_equal(args, cases[i].result);
	}
	memset(args, 'x', sizeof(args) - 1);
	args[sizeof(args) - 1] = '\0';
	assert_int_equal(port_args_merge(args, "qpairs={queues}", 3), -ENOBUFS);
	assert_int_equal(strlen(args), sizeof(args) - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pci_and_vdev_are_told_apart),
		cmocka_unit_test(other_strings_are_refused),
		cmocka_unit_test(values_by_key),
		cmocka_unit_test(what_is_missing_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
