/* SPDX-License-Identifier: MIT
 *
 * A table for what is kept of each thing, and one walk for all that is done with it: writing, reading, keeping descriptors open. A
 * line that nobody knows is passed over, what is missing stays as new: so a state may come from an older nsinit, and from a newer one
 * of the same FORMAT.
 */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "control.h"
#include "directive.h"
#include "foreign.h"
#include "jobs.h"
#include "kind.h"
#include "log.h"
#include "logs.h"
#include "members.h"
#include "order.h"
#include "out.h"
#include "service.h"
#include "store.h"
#include "value.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define FORMAT "nsinit-state 1"

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

#define UNIT(member, kind) STATE_ROW(#member, struct unit, member, kind)
static const struct state_row unit_rows[] = {
	UNIT(state, STATE_OF_UNIT), UNIT(result, STATE_RESULT), UNIT(job, STATE_NUMBER), UNIT(begun, STATE_NUMBER), UNIT(main, STATE_NUMBER),
	UNIT(control, STATE_NUMBER), UNIT(status, STATE_NUMBER), UNIT(control_status, STATE_NUMBER), UNIT(stopping, STATE_NUMBER),
	UNIT(was_up, STATE_NUMBER), UNIT(signal, STATE_NUMBER), UNIT(sessions[0], STATE_NUMBER), UNIT(sessions[1], STATE_NUMBER),
	UNIT(sessions[2], STATE_NUMBER), UNIT(sessions[3], STATE_NUMBER), UNIT(candidate, STATE_NUMBER), UNIT(deadline_ms, STATE_NUMBER),
	UNIT(watchdog_at_ms, STATE_NUMBER), UNIT(watchdog_ms, STATE_NUMBER), UNIT(since_ms, STATE_NUMBER), UNIT(begun_ms, STATE_NUMBER),
	UNIT(ready_ms, STATE_NUMBER), UNIT(starts_since_ms, STATE_NUMBER), UNIT(starts, STATE_NUMBER), UNIT(restarts, STATE_NUMBER),
	UNIT(streak, STATE_NUMBER), UNIT(lazy, STATE_NUMBER), UNIT(grouped, STATE_NUMBER), UNIT(filled, STATE_NUMBER), UNIT(oom_policy, STATE_NUMBER),
	UNIT(up_ms, STATE_NUMBER), UNIT(oom_kills, STATE_NUMBER),
	UNIT(connection, STATE_FD), UNIT(output, STATE_FD), UNIT(invocation, STATE_TEXT), UNIT(said, STATE_TEXT),
};

#define LOOP(member, kind) STATE_ROW("loop." #member, struct loop, member, kind)
static const struct state_row loop_rows[] = {
	LOOP(child, STATE_NUMBER), LOOP(mode, STATE_NUMBER), LOOP(own_group, STATE_NUMBER), LOOP(console, STATE_FD), LOOP(given, STATE_NUMBER),
	LOOP(stopped, STATE_NUMBER), LOOP(launcher, STATE_FD), LOOP(queue.rlim_cur, STATE_NUMBER), LOOP(queue.rlim_max, STATE_NUMBER),
	LOOP(lowered, STATE_NUMBER), LOOP(delayed, STATE_NUMBER), LOOP(leaving, STATE_NUMBER), LOOP(status, STATE_NUMBER),
};

/* What the options do not say, and what they opened. */
#define PLAN(member, kind) STATE_ROW("plan." #member, struct plan, member, kind)
static const struct state_row plan_rows[] = {
	PLAN(capabilities, STATE_NUMBER), PLAN(limit_capabilities, STATE_NUMBER), PLAN(seccomp, STATE_NUMBER),
	PLAN(pause, STATE_NUMBER), PLAN(pty, STATE_NUMBER), PLAN(namespaces, STATE_NUMBER), PLAN(log_fd, STATE_FD), PLAN(status_fd, STATE_FD),
};

/* What is of the process. */
static struct kept {
	char role[16], name[16]; /* TASK_COMM_LEN */
	uint64_t mask;
	int dumpable;
} kept;

#define KEPT(member, kind) STATE_ROW(#member, struct kept, member, kind)
static const struct state_row kept_rows[] = {
	KEPT(role, STATE_TEXT), KEPT(name, STATE_TEXT), KEPT(mask, STATE_NUMBER), KEPT(dumpable, STATE_NUMBER),
};

static struct {
	char *text;   /* the whole of it, mapped; NULL: there is none, or no more */
	size_t size;
	enum state_use use;
} state;

enum state_use state_use(void)
{
	return state.use;
}

