// One-time codes that were used: each opens once. Threads of the pool.
#include <pthread.h>
#include <string.h>

#include "identity.h"

#define LIVES_S 180 // the longest step, the one behind it that is still taken, and one to spare

struct used {
	char name[MST_AUTH_USER_BYTES];
	uint64_t from_s; // when the step of the latest began; 0: free
};

struct identity_codes {
	pthread_mutex_t lock;
	struct used used[IDENTITY_CODES_MAX];
};

struct identity_codes *
identity_codes_create(void)
{
	struct identity_codes *c = calloc(1, sizeof(*c));

	if (c != NULL)
		pthread_mutex_init(&c->lock, NULL);
	return c;
}

void
identity_codes_destroy(struct identity_codes *c)
{
	if (c == NULL)
		return;
	pthread_mutex_destroy(&c->lock);
	free(c);
}

// A table that is full of codes which may still be tried again takes no more: nobody passes rather than one twice.
bool
identity_codes_use(struct identity_codes *c, const char *name, uint64_t from_s, uint64_t now_s)
{
	struct used *free_one = NULL;
	struct used *his = NULL;
	bool fresh;

	pthread_mutex_lock(&c->lock);
	for (size_t i = 0; i < IDENTITY_CODES_MAX && his == NULL; i++) {
		struct used *u = &c->used[i];

		if (u->from_s != 0 && strcmp(u->name, name) == 0)
			his = u;
		else if (u->from_s == 0 || u->from_s + LIVES_S < now_s)
			free_one = u;
	}
	// An older one than the latest used is refused, too: RFC 6238 section 5.2.
	fresh = his != NULL ? from_s > his->from_s : free_one != NULL;
	if (fresh) {
		struct used *u = his != NULL ? his : free_one;

		snprintf(u->name, sizeof(u->name), "%s", name);
		u->from_s = from_s;
	}
	pthread_mutex_unlock(&c->lock);
	return fresh;
}
