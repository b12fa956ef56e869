// A server on a thread of the test; see rig.h.
#include "rig.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

static int gateway_fd;
static int server_fd;
static pthread_t thread;
static uint8_t buf[MST_AUTH_MESSAGE_BYTES]; // what texts of the last message point into

static void *
run(void *arg)
{
	(void)arg;
	return (void *)(intptr_t)mst_identity_serve(server_fd);
}

void
rig_open(void)
{
	int pair[2];

	mst_log_set_level(MST_LOG_ERROR);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	gateway_fd = pair[0];
	server_fd = pair[1];
	assert_int_equal(pthread_create(&thread, NULL, run, NULL), 0);
}

void
rig_close(void)
{
	void *rc;

	close(gateway_fd);
	assert_int_equal(pthread_join(thread, &rc), 0);
	close(server_fd);
	assert_int_equal((int)(intptr_t)rc, 0);
}

int
rig_fd(void)
{
	return gateway_fd;
}

static int
file_of(const char *text)
{
	int fd = memfd_create("test", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, text, strlen(text), 0), strlen(text));
	return fd;
}

int
rig_set_up(void **state)
{
	(void)state;
	rig_open();
	return 0;
}

int
rig_tear_down(void **state)
{
	(void)state;
	rig_close();
	return 0;
}

static void
send_with(const struct mst_auth_message *m, const int *fds, size_t n)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(8 * sizeof(int))];
	} ctl = {0};
	int len = mst_auth_message_write(m, buf, sizeof(buf));
	struct iovec iov = {.iov_base = buf, .iov_len = (size_t)len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	assert_true(len > 0);
	if (n > 0) {
		msg.msg_control = ctl.room;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(int));
		ctl.head.cmsg_level = SOL_SOCKET;
		ctl.head.cmsg_type = SCM_RIGHTS;
		ctl.head.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&ctl.head), fds, n * sizeof(int));
	}
	assert_int_equal(sendmsg(gateway_fd, &msg, MSG_NOSIGNAL), len);
}

void
rig_send(const struct mst_auth_message *m)
{
	send_with(m, NULL, 0);
}

int
rig_configure(const struct rig_files *files, uint64_t codes_from_s, struct mst_conf_error *err)
{
	static uint32_t generation;
	struct mst_auth_message m = {.kind = MST_AUTH_CONFIGURE,
		.configure = {.generation = ++generation, .codes_from_s = codes_from_s, .conf = "conf"}};
	char text[4096];
	int fds[7];
	size_t n = 1;

	snprintf(text, sizeof(text),
		"tls: {certificate: /c, key: /k}\npool: {ipv4: 10.9.0.0/29}\nlog: {level: error}\n"
		"ports: {public: {device: none, addresses: [192.0.2.1/24]}}\nauth: {%s}\nusers: {file: "
		"/u%s}\nhosts: [%s]\n",
		files->auth != NULL ? files->auth : "methods: [password]",
		files->oath != NULL ? ", oath: /o" : "", files->hosts != NULL ? files->hosts : "");
	fds[0] = file_of(text);
	if (files->users != NULL) {
		m.configure.files[MST_AUTH_FILE_USERS] = "/u";
		fds[n++] = file_of(files->users);
	}
	if (files->oath != NULL) {
		m.configure.files[MST_AUTH_FILE_OATH] = "/o";
		fds[n++] = file_of(files->oath);
	}
	if (files->radius_secret != NULL) {
		m.configure.files[MST_AUTH_FILE_RADIUS_SECRET] = "/s";
		fds[n++] = file_of(files->radius_secret);
	}
	if (files->environment != NULL) {
		m.configure.files[MST_AUTH_FILE_ENVIRONMENT] = "/e";
		fds[n++] = file_of(files->environment);
	}
	if (files->jwks != NULL) {
		m.configure.files[MST_AUTH_FILE_OIDC_KEYS_0] = "/k";
		fds[n++] = file_of(files->jwks);
	}
	if (files->ca != NULL) {
		m.configure.files[MST_AUTH_FILE_OIDC_CA_0] = "/c";
		fds[n++] = file_of(files->ca);
	}
	send_with(&m, fds, n);
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	m = rig_receive();
	assert_int_equal(m.kind, MST_AUTH_CONFIGURED);
	assert_int_equal(m.configured.generation, generation);
	*err = (struct mst_conf_error){.line = m.configured.line};
	snprintf(err->text, sizeof(err->text), "%s", m.configured.text);
	return -(int)m.configured.code;
}

struct mst_auth_message
rig_receive(void)
{
	struct pollfd p = {.fd = gateway_fd, .events = POLLIN};
	struct mst_auth_message m;
	ssize_t n;

	assert_int_equal(poll(&p, 1, 20000), 1);
	n = recv(gateway_fd, buf, sizeof(buf), 0);
	assert_true(n > 0);
	assert_int_equal(mst_auth_message_read(&m, buf, (size_t)n), 0);
	return m;
}

bool
rig_is_quiet(int ms)
{
	struct pollfd p = {.fd = gateway_fd, .events = POLLIN};

	return poll(&p, 1, ms) == 0;
}

struct mst_auth_result
rig_result(void)
{
	struct mst_auth_message m = rig_receive();

	assert_int_equal(m.kind, MST_AUTH_RESULT);
	return m.result;
}

struct mst_auth_result
rig_submit(const struct mst_auth_try *attempt)
{
	const struct mst_auth_message m = {.kind = MST_AUTH_SUBMIT, .submit = *attempt};
	struct mst_auth_result r;

	rig_send(&m);
	r = rig_result();
	assert_true(r.token == attempt->token);
	return r;
}

struct mst_auth_result
rig_sign_in(uint64_t token, const char *user, const char *password)
{
	return rig_submit(&(struct mst_auth_try){.token = token, .user = user, .password = password});
}

struct mst_auth_result
rig_answer(uint64_t token, const char *answer)
{
	struct mst_auth_message m = {.kind = MST_AUTH_ANSWER, .answer = {.token = token, .answer = answer}};
	struct mst_auth_result r;

	rig_send(&m);
	r = rig_result();
	assert_true(r.token == token);
	return r;
}
