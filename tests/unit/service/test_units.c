/* SPDX-License-Identifier: MIT
 *
 * Unit files as a whole: what is said of them, what becomes of them, and 10,000 that somebody has damaged.
 */
#include <stdio.h>
#include <unistd.h>

#include "command.h"
#include "directive.h"
#include "launch.h"
#include "order.h"
#include "syntax.h"
#include "unit.h"
#include "unitfile.h"
#include "units.h"

enum { MUTATIONS = 10000, FILE_SIZE = 8192 };

/* Units are never forgotten: each test has names of its own. */
static const char *new_name(void)
{
	static char name[64];
	static unsigned number;

	snprintf(name, sizeof name, "u%u.service", number++);
	return name;
}

/* A name with the suffix. */
static const char *new_name_of(const char *suffix)
{
	char *name = (char *)new_name();

	strcpy(strchr(name, '.'), suffix);
	return name;
}

/* The unit of a file with this text, which has so many problems. Of which kind it is says the first section that is one of a kind. */
static const struct unit *unit_of(const char *text, int problems)
{
	const char *name = strstr(text, "[Socket]") ? new_name_of(".socket") : strstr(text, "[Timer]") ? new_name_of(".timer") : new_name();

	put_file(name, text);
	check_int(text, units_verify(in_place(name)), problems);
	return units_find(name);
}

/* The unit of this name, from the files that were put. */
static const struct unit *loaded(const char *name)
{
	const struct unit *unit;

	assert_int_equal(units_add_place(place()), 0);
	unit = units_load(name);
	check_true(name, unit);
	return unit;
}

/* Of the file that a message begins with. */
static const char *suffix_of(const char *message)
{
	static char suffix[16];

	memcpy(suffix, message, sizeof suffix - 1);
	suffix[strcspn(suffix, ":")] = '\0';
	return suffix;
}

static void test_problems_are_said_with_file_and_line(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"[Service]\nExecStart=/bin/true\nNonesuch=1\n", ".service:3: Nonesuch: no such directive"},
		{"[Service]\n\n# c\nExecStart=/bin/true\\\n\nType=odd\n", ".service:6: Type: not a type"},
		{"[Service]\nExecStart=/bin/true\n[Sevrice]\nType=simple\n", ".service:3: Sevrice: no such section"},
		{"Type=simple\n[Service]\nExecStart=/bin/true\n", ".service:1: Type: stands before any section"},
		{"[Service]\nExecStart=/bin/true\nhello\n", ".service:3: neither"},
		{"[Service\nType=simple\n[Service]\nExecStart=/bin/true\n", ".service:1: a section is not closed"},
		{"[Service]\nExecStart=/bin/true\nExecStop=/bin/sh -c 'a\n", ".service:3: ExecStop: a quote is not closed"},
		{"[Service]\nExecStart=/bin/true\nExecStop=bin/false\n", ".service:3: ExecStop: not a program"},
		{"[Service]\nExecStart=/bin/true\nUser=x\n[Unit]\nAfter=nosuffix\n", ".service:5: After: not the name of a unit"},
		{"[Service]\nType=simple\n", ".service: no ExecStart"},
		{"[Service]\nExecStart=/bin/a\nExecStart=/bin/b\n", ".service: more than one ExecStart"},
		{"[Service]\nExecStart=/bin/a\nType=oneshot\nRestart=always\n", ".service: Restart=always"},
		{"[Service]\nExecStart=/bin/true\nLimitNOFILE=2:1\n", ".service:3: LimitNOFILE: not a limit"},
		{"[Service]\nExecStart=/bin/true\n[Socket]\nListenStream=/a\n", ".service:3: Socket: no such section"},
		{"[Socket]\nListenStream=80 81\n", ".socket:2: ListenStream: not an address"},
		{"[Socket]\nListenFIFO=@a\n", ".socket:2: ListenFIFO: not a path"},
		{"[Socket]\nListenStream=/a\nAccept=perhaps\n", ".socket:3: Accept: not a yes or no"},
		{"[Socket]\nListenStream=/a\nExecStart=/bin/true\n", ".socket:3: ExecStart: no such directive"},
		{"[Socket]\nListenStream=/a\nSymlinks=/b c\n", ".socket:3: Symlinks: not an absolute path"},
		{"[Socket]\nListenStream=/a\n[Service]\nExecStart=/bin/true\n", ".socket:3: Service: no such section"},
		{"[Socket]\nListenStream=/a\nListenFIFO=\n", ".socket: no ListenStream"},
		{"[Socket]\nListenDatagram=/a\nAccept=yes\n", ".socket: Accept=yes"},
		{"[Timer]\nOnCalendar=sometimes\n", ".timer:2: OnCalendar: not a calendar event"},
		{"[Timer]\nOnBootSec=infinity\n", ".timer:2: OnBootSec: not a time"},
		{"[Timer]\nOnBootSec=1\nUser=x\n", ".timer:3: User: no such directive"},
		{"[Timer]\nOnBootSec=1\nOnCalendar=daily\nOnUnitActiveSec=\n", ".timer: no OnCalendar"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *name = new_name_of(strchr(rows[i].said, '.') == rows[i].said ? suffix_of(rows[i].said) : ".service"), *text;

		put_file(name, rows[i].text);
		check_true(rows[i].text, units_verify(in_place(name)) >= 1);
		text = said();
		check_part(rows[i].text, text, rows[i].said);
		check_part(rows[i].text, text, place());
	}
}