const char *state_role(void)
{
	return kept.role;
}

/* --- numbers of any size --- */

static int64_t get(const void *at, size_t size)
{
	int64_t wide = 0;
	int32_t middle;

	if (size == sizeof wide)
		memcpy(&wide, at, size);
	else if (size == sizeof middle)
		memcpy(&middle, at, size), wide = middle;
	else
		wide = *(const signed char *)at;
	return wide;
}

static void set(void *at, size_t size, int64_t value)
{
	int32_t middle = (int32_t)value;

	if (size == sizeof value)
		memcpy(at, &value, size);
	else if (size == sizeof middle)
		memcpy(at, &middle, size);
	else
		*(signed char *)at = (signed char)value;
}

/* --- writing --- */

/* One value a line. What a unit has not is left out. */
static void write_rows(struct out *out, const struct state_part *part)
{
	for (size_t i = 0; i < part->count; i++) {
		const struct state_row *row = &part->rows[i];
		const char *at = (const char *)part->base + row->offset;
		const int64_t value = row->kind == STATE_TEXT ? *at : get(at, row->size);

		if (value == 0 && part->rows == unit_rows)
			continue;
		out_print(out, "%s ", row->name);
		switch (row->kind) {
		case STATE_TEXT:
			foreign_plain(out, at, strlen(at)); /* a line is a line */
			break;
		case STATE_OF_UNIT:
			out_print(out, "%s", service_state_name((enum unit_state)value));
			break;
		case STATE_RESULT:
			out_print(out, "%s", service_result_name((enum unit_result)value));
			break;
		default:
			out_print(out, "%s%lu", value < 0 ? "-" : "", value < 0 ? 0UL - (unsigned long)value : (unsigned long)value);
		}
		out_char(out, '\n');
	}
}

/* The command that runs: which of its kind it is. */
static void write_command(struct out *out, const struct unit *unit)
{
	unsigned place = 0;

	if (!unit->command)
		return;
	for (const struct setting *setting = unit->settings; setting < unit->command; setting++)
		place += setting->directive == unit->command->directive;
	out_print(out, "command %s %u\n", directives[unit->command->directive].name, place);
}

static struct out *fd_out;

static void write_fd(const struct setting *setting, int *fd)
{
	if (*fd >= 0)
		out_print(fd_out, "fd %d %s %s\n", *fd, directives[setting->directive].name, setting->text);
}

/* Descriptors that a unit has for settings of its file. */
static void each_fd(struct unit *unit, void (*visit)(const struct setting *setting, int *fd))
{
	if (kind_rows[unit->kind].each_fd)
		kind_rows[unit->kind].each_fd(unit, visit);
}

static void write_units(struct out *out)
{
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		const struct state_part part = {unit, unit_rows, COUNT(unit_rows)};

		out_print(out, "unit %s\n", unit->name);
		write_rows(out, &part);
		write_command(out, unit);
		fd_out = out;
		each_fd(unit, write_fd);
		store_save(unit, out);
	}
}

/* Calls visit for each part that is there once. */
static void walk_parts(const struct loop *loop, struct out *out, void (*visit)(struct out *out, const struct state_part *part))
{
	const struct state_part parts[] = {
		{&kept, kept_rows, COUNT(kept_rows)}, {(void *)loop->plan, plan_rows, COUNT(plan_rows)}, {(void *)loop, loop_rows, COUNT(loop_rows)},
		supervisor_state, logs_state, slice_state, private_state,
	};

	for (size_t i = 0; i < COUNT(parts); i++)
		visit(out, &parts[i]);
}

