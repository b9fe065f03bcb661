/* SPDX-License-Identifier: MIT
 *
 * What the values of directives say. Each reader takes the whole value or says what is wrong with it.
 */
#include "reader.h"

#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "launch.h"
#include "syntax.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

int reader_choice(const char *text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && strcmp(text, names[i]) == 0)
			return (int)i;
	return -1;
}

int reader_truth(const char *text, bool *truth)
{
	static const char *const words[] = {"0", "1", "no", "yes", "n", "y", "false", "true", "f", "t", "off", "on"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (strcasecmp(text, words[i]) == 0) {
			*truth = i % 2;
			return 0;
		}
	return -1;
}

/* A number with a fraction of up to nine digits. Returns its end, NULL if there is none. */
static const char *read_decimal(const char *text, uint64_t *whole, uint64_t *billionths)
{
	const char *start = text;
	uint64_t place = 1000000000;

	*whole = *billionths = 0;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (*whole > UINT32_MAX)
			return NULL;
		*whole = *whole * 10 + (uint64_t)(*text - '0');
	}
	if (text == start)
		return NULL;
	if (*text == '.')
		for (text++; *text >= '0' && *text <= '9'; text++)
			*billionths += (uint64_t)(*text - '0') * (place /= 10);
	return text;
}

/* In microseconds. */
static int read_time(const char *text, uint64_t *sum)
{
	static const struct {
		const char *names;
		uint64_t us;
	} units[] = {
		{" s sec second seconds ", 1000000}, {" min m minute minutes ", 60000000}, {" ms msec ", 1000}, {" us usec ", 1},
		{" h hr hour hours ", 3600000000}, {" d day days ", 86400000000}, {" w week weeks ", 604800000000},
		{" M month months ", 2629800000000}, {" y year years ", 31557600000000},
	};

	*sum = 0;
	do {
		char name[16] = " s ";
		uint64_t whole, billionths;
		size_t unit = 0, length;

		text = read_decimal(text + strspn(text, " \t"), &whole, &billionths);
		if (!text)
			return -1;
		text += strspn(text, " \t");
		length = strspn(text, "abcdefghijklmnopqrstuvwxyzM");
		if (length > sizeof name - 3)
			return -1;
		if (length > 0) {
			memcpy(name + 1, text, length);
			memcpy(name + 1 + length, " ", 2);
		}
		text += length;
		while (unit < COUNT(units) && !strstr(units[unit].names, name))
			unit++;
		if (unit == COUNT(units) || whole > (uint64_t)INT64_MAX / units[unit].us / 4)
			return -1;
		*sum += whole * units[unit].us + billionths * (units[unit].us / 1000) / 1000000 ;
		text += strspn(text, " \t");
	} while (*text && *sum < INT64_MAX / 2);
	return *text ? -1 : 0;
}

int reader_span(const char *text, int64_t *ms)
{
	uint64_t us;
	const bool endless = strcmp(text, "infinity") == 0;

	if (!endless && read_time(text, &us) < 0)
		return -1;
	*ms = endless ? -1 : (int64_t)((us + 999) / 1000); /* what is asked for is not nothing */
	return 0;
}

READS_PLAIN(text)
{
	*(const char **)field = text;
	return NULL;
}

READS_PLAIN(truth)
{
	return reader_truth(text, field) == 0 ? NULL : "not a yes or no";
}

READS_PLAIN(untruth)
{
	const char *wrong = plain_truth(field, text);

	*(bool *)field = !*(bool *)field;
	return wrong;
}

READS_PLAIN(span)
{
	return reader_span(text, field) == 0 ? NULL : "not a time; give 5s, 1min 20s, 100ms or infinity";
}

READS_PLAIN(timeout)
{
	const char *wrong = plain_span(field, text);

	if (*(int64_t *)field == 0)
		*(int64_t *)field = -1;
	return wrong;
}

READS_PLAIN(both_timeouts)
{
	struct rules *rules = field;
	const char *wrong = plain_timeout(&rules->start_ms, text);

	rules->stop_ms = rules->start_ms;
	return wrong;
}

READS_PLAIN(signal)
{
	return value_signal(text, field) == 0 ? NULL : "not a signal";
}

READS_PLAIN(count)
{
	return value_number(text, UINT32_MAX, field) == 0 ? NULL : "not a number";
}

