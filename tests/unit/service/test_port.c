/* SPDX-License-Identifier: MIT
 *
 * Addresses and options of socket units.
 */
#include <stdio.h>

#include "directive.h"
#include "port.h"
#include "unit.h"

static struct setting setting_of(const char *name, const char *value)
{
	bool is_assert;
	const struct directive *row = directive_find(SECTION_SOCKET, name, &is_assert);

	assert_non_null(row);
	return (struct setting){.text = value, .words = 1, .directive = (uint16_t)(row - directives)};
}

static void test_values(void **state)
{
	static const struct {
		const char *name, *value;
		bool right;
	} rows[] = {
		{"ListenStream", "/run/sock", true}, {"ListenStream", "@abstract", true}, {"ListenStream", "80", true}, {"ListenStream", "127.0.0.1:80", true},
		{"ListenStream", "[::]:80", true}, {"ListenStream", "[fe80::1]:65535", true}, {"ListenStream", "0", false}, {"ListenStream", "65536", false},
		{"ListenStream", "", false}, {"ListenStream", ":80", false}, {"ListenStream", "::1:80", false}, {"ListenStream", "[127.0.0.1]:80", false},
		{"ListenStream", "[::1]", false}, {"ListenStream", "[::1]80", false}, {"ListenStream", "[", false}, {"ListenStream", "[]:1", false},
		{"ListenStream", "localhost:80", false}, {"ListenStream", "127.0.0.1:", false}, {"ListenStream", "vsock:1:2", false},
		{"ListenStream", "127.0.0.1:80:90", false}, {"ListenStream", "run/sock", false}, {"ListenDatagram", "514", true},
		{"ListenSequentialPacket", "/run/sock", true}, {"ListenSequentialPacket", "80", false}, {"ListenFIFO", "/run/fifo", true},
		{"ListenFIFO", "@fifo", false}, {"ListenFIFO", "80", false}, {"NoDelay", "yes", true}, {"NoDelay", "2", false}, {"Priority", "6", true},
		{"Priority", "-1", false}, {"Priority", "high", false}, {"KeepAliveTimeSec", "2min", true}, {"KeepAliveTimeSec", "infinity", false},
		{"KeepAliveTimeSec", "soon", false}, {"ReceiveBuffer", "8M", true}, {"ReceiveBuffer", "8T", false}, {"ReceiveBuffer", "", false},
		{"BindIPv6Only", "default", true}, {"BindIPv6Only", "ipv6-only", true}, {"BindIPv6Only", "no", false}, {"BindToDevice", "eth0", true},
		{"Symlinks", "/a", true}, {"Symlinks", "a", false}, {"PipeSize", "64K", true}, {"IPTTL", "64", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct setting setting = setting_of(rows[i].name, rows[i].value);
		char row[64];

		snprintf(row, sizeof row, "%s=%s", rows[i].name, rows[i].value);
		check_int(row, port_check(&setting) == NULL, rows[i].right);
	}
}

static void test_path_that_is_too_long(void **state)
{
	char path[130] = "";
	struct setting setting = setting_of("ListenStream", path);

	(void)state;
	for (size_t length = 1; length < sizeof path - 1; length++) {
		path[length - 1] = '/';
		check_int("length", port_check(&setting) == NULL, length < 108);
	}
}

static void test_paths(void **state)
{
	const struct setting path = setting_of("ListenStream", "/a"), abstract = setting_of("ListenStream", "@a"), links = setting_of("Symlinks", "/a");

	(void)state;
	check_text("path", port_path(&path), "/a");
	check_text("abstract", port_path(&abstract), NULL);
	check_text("links", port_path(&links), NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_values), test(test_path_that_is_too_long), test(test_paths)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
