// The users file: text to a sorted table, a name to its hash, and the way to verify by it.
#include <errno.h>
#include <string.h>
#include <time.h>

#include "identity.h"

// What an unknown user is hashed against while the file has nobody who may pass.
#define NOBODYS_HASH "$6$notauserssalt$"

struct parser {
	struct identity_lines lines;
	struct identity_users *users;
};

static int
check_groups(const struct parser *p, struct mst_rd r)
{
	bool more = mst_rd_left(&r) > 0;

	for (unsigned int n = 0; more; n++) {
		struct mst_rd group;

		if (n == MST_AUTH_GROUPS_MAX)
			return identity_lines_reject(
				&p->lines, "expected at most %u groups, found more", MST_AUTH_GROUPS_MAX);
		more = identity_lines_take(&r, ',', &group);
		if (mst_rd_left(&group) == 0 || mst_rd_left(&group) >= MST_AUTH_GROUP_BYTES)
			return identity_lines_reject(&p->lines,
				"expected groups of 1 to %u bytes, found one of %zu",
				MST_AUTH_GROUP_BYTES - 1, mst_rd_left(&group));
	}
	return 0;
}

static int
parse_user(const struct parser *p, struct mst_rd line, struct identity_user *out)
{
	char spelling[IDENTITY_USER_BYTES];
	struct mst_rd name;
	struct mst_rd groups;

	if (!identity_lines_printable(line, ' '))
		return identity_lines_reject(&p->lines, "expected printable text, found a control character");
	if (!identity_lines_take(&line, ':', &name) || !identity_lines_take(&line, ':', &groups) ||
		mst_rd_left(&line) == 0 || memchr(line.pos, ':', mst_rd_left(&line)) != NULL)
		return identity_lines_reject(
			&p->lines, "expected user:groups:hash, found another number of fields");
	MST_TRY(identity_lines_name(&p->lines, name, spelling));
	// Into its place in the text, which is ours.
	memcpy(p->users->text + (name.pos - (const uint8_t *)p->users->text), spelling, strlen(spelling));
	// ocpasswd writes "*" for a user without group.
	if (mst_rd_left(&groups) == 1 && groups.pos[0] == '*')
		(void)mst_rd_u8(&groups);
	MST_TRY(check_groups(p, groups));
	*out = (struct identity_user){
		.name = (const char *)name.pos,
		.name_len = (uint8_t)strlen(spelling),
		.groups = (const char *)groups.pos,
		.groups_len = (uint16_t)mst_rd_left(&groups),
		.hash = (const char *)line.pos,
		.hash_len = (uint16_t)mst_rd_left(&line),
		.line = p->lines.line,
		.locked = line.pos[0] == '!' || line.pos[0] == '*',
	};
	// The hash itself is nobody's business, not the log's either.
	if (!out->locked && !identity_hash_is_known(out->hash, out->hash_len))
		return identity_lines_reject(&p->lines,
			"expected a crypt(5) hash ($y$ $2b$ $6$ $5$ $1$) of bearable cost, found "
			"something else");
	return 0;
}

static int
append(struct parser *p, const struct identity_user *user)
{
	struct identity_users *u = p->users;

	if (u->n_users == MST_IDENTITY_USERS_MAX)
		return identity_lines_reject(
			&p->lines, "expected at most %u users, found more", MST_IDENTITY_USERS_MAX);
	if (u->n_users == u->cap) {
		uint32_t cap = u->cap > 0 ? 2 * u->cap : 64;
		struct identity_user *more = realloc(u->users, cap * sizeof(*more));

		if (more == NULL)
			return identity_lines_no_memory(&p->lines);
		u->users = more;
		u->cap = cap;
	}
	u->users[u->n_users++] = *user;
	return 0;
}

static int
parse_line(struct identity_lines *lines, struct mst_rd line)
{
	struct parser *p = lines->arg;
	struct identity_user user;

	MST_TRY(parse_user(p, line, &user));
	return append(p, &user);
}

static int
compare_users(const void *a, const void *b)
{
	const struct identity_user *x = a;
	const struct identity_user *y = b;
	int order = identity_lines_compare(x->name, x->name_len, y->name, y->name_len);

	// Of two lines with one name the later is the one at fault.
	return order != 0 ? order : (x->line > y->line) - (x->line < y->line);
}

static int
index_users(struct parser *p)
{
	struct identity_users *u = p->users;

	if (u->n_users == 0)
		return 0;
	qsort(u->users, u->n_users, sizeof(*u->users), compare_users);
	u->usable = calloc(u->n_users, sizeof(*u->usable));
	if (u->usable == NULL)
		return identity_lines_no_memory(&p->lines);
	for (uint32_t i = 0; i < u->n_users; i++) {
		const struct identity_user *x = &u->users[i];
		const struct identity_user *before = x - 1;

		p->lines.line = x->line;
		if (i > 0 &&
			identity_lines_compare(before->name, before->name_len, x->name, x->name_len) == 0)
			return identity_lines_reject(&p->lines,
				"expected each user once, found %.*s again (first in line %u)", x->name_len,
				x->name, before->line);
		if (!x->locked)
			u->usable[u->n_usable++] = i;
	}
	return 0;
}