READS_PLAIN(type)
{
	static const char *const names[] = {
		[TYPE_SIMPLE] = "simple", [TYPE_EXEC] = "exec", [TYPE_FORKING] = "forking", [TYPE_ONESHOT] = "oneshot", [TYPE_DBUS] = "dbus",
		[TYPE_NOTIFY] = "notify", [TYPE_NOTIFY_RELOAD] = "notify-reload", [TYPE_IDLE] = "idle",
	};
	int type = reader_choice(text, names, COUNT(names));

	if (type < 0)
		return "not a type; give simple, exec, forking, oneshot, dbus, notify, notify-reload or idle";
	*(enum service_type *)field = (enum service_type)type;
	return NULL;
}

READS_PLAIN(restart)
{
	static const char *const names[] = {"no", "on-success", "on-failure", "on-abnormal", "on-watchdog", "on-abort", "always"};
	int policy = reader_choice(text, names, COUNT(names));

	if (policy < 0)
		return "not a policy; give no, always, or on- with success, failure, abnormal, watchdog or abort";
	*(enum restart_policy *)field = (enum restart_policy)policy;
	return NULL;
}

READS_PLAIN(kill_mode)
{
	static const char *const names[] = {"control-group", "mixed", "process", "none"};
	int mode = reader_choice(text, names, COUNT(names));

	if (mode < 0)
		return "not a mode; give control-group, mixed, process or none";
	*(enum kill_mode *)field = (enum kill_mode)mode;
	return NULL;
}

READS_PLAIN(notify)
{
	static const char *const names[] = {[NOTIFY_NONE] = "none", [NOTIFY_MAIN] = "main", [NOTIFY_EXEC] = "exec", [NOTIFY_ALL] = "all"};
	int access = reader_choice(text, names, COUNT(names));

	if (access < 0)
		return "not an access; give none, main, exec or all";
	*(enum notify_access *)field = (enum notify_access)access;
	return NULL;
}

/* Whatever ends the machine, or the manager, is our end: in a container there is no other. */
READS_PLAIN(action)
{
	static const char *const names[] = {
		"none", "exit", "exit-force", "poweroff", "poweroff-force", "poweroff-immediate", "reboot", "reboot-force", "reboot-immediate",
	};
	int action = reader_choice(text, names, COUNT(names));

	if (action < 0)
		return "not an action; give none or exit";
	*(enum unit_action *)field = action == 0 ? ACTION_NONE : ACTION_EXIT;
	return NULL;
}

READS_PLAIN(identifier)
{
	enum { LENGTH_MAX = 255 }; /* with a line it fits into what is written at once */

	*(const char **)field = text;
	return strlen(text) <= LENGTH_MAX ? NULL : "too long for a name";
}

/* syslog(3) */
READS_PLAIN(level)
{
	static const char *const names[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
	unsigned long number;
	int level = reader_choice(text, names, COUNT(names));

	if (level < 0 && value_number(text, COUNT(names) - 1, &number) == 0)
		level = (int)number;
	*(unsigned char *)field = (unsigned char)level;
	return level < 0 ? "not a level; give emerg, alert, crit, err, warning, notice, info or debug" : NULL;
}

READS_PLAIN(code)
{
	return value_signed(text, 0, 255, field) == 0 ? NULL : "not an exit code; give 0 to 255";
}

/* sysexits(3), from 64 on. */
static int read_exit_code(const char *text, unsigned long *code)
{
	static const char *const names[] = {
		"USAGE", "DATAERR", "NOINPUT", "NOUSER", "NOHOST", "UNAVAILABLE", "SOFTWARE", "OSERR", "OSFILE", "CANTCREAT", "IOERR", "TEMPFAIL",
		"PROTOCOL", "NOPERM", "CONFIG",
	};
	int name = reader_choice(text, names, COUNT(names));

	*code = 64 + (unsigned long)name;
	return name >= 0 ? 0 : value_number(text, 255, code);
}

READS(statuses)
{
	struct status_set *set = field;
	const char *word = setting->text;

	(void)row;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		unsigned long code;
		int signal;

		if (read_exit_code(word, &code) == 0)
			set->codes[code / 32] |= 1U << code % 32;
		else if (value_signal(word, &signal) == 0)
			set->signals |= UINT64_C(1) << (signal - 1);
		else
			return "neither an exit code nor a signal; give some of 0 to 255, SIGTERM and the like";
	}
	return NULL;
}

