// Where Project Wycheproof's files are.
#include "wycheproof.h"

#include <sys/stat.h>

static char folder[4096];

bool
wycheproof_find(void)
{
	const char *vectors = getenv("MST_VECTORS");
	const char *root = getenv("MST_SOURCE_ROOT");
	struct stat st;
	int n;

	if (vectors != NULL)
		n = snprintf(folder, sizeof(folder), "%s/wycheproof", vectors);
	else
		n = snprintf(
			folder, sizeof(folder), "%s/../shared/vectors/wycheproof", root != NULL ? root : ".");
	if (n < (int)sizeof(folder) && stat(folder, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	printf("skipped: no folder %s\n", folder);
	return false;
}

json_t *
wycheproof_load(const char *name)
{
	char path[sizeof(folder) + 64];
	json_error_t error;
	json_t *root;

	assert_true(snprintf(path, sizeof(path), "%s/%s", folder, name) < (int)sizeof(path));
	root = json_load_file(path, 0, &error);
	if (root == NULL)
		fail_msg("%s: %s", path, error.text);
	return root;
}
