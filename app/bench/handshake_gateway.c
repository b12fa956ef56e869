// The gateway's side of the handshake benchmark: a control lcore of the product's own on an ordinary configuration,
// with its certificate made on the spot. No port, no tap, no worker that runs. Control lcore.
#include "handshake_gateway.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "mst_crypto.h"
#include "mst_port.h"
#include "mst_rt.h"
#include "mst_wire.h"

#define MBUFS 4095
#define MBUF_BYTES 2048
#define MEMORY_MIB 128
#define SESSION_BYTES 6144 // of EAL's memory
#define CERT_DAYS 90
#define POOL "10.0.0.0/15"
#define MIB (1024u * 1024u)

enum { FILE_CERT, FILE_KEY, FILE_USERS };

static const char users[] = "bench:fleet:$6$notauserssalt$\n";

const char *
gateway_key_name(enum gateway_key key)
{
	return key == GATEWAY_KEY_P256 ? "P-256" : "RSA-2048";
}

int
gateway_host_start(uint32_t sessions, char *err, size_t err_cap)
{
	char prefix[32];
	struct mst_rt_params p = {.control_cpu = -1,
		.n_workers = 1,
		.huge = MST_RT_HUGE_OFF,
		.memory_mib = MEMORY_MIB + (unsigned int)((uint64_t)sessions * SESSION_BYTES / MIB),
		.file_prefix = prefix};
	cpu_set_t set;

	snprintf(prefix, sizeof(prefix), "mst-bench-%d", (int)getpid());
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return -errno;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			p.worker_cpus[0] = cpu;
	snprintf(err, err_cap, "cipher self-test or packet buffers");
	MST_TRY(mst_crypto_init());
	MST_TRY(mst_rt_start(&p, err, err_cap));
	return mst_port_pool_create(MBUFS, MBUF_BYTES);
}

void
gateway_host_stop(void)
{
	mst_rt_stop();
}

// ---- files that are in no folder ----------------------------------------------------------------
static int
file_make(int *out, FILE **stream)
{
	*out = memfd_create("mst-bench", MFD_CLOEXEC);
	if (*out < 0 || fchmod(*out, 0600) != 0)
		return -errno;
	*stream = fdopen(dup(*out), "w");
	return *stream != NULL ? 0 : -errno;
}

static X509 *
cert_make(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	X509_NAME *name;

	if (cert == NULL)
		return NULL;
	name = X509_get_subject_name(cert);
	if (X509_set_version(cert, X509_VERSION_3) == 1 &&
		ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
		X509_gmtime_adj(X509_getm_notBefore(cert), -3600) != NULL &&
		X509_gmtime_adj(X509_getm_notAfter(cert), CERT_DAYS * 86400L) != NULL &&
		X509_set_pubkey(cert, key) == 1 &&
		X509_NAME_add_entry_by_txt(
			name, "CN", MBSTRING_ASC, (const unsigned char *)"gw.example", -1, -1, 0) == 1 &&
		X509_set_issuer_name(cert, name) == 1 && X509_sign(cert, key, EVP_sha256()) > 0)
		return cert;
	X509_free(cert);
	return NULL;
}

static int
identity_make(struct gateway *g, enum gateway_key which)
{
	EVP_PKEY *key = which == GATEWAY_KEY_P256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
	X509 *cert = key != NULL ? cert_make(key) : NULL;
	FILE *cert_file = NULL, *key_file = NULL;
	int ret = -ENOMEM;

	if (cert == NULL)
		goto out;
	ret = file_make(&g->files[FILE_CERT], &cert_file);
	if (ret == 0)
		ret = file_make(&g->files[FILE_KEY], &key_file);
	if (ret == 0 && (PEM_write_X509(cert_file, cert) != 1 ||
				PEM_write_PrivateKey(key_file, key, NULL, NULL, 0, NULL, NULL) != 1))
		ret = -EIO;
out:
	if (cert_file != NULL)
		fclose(cert_file);
	if (key_file != NULL)
		fclose(key_file);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ret;
}

static int
users_make(struct gateway *g)
{
	FILE *f;

	MST_TRY(file_make(&g->files[FILE_USERS], &f));
	fputs(users, f);
	return fclose(f) == 0 ? 0 : -EIO;
}

