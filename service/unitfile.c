/* SPDX-License-Identifier: MIT
 *
 * Reads unit files. The text stays in memory where it was read, and settings point into it; only what has specifiers is
 * written anew. A line that makes no sense is said, with its number, and left out, as with systemd.
 */
#include "unitfile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "cold.h"
#include "command.h"
#include "directive.h"
#include "kind.h"
#include "launch.h"
#include "log.h"
#include "out.h"
#include "reader.h"
#include "slice.h"
#include "specifier.h"
#include "syntax.h"

enum {
	SETTINGS_MAX = 2048, /* of one unit */
	FILES_MAX = 64,
	FILE_SIZE_MAX = 1024 * 1024,
	UNSET_MS = -2,
	/* systemd-system.conf(5) */
	START_MS = 90 * 1000,
	STOP_MS = 90 * 1000,
	RESTART_MS = 100,
	START_INTERVAL_MS = 10 * 1000,
	START_BURST = 5,
};

static unsigned problems;

/* The unit that is being read. */
COLD static struct {
	struct setting settings[SETTINGS_MAX];
	size_t count;
	const char *files[FILES_MAX];
	size_t file_count;
	struct out not_yet; /* names of directives that have no effect yet */
	struct out no_cgroup; /* and of those that have none here */
	struct launch launch;
} reading;

unsigned unitfile_problems(void)
{
	return problems;
}

const char *unitfile_read(size_t number)
{
	return number < reading.file_count ? reading.files[number] : NULL;
}

static void complain(const char *file, unsigned line, const char *name, const char *wrong)
{
	problems++;
	log_warning("%s:%u: %.100s%s%s", file, line, name, *name ? ": " : "", wrong);
}

static void complain_setting(const struct setting *setting, const char *wrong)
{
	complain(reading.files[setting->file], setting->line, directives[setting->directive].name, wrong);
}

void unitfile_begin(struct unit *unit)
{
	const struct kind *kind = &kind_rows[kind_of(unit->name)];

	unit->own = kind->size ? arena_take(kind->size) : NULL;
	if (unit->own && kind->own)
		memcpy(unit->own, kind->own, kind->size);
	reading.count = reading.file_count = 0;
	reading.not_yet = reading.no_cgroup = OUT(-1);
	unit->rules = (struct rules){
		.kill_signal = 15, .final_signal = 9, .reload_signal = 1, .watchdog_signal = 6, .level = 6, .level_max = 7, .success_status = -1, .failure_status = -1,
		.start_burst = START_BURST, .start_interval_ms = START_INTERVAL_MS, .guess_main = true, .send_kill = true,
		.restart_ms = RESTART_MS, .restart_max_ms = 0, .start_ms = UNSET_MS, .stop_ms = STOP_MS, .run_max_ms = -1,
	};
}

/* An empty condition is about those of every kind; an empty port or time is so too. */
static bool are_one_list(const struct directive *row, const struct directive *other, uint16_t listed)
{
	return row->treatment == other->treatment &&
	       (row->treatment == TREAT_CONDITION || (row->treatment == TREAT_KEPT && row->field < listed && other->field < listed));
}

/* An empty value takes back what was said before. Dependencies stay. */
static void take_back(const struct unit *unit, const struct directive *row, bool is_assert)
{
	size_t kept = 0;

	for (size_t i = 0; i < reading.count && row->treatment != TREAT_EDGE; i++) {
		const struct setting *setting = &reading.settings[i];
		const struct directive *other = &directives[setting->directive];
		bool same = (other == row || are_one_list(row, other, kind_rows[kind_of(unit->name)].listed)) && setting->is_assert == is_assert;

		if (!same)
			reading.settings[kept++] = *setting;
	}
	reading.count = row->treatment == TREAT_EDGE ? reading.count : kept;
}

/* Keeps setting with count words, their specifiers replaced. NULL, or what is wrong. */
static const char *keep(const struct unit *unit, struct setting setting, const char *words, unsigned count)
{
	if (reading.count == SETTINGS_MAX || count > UINT16_MAX)
		return "too many settings for one unit";
	setting.words = (uint16_t)count;
	setting.text = specifier_expand_words(unit, words, count);
	reading.settings[reading.count++] = setting;
	return setting.text ? NULL : "no memory for it";
}

/* A command line, or several that a word ; separates. */
static const char *keep_commands(const struct unit *unit, const struct setting *setting, char *text)
{
	char *to = text, *first = text, *end;
	unsigned count = 0;
	int plain;

	while ((end = syntax_word(&text, to, &plain))) {
		size_t length = (size_t)(end - to);

		if (!text)
			return "a quote is not closed; the line is ignored";
		text += *text != '\0';
		if (plain && length == 1 && *to == ';') {
			const char *wrong = count > 0 ? keep(unit, *setting, first, count) : NULL;

			if (wrong)
				return wrong;
			first = to;
			count = 0;
			continue;
		}
		if (plain && length == 2 && memcmp(to, "\\;", 2) == 0) {
			*to = ';';
			end = to + 1;
		}
		*end = '\0';
		to = end + 1;
		count++;
	}
	return count > 0 ? keep(unit, *setting, first, count) : NULL;
}

