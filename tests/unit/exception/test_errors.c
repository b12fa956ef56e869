// What the operator reads when the exception path cannot be made, and that nothing of it is left behind.
// Needs root (else skipped); no EAL.
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>

#include <linux/if_tun.h>

#include "path_test.h"

static char err[512];

static void
fails(const struct mst_exception_params *p, int want, const char *words)
{
	int ret = mst_exception_create(p, err, sizeof(err));

	if (ret != want || strstr(err, words) == NULL)
		fail_msg("%d: %s", ret, err);
	assert_int_equal(mst_exception_n_fds(), 0);
	assert_int_equal(if_nametoindex("inner"), 0);
}

static int
make_tap(const char *name)
{
	struct ifreq ifr = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	assert_int_equal(ioctl(fd, TUNSETIFF, &ifr), 0);
	return fd;
}

static void
name_is_taken(void **state)
{
	(void)state;
	struct mst_exception_params p = two_ports();
	char who[64];
	int fd = make_tap("priv");

	snprintf(who, sizeof(who), "(pid %d)", (int)getpid());
	fails(&p, -EEXIST, who);
	assert_int_equal(if_nametoindex("pub"), 0); // the first port's, undone
	assert_true(if_nametoindex("priv") != 0);   // not ours, untouched
	close(fd);
	assert_int_equal(mst_test_run("ip link add priv type veth peer name other"), 0);
	fails(&p, -EEXIST, "taken by an interface");
	assert_int_equal(mst_test_run("ip link del priv"), 0);
	// A persistent tap that nobody holds could be had: it is not ours all the same.
	assert_int_equal(mst_test_run("ip tuntap add dev priv mode tap"), 0);
	fails(&p, -EEXIST, "taken by an interface");
	assert_int_equal(mst_test_run("ip tuntap del dev priv mode tap"), 0);
}

static void
bad_names(void **state)
{
	(void)state;
	struct mst_exception_params p = two_ports();

	p.ports[1].tap = "a-name-much-too-long";
	fails(&p, -EINVAL, "1 to 15 characters");
	p.ports[1].tap = "";
	fails(&p, -EINVAL, "1 to 15 characters");
	p.ports[1].tap = "a/b";
	fails(&p, -EINVAL, "a/b");
	assert_int_equal(if_nametoindex("pub"), 0);
}

static void
gateways(void **state)
{
	(void)state;
	struct mst_exception_params p = two_ports();
	struct mst_ip wrong = ip("203.0.113.1");
	int fd;

	p.ports[0].gateways = &wrong;
	p.ports[0].n_gateways = 1;
	fails(&p, -ENETUNREACH, "203.0.113.1 is in none of the port's networks");
	fd = make_tap("uplink");
	assert_int_equal(mst_test_run("ip link set uplink up; ip addr add 198.51.100.1/24 dev uplink;"
				      "ip route add default via 198.51.100.254"),
		0);
	p = two_ports();
	fails(&p, -EEXIST, "default route of metric 0 already");
	assert_int_equal(mst_test_run("ip route show default | grep -q uplink"), 0);
	close(fd);
}

static void
addresses(void **state)
{
	(void)state;
	struct mst_exception_params p = two_ports();
	struct mst_net twice[2] = {net("192.0.2.1/24"), net("192.0.2.1/24")};

	p.ports[0].addresses = twice;
	fails(&p, -EEXIST, "interface pub: address 192.0.2.1/24");
	p = two_ports();
	p.ports[1].mac[0] = 1; // of a group: no address of a port
	fails(&p, -EADDRNOTAVAIL, "interface priv: MAC address and MTU");
}

// In a child, which may not: 0 when the message is right.
static int
child(int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
without_permission(void)
{
	struct mst_exception_params p = two_ports();

	if (setresuid(65534, 65534, 65534) != 0)
		return 2;
	return mst_exception_create(&p, err, sizeof(err)) == -EPERM && strstr(err, "CAP_NET_ADMIN") != NULL
		       ? 0
		       : 1;
}

static int
without_tun(void)
{
	struct mst_exception_params p = two_ports();

	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		mount("none", "/dev/net", "tmpfs", 0, NULL) != 0)
		return 2;
	return mst_exception_create(&p, err, sizeof(err)) == -ENOENT && strstr(err, "modprobe tun") != NULL
		       ? 0
		       : 1;
}

static void
what_the_host_lacks(void **state)
{
	(void)state;
	assert_int_equal(child(without_permission), 0);
	assert_int_equal(child(without_tun), 0);
}

static void
twice(void **state)
{
	(void)state;
	struct mst_exception_params p = two_ports();

	assert_int_equal(mst_exception_create(&p, err, sizeof(err)), 0);
	assert_int_equal(mst_exception_create(&p, err, sizeof(err)), -EINVAL);
	assert_int_equal(mst_exception_n_fds(), 3);
	mst_exception_destroy();
	mst_exception_destroy();
	p.n_ports = MST_MAX_PORTS + 1;
	fails(&p, -EINVAL, "too many ports");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_is_taken),
		cmocka_unit_test(bad_names),
		cmocka_unit_test(gateways),
		cmocka_unit_test(addresses),
		cmocka_unit_test(what_the_host_lacks),
		cmocka_unit_test(twice),
	};

	if (!mst_test_netns())
		return MST_TEST_SKIP;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
