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
// clang-format off
static const struct {
	int call;
	enum authd_needs unless; // NOTHING: always
} denied[] = {
#define X(name) {SCMP_SYS(name), AUTHD_NOTHING}
	// take connections
	X(listen), X(accept), X(accept4), {SCMP_SYS(bind), AUTHD_MODULES},
	// run programs
	{SCMP_SYS(execve), AUTHD_MODULES}, {SCMP_SYS(execveat), AUTHD_MODULES}, {SCMP_SYS(fork), AUTHD_MODULES}, {SCMP_SYS(vfork), AUTHD_MODULES},
	// look at and into others
	X(ptrace), X(process_vm_readv), X(process_vm_writev), X(process_madvise), X(kcmp), X(pidfd_getfd),
	X(perf_event_open), X(userfaultfd),
	// change the system
	X(mount), X(umount2), X(pivot_root), X(chroot), X(move_mount), X(open_tree), X(fsopen), X(fsconfig), X(fsmount),
	X(fspick), X(mount_setattr), X(swapon), X(swapoff), X(reboot), X(kexec_load), X(kexec_file_load), X(init_module),
	X(finit_module), X(delete_module), X(bpf), X(syslog), X(acct), X(quotactl), X(sethostname), X(setdomainname),
	X(settimeofday), X(clock_settime), X(adjtimex), X(clock_adjtime), X(iopl), X(ioperm), X(add_key), X(request_key),
	X(keyctl), X(name_to_handle_at), X(open_by_handle_at), X(personality),
	// get at more of the kernel than the rest needs
	X(unshare), X(setns), X(io_uring_setup), X(io_uring_enter), X(io_uring_register), X(fanotify_init), X(lookup_dcookie),
	X(vmsplice),
#undef X
};
// clang-format on

static int
filter_system_calls(enum authd_needs needs)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int rc = ctx != NULL ? 0 : -ENOMEM;

	for (size_t i = 0; rc == 0 && i < MST_ARRAY_SIZE(denied); i++) {
		if (denied[i].unless == AUTHD_NOTHING || needs < denied[i].unless)
			rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), denied[i].call, 0);
	}
	// Threads, but no processes. A filter does not see the flags of clone3: without it libc takes clone.
	if (rc == 0 && needs < AUTHD_MODULES)
		rc = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
			SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
	if (rc == 0 && needs < AUTHD_MODULES)
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
authd_confine(const char *user, enum authd_needs needs, int keep_fd)
{
	// Whatever else the gateway had open without saying that a program it starts must not have it.
	if (close_range((unsigned int)keep_fd + 1, ~0U, 0) < 0 ||
		(keep_fd > STDERR_FILENO + 1 &&
			close_range(STDERR_FILENO + 1, (unsigned int)keep_fd - 1, 0) < 0))
		return fail("close_range");
	MST_TRY(become(user));
	MST_TRY(limit());
	return filter_system_calls(needs);
}
