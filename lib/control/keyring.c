// The files of cookie keys and of the ledger: opened at start, keys read again when somebody has changed them, turned when
// the one that seals is old enough or an operator says so. Control lcore; what waits for the disk is done by a thread that
// lives as long as one turn.
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "control.h"

#define LOOK_NS (10 * MST_NS_PER_S)
#define LOOK_TURNING_NS (200 * MST_NS_PER_MS)

struct control_keyring {
	struct mst_control *c;
	struct mst_wheel_timer look;
	struct stat seen; // of the file of keys, when it was read
	bool turning;	  // the thread is there, and all below is its own
	pthread_t thread;
	char path[PATH_MAX];
	_Atomic bool turned; // it has done its work
	uint64_t now_unix_s, life_s;
	struct mst_conf_error err;
	int ret;
};

static void
make_folder_of(const char *path)
{
	char folder[PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL || slash == folder)
		return;
	*slash = '\0';
	(void)!mkdir(folder, 0700); // what is wrong with it the file will tell
}

static uint64_t
longer(uint64_t life, uint32_t session_s)
{
	uint64_t other = session_s != 0 ? session_s : MST_COOKIE_LIFE_MAX_S;

	return other > life ? other : life;
}

// As long as a cookie can live, whoever's it is.
static uint64_t
life_s(const struct mst_conf *conf)
{
	uint64_t life = longer(0, conf->timeouts.session_s);

	for (uint32_t i = 0; i < conf->n_profiles; i++) {
		if (conf->profiles[i].timeouts.has_session)
			life = longer(life, conf->profiles[i].timeouts.session_s);
	}
	return life;
}

// No sooner than the ring has room for the keys of a whole life.
static bool
is_due(const struct mst_control *c, uint64_t now_unix_s)
{
	uint64_t age_s = c->conf->cookie.rotate_s;
	uint64_t least_s = life_s(c->conf) / MST_COOKIE_KEYS_A_LIFE + 1;
	struct mst_cookie_keys_info info;

	if (age_s == 0)
		return false;
	mst_cookie_keys_info(c->keys, now_unix_s, &info);
	return now_unix_s >= info.created_unix_s + (age_s > least_s ? age_s : least_s);
}

int
control_keyring_read(const struct mst_conf *conf, struct mst_cookie_keys **out, char *err, size_t err_cap)
{
	struct mst_conf_error e;
	int ret = mst_cookie_keys_load(out, conf->cookie.keys, (uint64_t)time(NULL), &e);

	if (ret < 0)
		snprintf(err, err_cap, "cookie.keys: %s", e.text);
	return ret;
}

static void
take(struct control_keyring *k, const char *path, struct mst_cookie_keys *keys)
{
	mst_cookie_keys_destroy(k->c->keys);
	k->c->keys = keys;
	if (stat(path, &k->seen) != 0)
		memset(&k->seen, 0, sizeof(k->seen));
}

void
control_keyring_take(struct mst_control *c, const struct mst_conf *conf, struct mst_cookie_keys *keys)
{
	take(c->keyring, conf->cookie.keys, keys);
}

static void
load_again(struct control_keyring *k)
{
	const char *path = k->c->conf->cookie.keys;
	struct mst_cookie_keys_info info;
	struct mst_cookie_keys *keys;
	char err[MST_CONF_ERROR_BYTES];

	if (control_keyring_read(k->c->conf, &keys, err, sizeof(err)) < 0) {
		MST_LOG(ERROR, "control", "the cookie keys of before go on: %s", err);
		(void)stat(path, &k->seen); // said once
		return;
	}
	take(k, path, keys);
	mst_cookie_keys_info(keys, (uint64_t)time(NULL), &info);
	MST_LOG(NOTICE, "control", "%u cookie key(s), %08x seals", info.n, info.id);
}

// A file that has gone is left alone: a new one would make every cookie worthless.
static bool
has_changed(const struct control_keyring *k)
{
	struct stat st;

	return stat(k->c->conf->cookie.keys, &st) == 0 &&
	       (st.st_ino != k->seen.st_ino || st.st_size != k->seen.st_size ||
		       st.st_mtim.tv_sec != k->seen.st_mtim.tv_sec ||
		       st.st_mtim.tv_nsec != k->seen.st_mtim.tv_nsec);
}

