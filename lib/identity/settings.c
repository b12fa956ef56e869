// What sign-ins are judged by, read from the descriptors that the gateway hands over. Serving thread.
#include <errno.h>
#include <string.h>

#include "identity.h"

// Reads fds[1] and so on for the files that c names, in their order.
static int
read_files(struct identity_settings *s, const struct mst_auth_configure *c, const int *fds,
	struct mst_conf_error *err)
{
	size_t next = 1;

	for (size_t i = 0; i < MST_AUTH_N_FILES; i++) {
		char *text;
		size_t len;
		int rc;

		if (c->files[i][0] == '\0')
			continue;
		MST_TRY(mst_conf_fd_read(
			fds[next++], c->files[i], MST_IDENTITY_FILE_BYTES_MAX, &text, &len, err));
		switch ((enum mst_auth_file)i) {
		case MST_AUTH_FILE_USERS:
			MST_TRY(identity_users_parse(&s->users, &s->names, c->files[i], text, len, err));
			break;
		case MST_AUTH_FILE_OATH:
			rc = identity_oath_parse(&s->oath, &s->names, c->files[i], text, len, err);
			mst_wipe(text, len);
			free(text);
			MST_TRY(rc);
			break;
		case MST_AUTH_FILE_RADIUS_SECRET:
			rc = identity_radius_create(
				&s->radius, &s->conf->auth.radius, c->files[i], text, len, err);
			mst_wipe(text, len);
			free(text);
			MST_TRY(rc);
			break;
		case MST_AUTH_FILE_ENVIRONMENT:
			rc = environment_parse(&s->environment, c->files[i], text, len, err);
			mst_wipe(text, len); // a proxy's password may be in there
			free(text);
			MST_TRY(rc);
			break;
		case MST_AUTH_FILE_OIDC_KEYS_0:
		case MST_AUTH_FILE_OIDC_KEYS_1:
		case MST_AUTH_FILE_OIDC_KEYS_2:
		case MST_AUTH_FILE_OIDC_KEYS_3:
		case MST_AUTH_FILE_OIDC_CA_0:
		case MST_AUTH_FILE_OIDC_CA_1:
		case MST_AUTH_FILE_OIDC_CA_2:
		case MST_AUTH_FILE_OIDC_CA_3:
			MST_TRY(identity_tokens_take_file(
				s, (enum mst_auth_file)i, c->files[i], text, len, err));
			break;
		case MST_AUTH_N_FILES:
			break;
		}
	}
	return 0;
}

MST_PRINTF(3, 4)
static int
reject(struct mst_conf_error *err, const char *name, const char *fmt, ...)
{
	va_list ap;
	int head = snprintf(err->text, sizeof(err->text), "%.200s: ", name);

	va_start(ap, fmt);
	vsnprintf(err->text + head, sizeof(err->text) - (size_t)head, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

// Of the site, or of a host with all that it has of the site's. path: where it stands.
static int
check_auth(const struct identity_settings *s, const struct mst_conf_auth *auth, const char *name,
	const char *path, struct mst_conf_error *err)
{
	static const char place[] =
		"expected san-upn, san-email, san-uri, cn, uid, ou or an object identifier, found";
	const struct mst_conf_client_cert *c = &auth->certificate;

	if (mst_conf_wants_passwords(auth)) {
		if (auth->password == MST_CONF_PASSWORD_PAM)
			MST_TRY(identity_pam_check(&auth->pam, name, err));
		if (auth->password == MST_CONF_PASSWORD_USERS && s->users == NULL)
			return reject(err, name, "%s.password: the users file is missing", path);
		if (auth->password == MST_CONF_PASSWORD_RADIUS &&
			(s->radius == NULL || auth->radius.n_servers == 0))
			return reject(err, name, "auth.radius.servers: expected a server, found none");
	}
	if (!cert_place_is_known(c->user))
		return reject(err, name, "%s.certificate.user: %s %s", path, place, c->user);
	if (c->group[0] != '\0' && !cert_place_is_known(c->group))
		return reject(err, name, "%s.certificate.group: %s %s", path, place, c->group);
	return 0;
}

// What the configuration cannot know of its texts, and what a gateway of another build might leave out.
static int
check(const struct identity_settings *s, const char *name, struct mst_conf_error *err)
{
	struct mst_conf_auth auth;
	char path[32] = "auth";

	for (uint32_t i = 0; mst_conf_auth_at(s->conf, i, &auth); i++) {
		if (i > 0)
			snprintf(path, sizeof(path), "hosts[%u].auth", i - 1);
		MST_TRY(check_auth(s, &auth, name, path, err));
	}
	return 0;
}

int
identity_settings_load(struct identity_settings **out, const struct identity_settings *old,
	const struct mst_auth_configure *c, const int *fds, size_t n_fds, struct mst_conf_error *err)
{
	struct identity_settings *s = calloc(1, sizeof(*s));
	size_t want = 1;
	char *text = NULL;
	size_t len;
	int rc = -ENOMEM;

	*err = (struct mst_conf_error){.text = "out of memory"};
	if (s == NULL)
		return rc;
	s->n_refs = 1;
	s->codes_from_s = c->codes_from_s;
	mst_random(&s->seed, sizeof(s->seed));
	for (size_t i = 0; i < MST_AUTH_N_FILES; i++)
		want += c->files[i][0] != '\0';
	if (n_fds != want) {
		snprintf(err->text, sizeof(err->text), "expected %zu descriptors, found %zu", want, n_fds);
		rc = -EINVAL;
		goto err;
	}
	rc = mst_conf_fd_read(fds[0], c->conf, MST_CONF_FILE_BYTES_MAX, &text, &len, err);
	if (rc == 0)
		rc = mst_conf_load_text(&s->conf, c->conf, text, len, err);
	if (rc == 0) {
		s->names = (struct canonical_rules){.strip_domains = s->conf->auth.strip_domains,
			.n_strip_domains = s->conf->auth.n_strip_domains};
		rc = read_files(s, c, fds, err);
	}
	if (rc == 0)
		rc = check(s, c->conf, err);
	if (rc == 0) {
		fetch_set_environment(&s->environment);
		rc = identity_tokens_start(s, old, c->conf, err);
	}
	if (rc < 0)
		goto err;
	free(text);
	*out = s;
	return 0;
err:
	free(text);
	identity_settings_put(s);
	return rc;
}

struct identity_settings *
identity_settings_get(struct identity_settings *s)
{
	atomic_fetch_add(&s->n_refs, 1);
	return s;
}

void
identity_settings_put(struct identity_settings *s)
{
	if (s == NULL || atomic_fetch_sub(&s->n_refs, 1) > 1)
		return;
	identity_users_free(s->users);
	identity_oath_free(s->oath);
	identity_radius_destroy(s->radius);
	identity_tokens_end(s);
	mst_conf_free(s->conf);
	mst_wipe(s, sizeof(*s));
	free(s);
}