int
identity_users_parse(struct identity_users **out, const struct canonical_rules *names, const char *name,
	char *text, size_t len, struct mst_conf_error *err)
{
	struct identity_users *u = calloc(1, sizeof(*u));
	struct parser p = {.lines = {.name = name, .names = names, .err = err, .arg = &p}, .users = u};
	int rc = 0;

	if (u == NULL) {
		mst_wipe(text, len);
		free(text);
		return identity_lines_no_memory(&p.lines);
	}
	u->text = text;
	u->text_len = len;
	if (len > MST_IDENTITY_FILE_BYTES_MAX)
		rc = identity_lines_reject(
			&p.lines, "expected at most %u bytes, found %zu", MST_IDENTITY_FILE_BYTES_MAX, len);
	if (rc == 0)
		rc = identity_lines_each(&p.lines, mst_rd_init(text, len), parse_line);
	if (rc == 0)
		rc = index_users(&p);
	if (rc < 0) {
		identity_users_free(u);
		return rc;
	}
	*out = u;
	return 0;
}

void
identity_users_free(struct identity_users *users)
{
	if (users == NULL)
		return;
	mst_wipe(users->text, users->text_len);
	free(users->text);
	free(users->users);
	free(users->usable);
	free(users);
}

const struct identity_user *
identity_users_find(const struct identity_users *users, const char *name)
{
	size_t name_len = strlen(name);
	uint32_t low = 0;
	uint32_t high = users->n_users;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const struct identity_user *u = &users->users[mid];
		int order = identity_lines_compare(name, name_len, u->name, u->name_len);

		if (order == 0)
			return u;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

// Somebody else's hash to work against: chosen by the name, so that a name always costs the same, and among
// the hashes in use, so that the costs are spread as those of real users are. The seed keeps the choice from
// being foretold.
static void
set_dummy_hash(const struct identity_users *users, uint64_t seed, struct identity_job *job)
{
	uint64_t h = 0xcbf29ce484222325ULL ^ seed;

	for (const char *c = job->attempt.user; *c != '\0'; c++)
		h = (h ^ (uint8_t)*c) * 0x100000001b3ULL;
	h ^= h >> 32;
	if (users->n_usable > 0) {
		const struct identity_user *other = &users->users[users->usable[h % users->n_usable]];

		memcpy(job->hash, other->hash, other->hash_len);
		job->hash[other->hash_len] = '\0';
	} else {
		memcpy(job->hash, NOBODYS_HASH, sizeof(NOBODYS_HASH));
	}
}

static void
set_groups(const struct identity_user *user, struct mst_auth_result *result)
{
	struct mst_rd r = mst_rd_init(user->groups, user->groups_len);

	while (mst_rd_left(&r) > 0 && result->n_groups < MST_AUTH_GROUPS_MAX) {
		struct mst_rd group;

		(void)identity_lines_take(&r, ',', &group);
		memcpy(result->groups[result->n_groups], group.pos, mst_rd_left(&group));
		result->groups[result->n_groups][mst_rd_left(&group)] = '\0';
		result->n_groups++;
	}
}

static void
prepare(struct identity_job *job)
{
	const struct identity_users *users = job->settings->users;
	const struct identity_user *user = identity_users_find(users, job->attempt.user);
	const char *password = job->attempt.password;

	job->may_pass = user != NULL && !user->locked && password != NULL && password[0] != '\0';
	if (user == NULL || user->locked) {
		set_dummy_hash(users, job->settings->seed, job);
		return;
	}
	memcpy(job->hash, user->hash, user->hash_len);
	job->hash[user->hash_len] = '\0';
	set_groups(user, &job->result);
}

static void
step(struct identity_job *job, struct crypt_data *scratch)
{
	const struct identity_settings *settings = job->settings;

	// Whoever it is and whatever came of the password, the code is asked for: only both together are judged.
	if (!job->asked) {
		job->passed = identity_hash_verify(job, scratch);
		mst_wipe(job->hash, sizeof(job->hash));
		identity_job_wipe_password(job);
	} else if (!identity_oath_verify(settings->oath, job->codes, job->attempt.user, job->answer,
			   (uint64_t)time(NULL), settings->codes_from_s, job->passed)) {
		job->passed = false;
	}
	if (settings->oath != NULL && !job->asked) {
		job->asked = true;
		job->result.outcome = MST_AUTH_MORE;
		snprintf(job->result.prompt, sizeof(job->result.prompt), "One-time code");
		return;
	}
	job->result.outcome = job->passed ? MST_AUTH_OK : MST_AUTH_NO;
}

const struct identity_way identity_way_users = {.name = "users", .prepare = prepare, .step = step};

int
mst_identity_check_users(const char *name, const char *text, size_t len, struct mst_conf_error *err)
{
	static const struct canonical_rules any;
	char *copy = malloc(len + 1);
	struct identity_users *users;

	if (copy == NULL) {
		*err = (struct mst_conf_error){.text = "out of memory"};
		return -ENOMEM;
	}
	memcpy(copy, text, len);
	*err = (struct mst_conf_error){0};
	MST_TRY(identity_users_parse(&users, &any, name, copy, len, err));
	identity_users_free(users);
	return 0;
}