static const char *keep_value(const struct unit *unit, const struct setting *setting, char *value)
{
	const struct directive *row = &directives[setting->directive];
	int count = 1;

	if (!*value && row->form != FORM_WORDS_OR_NONE) {
		take_back(unit, row, setting->is_assert);
		return NULL;
	}
	if (row->treatment == TREAT_COMMAND)
		return keep_commands(unit, setting, value);
	for (; *value == '~' && (value[1] == ' ' || value[1] == '\t'); value++) /* it belongs to the first word, as redis-server has it */
		value[1] = '~';
	if (row->form != FORM_TEXT)
		count = syntax_words(value);
	return count < 0 ? "a quote is not closed; the line is ignored" : keep(unit, *setting, value, (unsigned)count);
}

/* Somebody else's section or directive, which is none of ours and no mistake. */
static bool is_foreign(const char *name)
{
	return strncmp(name, "X-", 2) == 0;
}

/* Those that units of every kind have, and its own. */
static int find_section(const struct unit *unit, const char *name)
{
	const int all[] = {SECTION_UNIT, kind_rows[kind_of(unit->name)].section, SECTION_INSTALL};

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(name, directive_sections[all[i]]) == 0)
			return all[i];
	return -1;
}

/* What is switched off has all the effect it can have. */
static void note(struct out *names, const char *name, const char *value)
{
	bool off;

	names->text[names->length < sizeof names->text ? names->length : sizeof names->text - 1] = '\0';
	if (*value && strcmp(value, "infinity") != 0 && !(reader_truth(value, &off) == 0 && !off) && !strstr(names->text, name))
		out_print(names, " %s", name);
}

static void assign(const struct unit *unit, int section, const struct lines *lines)
{
	const char *file = reading.files[reading.file_count - 1], *wrong;
	struct setting setting = {.line = (uint16_t)lines->number, .file = (uint8_t)(reading.file_count - 1)};
	const struct directive *row = directive_find((enum section)section, lines->name, &setting.is_assert);

	if (!row) {
		if (!is_foreign(lines->name))
			complain(file, lines->number, lines->name, "no such directive in this section; it is ignored");
		return;
	}
	if (row->treatment > TREAT_CGROUP) {
		if (row->treatment >= TREAT_PACKETS)
			note(&reading.not_yet, row->name, lines->value);
		return;
	}
	setting.directive = (uint16_t)(row - directives);
	wrong = keep_value(unit, &setting, lines->value);
	if (wrong)
		complain(file, lines->number, lines->name, wrong);
}

static void read_lines(const struct unit *unit, struct lines *lines, const char *path)
{
	int section = -1;
	bool foreign = false;

	for (;;) {
		switch (syntax_next(lines)) {
		case LINE_END:
			return;
		case LINE_SECTION:
			section = find_section(unit, lines->name);
			foreign = section < 0;
			if (foreign && !is_foreign(lines->name))
				complain(path, lines->number, lines->name, "no such section; it is ignored");
			break;
		case LINE_ASSIGNMENT:
			if (section >= 0)
				assign(unit, section, lines);
			else if (!foreign)
				complain(path, lines->number, lines->name, "stands before any section; it is ignored");
			break;
		case LINE_WRONG:
			complain(path, lines->number, "", lines->name);
			break;
		}
	}
}

/* The whole text, in the arena. NULL with errno. */
static char *read_text_of(int fd, size_t *length)
{
	struct stat status;
	char *text;
	ssize_t n = 0;

	if (fstat(fd, &status) < 0)
		return NULL;
	if (!S_ISREG(status.st_mode)) {
		errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
		return NULL;
	}
	text = status.st_size <= FILE_SIZE_MAX ? arena_text(NULL, (size_t)status.st_size) : NULL;
	if (!text) {
		errno = EFBIG;
		return NULL;
	}
	for (*length = 0; *length < (size_t)status.st_size; *length += (size_t)n) {
		n = read(fd, text + *length, (size_t)status.st_size - *length);
		if (n <= 0)
			break;
	}
	return n < 0 ? NULL : text;
}

int unitfile_add(struct unit *unit, int fd, const char *path)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, which some editors write */
	size_t length;
	char *text = reading.file_count < FILES_MAX ? read_text_of(fd, &length) : NULL;
	struct lines lines = {.next = 1};

	if (!text) {
		problems++;
		log_warning("%s: %s; it is left out", path, strerror(errno));
		return -1;
	}
	reading.files[reading.file_count++] = path;
	lines.at = text + (strncmp(text, mark, sizeof mark - 1) == 0 ? sizeof mark - 1 : 0);
	lines.end = text + length;
	read_lines(unit, &lines, path);
	return 0;
}

/* Names of units, which are made known. */
static const char *relate(struct unit *unit, const struct setting *setting)
{
	enum edge_kind kind = (enum edge_kind)directives[setting->directive].field;
	const char *word = setting->text;

	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word)) {
		struct unit *other = units_named(word);

		if (!other)
			return "not the name of a unit; give it with its suffix, as in network.target";
		if (other != unit && units_relate(unit, other, kind) < 0)
			return "no memory for it";
		if (kind == EDGE_TRIGGERED_BY && (units_relate(unit, other, EDGE_WANTS) < 0 || units_relate(unit, other, EDGE_AFTER) < 0))
			return "no memory for it"; /* Sockets= */
	}
	return NULL;
}

