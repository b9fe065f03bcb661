/* SPDX-License-Identifier: MIT
 *
 * Golden dry runs: a command line, and the plan that comes of it, as root and as an ordinary user. A line of the
 * plan is a fact that people read; the rows here are the whole text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fake.h"
#include "option.h"
#include "role.h"
#include "unit.h"

/* Blanks at the end of a line are nobody's business. */
static void strip(char *text)
{
	for (char *blank; (blank = strstr(text, " \n"));)
		memmove(blank, blank + 1, strlen(blank));
}

/* What --dry-run prints for a command line. "@" is a directory of ours, in both directions. */
static const char *dry_run(const char *text, pid_t pid, bool root)
{
	static char line[4096], out[16 * 1024];
	char *environment[] = {NULL};
	struct plan *plan = new_plan();
	const char *at = strchr(text, '@'), *got;
	const struct role *role;
	char **argv;
	int program, status;

	snprintf(line, sizeof line, "%.*s%s%s", (int)(at ? at - text : (long)strlen(text)), text, at ? place() : "", at ? at + 1 : "");
	argv = words(line);
	program = option_parse(&option_nsinit, plan, argv, environment);
	check_true(text, program > 0);
	plan->argv = argv + program;
	fake_capable(root);
	fake_ids(root ? 0 : 1000, root ? 0 : 1001);
	role = role_choose(pid, plan);
	status = role->complete(plan);
	check_text(text, said(), "");
	check_int(text, status, 0);
	capture(STDOUT_FILENO);
	plan_print(plan, role->name);
	got = captured();
	out[0] = '\0';
	for (const char *here; (here = at ? strstr(got, place()) : NULL); got = here + strlen(place()))
		sprintf(out + strlen(out), "%.*s@", (int)(here - got), got);
	strcat(out, got);
	strip(out);
	return out;
}

/* What every container may do, and may not. */
#define USUAL \
	"capabilities: CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID SETPCAP NET_BIND_SERVICE NET_RAW SYS_CHROOT AUDIT_WRITE " \
	"SETFCAP\nsystem call filter: default\n"

