/* SPDX-License-Identifier: MIT
 *
 * Readers of the values that directives take, for struct directive.reader.
 */
#ifndef READER_H
#define READER_H

#include <stdint.h>

#include "directive.h"

/* A time as systemd.time(7): 5min 20s, 1.5h, a bare number is seconds, infinity is -1. In ms. 0, or -1. */
int reader_span(const char *text, int64_t *ms);

/* A number of bytes, or with K, M, G, T, P or E behind it. 0, or -1. */
int reader_size(const char *text, uint64_t *value);

/* A boolean as systemd has it. 0, or -1. */
int reader_truth(const char *text, bool *truth);

/* The position of text among the names, some of which may be NULL; -1: it is none of them. */
int reader_choice(const char *text, const char *const *names, size_t count);

#define READERS(X) \
	X(text) X(truth) X(untruth) X(span) X(timeout) X(both_timeouts) X(signal) X(count) X(type) X(restart) X(kill_mode) X(notify) \
	X(action) X(code) X(statuses) X(names) X(environment) X(limit) X(nice) X(oom) X(umask) X(mode) X(bounding) X(ambient) X(cwd) \
	X(input) X(output) X(directories) X(path) X(preserve) \
	X(slack) X(affinity) X(policy) X(cpu_priority) X(reset_on_fork) X(io_class) X(io_priority) X(personality) X(secure_bits) X(keyring) \
	X(core_filter) X(identifier) X(level) X(tty) \
	X(protection) X(protect_system) X(protect_home) X(protect_proc) X(proc_subset) X(views) X(binds) X(tmpfs) X(root) X(propagation) \
	X(restriction) X(namespaces) X(families) X(architectures) X(calls) X(call_log) X(call_error) \
	X(memory) X(tasks) X(quota) X(weight) X(shares) X(block_weight) X(delegate) X(oom_policy) X(device_allow) X(device_policy)
/* Each reads a setting into a field. NULL, or what is wrong with the setting and what would be right. */
#define READER(name) const char *read_##name(void *field, const struct directive *row, const struct setting *setting);
READERS(READER)
#undef READER

/* How a reader is written. */
#define READS(name) const char *read_##name(void *field, const struct directive *row, const struct setting *setting)
/* Most need no row. */
#define READS_PLAIN(name) \
	static const char *plain_##name(void *field, const char *text); \
	READS(name) { (void)row; return plain_##name(field, setting->text); } \
	static const char *plain_##name(void *field, const char *text)

/* What is wrong with one more where a plan holds no more. */
extern const char reader_too_many[];

enum reader {
	READ_nothing,
#define READER(name) READ_##name,
	READERS(READER)
#undef READER
};

#endif
