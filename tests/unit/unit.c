/* SPDX-License-Identifier: MIT
 *
 * Support for the tests; fake.c has the system calls.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fake.h"
#include "log.h"
#include "personality.h"

enum {
	TEXT_SIZE = 64 * 1024,
	/* What the code under test opens gets lower numbers, and is closed after the test: a child that fails ends. */
	OURS = 900,
};

static int home = -1, log_file = -1;
static struct {
	int fd, file, before;
} capturing = {-1, -1, -1};
static char directory[128];

static int ours(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, OURS);

	assert_true(fd >= 0 && high >= 0);
	close(fd);
	return high;
}

int unit_setup(void **state)
{
	(void)state;
	if (home < 0) {
		home = ours(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		log_file = ours(memfd_create("log", MFD_CLOEXEC));
	}
	said();
	log_style(&personality_choose("nsinit")->style);
	log_open(log_file, LOG_WARNING);
	fake_reset();
	umask(022);
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int unit_teardown(void **state)
{
	(void)state;
	if (capturing.fd >= 0)
		captured();
	fake_reset();
	umask(022);
	assert_int_equal(fchdir(home), 0);
	assert_int_equal(syscall(SYS_close_range, STDERR_FILENO + 1, OURS - 1, 0), 0);
	if (directory[0])
		assert_int_equal(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
	directory[0] = '\0';
	return 0;
}

/* Takes everything out of a file that several processes may write to. */
static void take_text(int fd, char *text)
{
	ssize_t length = pread(fd, text, TEXT_SIZE - 1, 0);

	assert_true(length >= 0);
	text[length] = '\0';
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
}

const char *said(void)
{
	static char text[TEXT_SIZE];

	take_text(log_file, text);
	return text;
}

const char *said_line(const char *row)
{
	const char *text = said(), *newline = strchr(text, '\n');

	if (strncmp(text, "nsinit: ", 8) != 0 || !newline || newline[1])
		fail_msg("%s: \"%s\" is not one line of nsinit's", row, text);
	return text;
}

void capture(int fd)
{
	fflush(NULL);
	capturing.fd = fd;
	capturing.before = ours(dup(fd));
	capturing.file = ours(memfd_create("captured", MFD_CLOEXEC));
	assert_int_equal(dup2(capturing.file, fd), fd);
}

const char *captured(void)
{
	static char text[TEXT_SIZE];

	assert_int_equal(dup2(capturing.before, capturing.fd), capturing.fd);
	take_text(capturing.file, text);
	close(capturing.before);
	close(capturing.file);
	capturing.fd = -1;
	return text;
}

const char *captured_help(void)
{
	static char text[TEXT_SIZE];
	const char *next;
	char *end = text;

	for (const char *line = captured(); *line; line = next) {
		const char *start = line + strspn(line, " ");

		next = strchrnul(line, '\n');
		if (next - line > 100 || (next > line && next[-1] == ' '))
			fail_msg("wider than 100 columns, or a space at its end: %.*s", (int)(next - line), line);
		if (start - line > 30 && end > text) /* goes on */
			end[-1] = ' ';
		else
			start = line;
		next += *next != '\0';
		end = mempcpy(end, start, (size_t)(next - start));
	}
	*end = '\0';
	return text;
}

const char *place(void)
{
	const char *parent = getenv("TMPDIR");

	if (directory[0])
		return directory;
	snprintf(directory, sizeof directory, "%.64s/nsinit-unit.XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(directory)) {
		directory[0] = '\0';
		fail_msg("no directory for the test's files: %s", strerror(errno));
	}
	assert_int_equal(chmod(directory, 0755), 0);
	return directory;
}

const char *in_place(const char *path)
{
	static char paths[8][PATH_MAX];
	static unsigned next;
	char *text = paths[next++ % COUNT(paths)];

	assert_in_range(snprintf(text, PATH_MAX, "%s/%s", place(), path), 1, PATH_MAX - 1);
	return text;
}

static void make_parents(const char *path)
{
	char parent[PATH_MAX];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(parent, sizeof parent, "%s/%.*s", place(), (int)(slash - path), path);
		assert_true(mkdir(parent, 0755) == 0 || errno == EEXIST);
	}
}

void put_file(const char *path, const char *text)
{
	FILE *file;

	make_parents(path);
	file = fopen(in_place(path), "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

void put_directory(const char *path)
{
	make_parents(path);
	assert_int_equal(mkdir(in_place(path), 0755), 0);
}

void put_link(const char *path, const char *target)
{
	make_parents(path);
	assert_int_equal(symlink(target, in_place(path)), 0);
}

const char *file_text(const char *path)
{
	static char text[TEXT_SIZE];
	FILE *file = fopen(in_place(path), "r");
	size_t length;

	if (!file)
		return NULL;
	length = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[length] = '\0';
	return text;
}

const char *path_of(int fd)
{
	static char path[PATH_MAX];
	char link[64];
	size_t prefix = strlen(directory);
	ssize_t length;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return "nothing";
	path[length] = '\0';
	if (!prefix || strncmp(path, directory, prefix) != 0)
		return path;
	memmove(path, path + prefix, (size_t)length - prefix + 1);
	return *path ? path : "/";
}

char **words(const char *text)
{
	static char copy[8192];
	static char *list[512];
	size_t count = 1;

	memset(list, 0, sizeof list);
	assert_true(strlen(text) < sizeof copy);
	strcpy(copy, text);
	list[count++] = (char *)"nsinit";
	for (char *word = strtok(copy, " "); word; word = strtok(NULL, " ")) {
		assert_true(count < COUNT(list) - 1);
		list[count++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	return list + 1;
}

struct plan *new_plan(void)
{
	static struct plan plan;

	memset(&plan, 0, sizeof plan);
	plan_default(&plan);
	plan.personality = personality_choose("nsinit");
	return &plan;
}
