// The sub-commands of mst-bench. argv[0] is the name of the sub-command; the result is the exit code.
#pragma once

int bench_handshake(int argc, char **argv);
