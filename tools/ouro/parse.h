// Numbers as people write them. Pure functions; 0 or -EINVAL.
#pragma once

#include <stdint.h>

// "512M", "2G", "1.5G" is none. Without a suffix the number counts |unit| bytes. K, M, G, T, an
// optional trailing "B" or "iB".
int parse_size(const char *s, uint64_t unit, uint64_t *bytes);
// "10" and "10s" are seconds; "0.5s", "200ms", "2m", "1h".
int parse_duration_ms(const char *s, uint64_t *ms);
