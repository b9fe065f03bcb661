// SPDX-License-Identifier: MIT
/*
 * probe: what a program started by nsinit sees, and the ways a program can behave.
 * Without arguments (or as `probe report ANYTHING...`) it prints one line of JSON; every other
 * verb is a row of the table at the end. The tests state what they expect, the probe never judges.
 * It must not need /proc, a terminal, an environment or any file: what it cannot see is null.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
	SIGNALS = 64,            /* the kernel's _NSIG, on every architecture built for */
	FD_GUESSES = 1024,       /* descriptors tried where /proc is not readable */
	BATCH = 500,             /* orphans alive or unreaped at one time */
	REAP_TIMEOUT_MS = 20000, /* a batch that is not reaped by then never will be */
	LOST_TIMEOUT_S = 5,      /* a start whose signal has had no effect by then lost it */
};

extern char **environ;

/* ---- JSON: bytes above 126 are written as \u00XX, so any byte string survives as latin-1 ---- */

static int comma_due;

static void quote(const char *s)
{
	putchar('"');
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		if (c < 32 || c > 126 || c == '"' || c == '\\')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void item(const char *key)
{
	if (comma_due)
		putchar(',');
	if (key) {
		quote(key);
		putchar(':');
	}
	comma_due = 1;
}

static void begin(const char *key, int bracket)
{
	item(key);
	putchar(bracket);
	comma_due = 0;
}

static void end(int bracket)
{
	putchar(bracket);
	comma_due = 1;
}

static void put_string(const char *key, const char *value)
{
	item(key);
	if (value)
		quote(value);
	else
		fputs("null", stdout);
}

static void put_number(const char *key, long long value)
{
	item(key);
	printf("%lld", value);
}

static void put_null(const char *key)
{
	put_string(key, NULL);
}

static void put_list(const char *key, char *const *list)
{
	begin(key, '[');
	for (; *list; list++)
		put_string(NULL, *list);
	end(']');
}

/* ---- signals, by the bare system calls: libc keeps 32 to 34 for itself ---- */

static unsigned long long bit(int sig)
{
	return 1ULL << (sig - 1);
}

static unsigned long long mask_set(int how, unsigned long long mask)
{
	unsigned long long old = 0;

	syscall(SYS_rt_sigprocmask, how, &mask, &old, sizeof old);
	return old;
}

static int signal_wait(unsigned long long mask, siginfo_t *info, const struct timespec *timeout)
{
	long sig;

	do
		sig = syscall(SYS_rt_sigtimedwait, &mask, info, timeout, sizeof mask);
	while (sig < 0 && errno == EINTR);
	return (int)sig;
}

/* The kernel's struct sigaction differs by architecture; the handler comes first on all but MIPS. */
static int signal_ignored(int sig)
{
	struct { void (*handler)(int); unsigned long rest[8]; } now = { 0 };

	return syscall(SYS_rt_sigaction, sig, NULL, &now, sizeof(unsigned long long)) == 0
		&& now.handler == SIG_IGN;
}

static int signal_number(const char *name)
{
	static const struct { const char *name; int sig; } names[] = {
		{ "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ABRT", SIGABRT },
		{ "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
		{ "TERM", SIGTERM }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP },
		{ "WINCH", SIGWINCH },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].sig;
	int sig = atoi(name);
	if (sig < 1 || sig > SIGNALS) {
		fprintf(stderr, "probe: no signal %s\n", name);
		exit(2);
	}
	return sig;
}

/* ---- the report ---- */

/* The value of a line of /proc/self/status, or NULL; valid until the next call. */
static const char *status_field(const char *name)
{
	static char line[4096];
	size_t length = strlen(name);
	FILE *file = fopen("/proc/self/status", "re");
	const char *value = NULL;

	while (file && !value && fgets(line, sizeof line, file))
		if (strncmp(line, name, length) == 0 && line[length] == ':') {
			line[strcspn(line, "\n")] = '\0';
			value = line + length + 1 + strspn(line + length + 1, " \t");
		}
	if (file)
		fclose(file);
	return value;
}

static void report_ids(void)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid, groups[256];
	int count = getgroups(256, groups);

	getresuid(&uid, &euid, &suid);
	getresgid(&gid, &egid, &sgid);
	put_number("uid", uid);
	put_number("euid", euid);
	put_number("suid", suid);
	put_number("gid", gid);
	put_number("egid", egid);
	put_number("sgid", sgid);
	begin("groups", '[');
	for (int i = 0; i < count; i++)
		put_number(NULL, groups[i]);
	end(']');
}

