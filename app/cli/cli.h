// What the files of mst-cli share.
#pragma once

// Becomes "mst-gateway --check [-c FILE]"; returns, with an exit code, only when that cannot be started.
int cli_config_check(char *file);
