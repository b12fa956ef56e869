// What mst-authd gives up: user, capabilities, descriptors, core dumps, system calls. Once, at the start.
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "authd.h"

#define FALLBACK_USER "nobody"
#define FILES_MAX 256
#define HASHING_NICE 10
#define CAPABILITIES_MAX 64

static int
fail(const char *what)
{
	int rc = -errno;

	MST_LOG(ERROR, "authd", "%s: %s", what, strerror(errno));
	return rc;
}

static int
become(const char *user)
{
	const struct passwd *pw;

	if (geteuid() != 0)
		return 0; // a test, or a gateway that is not root: there is nothing to give up
	pw = getpwnam(user);
	if (pw == NULL) {
		MST_LOG(WARNING, "authd",
			"there is no user %s on this system: sign-in runs as %s, which other services may be "
			"too; "
			"useradd --system --no-create-home %s, or set auth.user",
			user, FALLBACK_USER, user);
		pw = getpwnam(FALLBACK_USER);
	}
	if (pw == NULL || pw->pw_uid == 0) {
		MST_LOG(ERROR, "authd", "auth.user: expected a user that is not root, found %s", user);
		return -EPERM;
	}
	for (unsigned long cap = 0; cap < CAPABILITIES_MAX; cap++)
		(void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); // EINVAL: the kernel has fewer
	if (setgroups(0, NULL) < 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0 ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return fail("cannot become the user of sign-in");
	// From root to another user for all three: the kernel has taken the capabilities. Is that so?
	if (setuid(0) == 0) {
		MST_LOG(ERROR, "authd", "root can be had back: refusing to run");
		return -EPERM;
	}
	return 0;
}

static int
limit(void)
{
	const struct rlimit no_core = {0, 0};
	const struct rlimit files = {FILES_MAX, FILES_MAX};

	if (setrlimit(RLIMIT_CORE, &no_core) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		return fail("setrlimit");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("prctl");
	// Changing the user has cleared it; a gateway that went meanwhile has closed the socket, which ends us too.
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail("prctl");
	if (chdir("/") < 0)
		return fail("chdir");
	umask(077);
	// It may share a CPU with the control loop, which must go first.
	(void)setpriority(PRIO_PROCESS, 0, HASHING_NICE);
	return 0;
}

// What nobody who verifies passwords has to do, and who has broken in would. Refused as if not permitted, so that a
// library that tries goes on without.
static const int denied[] = {
	// take connections, or pass for somebody
	SCMP_SYS(bind),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	// run programs
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	// look at and into others
	SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(process_vm_writev),
	SCMP_SYS(process_madvise),
	SCMP_SYS(kcmp),
	SCMP_SYS(pidfd_getfd),
	SCMP_SYS(perf_event_open),
	SCMP_SYS(userfaultfd),
	// change the system
	SCMP_SYS(mount),
	SCMP_SYS(umount2),
	SCMP_SYS(pivot_root),
	SCMP_SYS(chroot),
	SCMP_SYS(move_mount),
	SCMP_SYS(open_tree),
	SCMP_SYS(fsopen),
	SCMP_SYS(fsconfig),
	SCMP_SYS(fsmount),
	SCMP_SYS(fspick),
	SCMP_SYS(mount_setattr),
	SCMP_SYS(swapon),
	SCMP_SYS(swapoff),
	SCMP_SYS(reboot),
	SCMP_SYS(kexec_load),
	SCMP_SYS(kexec_file_load),
	SCMP_SYS(init_module),
	SCMP_SYS(finit_module),
	SCMP_SYS(delete_module),
	SCMP_SYS(bpf),
	SCMP_SYS(syslog),
	SCMP_SYS(acct),
	SCMP_SYS(quotactl),
	SCMP_SYS(sethostname),
	SCMP_SYS(setdomainname),
	SCMP_SYS(settimeofday),
	SCMP_SYS(clock_settime),
	SCMP_SYS(adjtimex),
	SCMP_SYS(clock_adjtime),
	SCMP_SYS(iopl),
	SCMP_SYS(ioperm),
	SCMP_SYS(add_key),
	SCMP_SYS(request_key),
	SCMP_SYS(keyctl),
	SCMP_SYS(name_to_handle_at),
	SCMP_SYS(open_by_handle_at),
	SCMP_SYS(personality),
	// get at more of the kernel than the rest needs
	SCMP_SYS(unshare),
	SCMP_SYS(setns),
	SCMP_SYS(io_uring_setup),
	SCMP_SYS(io_uring_enter),
	SCMP_SYS(io_uring_register),
	SCMP_SYS(fanotify_init),
	SCMP_SYS(lookup_dcookie),
	SCMP_SYS(vmsplice),
};

static int
filter_system_calls(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc = ctx != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < MST_ARRAY_SIZE(denied); i++)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), denied[i], 0);
	// Threads, but no processes. A filter does not see the flags of clone3: without it libc takes clone.
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (rc == 0)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (rc == 0)
		rc = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	if (rc < 0)
		MST_LOG(ERROR, "authd", "cannot filter system calls: %s", strerror(-rc));
	return rc;
}

int
authd_confine(const char *user, int keep_fd)
{
	// Whatever else the gateway had open without saying that a program it starts must not have it.
	if (close_range((unsigned int)keep_fd + 1, ~0U, 0) < 0 ||
		(keep_fd > STDERR_FILENO + 1 &&
			close_range(STDERR_FILENO + 1, (unsigned int)keep_fd - 1, 0) < 0))
		return fail("close_range");
	MST_TRY(become(user));
	MST_TRY(limit());
	return filter_system_calls();
}