static const struct {
	const char *words;
	pid_t pid;
	bool root;
	const char *plan;
} rows[] = {
	{"/bin/true", 1, true,
	 "role: entrypoint\n"
	 "program: /bin/true\n"},

	{"-s -- sh -c exit", 50, false,
	 "role: entrypoint\n"
	 "subreaper: yes\n"
	 "program: sh -c exit\n"},

	{"-s --no-new-privs --landlock ro:/usr --landlock connect:443 --landlock signal:any x", 50, false,
	 "role: entrypoint\n"
	 "no new privileges: yes\n"
	 "landlock: ro /usr\n"
	 "landlock: connect 443\n"
	 "landlock: signal any\n"
	 "subreaper: yes\n"
	 "program: x\n"},

	{"-P", 1, true,
	 "role: entrypoint\n"
	 "program: none, pause\n"},

	{"-gc -p HUP --delay 3 --grace 5s --wait --drain 500ms --on USR2=/bin/x -r TERM:QUIT,USR1:0,RTMIN+1:40 -e 143,1-2:3 --user 7:8 --cwd /tmp x", 1, true,
	 "role: entrypoint\n"
	 "user: 7:8 groups 8\n"
	 "rewrite: USR1 to nothing\n"
	 "rewrite: TERM to QUIT\n"
	 "rewrite: RTMIN+1 to RTMIN+6\n"
	 "remap: 1 to 3\n"
	 "remap: 2 to 3\n"
	 "remap: 143 to 0\n"
	 "on USR2: /bin/x\n"
	 "delay of TERM: 3000 ms\n"
	 "grace: 5000 ms\n"
	 "wait: yes\n"
	 "drain: 500 ms\n"
	 "parent death: HUP\n"
	 "forward to: the process group\n"
	 "process group: ours\n"
	 "directory: /tmp\n"
	 "program: x\n"},

	{"/bin/bash -l", 50, true,
	 "role: run\n"
	 "namespaces: mount cgroup uts ipc pid\n"
	 "root: the host's\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: mqueue on /dev/mqueue rw,nosuid,nodev,noexec\n"
	 USUAL
	 "program: /bin/bash -l\n"},

	{"/bin/bash -l", 50, false,
	 "role: run\n"
	 "namespaces: mount cgroup uts ipc user pid\n"
	 "root: the host's\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: mqueue on /dev/mqueue rw,nosuid,nodev,noexec\n"
	 "id map: 1000:1001 inside is 1000:1001 outside\n"
	 "user: 1000:1001\n"
	 USUAL
	 "program: /bin/bash -l\n"},

	{"--net none --hostname box --domainname here x", 1, true,
	 "role: run\n"
	 "namespaces: mount cgroup uts ipc pid net\n"
	 "root: the host's\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: sysfs on /sys ro,nosuid,nodev,noexec\n"
	 "mount: mqueue on /dev/mqueue rw,nosuid,nodev,noexec\n"
	 "hostname: box\n"
	 "domainname: here\n"
	 USUAL
	 "program: x\n"},

	{"--share uts,ipc,cgroup --net veth:host=left,name=right,bridge=br0,mtu=1400,address=10.0.0.2/24,address=fd00::2/64,route=10.0.0.1 x", 1, true,
	 "role: run\n"
	 "namespaces: mount pid net\n"
	 "root: the host's\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: sysfs on /sys ro,nosuid,nodev,noexec\n"
	 "network: right inside, left outside, on bridge br0, MTU 1400\n"
	 "address: 10.0.0.2/24\n"
	 "address: fd00::2/64\n"
	 "gateway: 10.0.0.1\n"
	 USUAL
	 "program: x\n"},

	{"--share uts,ipc,cgroup --net name --clock-offset monotonic=5,boottime=-5 x", 1, true,
	 "role: run\n"
	 "namespaces: time mount pid\n"
	 "root: the host's\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: sysfs on /sys ro,nosuid,nodev,noexec\n"
	 "network: /run/netns/name\n"
	 "clock: monotonic +5 s\n"
	 "clock: boottime -5 s\n"
	 USUAL
	 "program: x\n"},

	{"--share ipc,uts,cgroup --cap-drop ALL --cap-add KILL --seccomp none --no-new-privs --rlimit core=0:5 --nice -3 --umask 27 x", 1, true,
	 "role: run\n"
	 "namespaces: mount pid\n"
	 "root: the host's\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "capabilities: KILL\n"
	 "no new privileges: yes\n"
	 "limit: core 0, hard 5\n"
	 "niceness: -3\n"
	 "umask: 27\n"
	 "program: x\n"},

	{"-R @ --ephemeral --bind /a:/b:idmap --map-uid 0:1000:1 --map-gid 0:1000:1 --map-gid 1:5000:9 --share net,cgroup,ipc x", 50, false,
	 "role: run\n"
	 "namespaces: mount uts user pid\n"
	 "root: @\n"
	 "written to: memory, forgotten at the end\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: sysfs on /sys ro,nosuid,nodev,noexec\n"
	 "mount: tmpfs on /dev rw,nosuid,noexec\n"
	 "mount: devpts on /dev/pts rw,nosuid,noexec\n"
	 "mount: tmpfs on /dev/shm rw,nosuid,nodev,noexec\n"
	 "mount: tmpfs on /run rw,nosuid,nodev\n"
	 "mount: tmpfs on /tmp rw,nosuid,nodev\n"
	 "bind: /a on /b rw,idmap,rec (--bind)\n"
	 "uid map: 1 ids from 0 inside are those from 1000 outside\n"
	 "gid map: 1 ids from 0 inside are those from 1000 outside\n"
	 "gid map: 9 ids from 1 inside are those from 5000 outside\n"
	 "user: 0:0\n"
	 USUAL
	 "directory: /\n"
	 "program: x\n"},

	{"-R @ --read-only --bind /a --volume /b:/c:ro,nosuid,norec --tmpfs /t --tmpfs /u:size=1m --user alice x", 50, true,
	 "role: run\n"
	 "namespaces: mount cgroup uts ipc pid\n"
	 "root: @, read-only\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: sysfs on /sys ro,nosuid,nodev,noexec\n"
	 "mount: cgroup2 on /sys/fs/cgroup ro,nosuid,nodev,noexec\n"
	 "mount: tmpfs on /dev rw,nosuid,noexec\n"
	 "mount: devpts on /dev/pts rw,nosuid,noexec\n"
	 "mount: tmpfs on /dev/shm rw,nosuid,nodev,noexec\n"
	 "mount: mqueue on /dev/mqueue rw,nosuid,nodev,noexec\n"
	 "mount: tmpfs on /run rw,nosuid,nodev\n"
	 "mount: tmpfs on /tmp rw,nosuid,nodev\n"
	 "bind: /a on /a rw,rec (--bind)\n"
	 "bind: /b on /c ro,nosuid (--volume)\n"
	 "mount: tmpfs on /t rw,nosuid,nodev\n"
	 "mount: tmpfs on /u rw,nosuid,nodev,size=1m\n"
	 "user: 7:8 groups 8,10,50\n"
	 USUAL
	 "directory: /\n"
	 "program: x\n"},

	{"--conf @/conf -- x", 1, false,
	 "role: run\n"
	 "namespaces: mount cgroup uts ipc user pid\n"
	 "root: the host's\n"
	 "mount: proc on /proc rw,nosuid,nodev,noexec\n"
	 "mount: mqueue on /dev/mqueue rw,nosuid,nodev,noexec\n"
	 "bind: @/conf/hostname on /etc/hostname ro,nosuid,nodev,noexec (--conf)\n"
	 "hostname: from-conf\n"
	 "id map: 1000:1001 inside is 1000:1001 outside\n"
	 "user: 1000:1001\n"
	 USUAL
	 "program: x\n"},
};