int state_write(const struct loop *loop, const char *role)
{
	struct out out = OUT(memfd_create("nsinit-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
	const char *held;
	size_t length = logs_held(&held);

	if (out.fd < 0)
		return -1;
	strcpy(kept.role, role);
	prctl(PR_GET_NAME, kept.name);
	kept.dumpable = prctl(PR_GET_DUMPABLE);
	memcpy(&kept.mask, loop->mask, sizeof kept.mask);
	out_print(&out, FORMAT "\n");
	walk_parts(loop, &out, write_rows);
	write_units(&out);
	control_save(&out);
	out_print(&out, "held %lu\n", (unsigned long)length);
	for (; length > 0; length--)
		out_char(&out, *held++);
	out_char(&out, '\0');
	out_flush(&out);
	if (out.length == 0 && fcntl(out.fd, F_ADD_SEALS, SEALS) == 0)
		return out.fd;
	close(out.fd);
	return -1;
}

/* --- descriptors --- */

static bool passing;

static void pass_fd(int fd)
{
	if (fd > STDERR_FILENO)
		fcntl(fd, F_SETFD, passing ? 0 : FD_CLOEXEC);
}

static void pass_rows(struct out *unused, const struct state_part *part)
{
	(void)unused;
	for (size_t i = 0; i < part->count; i++)
		if (part->rows[i].kind == STATE_FD)
			pass_fd((int)get((const char *)part->base + part->rows[i].offset, part->rows[i].size));
}

static void pass_setting(const struct setting *unused, int *fd)
{
	(void)unused;
	pass_fd(*fd);
}

void state_pass(const struct loop *loop, bool pass)
{
	passing = pass;
	walk_parts(loop, NULL, pass_rows);
	for (struct unit *unit = units_first(); unit; unit = unit->next) {
		pass_rows(NULL, &(struct state_part){unit, unit_rows, COUNT(unit_rows)});
		each_fd(unit, pass_setting);
	}
	control_each(pass_fd);
	store_each(pass_fd);
}

/* --- reading --- */

/* The number of the name, 0: it is none of them. */
static int64_t number_of(const char *text, const char *(*name)(int), int count)
{
	for (int i = 0; i < count; i++)
		if (strcmp(text, name(i)) == 0)
			return i;
	return 0;
}

static const char *state_name(int i) { return service_state_name((enum unit_state)i); }
static const char *result_name(int i) { return service_result_name((enum unit_result)i); }

static int64_t read_number(const char *text)
{
	unsigned long value = 0;
	const bool negative = *text == '-';

	value_number(text + negative, ~0UL, &value);
	return negative ? -(int64_t)value : (int64_t)value;
}

static void read_row(const struct state_part *part, const struct state_row *row, const char *text)
{
	char *at = (char *)part->base + row->offset;

	switch (row->kind) {
	case STATE_TEXT:
		at[0] = '\0';
		strncat(at, text, row->size - 1);
		break;
	case STATE_OF_UNIT:
		set(at, row->size, number_of(text, state_name, UNIT_STATES));
		break;
	case STATE_RESULT:
		set(at, row->size, number_of(text, result_name, UNIT_RESULTS));
		break;
	default:
		set(at, row->size, read_number(text));
		if (row->kind == STATE_FD)
			pass_fd((int)get(at, row->size)); /* close-on-exec again */
	}
}

static bool read_into(const struct state_part *part, const char *name, const char *text)
{
	for (size_t i = 0; i < part->count; i++)
		if (strcmp(part->rows[i].name, name) == 0) {
			read_row(part, &part->rows[i], text);
			return true;
		}
	return false;
}

/* Calls take for each line, with its name and its value. The text is as it was afterwards. Returns where the lines end: behind "held". */
static char *each_line(void (*take)(const char *name, const char *value))
{
	char *at = state.text, *end;
	bool last = false;

	for (; !last && at && (end = strchr(at, '\n')); at = end + 1) {
		char *blank = memchr(at, ' ', (size_t)(end - at));

		if (!blank)
			continue;
		*end = *blank = '\0';
		take(at, blank + 1);
		last = strcmp(at, "held") == 0;
		*blank = ' ';
		*end = '\n';
	}
	return at;
}

/* --- before anything else: the process, the plan, the loop --- */

static struct plan *own_plan;
static struct loop *own_loop;

static void take_own(const char *name, const char *value)
{
	if (!read_into(&(struct state_part){&kept, kept_rows, COUNT(kept_rows)}, name, value))
		read_into(&(struct state_part){own_plan, plan_rows, COUNT(plan_rows)}, name, value);
}

static void take_loop(const char *name, const char *value)
{
	read_into(&(struct state_part){own_loop, loop_rows, COUNT(loop_rows)}, name, value);
}

/* Takes the variable out. NULL: there is none. */
static const char *take_variable(char **environment)
{
	const char *value = NULL;

	for (; *environment; environment++) {
		if (!value && strncmp(*environment, STATE_VARIABLE, strlen(STATE_VARIABLE)) == 0)
			value = *environment + strlen(STATE_VARIABLE);
		if (value)
			environment[0] = environment[1];
	}
	return value;
}

/* Maps what only we can have made: nobody can change it any more. */
static bool map_file(int fd)
{
	struct stat status;
	void *text;

	if (fcntl(fd, F_GET_SEALS) != SEALS || fstat(fd, &status) < 0 || status.st_size < (off_t)sizeof FORMAT)
		return false;
	text = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return false;
	state.text = text;
	state.size = (size_t)status.st_size;
	return state.text[state.size - 1] == '\0' && strncmp(state.text, FORMAT "\n", strlen(FORMAT "\n")) == 0;
}

enum state_use state_open(char **environment)
{
	const char *value = take_variable(environment);
	const bool check = value && strcmp(value, "check") == 0;
	unsigned long fd = STDIN_FILENO;

	if (!value || (!check && value_number(value, 1 << 20, &fd) < 0) || !map_file((int)fd))
		return STATE_NONE;
	close((int)fd);
	return state.use = check ? STATE_CHECK : STATE_RESUME;
}

void state_resume_own(struct plan *plan, sigset_t *mask)
{
	own_plan = plan;
	each_line(take_own);
	memcpy(mask, &kept.mask, sizeof kept.mask);
	if (state.use == STATE_CHECK)
		return;
	prctl(PR_SET_NAME, kept.name);
	prctl(PR_SET_DUMPABLE, kept.dumpable);
}

void state_resume_loop(struct loop *loop)
{
	own_loop = loop;
	each_line(take_loop);
}

/* --- units --- */

static struct unit *current; /* whose lines come */

static void take_name(const char *name, const char *value)
{
	if (strcmp(name, "unit") == 0)
		units_reserve(value);
}

/* All is known of it: one that runs without its file is a service still. */
static void end_unit(void)
{
	struct unit *unit = current;

	current = NULL;
	if (!unit)
		return;
	if ((unit->kind == UNIT_NAMED || unit->kind == UNIT_BROKEN) && !service_is_down(unit)) {
		log_warning("%s: its file is gone, or wrong; it goes on, with defaults", unit->name);
		units_keep(unit);
	}
	if ((unit->state >= STATE_STOP_TERM && unit->state <= STATE_FINAL_KILL) || (unit->state == STATE_RUNNING && unit->main == 0))
		unit->unsure = true;
	members_resume(unit);
	jobs_touch(unit);
}

/* The file may have been changed: then the last of its kind that there is. */
static void take_command(const char *value)
{
	char name[64];
	const char *place = value_item(value, ' ', name, sizeof name);
	int64_t left = place ? read_number(place) : 0;

	for (size_t i = 0; i < current->setting_count; i++) {
		const struct setting *setting = &current->settings[i];

		if (strcmp(directives[setting->directive].name, name) == 0 && left-- >= 0)
			current->command = setting;
	}
}

/* "FD DIRECTIVE TEXT"; NULL when it has found its place. */
static const char *found_fd;

static int number_before(const char *text)
{
	char item[16];

	value_item(text, ' ', item, sizeof item);
	return (int)read_number(item);
}

static void read_fd(const struct setting *setting, int *fd)
{
	const char *directive = found_fd ? strchr(found_fd, ' ') : NULL, *name = directives[setting->directive].name;

	if (!directive || *fd >= 0 || strncmp(directive + 1, name, strlen(name)) != 0 || directive[strlen(name) + 1] != ' ' ||
	    strcmp(directive + strlen(name) + 2, setting->text) != 0)
		return;
	*fd = number_before(found_fd);
	pass_fd(*fd);
	found_fd = NULL;
}

static void take_unit(const char *name, const char *value)
{
	if (strcmp(name, "unit") == 0) {
		end_unit();
		units_load(value);
		current = units_find(value);
	} else if (strcmp(name, "client") == 0) {
		end_unit();
		if (state.use == STATE_RESUME)
			control_restore(value);
	} else if (strcmp(name, "held") == 0) {
		end_unit();
	} else if (current && strcmp(name, "fd") == 0) {
		found_fd = value;
		each_fd(current, read_fd);
		if (found_fd && state.use == STATE_RESUME)
			close(number_before(found_fd));
	} else if (current && strcmp(name, "store") == 0) {
		if (state.use == STATE_RESUME)
			store_restore(current, value);
	} else if (current && strcmp(name, "command") == 0) {
		take_command(value);
	} else if (current) {
		read_into(&(struct state_part){current, unit_rows, COUNT(unit_rows)}, name, value);
	} else if (!read_into(&supervisor_state, name, value) && !read_into(&slice_state, name, value) && !read_into(&logs_state, name, value)) {
		read_into(&private_state, name, value);
	}
}

void state_resume_units(void)
{
	const char *held;

	each_line(take_name);
	held = each_line(take_unit);
	if (held)
		logs_hold(held, (size_t)(state.text + state.size - 1 - held));
	munmap(state.text, state.size);
	state.text = NULL;
}
