/* SPDX-License-Identifier: MIT
 *
 * Takes the samples, where Python would be too coarse. Every task goes round by round: each competitor is measured
 * once a round, in an order shuffled anew, so that whatever the machine does meanwhile meets all of them alike. Prints
 * a line "COMPETITOR VALUE" a sample; knows nothing of statistics.
 *
 *   measure TASK ROUNDS COUNT EVERY PROGRAM [ARG]... [';;' EVERY PROGRAM [ARG]...]...
 *
 * EVERY: the competitor takes part in one round of that many (for those that are slow by orders of magnitude).
 * COUNT: orphans a sample (reap), longest wait in µs before the signal (lost-random), else unused.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside.h"

enum {
	COMPETITORS_MAX = 32,
	CHILD_STACK = 16 * 1024,
	REPLY_MS = 2000,     /* nothing that works takes this long */
	SETTLE_US = 500,     /* from the last news until everybody sleeps again */
	CHILD_TRIES = 1 << 20, /* looks for the first child of an init, about a second of them */
};

struct competitor {
	char **argv;
	int every;
	pid_t pid;
	int order, news; /* our ends of its standard input and output; -1: it has ours */
	int cpu;         /* its schedstat, kept open */
};

static struct competitor competitors[COMPETITORS_MAX];
static int competitor_count, rounds, count;
static int namespaces; /* of each start: CLONE_NEW* */

static void die(const char *what, const struct competitor *competitor)
{
	fprintf(stderr, "measure: %s: %s: %s\n", what, competitor->argv[0], strerror(errno));
	exit(1);
}

/* A xorshift with a fixed seed: the same order in every run. */
static unsigned random_below(unsigned limit)
{
	static unsigned state = 2463534242U;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % limit;
}

static void sample(const struct competitor *competitor, int64_t value)
{
	printf("%d %lld\n", (int)(competitor - competitors), (long long)value);
}

/* Starting and ending. */

struct start {
	const struct competitor *competitor;
	int input, output; /* -1: as ours */
};

static int start_main(void *argument)
{
	const struct start *start = argument;

	if (start->input >= 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing stays behind if we are killed */
		dup2(start->input, STDIN_FILENO);
		dup2(start->output, STDOUT_FILENO);
	}
	execv(start->competitor->argv[0], start->competitor->argv);
	_exit(127);
}

/* Returns when the exec has happened. Vfork-like, because a copy of our own memory would be measured as well. */
static void start(struct competitor *competitor, int input, int output)
{
	static char stack[CHILD_STACK] __attribute__((aligned(16)));
	struct start start = {.competitor = competitor, .input = input, .output = output};

	competitor->pid = clone(start_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | namespaces | SIGCHLD, &start);
	if (competitor->pid < 0)
		die("clone", competitor);
}

static int end(struct competitor *competitor)
{
	int status;

	if (waitpid(competitor->pid, &status, 0) < 0)
		die("waitpid", competitor);
	return status;
}

/* Starts a competitor whose program talks to us. */
static void start_talking(struct competitor *competitor)
{
	int orders[2], news[2];

	if (pipe2(orders, O_CLOEXEC) < 0 || pipe2(news, O_CLOEXEC) < 0)
		die("pipe", competitor);
	start(competitor, orders[0], news[1]);
	close(orders[0]);
	close(news[1]);
	competitor->order = orders[1];
	competitor->news = news[0];
}

static int end_talking(struct competitor *competitor)
{
	kill(competitor->pid, SIGKILL);
	close(competitor->order);
	close(competitor->news);
	return end(competitor);
}

/* The next news. 1, 0 if the program and its init are gone, or -1 if nothing comes. */
static int hear(const struct competitor *competitor, struct news *news)
{
	struct pollfd ready = {.fd = competitor->news, .events = POLLIN};

	if (poll(&ready, 1, REPLY_MS) <= 0)
		return -1;
	return read(competitor->news, news, sizeof *news) == sizeof *news;
}