static void report_process(void)
{
	mode_t mask = umask(0);

	umask(mask);
	put_number("pid", getpid());
	put_number("ppid", getppid());
	put_number("pgid", getpgid(0));
	put_number("sid", getsid(0));
	put_number("umask", mask);
}

static void report_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct winsize size = { 0 };

	put_number("pgid", getpgid(0));
	put_number("sid", getsid(0));
	if (fd < 0) {
		put_null("foreground");
		put_null("tty_session");
	} else {
		ioctl(fd, TIOCGWINSZ, &size);
		put_number("foreground", tcgetpgrp(fd));
		put_number("tty_session", tcgetsid(fd));
		put_number("rows", size.ws_row);
		put_number("columns", size.ws_col);
		close(fd);
	}
	begin("terminals", '[');
	for (int i = 0; i < 3; i++)
		if (isatty(i))
			put_number(NULL, i);
	end(']');
}

static void report_capabilities(void)
{
	static const struct { const char *key, *field; } rows[] = {
		{ "cap_inh", "CapInh" }, { "cap_prm", "CapPrm" }, { "cap_eff", "CapEff" },
		{ "cap_bnd", "CapBnd" }, { "cap_amb", "CapAmb" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		put_string(rows[i].key, status_field(rows[i].field));
	put_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	const char *seccomp = status_field("Seccomp");
	put_number("seccomp", seccomp ? atoi(seccomp) : prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
}

static void put_mask(const char *key, unsigned long long mask)
{
	begin(key, '[');
	for (int sig = 1; sig <= SIGNALS; sig++)
		if (mask & bit(sig))
			put_number(NULL, sig);
	end(']');
}

static void report_limits(void)
{
	struct rlimit files = { 0 };
	FILE *score = fopen("/proc/self/oom_score_adj", "r");
	int value;

	getrlimit(RLIMIT_NOFILE, &files);
	put_number("nofile", (long long)files.rlim_cur);
	put_number("nice", getpriority(PRIO_PROCESS, 0));
	if (score && fscanf(score, "%d", &value) == 1)
		put_number("oom_score_adj", value);
	else
		put_null("oom_score_adj");
	if (score)
		fclose(score);
}

static void report_signals(void)
{
	const char *text;
	unsigned long long blocked, ignored = 0;

	if ((text = status_field("SigBlk")))
		blocked = strtoull(text, NULL, 16);
	else
		blocked = mask_set(SIG_BLOCK, 0);
	if ((text = status_field("SigIgn")))
		ignored = strtoull(text, NULL, 16);
	else
		for (int sig = 1; sig <= SIGNALS; sig++)
			if (signal_ignored(sig))
				ignored |= bit(sig);
	put_mask("blocked", blocked);
	put_mask("ignored", ignored);
}

static void report_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	char name[32], target[4096];

	begin("fds", '{');
	for (int fd = 0; !dir && fd < FD_GUESSES; fd++)
		if (fcntl(fd, F_GETFD) >= 0) {
			snprintf(name, sizeof name, "%d", fd);
			put_null(name);
		}
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == dirfd(dir))
			continue;
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		put_string(entry->d_name, target);
	}
	end('}');
	if (dir)
		closedir(dir);
}

static void report_namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts" };
	char path[64], target[64];

	begin("namespaces", '{');
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(path, sizeof path, "/proc/self/ns/%s", names[i]);
		ssize_t length = readlink(path, target, sizeof target - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		const char *inode = strchr(target, '[');
		put_number(names[i], inode ? atoll(inode + 1) : 0);
	}
	end('}');
}