// ---- turns --------------------------------------------------------------------------------------
static void *
turn(void *arg)
{
	struct control_keyring *k = arg;

	k->ret = mst_cookie_keys_rotate(k->path, k->now_unix_s, k->life_s, &k->err);
	atomic_store(&k->turned, true);
	return NULL;
}

static int
start_turn(struct control_keyring *k)
{
	snprintf(k->path, sizeof(k->path), "%s", k->c->conf->cookie.keys);
	k->now_unix_s = (uint64_t)time(NULL);
	k->life_s = life_s(k->c->conf);
	atomic_store(&k->turned, false);
	if (pthread_create(&k->thread, NULL, turn, k) != 0)
		return -EAGAIN;
	k->turning = true;
	mst_wheel_arm(&k->c->wheel, &k->look, mst_now_ns() + LOOK_TURNING_NS);
	return 0;
}

static void
end_turn(struct control_keyring *k)
{
	pthread_join(k->thread, NULL);
	k->turning = false;
	if (k->ret < 0)
		MST_LOG(ERROR, "control", "no new cookie key: %s", k->err.text);
	else
		load_again(k);
}

static void
on_look(void *arg, uint64_t now_ns)
{
	struct control_keyring *k = arg;

	if (k->turning && atomic_load(&k->turned))
		end_turn(k);
	else if (!k->turning && has_changed(k))
		load_again(k);
	else if (!k->turning && is_due(k->c, (uint64_t)time(NULL)))
		(void)start_turn(k); // or the next time
	mst_wheel_arm(&k->c->wheel, &k->look, now_ns + (k->turning ? LOOK_TURNING_NS : LOOK_NS));
}

int
mst_control_rotate_cookie_key(struct mst_control *c)
{
	return c->keyring->turning ? -EBUSY : start_turn(c->keyring);
}

// ---- start and end -------------------------------------------------------------------------------
int
control_keyring_check(const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct mst_cookie_keys *keys = NULL;

	if (access(conf->cookie.keys, F_OK) != 0)
		return 0; // the first start makes it
	MST_TRY(control_keyring_read(conf, &keys, err, err_cap));
	mst_cookie_keys_destroy(keys);
	return 0;
}

int
control_keyring_open(struct mst_control *c, const struct mst_conf *conf, char *err, size_t err_cap)
{
	struct control_keyring *k = calloc(1, sizeof(*k));
	struct mst_cookie_keys *keys;
	struct mst_conf_error e;
	int ret;

	snprintf(err, err_cap, "out of memory");
	if (k == NULL)
		return -ENOMEM;
	c->keyring = k;
	k->c = c;
	mst_wheel_timer_init(&k->look, on_look, k);
	make_folder_of(conf->cookie.keys);
	MST_TRY(control_keyring_read(conf, &keys, err, err_cap));
	take(k, conf->cookie.keys, keys);
	make_folder_of(conf->cookie.sessions);
	ret = mst_cookie_ledger_open(
		&c->ledger, conf->cookie.sessions, mst_session_capacity(), (uint64_t)time(NULL), &e);
	if (ret < 0) {
		snprintf(err, err_cap, "cookie.sessions: %s", e.text);
		return ret;
	}
	control_comeback_expect(c);
	mst_wheel_arm(&c->wheel, &k->look, mst_now_ns() + LOOK_NS);
	return 0;
}

void
control_keyring_close(struct mst_control *c)
{
	struct control_keyring *k = c->keyring;

	if (k != NULL) {
		mst_wheel_stop(&k->look);
		if (k->turning)
			pthread_join(k->thread, NULL);
	}
	free(k);
	c->keyring = NULL;
	mst_cookie_keys_destroy(c->keys);
	mst_cookie_ledger_close(c->ledger);
	c->keys = NULL;
	c->ledger = NULL;
}