const char reader_too_many[] = "too many of them";

READS(names)
{
	struct names *names = field;
	const char *word = setting->text;

	(void)row;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		if (names->count == COUNT(names->names))
			return reader_too_many;
		names->names[names->count++] = word;
	}
	return NULL;
}

READS(environment)
{
	struct plan *plan = field;
	const char *word = setting->text;

	(void)row;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		if (word[0] == '=' || !strchr(word, '='))
			return "not a variable; give NAME=VALUE";
		if (plan->env_count == COUNT(plan->env))
			return reader_too_many;
		plan->env[plan->env_count++] = word;
	}
	return NULL;
}

/* EnvironmentFile */
READS(path)
{
	return setting->text[setting->text[0] == '-'] == '/' ? read_names(field, row, setting) : "not an absolute path";
}

int reader_size(const char *text, uint64_t *value)
{
	static const char suffixes[] = "KMGTPE";
	size_t length = strspn(text, "0123456789");
	char number[32];
	unsigned long plain;

	if (length >= sizeof number)
		return -1;
	memcpy(number, text, length);
	number[length] = '\0';
	if (value_number(number, ULONG_MAX, &plain) < 0)
		return -1;
	*value = plain;
	if (text[length] && strchr(suffixes, text[length])) {
		unsigned shift = 10 * (unsigned)(strchr(suffixes, text[length++]) - suffixes + 1);

		if (plain > ULONG_MAX >> shift)
			return -1;
		*value = (uint64_t)plain << shift;
	}
	return text[length] ? -1 : 0;
}

/* A number with the suffixes of sizes; times for the two limits that are times. */
static int read_limit_value(int resource, const char *text, uint64_t *value)
{
	int64_t ms;

	*value = RLIM_INFINITY;
	if (strcmp(text, "infinity") == 0)
		return 0;
	if ((resource == RLIMIT_CPU || resource == RLIMIT_RTTIME) && text[strspn(text, "0123456789")]) {
		if (reader_span(text, &ms) < 0)
			return -1;
		*value = resource == RLIMIT_CPU ? (uint64_t)(ms + 999) / 1000 : (uint64_t)ms * 1000;
		return 0;
	}
	return reader_size(text, value);
}

READS(limit)
{
	static const char wrong[] = "not a limit; give SOFT[:HARD], each a number or infinity, SOFT up to HARD";
	struct plan *plan = field;
	struct limit *limit = &plan->limits[plan->limit_count];
	char text[64];
	const char *hard;

	if (plan->limit_count == COUNT(plan->limits))
		return reader_too_many;
	strcpy(text, row->name + strlen("Limit"));
	strcat(text, "=0");
	if (value_limit(text, limit) < 0) /* only for the number of the resource */
		return wrong;
	hard = value_item(setting->text, ':', text, sizeof text);
	if (read_limit_value(limit->resource, text, &limit->soft) < 0 || read_limit_value(limit->resource, hard ? hard : text, &limit->hard) < 0 ||
	    limit->soft > limit->hard)
		return wrong;
	plan->limit_count++;
	return NULL;
}

READS_PLAIN(nice)
{
	struct plan *plan = field;

	plan->nice_set = value_signed(text, -20, 19, &plan->nice) == 0;
	return plan->nice_set ? NULL : "not a niceness; give -20 to 19";
}

READS_PLAIN(oom)
{
	struct plan *plan = field;

	plan->oom_set = value_signed(text, -1000, 1000, &plan->oom_score_adj) == 0;
	return plan->oom_set ? NULL : "not a score; give -1000 to 1000";
}

READS_PLAIN(mode)
{
	return value_octal(text, 07777, field) == 0 ? NULL : "not a mode; give an octal number";
}

/* Without a unit it is nanoseconds. */
READS_PLAIN(slack)
{
	struct traits *traits = &((struct plan *)field)->traits;
	uint64_t us;

	traits->set |= 1U << TRAIT_SLACK;
	if (value_number(text, ULONG_MAX, &traits->slack_ns) == 0)
		return NULL;
	traits->slack_ns = read_time(text, &us) == 0 && us <= ULONG_MAX / 1000 ? (unsigned long)us * 1000 : 0;
	return traits->slack_ns ? NULL : "not a time; give 50us, or a number of nanoseconds";
}

