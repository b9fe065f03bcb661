/* SPDX-License-Identifier: MIT
 *
 * Reads option values. Strict: no sign, no space, no rest.
 */
#include "value.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#include "decimal.h"
#include "plan.h"

enum {
	/* The kernel's first real-time signal is 32, but libcs keep the first few: glibc two. signal(7) */
	RTMIN = 34,
	RTMAX = 64,
};

static const struct {
	const char *name;
	int signal;
} signals[] = {
	{"HUP", SIGHUP},       {"INT", SIGINT},     {"QUIT", SIGQUIT}, {"ILL", SIGILL},   {"TRAP", SIGTRAP},
	{"ABRT", SIGABRT},     {"BUS", SIGBUS},     {"FPE", SIGFPE},   {"KILL", SIGKILL}, {"USR1", SIGUSR1},
	{"SEGV", SIGSEGV},     {"USR2", SIGUSR2},   {"PIPE", SIGPIPE}, {"ALRM", SIGALRM}, {"TERM", SIGTERM},
	{"STKFLT", SIGSTKFLT}, {"CHLD", SIGCHLD},   {"CONT", SIGCONT}, {"STOP", SIGSTOP}, {"TSTP", SIGTSTP},
	{"TTIN", SIGTTIN},     {"TTOU", SIGTTOU},   {"URG", SIGURG},   {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
	{"VTALRM", SIGVTALRM}, {"PROF", SIGPROF},   {"WINCH", SIGWINCH}, {"IO", SIGIO},   {"PWR", SIGPWR},
	{"SYS", SIGSYS},       {"IOT", SIGABRT},    {"POLL", SIGIO},   {"RTMIN", RTMIN},  {"RTMAX", RTMAX},
};

static const struct {
	const char *name;
	unsigned long bit;
} namespaces[] = {
	{"uts", CLONE_NEWUTS}, {"ipc", CLONE_NEWIPC},   {"pid", CLONE_NEWPID},       {"mount", CLONE_NEWNS},
	{"net", CLONE_NEWNET}, {"user", CLONE_NEWUSER}, {"cgroup", CLONE_NEWCGROUP},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Reads digits; *text is left behind them. */
static int read_digits(const char **text, unsigned long max, unsigned long *number)
{
	const char *at = *text;

	*number = 0;
	for (; *at >= '0' && *at <= '9'; at++) {
		unsigned long digit = (unsigned long)(*at - '0');

		if (digit > max || *number > (max - digit) / 10)
			return -1;
		*number = *number * 10 + digit;
	}
	if (at == *text)
		return -1;
	*text = at;
	return 0;
}

int value_number(const char *text, unsigned long max, unsigned long *number)
{
	return read_digits(&text, max, number) < 0 || *text ? -1 : 0;
}

int value_time(const char *text, int64_t *ms)
{
	static const struct {
		const char *suffix;
		int64_t ms;
	} units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};
	const int64_t year_ms = (int64_t)365 * 24 * 60 * 60 * 1000;
	unsigned long number;

	if (read_digits(&text, 0x7fffffff, &number) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(units); i++) {
		if (strcmp(text, units[i].suffix) != 0)
			continue;
		*ms = (int64_t)number * units[i].ms;
		return *ms <= year_ms ? 0 : -1;
	}
	return -1;
}

/* RTMIN+3 and RTMAX-3: the name is read, text stands at the sign. */
static int read_offset(int base, const char *text, int *signal)
{
	unsigned long offset;
	char sign = base == RTMIN ? '+' : '-';

	if (*text++ != sign || value_number(text, RTMAX - RTMIN, &offset) < 0)
		return -1;
	*signal = base == RTMIN ? base + (int)offset : base - (int)offset;
	return 0;
}

int value_signal(const char *text, int *signal)
{
	unsigned long number;

	if (value_number(text, PLAN_SIGNAL_MAX, &number) == 0) {
		*signal = (int)number;
		return number > 0 ? 0 : -1;
	}
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (size_t i = 0; i < COUNT(signals); i++) {
		size_t length = strlen(signals[i].name);

		if (strncasecmp(text, signals[i].name, length) != 0)
			continue;
		*signal = signals[i].signal;
		if (text[length] == '\0')
			return 0;
		if (*signal >= RTMIN)
			return read_offset(*signal, text + length, signal);
	}
	return -1;
}

const char *value_signal_name(int signal, char *buffer)
{
	for (size_t i = 0; i < COUNT(signals); i++)
		if (signals[i].signal == signal)
			return signals[i].name;
	*decimal(buffer, (unsigned long)signal) = '\0';
	return buffer;
}

int value_flag(const char *text, bool *flag)
{
	static const char *const words[][5] = {{"0", "no", "false", "off", ""}, {"1", "yes", "true", "on", "1"}};

	for (size_t truth = 0; truth < COUNT(words); truth++)
		for (size_t i = 0; i < COUNT(words[truth]); i++)
			if (strcmp(text, words[truth][i]) == 0) {
				*flag = truth;
				return 0;
			}
	return -1;
}

const char *value_item(const char *list, char separator, char *item, size_t size)
{
	const char *end = strchrnul(list, separator);
	size_t length = (size_t)(end - list);

	if (length >= size)
		length = 0;
	memcpy(item, list, length);
	item[length] = '\0';
	return *end ? end + 1 : NULL;
}

static unsigned long namespace_bit(const char *name)
{
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (strcmp(name, namespaces[i].name) == 0)
			return namespaces[i].bit;
	return 0;
}

int value_namespaces(const char *text, unsigned long *bits)
{
	char name[16];

	while (text) {
		unsigned long bit;

		text = value_item(text, ',', name, sizeof name);
		bit = namespace_bit(name);
		if (!bit)
			return -1;
		*bits |= bit;
	}
	return 0;
}

const char *value_namespace_name(unsigned long bit)
{
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (namespaces[i].bit == bit)
			return namespaces[i].name;
	return NULL;
}