/* mountinfo writes a space, tab, newline and backslash of a name as \ooo. */
static char *unescape(char *s)
{
	char *to = s;

	for (const char *from = s; *from; to++)
		if (from[0] == '\\' && from[1] && from[2] && from[3]) {
			*to = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	*to = '\0';
	return s;
}

static char *word(char **rest)
{
	char *w = strsep(rest, " \n");

	return w ? w : "";
}

static void report_mounts(void)
{
	static char line[65536];
	FILE *file = fopen("/proc/self/mountinfo", "re");

	if (!file) {
		put_null("mounts");
		return;
	}
	begin("mounts", '[');
	while (fgets(line, sizeof line, file)) {
		char *rest = line;
		begin(NULL, '{');
		word(&rest);
		word(&rest);
		put_string("device", word(&rest));
		put_string("root", unescape(word(&rest)));
		put_string("target", unescape(word(&rest)));
		put_string("options", word(&rest));
		begin("propagation", '[');
		for (char *w; rest && strcmp(w = word(&rest), "-") != 0;)
			put_string(NULL, w);
		end(']');
		put_string("type", word(&rest));
		put_string("source", unescape(word(&rest)));
		put_string("super", word(&rest));
		end('}');
	}
	end(']');
	fclose(file);
}

static void report_host(void)
{
	struct utsname name;
	char cwd[4096];

	uname(&name);
	put_string("hostname", name.nodename);
	put_string("domainname", name.domainname);
	put_string("cwd", getcwd(cwd, sizeof cwd));
}

static void report_interfaces(void)
{
	static const struct { int flag; const char *name; } flags[] = {
		{ IFF_UP, "up" }, { IFF_LOOPBACK, "loopback" }, { IFF_RUNNING, "running" },
	};
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *list = if_nameindex();

	begin("interfaces", '{');
	for (struct if_nameindex *i = list; i && i->if_index; i++) {
		struct ifreq request = { 0 };
		memcpy(request.ifr_name, i->if_name, strnlen(i->if_name, IFNAMSIZ - 1));
		begin(i->if_name, '[');
		if (ioctl(sock, SIOCGIFFLAGS, &request) == 0)
			for (size_t f = 0; f < sizeof flags / sizeof *flags; f++)
				if (request.ifr_flags & flags[f].flag)
					put_string(NULL, flags[f].name);
		end(']');
	}
	end('}');
	if_freenameindex(list);
	close(sock);
}

static int verb_report(int argc, char **argv)
{
	static void (*const parts[])(void) = {
		report_process, report_ids, report_capabilities, report_limits, report_signals, report_fds,
		report_namespaces, report_mounts, report_host, report_interfaces,
	};

	(void)argc;
	begin(NULL, '{');
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		parts[i]();
	begin("tty", '{');
	report_terminal();
	end('}');
	put_list("argv", argv);
	put_list("env", environ);
	end('}');
	putchar('\n');
	return 0;
}

static int verb_tty(int argc, char **argv)
{
	(void)argc, (void)argv;
	begin(NULL, '{');
	report_terminal();
	end('}');
	putchar('\n');
	return 0;
}

/* ---- behaviours; those that stay print "ready" once they are what they promise to be ---- */

static void say(const char *line)
{
	puts(line);
	fflush(stdout);
}

static _Noreturn void wait_forever(void)
{
	say("ready");
	for (;;)
		pause();
}

static int verb_exit(int argc, char **argv)
{
	return argc > 2 ? atoi(argv[2]) : 0;
}

static int verb_die(int argc, char **argv)
{
	int sig = signal_number(argc > 2 ? argv[2] : "KILL");

	if (sig != SIGKILL && sig != SIGSTOP && (sig < 32 || sig > 34))
		signal(sig, SIG_DFL);
	mask_set(SIG_UNBLOCK, bit(sig));
	syscall(SYS_kill, getpid(), sig);
	say("survived");
	return 99;
}

/* signals [--until SIG]: one line a signal, "NUMBER" or, when it was queued, "NUMBER VALUE". */
static int verb_signals(int argc, char **argv)
{
	int last = argc > 3 && strcmp(argv[2], "--until") == 0 ? signal_number(argv[3]) : SIGTERM;
	siginfo_t info;
	int sig;

	mask_set(SIG_SETMASK, ~0ULL);
	say("ready");
	do {
		sig = signal_wait(~0ULL, &info, NULL);
		if (info.si_code == SI_QUEUE)
			printf("%d %d\n", sig, info.si_value.sival_int);
		else
			printf("%d\n", sig);
		if (fflush(stdout) == EOF)
			return 1; /* nobody reads any more */
	} while (sig != last);
	return 0;
}

/* count N SIG: says "enough" at the Nth SIG; at TERM, the exact number that came. */
static int verb_count(int argc, char **argv)
{
	long wanted = argc > 2 ? atol(argv[2]) : 1, count = 0;
	int sig = signal_number(argc > 3 ? argv[3] : "USR1"), got;
	siginfo_t info;

	mask_set(SIG_SETMASK, ~0ULL);
	say("ready");
	while ((got = signal_wait(~0ULL, &info, NULL)) != SIGTERM)
		if (got == sig && ++count == wanted)
			say("enough");
	for (const struct timespec none = { 0 }; signal_wait(bit(sig), &info, &none) > 0;)
		count++;
	printf("%ld\n", count);
	return 0;
}

/* on SIG PATH CODE: waits for SIG, appends its number to PATH, ends with CODE. */
static int verb_on(int argc, char **argv)
{
	if (argc < 5)
		return 2;
	int sig = signal_number(argv[2]);
	siginfo_t info;

	mask_set(SIG_BLOCK, bit(sig));
	say("ready");
	signal_wait(bit(sig), &info, NULL);
	FILE *file = fopen(argv[3], "ae");
	if (!file)
		return 1;
	fprintf(file, "%d\n", sig);
	fclose(file);
	return atoi(argv[4]);
}

static int verb_sleep(int argc, char **argv)
{
	(void)argc, (void)argv;
	wait_forever();
}

static int verb_ignore_term(int argc, char **argv)
{
	(void)argc, (void)argv;
	signal(SIGTERM, SIG_IGN);
	wait_forever();
}

static int verb_stubborn(int argc, char **argv)
{
	(void)argc, (void)argv;
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	wait_forever();
}

/* stop SIG: stops itself by SIG, says "continued" afterwards. */
static int verb_stop(int argc, char **argv)
{
	say("ready");
	raise(signal_number(argc > 2 ? argv[2] : "STOP"));
	say("continued");
	return 0;
}

static int verb_write(int argc, char **argv)
{
	FILE *file = argc > 2 ? fopen(argv[2], "we") : NULL;

	if (!file) {
		perror(argc > 2 ? argv[2] : "write");
		return 1;
	}
	fprintf(file, "%s\n", argc > 3 ? argv[3] : "");
	return fclose(file) ? 1 : 0;
}

static int run_verb(int argc, char **argv);

/* leave CODE VERB...: a child does VERB; once it is ready this process ends with CODE. */
static int verb_leave(int argc, char **argv)
{
	int pipe_fds[2];
	char c;

	if (argc < 4 || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return 2;
	int code = atoi(argv[2]);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(pipe_fds[1], 1);
		close(pipe_fds[0]);
		close(pipe_fds[1]);
		argv[2] = argv[0];
		exit(run_verb(argc - 2, argv + 2));
	}
	close(pipe_fds[1]);
	while (read(pipe_fds[0], &c, 1) == 1 && c != '\n')
		;
	say("ready");
	return code;
}

static void sleep_us(long us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	nanosleep(&t, NULL);
}

static int exit_at_once(void *unused)
{
	(void)unused;
	_exit(0);
}

/* A tenth outlives the parent and is handed over alive; the others are handed over as zombies. */
static void make_orphans(long count, pid_t *pids)
{
	static char stack[16384] __attribute__((aligned(16)));
	int hold[2];
	char c;

	if (pipe2(hold, O_CLOEXEC) < 0)
		_exit(1);
	for (long i = 0; i < count; i++) {
		pid_t pid;
		if (i % 10 == 0 && (pid = fork()) == 0) {
			close(hold[1]);
			_exit(read(hold[0], &c, 1) == 0 ? 0 : 1);
		}
		if (i % 10)
			pid = clone(exit_at_once, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
		if (pid < 0)
			_exit(1);
		pids[i] = pid;
	}
	_exit(0);
}

/* A zombie still answers to signal 0. */
static int all_reaped(long count, const pid_t *pids)
{
	long step_us = 500;

	for (long waited_us = 0; count > 0; waited_us += step_us) {
		while (count > 0 && kill(pids[count - 1], 0) < 0 && errno == ESRCH)
			count--;
		if (waited_us > REAP_TIMEOUT_MS * 1000L)
			return 0;
		if (count > 0)
			sleep_us(step_us);
	}
	return 1;
}

/* orphans N: batch by batch, so that whoever does not reap fails here before the machine runs out of pids. */
static int verb_orphans(int argc, char **argv)
{
	long wanted = argc > 2 ? atol(argv[2]) : 1, made = 0;
	pid_t *pids = mmap(NULL, BATCH * sizeof *pids, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;

	while (pids != MAP_FAILED && made < wanted) {
		long batch = wanted - made < BATCH ? wanted - made : BATCH;
		pid_t pid = fork();
		if (pid == 0)
			make_orphans(batch, pids);
		if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
			printf("cannot make orphans after %ld\n", made);
			return 1;
		}
		if (!all_reaped(batch, pids)) {
			printf("not reaped after %ld\n", made);
			return 1;
		}
		made += batch;
	}
	printf("%ld reaped\n", made);
	return 0;
}

static long now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000L + t.tv_nsec / 1000;
}

/*
 * Until PID has TERM blocked: from that moment on it promises to lose none. While a process sleeps in
 * sigtimedwait(2) the signals that it waits for do not show as blocked, but then it is no longer this program.
 */
static void wait_until_blocking(pid_t pid)
{
	char path[64], text[4096];
	long deadline = now_us() + LOST_TIMEOUT_S * 1000000L;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (now_us() < deadline) {
		ssize_t length = pread(fd, text, sizeof text - 1, 0);
		text[length < 0 ? 0 : length] = '\0';
		const char *field = strstr(text, "SigBlk:");
		if (!field || strtoull(field + 7, NULL, 16) & bit(SIGTERM) || strstr(text, "State:\tZ"))
			break;
		if (strstr(text, "State:\tS") && strncmp(text, "Name:\tprobe\n", 12) != 0)
			break;
	}
	close(fd);
}

static pid_t start_command(char **command, int pid1)
{
	pid_t pid = (pid_t)syscall(SYS_clone, (pid1 ? CLONE_NEWPID : 0) | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);
		dup2(null, 1);
		mask_set(SIG_SETMASK, 0);
		execvp(command[0], command);
		_exit(127);
	}
	return pid;
}