READS_PLAIN(umask)
{
	struct plan *plan = field;

	plan->umask_set = value_octal(text, 0777, &plan->umask) == 0;
	return plan->umask_set ? NULL : "not a mask; give an octal number up to 0777";
}

/* The capabilities of a list, and whether it is of those to do without. */
static const char *capabilities(const struct setting *setting, uint64_t *bits, bool *without)
{
	const char *word = setting->text;

	*bits = 0;
	*without = *word == '~';
	word += *without;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word))
		if (*word && value_capabilities(word, bits) < 0)
			return "not a capability; give names as CAP_NET_ADMIN";
	return NULL;
}

READS(bounding)
{
	struct plan *plan = field;
	bool without;
	uint64_t bits;
	const char *wrong = capabilities(setting, &bits, &without);

	(void)row;
	if (!plan->limit_capabilities)
		plan->capabilities = without ? ~UINT64_C(0) : 0;
	plan->limit_capabilities = true;
	plan->capabilities = without ? plan->capabilities & ~bits : setting->words ? plan->capabilities | bits : 0;
	return wrong;
}

READS(ambient)
{
	struct plan *plan = field;
	bool without;
	uint64_t bits;
	const char *wrong = capabilities(setting, &bits, &without);

	(void)row;
	plan->cap_add = without ? plan->cap_add & ~bits : plan->cap_add | bits;
	return wrong;
}

READS_PLAIN(cwd)
{
	struct launch *launch = field;

	launch->plan.optional_cwd = *text == '-';
	text += launch->plan.optional_cwd;
	launch->home_cwd = strcmp(text, "~") == 0;
	launch->plan.cwd = launch->home_cwd ? NULL : text;
	return launch->home_cwd || *text == '/' ? NULL : "neither an absolute path nor ~";
}

/* How a stream is said; a colon at the end of it stands before a path. */
static const struct {
	const char *name;
	enum stream_kind kind;
} streams[] = {
	{"inherit", STREAM_INHERIT}, {"null", STREAM_NULL}, {"journal", STREAM_LOG}, {"syslog", STREAM_LOG}, {"kmsg", STREAM_LOG},
	{"journal+console", STREAM_LOG}, {"syslog+console", STREAM_LOG}, {"kmsg+console", STREAM_LOG}, {"tty", STREAM_TTY},
	{"tty-force", STREAM_TTY}, {"tty-fail", STREAM_TTY}, {"socket", STREAM_SOCKET},
	{"file:", STREAM_FILE}, {"append:", STREAM_APPEND}, {"truncate:", STREAM_TRUNCATE},
};

static const char *read_stream(struct stream *stream, const char *text)
{
	for (size_t i = 0; i < COUNT(streams); i++) {
		size_t length = strlen(streams[i].name);
		bool has_path = streams[i].name[length - 1] == ':';

		if (strncmp(text, streams[i].name, length) != 0 || (has_path ? text[length] != '/' : text[length]))
			continue;
		*stream = (struct stream){streams[i].kind, has_path ? text + length : NULL};
		return NULL;
	}
	return "not a stream; give inherit, null, tty, socket, journal, or file:, append: or truncate: with a path";
}

READS_PLAIN(tty)
{
	*(const char **)field = text;
	return *text == '/' ? NULL : "not an absolute path";
}

READS_PLAIN(input)
{
	return read_stream(field, text);
}

READS_PLAIN(output)
{
	return read_stream(field, text);
}

/* The field of the row is the kind of directory. */
READS(directories)
{
	struct launch *launch = (struct launch *)(void *)((char *)field - row->field);
	const char *word = setting->text;

	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		if (launch->directory_count == COUNT(launch->directories))
			return reader_too_many;
		if (*word == '/' || strcmp(word, "..") == 0 || strncmp(word, "../", 3) == 0 || strstr(word, "/..") || strchr(word, ':'))
			return "not a relative path";
		launch->directories[launch->directory_count].kind = (enum directory_kind)row->field;
		launch->directories[launch->directory_count++].name = word;
	}
	return NULL;
}

READS_PLAIN(preserve)
{
	bool yes = false;
	const char *wrong = strcmp(text, "restart") == 0 ? NULL : plain_truth(&yes, text);

	*(unsigned char *)field = yes ? 2 : strcmp(text, "restart") == 0;
	return wrong;
}
