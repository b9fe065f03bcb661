/* SPDX-License-Identifier: MIT
 *
 * Reads option values. Strict: no sign, no space, no rest.
 */
#include "value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>

#include "decimal.h"

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
	{"time", CLONE_NEWTIME},
};

/* capabilities(7), in the order of their numbers. */
static const char *const capabilities[] = {
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
};

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{"as", RLIMIT_AS}, {"core", RLIMIT_CORE}, {"cpu", RLIMIT_CPU}, {"data", RLIMIT_DATA}, {"fsize", RLIMIT_FSIZE},
	{"locks", RLIMIT_LOCKS}, {"memlock", RLIMIT_MEMLOCK}, {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
	{"nofile", RLIMIT_NOFILE}, {"nproc", RLIMIT_NPROC}, {"rss", RLIMIT_RSS}, {"rtprio", RLIMIT_RTPRIO},
	{"rttime", RLIMIT_RTTIME}, {"sigpending", RLIMIT_SIGPENDING}, {"stack", RLIMIT_STACK},
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

static const struct {
	char suffix;
	unsigned kib_shift;
} size_units[] = {{'t', 30}, {'g', 20}, {'m', 10}, {'k', 0}};

int value_size(const char *text, unsigned long *kib)
{
	const unsigned long least_kib = 1024; /* PID 1 and its page tables must fit, and a program */
	unsigned long number;

	if (read_digits(&text, ULONG_MAX, &number) < 0)
		return -1;
	*kib = number / 1024 + (number % 1024 != 0);
	for (size_t i = 0; *text && i < COUNT(size_units); i++) {
		if ((text[0] | 0x20) != size_units[i].suffix || text[1])
			continue;
		if (number > ULONG_MAX >> size_units[i].kib_shift >> 10) /* and in bytes too */
			return -1;
		*kib = number << size_units[i].kib_shift;
		text++;
	}
	return *text || *kib < least_kib ? -1 : 0;
}

const char *value_size_text(unsigned long kib, char *buffer)
{
	size_t unit = 0;
	char *end;

	while (kib & ((1UL << size_units[unit].kib_shift) - 1))
		unit++;
	end = decimal(buffer, kib >> size_units[unit].kib_shift);
	end[0] = size_units[unit].suffix;
	end[1] = '\0';
	return buffer;
}

int value_hundredths(const char *text, unsigned long *hundredths)
{
	const unsigned long most = 10000;
	unsigned long whole, part = 0, digits = 0;

	if (read_digits(&text, most, &whole) < 0)
		return -1;
	if (*text == '.') {
		const char *point = text++;

		if (read_digits(&text, 99, &part) < 0)
			return -1;
		digits = (unsigned long)(text - point) - 1;
	}
	*hundredths = whole * 100 + (digits == 1 ? part * 10 : part);
	return *text || digits > 2 || *hundredths == 0 || *hundredths > most * 100 ? -1 : 0;
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
	if (signal > RTMIN && signal < RTMAX) {
		memcpy(buffer, "RTMIN+", 6);
		*decimal(buffer + 6, (unsigned long)(signal - RTMIN)) = '\0';
	} else {
		*decimal(buffer, (unsigned long)signal) = '\0';
	}
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

static uint64_t capability_bit(const char *name)
{
	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (size_t i = 0; i < COUNT(capabilities); i++)
		if (strcasecmp(name, capabilities[i]) == 0)
			return UINT64_C(1) << i;
	return strcasecmp(name, "ALL") == 0 ? (UINT64_C(1) << COUNT(capabilities)) - 1 : 0;
}

int value_capabilities(const char *text, uint64_t *bits)
{
	char name[32];

	while (text) {
		uint64_t bit;

		text = value_item(text, ',', name, sizeof name);
		bit = capability_bit(name);
		if (!bit)
			return -1;
		*bits |= bit;
	}
	return 0;
}

const char *value_capability_name(unsigned capability)
{
	return capability < COUNT(capabilities) ? capabilities[capability] : NULL;
}

static int read_limit(const char *text, uint64_t *value)
{
	unsigned long number = 0;

	if (strcasecmp(text, "unlimited") != 0 && strcasecmp(text, "infinity") != 0 && value_number(text, ULONG_MAX, &number) < 0)
		return -1;
	*value = text[0] >= '0' && text[0] <= '9' ? number : RLIM_INFINITY;
	return 0;
}

int value_limit(const char *text, struct limit *limit)
{
	char name[16], soft[32];
	const char *values = value_item(text, '=', name, sizeof name), *hard;

	if (!values)
		return -1;
	hard = value_item(values, ':', soft, sizeof soft);
	for (size_t i = 0; i < COUNT(limits); i++) {
		if (strcasecmp(name, limits[i].name) != 0)
			continue;
		limit->resource = limits[i].resource;
		if (read_limit(soft, &limit->soft) < 0 || read_limit(hard ? hard : soft, &limit->hard) < 0)
			return -1;
		return limit->soft <= limit->hard ? 0 : -1;
	}
	return -1;
}

const char *value_limit_name(int resource)
{
	for (size_t i = 0; i < COUNT(limits); i++)
		if (limits[i].resource == resource)
			return limits[i].name;
	return "?";
}

int value_signed(const char *text, long min, long max, int *number)
{
	bool negative = *text == '-';
	unsigned long magnitude;
	long value;

	if (value_number(text + (negative || *text == '+'), INT_MAX, &magnitude) < 0)
		return -1;
	value = negative ? -(long)magnitude : (long)magnitude;
	*number = (int)value;
	return value >= min && value <= max ? 0 : -1;
}

int value_octal(const char *text, unsigned max, unsigned *number)
{
	*number = 0;
	if (!*text)
		return -1;
	for (; *text >= '0' && *text <= '7' && *number <= max; text++)
		*number = *number * 8 + (unsigned)(*text - '0');
	return *text || *number > max ? -1 : 0;
}

void value_unescape(char *text)
{
	unsigned char *end = (unsigned char *)text;

	for (; *text; text++) {
		bool escaped = text[0] == '\\' && strspn(text + 1, "01234567") >= 3;

		*end++ = (unsigned char)(escaped ? (text[1] - '0') * 64 + (text[2] - '0') * 8 + text[3] - '0' : text[0]);
		text += escaped ? 3 : 0;
	}
	*end = '\0';
}

int value_interface(const char *text, char *name)
{
	size_t length = strlen(text);

	if (length == 0 || length >= PLAN_INTERFACE_SIZE || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
		return -1;
	for (const char *at = text; *at; at++)
		if (!isgraph((unsigned char)*at) || strchr("/:%", *at)) /* %d would become a number */
			return -1;
	strcpy(name, text);
	return 0;
}

int value_address(const char *text, bool network, struct address *address)
{
	static const struct {
		int family;
		unsigned long bits;
	} families[] = {{AF_INET, 32}, {AF_INET6, 128}};
	char host[PLAN_ADDRESS_SIZE];
	const char *bits = value_item(text, '/', host, sizeof host);

	if (strlen(text) >= sizeof address->text || network != (bits != NULL))
		return -1;
	for (size_t i = 0; i < COUNT(families); i++) {
		unsigned long length = families[i].bits;

		if (inet_pton(families[i].family, host, address->bytes) != 1)
			continue;
		if (bits && value_number(bits, families[i].bits, &length) < 0)
			return -1;
		address->family = families[i].family;
		address->length = (unsigned char)length;
		strcpy(address->text, text);
		return 0;
	}
	return -1;
}
