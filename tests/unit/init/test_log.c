/* SPDX-License-Identifier: MIT
 *
 * The logger: one line, one write, and never a wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "log.h"
#include "unit.h"

static int ends[2];

static void open_pipe(int verbosity)
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
	log_open(ends[1], verbosity);
}

static void test_levels(void **state)
{
	static const enum log_level levels[] = {LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG};
	char text[64];

	(void)state;
	for (size_t i = 0; i < COUNT(levels); i++) {
		open_pipe(levels[i]);
		for (size_t j = 0; j < COUNT(levels); j++) {
			ssize_t length;

			log_line(levels[j], "%s %d", "text", 7);
			length = read(ends[0], text, sizeof text - 1);
			text[length > 0 ? length : 0] = '\0';
			check_text("level", text, j <= i ? "nsinit: text 7\n" : "");
		}
	}
}

static void test_about(void **state)
{
	(void)state;
	log_about("x.service");
	log_error("one");
	check_text("about", said(), "nsinit: x.service: one\n");
	log_about(NULL);
	log_error("two");
	check_text("nothing", said(), "nsinit: two\n");
}

/* One line, whatever a name holds, and nothing that a terminal obeys; a long one is cut and still ends. */
static void test_names(void **state)
{
	static const struct {
		const char *name, *line;
	} rows[] = {
		{"a\nb", "nsinit: a?b\n"}, {"\033[2J\a\b", "nsinit: ?[2J??\n"}, {"\177\t", "nsinit: ??\n"}, {"\303\266", "nsinit: \303\266\n"},
	};
	static char text[3000];
	const char *line;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		log_error("%s", rows[i].name);
		check_text(rows[i].line, said(), rows[i].line);
	}
	memset(text, 'x', sizeof text - 1);
	log_error("%s", text);
	line = said_line("long");
	assert_in_range(strlen(line), 256, sizeof text - 1);
}

/* What comes from another process is one line as well, and in raw mode it ends as such a terminal needs it. */
static void test_lines_of_others(void **state)
{
	static const char text[] = "nsinit: of\x1b[2J\nothers\n\n";
	char got[64];
	ssize_t length;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), slave;
	struct termios modes;

	(void)state;
	assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
	slave = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(tcgetattr(slave, &modes), 0);
	cfmakeraw(&modes);
	assert_int_equal(tcsetattr(slave, TCSANOW, &modes), 0);
	for (int raw = 0; raw < 2; raw++) {
		log_open(slave, LOG_ERROR);
		log_raw(raw);
		log_pass(text, sizeof text - 1);
		length = read(master, got, sizeof got - 1);
		got[length > 0 ? length : 0] = '\0';
		check_text("on a terminal", got, raw ? "nsinit: of?[2J?others\r\n" : "nsinit: of?[2J?others\n");
		open_pipe(LOG_ERROR);
		log_raw(raw);
		log_pass(text, sizeof text - 1);
		length = read(ends[0], got, sizeof got - 1);
		got[length > 0 ? length : 0] = '\0';
		check_text("in a pipe", got, "nsinit: of?[2J?others\n");
	}
	log_raw(false);
	close(slave);
	close(master);
}

static void test_errno_is_kept(void **state)
{
	(void)state;
	open_pipe(LOG_ERROR);
	close(ends[1]);
	errno = ENOTTY;
	log_error("into a closed descriptor");
	assert_int_equal(errno, ENOTTY);
}

/* A full pipe must not stop PID 1. */
static void test_full_pipe(void **state)
{
	char block[4096];

	(void)state;
	open_pipe(LOG_ERROR);
	memset(block, 'x', sizeof block);
	assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
	while (write(ends[1], block, sizeof block) > 0)
		;
	assert_int_equal(fcntl(ends[1], F_SETFL, 0), 0);
	alarm(10); /* ends the test if it waits */
	for (int i = 0; i < 3; i++)
		log_error("nobody reads this");
	alarm(0);
	while (read(ends[0], block, sizeof block) > 0)
		;
	log_error("this is read");
	assert_int_equal(read(ends[0], block, sizeof block), 21);
}

/* Nobody is there any more: SIGPIPE is blocked in nsinit, and no more than that happens. */
static void test_reader_is_gone(void **state)
{
	sigset_t set, pending;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
	open_pipe(LOG_ERROR);
	close(ends[0]);
	log_error("nobody reads this");
	sigpending(&pending);
	if (sigismember(&pending, SIGPIPE))
		sigwaitinfo(&set, NULL);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &set, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_levels), test(test_about), test(test_names), test(test_lines_of_others), test(test_errno_is_kept), test(test_full_pipe),
		test(test_reader_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