static const char *apply(struct unit *unit, const struct setting *setting)
{
	const struct directive *row = &directives[setting->directive];
	struct command command;

	switch (row->treatment) {
	case TREAT_UNIT:
		return directive_read(unit, setting);
	case TREAT_OWN:
		return unit->own ? directive_read(unit->own, setting) : "no memory for it";
	case TREAT_EDGE:
		return relate(unit, setting);
	case TREAT_KEPT:
		return kind_rows[kind_of(unit->name)].check(setting);
	case TREAT_COMMAND:
		return command_parse(setting, &command);
	case TREAT_CGROUP:
		if (!slice_can((enum control)row->field))
			note(&reading.no_cgroup, row->name, setting->text);
		return directive_read(&reading.launch, setting);
	case TREAT_LAUNCH:
		return directive_read(&reading.launch, setting);
	default:
		return NULL;
	}
}

/* What is still to be looked at when the unit runs. */
static bool lasts(const struct setting *setting)
{
	return directives[setting->directive].treatment > TREAT_EDGE;
}

static int keep_settings(struct unit *unit)
{
	struct setting *settings;

	unit->setting_count = 0;
	for (size_t i = 0; i < reading.count; i++)
		unit->setting_count += lasts(&reading.settings[i]);
	unit->settings = settings = arena_take(unit->setting_count * sizeof *settings);
	for (size_t i = 0; settings && i < reading.count; i++)
		if (lasts(&reading.settings[i]))
			*settings++ = reading.settings[i];
	return settings ? 0 : -1;
}

/* A path of a PID file counts from /run. */
static const char *whole_path(const char *path)
{
	char *whole;

	if (!path || *path == '/')
		return path;
	whole = arena_text(NULL, strlen("/run/") + strlen(path));
	return whole ? strcat(strcpy(whole, "/run/"), path) : NULL;
}

const char *unitfile_service(struct unit *unit)
{
	struct rules *rules = &unit->rules;
	const struct setting *start = command_next(unit, COMMAND_START, NULL);

	if (rules->type == TYPE_UNSET)
		rules->type = start ? TYPE_SIMPLE : TYPE_ONESHOT;
	if (rules->start_ms == UNSET_MS)
		rules->start_ms = rules->type == TYPE_ONESHOT ? -1 : START_MS;
	if (rules->notify == NOTIFY_UNSET)
		rules->notify = rules->type == TYPE_NOTIFY || rules->type == TYPE_NOTIFY_RELOAD || rules->watchdog_ms > 0 ? NOTIFY_MAIN : NOTIFY_NONE;
	rules->pid_file = whole_path(rules->pid_file);
	if (rules->type == TYPE_DBUS) { /* systemd.service(5): the files do not say so */
		struct unit *bus = units_named("dbus.socket");

		if (!bus || units_relate(unit, bus, EDGE_WANTS) < 0 || units_relate(unit, bus, EDGE_AFTER) < 0)
			return "no memory for it";
	}
	if (!start && !command_next(unit, COMMAND_STOP, NULL) && rules->success_action == ACTION_NONE)
		return "no ExecStart; give the program that it is about";
	if (rules->type != TYPE_ONESHOT && !start)
		return "no ExecStart; only Type=oneshot can do without";
	if (rules->type != TYPE_ONESHOT && command_next(unit, COMMAND_START, start))
		return "more than one ExecStart; only Type=oneshot can have that";
	if (rules->type == TYPE_ONESHOT && (rules->restart == RESTART_ALWAYS || rules->restart == RESTART_ON_SUCCESS))
		return "Restart=always or on-success and Type=oneshot; it would run for ever";
	return NULL;
}

static void say_noted(const struct unit *unit, struct out *names, const char *why)
{
	if (names->length == 0)
		return;
	names->text[names->length - (names->length == sizeof names->text)] = '\0';
	log_warning("%s: %s:%s", unit->name, why, names->text);
}

void unitfile_end(struct unit *unit)
{
	const char *wrong;
	size_t kept = 0;

	launch_reset(&reading.launch);
	for (size_t i = 0; i < reading.count; i++) {
		wrong = apply(unit, &reading.settings[i]);
		if (wrong)
			complain_setting(&reading.settings[i], wrong);
		else
			reading.settings[kept++] = reading.settings[i];
	}
	reading.count = kept;
	say_noted(unit, &reading.not_yet, "no effect");
	say_noted(unit, &reading.no_cgroup, "no effect here, for lack of a cgroup that can have it");
	unit->kind = kind_of(unit->name);
	wrong = keep_settings(unit) < 0 || (kind_rows[unit->kind].size && !unit->own) ? "no memory for it" : kind_rows[unit->kind].complete(unit);
	if (wrong) {
		problems++;
		log_warning("%s: %s", unit->file, wrong);
		unit->kind = UNIT_BROKEN;
	}
}