static void test_nothing_is_said_of_what_is_right(void **state)
{
	static const char *const rows[] = {
		"[Service]\nExecStart=/bin/true\n", "[Service]\nExecStart=true\n", "[Service]\nType=oneshot\nExecStart=/bin/a\nExecStart=/bin/b\n",
		"[Service]\nType=oneshot\nExecStop=/bin/a\nRemainAfterExit=yes\n", "[X-Mine]\na=b\n[Service]\nExecStart=/bin/true\nX-Mine=1\n",
		"[Service]\nExecStart=/bin/a\nExecStart=\nExecStart=/bin/b\n", "\xef\xbb\xbf[Service]\nExecStart=/bin/true\n",
		"[Service]\nExecStart=/bin/true\nPrivateUsers=no\n", "[Timer]\nOnCalendar=\nOnCalendar=daily\nAccuracySec=1h\n", "[Socket]\nListenStream=80\nUser=x\nPollLimitBurst=1\n[Install]\nWantedBy=a.target\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check_true(rows[i], unit_of(rows[i], 0)->kind >= UNIT_SERVICE);
		check_text(rows[i], said(), "");
	}
}

/* As redis-server's file has it. */
static void test_blanks_behind_a_tilde(void **state)
{
	const struct unit *unit = unit_of("[Service]\nExecStart=/bin/true\nSystemCallFilter=~  @swap @reboot\n", 0);
	const struct setting *setting = &unit->settings[unit->setting_count - 1];

	(void)state;
	check_text("said", said(), "");
	check_int("words", setting->words, 2);
	check_text("first", setting->text, "~@swap");
}

static void test_what_has_no_effect_is_said_once(void **state)
{
	const char *text;

	(void)state;
	unit_of("[Service]\nExecStart=/bin/true\nAppArmorProfile=x\nIPAddressDeny=any\nIPAddressDeny=1.2.3.4\nIPAddressAllow=no\n\n", 0);
	text = said_line("not yet");
	check_part("not yet", text, "no effect: AppArmorProfile IPAddressDeny\n");
}

