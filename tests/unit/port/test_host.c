// What the kernel says of a device, on an invented sysfs and on the loopback interface.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mst_test.h"

#include "port_private.h"

static char err[256];
static char root[64];

static void
add_pci(const char *addr, const char *driver)
{
	char path[256];
	char target[256];

	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s", root, addr);
	assert_int_equal(mkdir(path, 0700), 0);
	if (driver == NULL)
		return;
	snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/driver", root, addr);
	snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
	assert_int_equal(symlink(target, path), 0);
}

static int
make_sysfs(void **state)
{
	static const char *const dirs[] = {"bus", "bus/pci", "bus/pci/devices"};
	char path[256];

	(void)state;
	snprintf(root, sizeof(root), "/tmp/mst-sysfs-XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	for (size_t i = 0; i < MST_ARRAY_SIZE(dirs); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, dirs[i]);
		if (mkdir(path, 0700) != 0)
			return -1;
	}
	add_pci("0000:01:00.0", "vfio-pci");
	add_pci("0000:02:00.0", "mlx5_core");
	add_pci("0000:03:00.0", "virtio-pci");
	add_pci("0000:04:00.0", NULL);
	return 0;
}

static int
remove_sysfs(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", root);
	return system(cmd);
}

static void
pci_devices(void **state)
{
	(void)state;
	assert_int_equal(port_host_check_pci(root, "0000:01:00.0", err, sizeof(err)), 0);
	assert_int_equal(port_host_check_pci(root, "0000:02:00.0", err, sizeof(err)), 0);
	assert_int_equal(port_host_check_pci(root, "0000:03:00.0", err, sizeof(err)), -EBUSY);
	assert_non_null(strstr(err, "driver virtio-pci"));
	assert_non_null(strstr(err, "driverctl set-override 0000:03:00.0 vfio-pci"));
	assert_int_equal(port_host_check_pci(root, "0000:04:00.0", err, sizeof(err)), -EBUSY);
	assert_non_null(strstr(err, "bound to no driver"));
	assert_int_equal(port_host_check_pci(root, "0000:05:00.0", err, sizeof(err)), -ENODEV);
	assert_non_null(strstr(err, "lspci"));
}

static void
interfaces(void **state)
{
	struct mst_port_profile uses = {.driver = "net_af_packet", .interface = MST_PORT_INTERFACE_USES};
	struct mst_port_profile makes = {.driver = "net_tap", .interface = MST_PORT_INTERFACE_MAKES};
	struct mst_port_profile none = {.driver = "net_ring"};
	struct port_device lo = {.name = "x", .args = "iface=lo"};
	struct port_device gone = {.name = "x", .args = "iface=mst-no-such"};
	struct port_device unnamed = {.name = "x", .args = "qpairs=1"};
	struct port_device too_long = {.name = "x", .args = "iface=sixteen-letters!"};

	(void)state;
	assert_int_equal(port_host_check_interface(&lo, &uses, err, sizeof(err)), 0);
	assert_int_equal(port_host_check_interface(&gone, &uses, err, sizeof(err)), -ENODEV);
	assert_non_null(strstr(err, "mst-no-such"));
	assert_int_equal(port_host_check_interface(&unnamed, &uses, err, sizeof(err)), -EINVAL);
	assert_int_equal(port_host_check_interface(&too_long, &uses, err, sizeof(err)), -EINVAL);
	assert_int_equal(port_host_check_interface(&lo, &makes, err, sizeof(err)), -EBUSY);
	assert_non_null(strstr(err, "exists already"));
	assert_int_equal(port_host_check_interface(&gone, &makes, err, sizeof(err)), 0);
	assert_int_equal(port_host_check_interface(&unnamed, &makes, err, sizeof(err)), 0);
	assert_int_equal(port_host_check_interface(&gone, &none, err, sizeof(err)), 0);
}

// What is missing is named in a child without rights; what needs none is not blamed on them.
static void
missing_rights(void **state)
{
	struct mst_port_profile uses = {.driver = "net_af_packet", .interface = MST_PORT_INTERFACE_USES};
	struct mst_port_profile none = {.driver = "net_ring"};
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(port_host_explain(&none, err, sizeof(err)), 0);
	assert_string_equal(err, "");
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 &&
			(setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0))
			_exit(1);
		if (port_host_explain(&uses, err, sizeof(err)) != -EPERM)
			_exit(2);
		_exit(strstr(err, "CAP_NET_RAW") != NULL ? 0 : 3);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(pci_devices), cmocka_unit_test(interfaces),
		cmocka_unit_test(missing_rights)};

	return cmocka_run_group_tests(tests, make_sysfs, remove_sysfs);
}
