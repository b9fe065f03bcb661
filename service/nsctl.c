/* SPDX-License-Identifier: MIT
 *
 * The client of control.c. It knows how things are said, and PID 1 how they are.
 */
#include "nsctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "logger.h"
#include "out.h"
#include "units.h"
#include "value.h"

enum {
	NOT_RUNNING = 3, NO_SUCH = 4, /* systemctl(1), exit status */
	NAME_SIZE = 256,
	FOLLOW_MS = 200, /* how often a file that grows is looked at */
};

struct verb {
	const char *name, *request;
	bool needs_name;
	/* Prints a unit. The exit status that its state is. */
	int (*print)(char *const *fields, struct out *out);
	const char *help;
	int (*here)(const char *name, bool follow); /* what is done if there is no request */
};

static bool is_up(const char *state)
{
	return strcmp(state, "running") == 0 || strcmp(state, "exited") == 0 || strcmp(state, "reload") == 0;
}

static bool is_down(const char *state)
{
	return strcmp(state, "dead") == 0;
}

/* How long something has been so, in one unit. */
static void print_since(struct out *out, const char *ms)
{
	static const struct {
		const char *suffix;
		unsigned long ms;
	} units[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
	unsigned long number;
	size_t unit = 0;

	if (value_number(ms, ~0UL >> 1, &number) < 0)
		return;
	while (unit < sizeof units / sizeof units[0] - 1 && number < units[unit].ms)
		unit++;
	out_print(out, "%lu %s", number / units[unit].ms, units[unit].suffix);
}

static int print_row(char *const *fields, struct out *out)
{
	out_print(out, "%-30s %-12s %-8s %-8s ", fields[FIELD_NAME], fields[FIELD_STATE], fields[FIELD_PID], fields[FIELD_RESTARTS]);
	print_since(out, fields[FIELD_SINCE_MS]);
	out_print(out, "  %s\n", fields[FIELD_DESCRIPTION]);
	return 0;
}

static int print_status(char *const *fields, struct out *out)
{
	out_print(out, "%s - %s\n     Loaded: %s\n     Active: %s (%s) since ", fields[FIELD_NAME], fields[FIELD_DESCRIPTION], fields[FIELD_FILE],
	          fields[FIELD_STATE], fields[FIELD_RESULT]);
	print_since(out, fields[FIELD_SINCE_MS]);
	out_print(out, "\n   Main PID: %s\n   Restarts: %s\n", fields[FIELD_PID], fields[FIELD_RESTARTS]);
	if (*fields[FIELD_SAID])
		out_print(out, "     Status: %s\n", fields[FIELD_SAID]);
	return is_up(fields[FIELD_STATE]) ? 0 : NOT_RUNNING;
}

static int print_active(char *const *fields, struct out *out)
{
	const char *state = fields[FIELD_STATE];

	out_print(out, "%s\n", is_up(state) ? "active" : is_down(state) ? "inactive" : strcmp(state, "failed") == 0 ? state : "activating");
	return is_up(state) ? 0 : NOT_RUNNING;
}

static int print_file(char *const *fields, struct out *out)
{
	int fd = open(fields[FIELD_FILE], O_RDONLY | O_CLOEXEC);
	char text[1024];
	ssize_t length;

	out_print(out, "# %s\n", fields[FIELD_FILE]);
	while ((length = fd < 0 ? -1 : read(fd, text, sizeof text)) > 0)
		out_print(out, "%.*s", (int)length, text);
	if (fd >= 0)
		close(fd);
	return length < 0;
}

/* Prints what there is from where the file was read to. False: it is another file by now. */
static bool print_log(int fd, const char *path)
{
	struct stat ours, theirs;
	char text[1024];
	ssize_t length;

	while ((length = read(fd, text, sizeof text)) > 0)
		if (write(STDOUT_FILENO, text, (size_t)length) < 0)
			return true;
	return fstat(fd, &ours) < 0 || stat(path, &theirs) < 0 || ours.st_ino == theirs.st_ino;
}

static int open_log(const char *name, const char *suffix, char *path)
{
	strcat(strncat(strcpy(path, LOGGER_DIRECTORY), name, strlen(name) - strlen(".service")), suffix);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The lines of a service; with follow, those to come as well. */
static int show_log(const char *name, bool follow)
{
	const struct timespec pause = {0, FOLLOW_MS * 1000000};
	char path[sizeof LOGGER_DIRECTORY + NAME_SIZE + sizeof ".log.1"];
	int fd = open_log(name, ".log.1", path);

	if (fd >= 0 && !follow)
		print_log(fd, path);
	fd = open_log(name, ".log", path);
	if (fd < 0) {
		log_error("%s: %s; there are such files on a machine, and in a container lines go to the output of PID 1", path, strerror(errno));
		return 1;
	}
	do {
		if (!print_log(fd, path)) {
			close(fd);
			fd = open_log(name, ".log", path);
		}
	} while (follow && nanosleep(&pause, NULL) == 0);
	return 0;
}

/* Where a link to the service's file is, if it starts at a boot. */
static void enabled_path(const char *name, char *path)
{
	strcat(strcpy(path, UNITS_ENABLED "/"), name);
}

static int enable(const char *name, bool unused)
{
	char path[sizeof UNITS_ENABLED + NAME_SIZE + sizeof ".service"];
	const struct unit *unit;

	(void)unused;
	log_open(STDERR_FILENO, LOG_ERROR); /* what the file asks for in vain is said when it is started */
	unit = units_load(name);
	if (!unit)
		return 1;
	enabled_path(unit->name, path);
	if ((mkdir(UNITS_ENABLED, 0755) == 0 || errno == EEXIST) && (symlink(unit->file, path) == 0 || errno == EEXIST))
		return 0;
	log_error("%s: %s", path, strerror(errno));
	return 1;
}

static int disable(const char *name, bool unused)
{
	char path[sizeof UNITS_ENABLED + NAME_SIZE + sizeof ".service"], target;

	(void)unused;
	enabled_path(name, path);
	if (readlink(path, &target, 1) < 0 && errno == EINVAL)
		log_error("%s is the file itself and no link to it; move it to /etc/systemd/system", path);
	else if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	else
		log_error("%s: %s", path, strerror(errno));
	return 1;
}

/* A request of NULL is done here. Units are read when they are needed. */
static const struct verb verbs[] = {
	{"list", "list", false, print_row, "every service, its state, PID, restarts and since when", NULL},
	{"status", "list", true, print_status, "one service", NULL},
	{"start", "start", true, NULL, "start it, with what it needs", NULL},
	{"stop", "stop", true, NULL, "stop it, with what needs it", NULL},
	{"restart", "restart", true, NULL, "stop it and start it again", NULL},
	{"reload", "reload", true, NULL, "let it read its configuration again", NULL},
	{"is-active", "list", true, print_active, "say whether it runs; status 0: it does", NULL},
	{"cat", "list", true, print_file, "print its unit file", NULL},
	{"enable", NULL, true, NULL, "let it start at each boot", enable},
	{"disable", NULL, true, NULL, "let it start no more at boots", disable},
	{"logs", NULL, true, NULL, "print what it has printed, on a machine; -f: and what it prints from now on", show_log},
	{"poweroff", "poweroff", false, NULL, "stop everything, and end PID 1, or the machine", NULL},
	{"reboot", "reboot", false, NULL, "the same, and start the machine again", NULL},
	{"halt", "halt", false, NULL, "the same, and leave the machine on", NULL},
	/* systemctl's */
	{"list-units", "list", false, print_row, NULL, NULL},
	{"reload-or-restart", "restart", true, NULL, NULL, NULL},
	{"try-restart", "restart", true, NULL, NULL, NULL},
	{"show", "list", true, print_status, NULL, NULL},
	{"daemon-reload", NULL, false, NULL, NULL, NULL},
};

static int help(void)
{
	struct out out = OUT(STDOUT_FILENO);

	out_print(&out, "Usage: nsctl VERB [SERVICE]...\n\n");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (verbs[i].help)
			out_print(&out, "  %-12s %s\n", verbs[i].name, verbs[i].help);
	out_flush(&out);
	return 0;
}

static int connect_to(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = CONTROL_PATH};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	log_error("%s: %s; is there an nsinit with --services here?", CONTROL_PATH, strerror(errno));
	return -1;
}

/* Splits a unit's fields; those that are missing are empty. */
static void split(char *text, char **fields)
{
	for (size_t i = 0; i < ANSWER_FIELDS; i++) {
		char *tab = strchrnul(text, '\t');

		fields[i] = text;
		text = tab + (*tab != '\0');
		*tab = '\0';
	}
}

/* Prints the answers, up to the last. The exit status. */
static int take_answers(int fd, const struct verb *verb)
{
	struct out out = OUT(STDOUT_FILENO);
	char packet[CONTROL_PACKET + 1], *fields[ANSWER_FIELDS];
	int status = 0;
	ssize_t length;

	while ((length = recv(fd, packet, CONTROL_PACKET, 0)) > 0) {
		packet[length] = '\0';
		if (packet[0] == ANSWER_ERROR)
			log_error("%s", packet + 1);
		if (packet[0] == ANSWER_UNIT && verb->print) {
			split(packet + 1, fields);
			status = verb->print(fields, &out);
			out_flush(&out);
		}
		if (packet[0] == ANSWER_END)
			return packet[1] == '0' ? status : verb->print ? NO_SUCH : 1;
	}
	log_error("PID 1 has not answered");
	return 1;
}

static int ask(const struct verb *verb, const char *name)
{
	char packet[CONTROL_PACKET];
	int fd = connect_to(), status;
	size_t length = strlen(verb->request) + 1;

	if (fd < 0)
		return 1;
	strcpy(packet, verb->request);
	strcpy(packet + length, name);
	if (send(fd, packet, length + strlen(name) + 1, MSG_NOSIGNAL) < 0) {
		log_error("%s: %s", CONTROL_PATH, strerror(errno));
		close(fd);
		return 1;
	}
	status = take_answers(fd, verb);
	close(fd);
	return status;
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
		if (strcmp(name, verbs[i].name) == 0)
			return &verbs[i];
	return NULL;
}

/* Does it with one service; its name may lack what all have. */
static int serve(const struct verb *verb, const char *short_name, bool follow)
{
	char name[NAME_SIZE + sizeof ".service"] = "";

	strncat(name, short_name, NAME_SIZE - 1);
	if (strlen(name) < strlen(".service") || strcmp(name + strlen(name) - strlen(".service"), ".service") != 0)
		strcat(name, ".service");
	return verb->request ? ask(verb, name) : verb->here ? verb->here(name, follow) : 0;
}

int nsctl_run(char **argv)
{
	const struct verb *verb;
	bool follow = false;
	int status = 0;

	for (argv++; *argv && **argv == '-'; argv++) /* options of systemctl say how to print what we print in one way */
		if (strcmp(*argv, "-h") == 0 || strcmp(*argv, "--help") == 0)
			return help();
	verb = find_verb(*argv ? *argv : "list");
	if (verb && verb->here && argv[1] && strcmp(argv[1], "-f") == 0)
		follow = true, argv++;
	if (!verb || (verb->needs_name && !argv[1])) {
		log_error("%s: %s; nsctl -h lists the verbs", *argv, verb ? "of which service?" : "no such verb");
		return 1;
	}
	if (!*argv || !argv[1])
		return verb->request ? ask(verb, "") : 0;
	while (*++argv) {
		int one = serve(verb, *argv, follow);

		status = one ? one : status;
	}
	return status;
}
