// Replays a folder of inputs through a fuzz target, without libFuzzer. Each input is copied into a heap block
// of its exact size, so that ASan sees a read of one byte too many.
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	long size;
	uint8_t *data;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		return -1;
	rewind(f);
	data = malloc(size > 0 ? (size_t)size : 1);
	if (data == NULL || fread(data, 1, (size_t)size, f) != (size_t)size)
		return -1;
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)size);
	// Every prefix of a seed too: most length mistakes show at a cut.
	for (size_t cut = 0; cut < (size_t)size && cut < 512; cut++) {
		uint8_t *part = malloc(cut > 0 ? cut : 1);

		if (part == NULL)
			return -1;
		memcpy(part, data, cut);
		LLVMFuzzerTestOneInput(part, cut);
		free(part);
	}
	free(data);
	return 0;
}

int
main(int argc, char **argv)
{
	unsigned int n = 0;

	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		struct dirent *e;

		if (dir == NULL) {
			fprintf(stderr, "%s: no such corpus\n", argv[i]);
			return 1;
		}
		while ((e = readdir(dir)) != NULL) {
			char path[4096];

			if (e->d_name[0] == '.')
				continue;
			snprintf(path, sizeof(path), "%s/%s", argv[i], e->d_name);
			if (replay_file(path) != 0) {
				fprintf(stderr, "%s: cannot read\n", path);
				return 1;
			}
			n++;
		}
		closedir(dir);
	}
	printf("%u inputs replayed\n", n);
	return n > 0 ? 0 : 1;
}
