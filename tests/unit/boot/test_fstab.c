/* SPDX-License-Identifier: MIT
 *
 * Mount options as fstab(5) has them.
 */
#include "fstab.h"

#include "fake.h"
#include "mount.h"
#include "unit.h"

static void test_options(void **state)
{
	static const struct {
		const char *text;
		unsigned long flags;
		const char *data;
		int skip, nofail;
	} rows[] = {
		{"", 0, "", 0, 0},
		{"defaults", 0, "", 0, 0},
		{"ro", MS_RDONLY, "", 0, 0},
		{"ro,rw", 0, "", 0, 0},
		{"rw,ro,nosuid,nodev,noexec", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "", 0, 0},
		{"user,exec", MS_NOSUID | MS_NODEV, "", 0, 0},
		{"noatime,data=journal,size=1m", MS_NOATIME, "data=journal,size=1m", 0, 0},
		{"a,,b", 0, "a,b", 0, 0},
		{"rbind,ro", MS_BIND | MS_REC | MS_RDONLY, "", 0, 0},
		{"noauto,nofail,x-systemd.device-timeout=5,_netdev", 0, "", 1, 1},
		{"rootcontext=x,roo", 0, "rootcontext=x,roo", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fstab_options options;

		check_int(rows[i].text, fstab_options(rows[i].text, &options), 0);
		check_int(rows[i].text, options.flags, rows[i].flags);
		check_text(rows[i].text, options.data, rows[i].data);
		check_int(rows[i].text, options.skip, rows[i].skip);
		check_int(rows[i].text, options.nofail, rows[i].nofail);
	}
}

static void test_too_long(void **state)
{
	char text[FSTAB_DATA_SIZE + 1];
	struct fstab_options options;

	(void)state;
	memset(text, 'a', sizeof text);
	text[FSTAB_DATA_SIZE] = '\0';
	assert_int_equal(fstab_options(text, &options), -1);
	text[FSTAB_DATA_SIZE - 1] = '\0';
	assert_int_equal(fstab_options(text, &options), 0);
	assert_string_equal(options.data, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {test(test_options), test(test_too_long)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