static void test_defaults(void **state)
{
	const struct rules *rules = &unit_of("[Service]\nExecStart=/bin/true\n", 0)->rules;

	(void)state;
	check_int("type", rules->type, TYPE_SIMPLE);
	check_int("start", rules->start_ms, 90000);
	check_int("stop", rules->stop_ms, 90000);
	check_int("restart", rules->restart_ms, 100);
	check_int("notify", rules->notify, NOTIFY_NONE);
	rules = &unit_of("[Service]\nType=oneshot\nExecStart=/bin/true\n", 0)->rules;
	check_int("start of oneshot", rules->start_ms, -1);
	rules = &unit_of("[Service]\nType=notify\nExecStart=/bin/true\nTimeoutSec=3\nPIDFile=x.pid\n", 0)->rules;
	check_int("notify of notify", rules->notify, NOTIFY_MAIN);
	check_int("both", rules->start_ms, 3000);
	check_int("both", rules->stop_ms, 3000);
	check_text("pid file", rules->pid_file, "/run/x.pid");
}

/* The words of the nth command of a kind. */
static const char *command_text(const struct unit *unit, enum command_kind kind, int nth)
{
	static char text[256];
	const struct setting *setting = NULL;
	const char *word;

	text[0] = '\0';
	while (nth-- >= 0)
		setting = command_next(unit, kind, setting);
	if (!setting)
		return NULL;
	word = setting->text;
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word))
		sprintf(strchr(text, '\0'), "<%s>", word);
	return text;
}

static void test_commands(void **state)
{
	const struct unit *unit = unit_of("[Service]\nType=oneshot\nExecStart=/a 'b c' ; /d \\; e ; ;\nExecStart=-/f %% %n\nExecStop=/g\nExecStop=\n", 0);

	(void)state;
	check_text("first", command_text(unit, COMMAND_START, 0), "</a><b c>");
	check_text("second", command_text(unit, COMMAND_START, 1), "</d><;><e>");
	check_part("third", command_text(unit, COMMAND_START, 2), "<-/f><%><u");
	check_text("fourth", command_text(unit, COMMAND_START, 3), NULL);
	check_text("taken back", command_text(unit, COMMAND_STOP, 0), NULL);
}