static int
conf_make(struct gateway *g, uint32_t sessions, char *err, size_t err_cap)
{
	char text[1024];
	struct mst_conf_error e;
	int n;

	snprintf(g->folder, sizeof(g->folder), "/tmp/mst-bench.XXXXXX");
	if (mkdtemp(g->folder) == NULL) {
		snprintf(err, err_cap, "%s: %s", g->folder, strerror(errno));
		g->folder[0] = '\0';
		return -errno;
	}
	n = snprintf(text, sizeof(text),
		"ports:\n  public:\n    device: none\n    addresses: [192.0.2.1/24]\n"
		"tls:\n  certificate: /proc/self/fd/%d\n  key: /proc/self/fd/%d\n"
		"pool:\n  ipv4: " POOL "\nusers:\n  file: /proc/self/fd/%d\n"
		"cookie:\n  keys: %s/keys\n  sessions: %s/sessions\n"
		"limits:\n  sessions: %u\n  half-open: 4096\n  handshakes-per-second: 100000\n",
		g->files[FILE_CERT], g->files[FILE_KEY], g->files[FILE_USERS], g->folder, g->folder,
		sessions);

	if (mst_conf_load_text(&g->conf, "benchmark", text, (size_t)n, &e) < 0) {
		snprintf(err, err_cap, "%s", e.text);
		return -EINVAL;
	}
	// What a file cannot ask for: the kernel's choice of a port on the loopback.
	g->conf->listen.port = 0;
	g->conf->ports.public.addresses[0].ip = mst_ip4_from_host(0x7f000001u);
	return 0;
}

static int
tables_make(const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_session_params p = {.pool4 = conf->pool.ipv4, .max_sessions = conf->limits.sessions};

	return mst_session_tables_create(&p, err, err_cap);
}

int
gateway_start(struct gateway *g, enum gateway_key key, uint32_t sessions, char *err, size_t err_cap)
{
	struct mst_control_params p = {0};
	int ret;

	*g = (struct gateway){.files = {-1, -1, -1}};
	snprintf(err, err_cap, "the certificate cannot be made");
	ret = identity_make(g, key);
	if (ret == 0)
		ret = users_make(g);
	if (ret == 0)
		ret = conf_make(g, sessions, err, err_cap);
	if (ret == 0)
		ret = tables_make(g->conf, err, err_cap);
	if (ret == 0) {
		g->base = p.base = event_base_new();
		p.conf = g->conf;
		ret = p.base != NULL ? mst_control_create(&g->control, &p, err, err_cap) : -ENOMEM;
	}
	if (ret < 0)
		gateway_stop(g);
	else
		g->conf->listen.port = 443; // what devices are told: 0 would mean no DTLS
	return ret;
}

static void
remove_folder(const struct gateway *g)
{
	if (g->folder[0] == '\0' || g->conf == NULL)
		return;
	unlink(g->conf->cookie.keys);
	unlink(g->conf->cookie.sessions);
	rmdir(g->folder);
}

void
gateway_stop(struct gateway *g)
{
	mst_control_destroy(g->control);
	while (mst_rt_deferred() > 0)
		mst_rt_reclaim();
	if (g->base != NULL)
		event_base_free(g->base);
	mst_session_tables_destroy();
	remove_folder(g);
	mst_conf_free(g->conf);
	for (size_t i = 0; i < MST_ARRAY_SIZE(g->files); i++)
		if (g->files[i] >= 0)
			close(g->files[i]);
	*g = (struct gateway){.files = {-1, -1, -1}};
}

int
gateway_connect(const struct gateway *g)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);
	int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	// It blocks until the kernel has accepted, which it does without the listener's help.
	if (fd >= 0 && getsockname(g->control->listeners[0].fd, (struct sockaddr *)&addr, &len) == 0 &&
		connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0 &&
		fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		return fd;
	int saved = errno;
	if (fd >= 0)
		close(fd);
	return -saved;
}

int
gateway_sign_in(struct gateway *g, unsigned int number, struct client *d, struct control_login **out)
{
	struct mst_auth_result r = {.outcome = MST_AUTH_OK};
	const struct control_arrival from = {.remote = mst_ip4_from_host(0x7f000001u), .host = ""};

	snprintf(r.user, sizeof(r.user), "device%u@example", number);
	return control_login_create(g->control, &r, &from, d->cookie, out);
}

struct mst_sa_tuple
gateway_tuple(unsigned int number)
{
	struct mst_sa_tuple t = {
		.peer_port_be = htons((uint16_t)(1024 + number % 60000)),
		.local_port_be = htons(443),
		.version = 4,
	};
	uint32_t host = htonl(0xc6120000u + number / 60000); // 198.18.0.0/15, RFC 2544
	uint32_t local = htonl(0xcb007101u);

	memcpy(t.peer, &host, sizeof(host));
	memcpy(t.local, &local, sizeof(local));
	return t;
}

unsigned int
gateway_deliver(struct client *d)
{
	unsigned int n = 0;
	void *p;

	for (; rte_ring_dequeue(mst_rt_ring_inject(0), &p) == 0; n++) {
		struct rte_mbuf *m = p;
		size_t head = MST_IP4_HDR_BYTES + MST_UDP_HDR_BYTES;

		client_dtls_hear(
			d, rte_pktmbuf_mtod(m, const uint8_t *) + head, rte_pktmbuf_data_len(m) - head);
		rte_pktmbuf_free(m);
		if (client_dtls_step(d) < 0)
			return 0;
	}
	return n;
}