static void test_golden(void **state)
{
	(void)state;
	put_file("etc/passwd", "root:x:0:0::/root:/bin/sh\nalice:x:7:8::/home/alice:/bin/sh\n");
	put_file("etc/group", "wheel:x:10:alice\nstaff:x:50:alice\n");
	put_file("conf/hostname", "from-conf\n");
	for (size_t i = 0; i < COUNT(rows); i++)
		check_text(rows[i].words, dry_run(rows[i].words, rows[i].pid, rows[i].root), rows[i].plan);
}

/* The program's words can be pasted into a shell. */
static void test_quotes(void **state)
{
	static const struct {
		const char *word, *printed;
	} quoted[] = {
		{"plain-1.0_x=/a:b+c,d", "plain-1.0_x=/a:b+c,d"}, {"", "''"}, {"two words", "'two words'"}, {"it's", "'it'\\''s'"},
		{"$HOME", "'$HOME'"}, {"a;b", "'a;b'"}, {"*", "'*'"}, {"~", "'~'"}, {"a\\b", "'a\\b'"}, {"\303\266", "'\303\266'"},
		{"<", "'<'"}, {"#", "'#'"}, {"@", "'@'"}, {"a\tb", "'a\tb'"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(quoted); i++) {
		struct plan *plan = new_plan();
		char *argv[] = {(char *)"x", (char *)quoted[i].word, NULL};
		char wanted[128];

		plan->argv = argv;
		capture(STDOUT_FILENO);
		plan_print(plan, "entrypoint");
		snprintf(wanted, sizeof wanted, "role: entrypoint\nprogram: x %s\n", quoted[i].printed);
		check_text(quoted[i].word, captured(), wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_golden), test(test_quotes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