static void expect_ready(const struct competitor *competitor)
{
	struct news news;

	errno = ETIMEDOUT;
	if (hear(competitor, &news) != 1 || news.signal != 0)
		die("the program does not answer", competitor);
}

static int open_proc(pid_t pid, const char *format)
{
	char path[64];

	snprintf(path, sizeof path, format, pid, pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static void settle(void)
{
	usleep(SETTLE_US);
}

/* The rounds. */

static void each_round(int number_of_rounds, void (*measure)(struct competitor *competitor))
{
	int order[COMPETITORS_MAX];

	for (int i = 0; i < competitor_count; i++)
		order[i] = i;
	for (int round = 0; round < number_of_rounds; round++) {
		for (int i = competitor_count - 1; i > 0; i--) {
			int j = (int)random_below((unsigned)i + 1), swap = order[i];

			order[i] = order[j];
			order[j] = swap;
		}
		for (int i = 0; i < competitor_count; i++)
			if (round % competitors[order[i]].every == 0)
				measure(&competitors[order[i]]);
	}
}

static void each(void (*act)(struct competitor *competitor))
{
	for (int i = 0; i < competitor_count; i++)
		act(&competitors[i]);
}

/* start, life: the time from the first start to the end, and to its collection. */

static void warm_up(struct competitor *competitor)
{
	start(competitor, -1, -1);
	errno = ECANCELED;
	if (end(competitor) != 0)
		die("fails", competitor);
}

static void measure_life(struct competitor *competitor)
{
	int64_t begun = now_ns();

	start(competitor, -1, -1);
	if (end(competitor) != 0)
		die("fails", competitor);
	sample(competitor, now_ns() - begun);
}

static void life(void)
{
	each(warm_up);
	each_round(rounds, measure_life);
}

static void start_in_namespace(void)
{
	namespaces = CLONE_NEWPID;
	if (geteuid() != 0)
		namespaces |= CLONE_NEWUSER; /* an ordinary user gets the one with the other only */
	life();
}

/* The tasks below hold all competitors at once. */

static void start_held(struct competitor *competitor)
{
	namespaces = geteuid() == 0 ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER;
	start_talking(competitor);
	expect_ready(competitor);
}

static void end_held(struct competitor *competitor)
{
	end_talking(competitor);
}

/* hold: prints the pid of each, and keeps them until our standard input ends. */

static void print_pid(struct competitor *competitor)
{
	sample(competitor, competitor->pid);
}

static void hold(void)
{
	char unused;

	each(start_held);
	each(print_pid);
	fflush(stdout);
	while (read(STDIN_FILENO, &unused, 1) > 0)
		;
	each(end_held);
}

/* reap: the CPU time of PID 1 for COUNT orphans. */

static int64_t cpu_ns(const struct competitor *competitor)
{
	char text[64];
	ssize_t length = pread(competitor->cpu, text, sizeof text - 1, 0);

	if (length <= 0)
		die("schedstat", competitor);
	text[length] = '\0';
	return strtoll(text, NULL, 10);
}

static void open_cpu(struct competitor *competitor)
{
	competitor->cpu = open_proc(competitor->pid, "/proc/%d/schedstat");
	if (competitor->cpu < 0)
		die("schedstat", competitor);
}

static void measure_reaping(struct competitor *competitor)
{
	int64_t before = cpu_ns(competitor);

	if (write(competitor->order, "g", 1) != 1)
		die("order", competitor);
	expect_ready(competitor);
	settle(); /* the kernel accounts for a task when it sleeps */
	sample(competitor, (cpu_ns(competitor) - before) / count);
}

static void reap(void)
{
	each(start_held);
	each(open_cpu);
	each_round(rounds, measure_reaping);
	each(end_held);
}

/* latency: from the kill(2) to the program's own stamp; -1 is a lost signal. */

static void measure_latency(struct competitor *competitor)
{
	struct news news;
	int64_t sent;

	settle();
	sent = now_ns();
	if (kill(competitor->pid, SIGUSR1) < 0)
		die("kill", competitor);
	sample(competitor, hear(competitor, &news) == 1 ? news.at_ns - sent : -1);
}

static void latency(void)
{
	each(start_held);
	each_round(rounds, measure_latency);
	each(end_held);
}

/* lost-…: a signal at a chosen moment of the start; 0 if it arrived, 1 if it was lost. */

/*
 * Whether the SIGUSR1 sent before arrived. A second signal, sent when all is up, settles it without a time-out: both
 * init and program take the lower number first. Dying by it, for want of a mask as yet, is also to have got it.
 */
static bool arrived(struct competitor *competitor)
{
	struct news news = {.signal = 0};
	int status;

	if (hear(competitor, &news) == 1) {
		kill(competitor->pid, SIGUSR2);
		if (hear(competitor, &news) == 1) {
			end_talking(competitor);
			return news.signal == SIGUSR1;
		}
	}
	status = end_talking(competitor);
	return WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGUSR1;
}

static void wait_for_child(const struct competitor *competitor)
{
	int fd = open_proc(competitor->pid, "/proc/%d/task/%d/children");
	char unused;

	if (fd < 0)
		die("children", competitor);
	for (int i = 0; i < CHILD_TRIES; i++)
		if (pread(fd, &unused, 1, 0) == 1)
			break;
	close(fd);
}

static void measure_first(struct competitor *competitor)
{
	start_talking(competitor);
	wait_for_child(competitor);
	kill(competitor->pid, SIGUSR1);
	sample(competitor, !arrived(competitor));
}

static void measure_random(struct competitor *competitor)
{
	useconds_t moment = random_below((unsigned)count);

	start_talking(competitor);
	usleep(moment); /* to spin instead would take the processor from the one that starts */
	kill(competitor->pid, SIGUSR1);
	sample(competitor, !arrived(competitor));
}

static void lost(void (*measure)(struct competitor *competitor))
{
	namespaces = geteuid() == 0 ? CLONE_NEWPID : CLONE_NEWPID | CLONE_NEWUSER;
	each_round(rounds, measure);
}

static void lost_first(void)
{
	lost(measure_first);
}

static void lost_random(void)
{
	lost(measure_random);
}

/* The command line. */

static void parse(int argc, char **argv)
{
	rounds = atoi(argv[2]);
	count = atoi(argv[3]);
	for (int i = 4; i + 1 < argc && competitor_count < COMPETITORS_MAX; i++) {
		competitors[competitor_count++] = (struct competitor){.every = atoi(argv[i]), .argv = argv + i + 1};
		while (i < argc && strcmp(argv[i], ";;") != 0)
			i++;
		argv[i] = NULL;
	}
}

/*
 * Keeps everybody on one processor. Where a single wake-up is measured, whether the scheduler happened to choose the
 * processor that is awake would otherwise decide more than the work does.
 */
static void pin(void)
{
	cpu_set_t allowed, one;
	size_t last = 0;

	sched_getaffinity(0, sizeof allowed, &allowed);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			last = cpu;
	CPU_ZERO(&one);
	CPU_SET(last, &one);
	sched_setaffinity(0, sizeof one, &one);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
		bool pinned;
	} tasks[] = {
		{"start", start_in_namespace, false}, {"life", life, false},
		{"hold", hold, false},                {"reap", reap, true},
		{"latency", latency, true},           {"lost-first", lost_first, false},
		{"lost-random", lost_random, false},
	};

	prctl(PR_SET_TIMERSLACK, 1); /* ns; usleep would take 50 us more */
	if (argc > 5)
		parse(argc, argv);
	for (size_t i = 0; competitor_count > 0 && i < sizeof tasks / sizeof tasks[0]; i++) {
		if (strcmp(argv[1], tasks[i].name) != 0)
			continue;
		if (tasks[i].pinned)
			pin();
		tasks[i].run();
		return 0;
	}
	fputs("usage: measure TASK ROUNDS COUNT EVERY PROGRAM [ARG]... [';;' EVERY PROGRAM [ARG]...]...\n", stderr);
	return 2;
}