/*
 * starts COUNT MAX_US pid1|child COMMAND...: starts COMMAND COUNT times, each as PID 1 of a namespace or as a
 * plain child, and sends TERM between 0 and MAX_US after it has its signals blocked, evenly spread.
 * Prints how many exited 143, ended otherwise, and showed no effect at all.
 */
static int verb_starts(int argc, char **argv)
{
	if (argc < 6)
		return 2;
	long count = atol(argv[2]), max_us = atol(argv[3]), right = 0, wrong = 0, lost = 0;
	const struct timespec patience = { LOST_TIMEOUT_S, 0 };
	siginfo_t info;

	mask_set(SIG_BLOCK, bit(SIGCHLD));
	for (long i = 0; i < count && lost < 3; i++) {
		int status;
		pid_t pid = start_command(argv + 5, strcmp(argv[4], "pid1") == 0);
		if (pid < 0) {
			perror("clone");
			return 1;
		}
		wait_until_blocking(pid);
		for (long until = now_us() + max_us * i / count; now_us() < until;)
			;
		kill(pid, SIGTERM);
		int late = signal_wait(bit(SIGCHLD), &info, &patience) < 0;
		if (late)
			kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		for (const struct timespec none = { 0 }; signal_wait(bit(SIGCHLD), &info, &none) > 0;)
			;
		if (late)
			lost++;
		else if (WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGTERM)
			right++;
		else
			wrong++;
	}
	printf("%ld right, %ld wrong, %ld lost\n", right, wrong, lost);
	return 0;
}

static const struct { const char *name; int (*run)(int argc, char **argv); } verbs[] = {
	{ "report", verb_report },
	{ "tty", verb_tty },
	{ "exit", verb_exit },
	{ "die", verb_die },
	{ "signals", verb_signals },
	{ "count", verb_count },
	{ "on", verb_on },
	{ "sleep", verb_sleep },
	{ "ignore-term", verb_ignore_term },
	{ "stubborn", verb_stubborn },
	{ "stop", verb_stop },
	{ "write", verb_write },
	{ "leave", verb_leave },
	{ "orphans", verb_orphans },
	{ "starts", verb_starts },
};

static int run_verb(int argc, char **argv)
{
	if (argc < 2)
		return verb_report(argc, argv);
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return verbs[i].run(argc, argv);
	fprintf(stderr, "probe: no verb %s\n", argv[1]);
	return 2;
}

int main(int argc, char **argv)
{
	return run_verb(argc, argv);
}