static void test_prefixes(void **state)
{
	static const struct {
		const char *word;
		bool may_fail, no_expand, privileged;
		const char *program, *name;
	} rows[] = {
		{"/a", false, false, false, "/a", "/a"}, {"-/a", true, false, false, "/a", "/a"}, {"@/a", false, false, false, "/a", "b"},
		{"-@:/a", true, true, false, "/a", "b"}, {"+/a", false, false, true, "/a", "/a"}, {"!!/a", false, false, true, "/a", "/a"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[32] = "";
		struct setting setting = {.text = text, .words = 2};
		struct command command;

		memcpy(text, rows[i].word, strlen(rows[i].word));
		memcpy(text + strlen(text) + 1, "b", 2);
		check_text(rows[i].word, command_parse(&setting, &command), NULL);
		check_int(rows[i].word, command.may_fail, rows[i].may_fail);
		check_int(rows[i].word, command.no_expand, rows[i].no_expand);
		check_int(rows[i].word, command.privileged, rows[i].privileged);
		check_text(rows[i].word, command.program, rows[i].program);
		check_text(rows[i].word, command.words, rows[i].name);
	}
}

static void test_variables(void **state)
{
	static char *const environment[] = {"ONE=1", "TWO=a  'b c'", "EMPTY=", "ONELONG=x", NULL};
	static const struct {
		const char *words;
		unsigned count;
		const char *found;
	} rows[] = {
		{"p\0$ONE", 2, "<p><1>"}, {"p\0$TWO", 2, "<p><a><b c>"}, {"p\0${TWO}", 2, "<p><a  'b c'>"}, {"p\0$NONE\0x", 3, "<p><x>"},
		{"p\0${NONE}", 2, "<p><>"}, {"p\0$EMPTY\0$EMPTY", 3, "<p>"}, {"p\0a${ONE}b${ONE}", 2, "<p><a1b1>"}, {"p\0a$ONE", 2, "<p><a$ONE>"},
		{"p\0$$ONE", 2, "<p><$ONE>"}, {"p\0$", 2, "<p><$>"}, {"p\0${", 2, "<p><${>"}, {"p\0${ONE", 2, "<p><${ONE>"}, {"p\0$ONE-x", 2, "<p><$ONE-x>"},
		{"$ONE\0$ONE", 2, "<$ONE><1>"}, {"p\0${ONELONG}", 2, "<p><x>"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct command command = {.words = rows[i].words, .count = rows[i].count};
		char *argv[16], text[256], found[256] = "";

		check_int(rows[i].found, command_expand(&command, (char **)environment, argv, COUNT(argv), text, sizeof text), 0);
		for (char **word = argv; *word; word++)
			sprintf(strchr(found, '\0'), "<%s>", *word);
		check_text(rows[i].found, found, rows[i].found);
	}
}

/* Whatever does not fit is an error, and never written over. */
static void test_variables_that_do_not_fit(void **state)
{
	static char *const environment[] = {"LONG=0123456789 0123456789 0123456789", NULL};
	const struct command split = {.words = "p\0$LONG", .count = 2}, whole = {.words = "p\0${LONG}${LONG}", .count = 2};

	(void)state;
	for (size_t size = 1; size < 80; size++) {
		char *argv[4], text[80];

		memset(text, '#', sizeof text);
		(void)command_expand(&split, (char **)environment, argv, COUNT(argv), text, size);
		(void)command_expand(&whole, (char **)environment, argv, COUNT(argv), text, size);
		for (size_t i = size; i < sizeof text; i++)
			check_int("behind the end", text[i], '#');
	}
}

static void test_specifiers(void **state)
{
	const struct unit *unit;

	(void)state;
	put_file("pre-fix@.service", "[Unit]\nDescription=%n|%N|%p|%P|%i|%I|%j|%f|%t|%S|%%|%z|%\n[Service]\nExecStart=/a %i\n");
	unit = loaded("pre-fix@a-b\\x2dc.service");
	check_text("all", unit->description,
	           "pre-fix@a-b\\x2dc.service|pre-fix@a-b\\x2dc|pre-fix|pre/fix|a-b\\x2dc|a/b-c|fix|/a/b-c|/run|/var/lib|%|%z|%");
	check_text("command", command_text(unit, COMMAND_START, 0), "</a><a-b\\x2dc>");
}

static void test_drop_ins(void **state)
{
	const struct unit *unit;

	(void)state;
	put_file("drop-in@.service", "[Unit]\nDescription=0\n[Service]\nExecStart=/a\nNice=1\n");
	put_file("drop-in@x.service.d/20.conf", "[Unit]\nDescription=20\n");
	put_file("drop-in@.service.d/10.conf", "[Unit]\nDescription=10\n[Service]\nExecStart=\nExecStart=/b\n");
	put_file("drop-in@.service.d/20.conf", "[Unit]\nDescription=hidden\n");
	put_file("drop-in@.service.d/30.nonsense", "[Unit]\nDescription=30\n");
	put_file("drop-.service.d/05.conf", "[Service]\nType=exec\n");
	unit = loaded("drop-in@x.service");
	check_text("description", unit->description, "20");
	check_text("command", command_text(unit, COMMAND_START, 0), "</b>");
	check_text("one command", command_text(unit, COMMAND_START, 1), NULL);
	check_int("type", unit->rules.type, TYPE_EXEC);
	check_text("said", said(), "");
}

static void test_masks_and_aliases(void **state)
{
	const struct unit *unit;

	(void)state;
	put_file("real.service", "[Service]\nExecStart=/a\n");
	put_link("other.service", "real.service");
	put_link("masked.service", "/dev/null");
	put_file("empty.service", "");
	unit = loaded("other.service");
	check_text("alias", unit->name, "real.service");
	assert_ptr_equal(units_load("real.service"), unit);
	assert_null(units_load("masked.service"));
	assert_null(units_load("empty.service"));
	assert_null(units_load("none.service"));
	assert_null(units_load("no name"));
	assert_null(units_load("x.socket"));
	assert_null(units_load("x.device"));
	said();
}

static unsigned kinds_between(const char *from, const char *to)
{
	for (const struct edge *edge = units_find(from)->edges; edge; edge = edge->next)
		if (strcmp(edge->other->name, to) == 0)
			return edge->kinds;
	return 0;
}

static void test_relations(void **state)
{
	(void)state;
	put_file("ra.service", "[Unit]\nAfter=rb.service rt.target\nRequires=rb.service\nBefore=rc.service\n[Service]\nExecStart=/a\n");
	put_file("rb.service", "[Unit]\nWants=rc.service missing.service\n[Service]\nExecStart=/a\n");
	put_file("rc.service", "[Unit]\nAfter=\nConflicts=ra.service\n[Service]\nExecStart=/a\n");
	loaded("ra.service");
	units_load_pulled();
	check_int("a to b", kinds_between("ra.service", "rb.service"), EDGE(AFTER) | EDGE(REQUIRES));
	check_int("b to a", kinds_between("rb.service", "ra.service"), EDGE(BEFORE) | EDGE(REQUIRED_BY));
	check_int("a to c", kinds_between("ra.service", "rc.service"), EDGE(BEFORE) | EDGE(CONFLICTED_BY));
	check_int("c to a", kinds_between("rc.service", "ra.service"), EDGE(AFTER) | EDGE(CONFLICTS));
	check_int("pulled", units_find("rc.service")->kind, UNIT_SERVICE);
	check_int("missing", units_find("missing.service")->kind, UNIT_NAMED);
	check_int("target", units_find("rt.target")->kind, UNIT_TARGET);
}

/* A socket is before the service that it triggers, which is that of its name unless it says another. */
static void test_relations_of_sockets(void **state)
{
	(void)state;
	put_file("sa.socket", "[Socket]\nListenStream=/a\n");
	put_file("sb.socket", "[Socket]\nListenStream=/b\nService=sc.service\n");
	put_file("sc.service", "[Service]\nExecStart=/a\nSockets=sd.socket\n[Install]\nAlso=sa.socket\n");
	put_file("sd.socket", "[Socket]\nListenStream=/d\nAccept=yes\n");
	put_link("alias.service", "sc.service");
	put_file("se.socket", "[Socket]\nListenStream=/e\nService=alias.service\n");
	loaded("sa.socket");
	loaded("sb.socket");
	loaded("se.socket");
	units_load_pulled();
	check_int("same name", kinds_between("sa.socket", "sa.service"), EDGE(TRIGGERS) | EDGE(BEFORE));
	check_int("another", kinds_between("sb.socket", "sc.service"), EDGE(TRIGGERS) | EDGE(BEFORE));
	check_int("loaded", units_find("sc.service")->kind, UNIT_SERVICE);
	check_int("alias", kinds_between("se.socket", "sc.service"), EDGE(TRIGGERS) | EDGE(BEFORE));
	check_int("back", kinds_between("sc.service", "se.socket"), EDGE(TRIGGERED_BY) | EDGE(AFTER));
	check_int("named", kinds_between("sc.service", "sd.socket"), EDGE(TRIGGERED_BY) | EDGE(AFTER) | EDGE(WANTS));
	check_int("accepting", units_find("sd.socket")->kind, UNIT_SOCKET);
	check_int("also", kinds_between("sc.service", "sa.socket"), EDGE(ALSO));
	assert_null(units_find("sd.service"));
}

static void test_circles_are_named_and_broken(void **state)
{
	const char *text;

	(void)state;
	order_break_cycles();
	said();
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		unit->turn = 0;
	put_file("ca.service", "[Unit]\nAfter=cb.service\n[Service]\nExecStart=/a\n");
	put_file("cb.service", "[Unit]\nAfter=cc.service\n[Service]\nExecStart=/a\n");
	put_file("cc.service", "[Unit]\nAfter=ca.service\n[Service]\nExecStart=/a\n");
	loaded("ca.service");
	loaded("cb.service");
	loaded("cc.service");
	check_int("circles", order_break_cycles(), 1);
	text = said_line("circle");
	check_part("circle", text, "ca.service");
	check_part("circle", text, "cb.service");
	check_part("circle", text, "cc.service");
	for (struct unit *unit = units_first(); unit; unit = unit->next)
		unit->turn = 0;
	check_int("no circle is left", order_break_cycles(), 0);
}

/* --- damaged files --- */

static uint32_t seed = 1;

static unsigned below(unsigned limit)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % limit;
}

static size_t read_corpus(const char *name, char *text)
{
	char path[128];
	FILE *file;
	size_t length;

	snprintf(path, sizeof path, "tests/fuzz/units/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	length = fread(text, 1, FILE_SIZE / 2, file);
	fclose(file);
	return length;
}

/* Some bytes become others, a part is repeated, or one is gone. */
static size_t damage(char *text, size_t length)
{
	static const char likely[] = "\n\n==[]\\\\\"\"''%%$${};;#@-+!:/. \t0123\x7f\xff";

	for (unsigned i = 1 + below(8); i > 0 && length > 1; i--) {
		size_t at = below((unsigned)length), size = 1 + below(64);

		size = size < length - at ? size : length - at;
		switch (below(4)) {
		case 0:
			text[at] = (char)below(256);
			break;
		case 1:
			text[at] = likely[below(sizeof likely - 1)];
			break;
		case 2:
			memmove(text + at, text + at + size, length - at - size);
			length -= size;
			break;
		default:
			if (length + size < FILE_SIZE - 1) {
				memmove(text + at + size, text + at, length - at);
				length += size;
			}
		}
	}
	return length;
}

static void test_damaged_files(void **state)
{
	static const char *const corpus[] = {"web.service", "cell@.service", "once.service", "web.socket", "backup.timer"};
	static struct launch launch;

	(void)state;
	for (unsigned i = 0; i < MUTATIONS; i++) {
		char text[FILE_SIZE], name[64];
		size_t length = damage(text, read_corpus(corpus[i % COUNT(corpus)], text));
		unsigned before = unitfile_problems();
		struct unit *unit;
		FILE *file;
		int problems;

		snprintf(name, sizeof name, "damaged%s%u%s", i % 2 ? "@" : "", i, strrchr(corpus[i % COUNT(corpus)], '.'));
		file = fopen(in_place("damaged"), "w");
		assert_non_null(file);
		assert_int_equal(fwrite(text, 1, length, file), length);
		fclose(file);
		assert_int_equal(rename(in_place("damaged"), in_place(name)), 0);
		problems = units_verify(in_place(name));
		check_int(name, unitfile_problems() - before, problems);
		check_int(name, unlink(in_place(name)), 0);
		unit = units_find(name);
		check_true(name, unit && (unit->kind >= UNIT_SERVICE || problems > 0 || length == 0));
		if (unit->kind >= UNIT_SERVICE)
			launch_read(&launch, unit);
		said();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_problems_are_said_with_file_and_line), test(test_nothing_is_said_of_what_is_right), test(test_blanks_behind_a_tilde),
		test(test_what_has_no_effect_is_said_once), test(test_defaults), test(test_commands), test(test_prefixes), test(test_variables),
		test(test_variables_that_do_not_fit), test(test_specifiers), test(test_drop_ins), test(test_masks_and_aliases), test(test_relations),
		test(test_relations_of_sockets), test(test_circles_are_named_and_broken), test(test_damaged_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
