/* SPDX-License-Identifier: MIT
 *
 * What a machine without a source of its own has of the last run: random numbers, random(4), and how late it was.
 */
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <linux/rtc.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "boot.h"
#include "log.h"
#include "sys.h"

enum {
	SEED_BYTES = 256,
};

#define SEED "/var/lib/nsinit/seed"

/* The same numbers are never given twice: those of the last run are gone before they count. */
static int credit(int fd)
{
	struct { /* struct rand_pool_info, whose end is open */
		int entropy_count, buf_size;
		char bytes[SEED_BYTES];
	} pool;
	ssize_t length = read(fd, pool.bytes, sizeof pool.bytes);
	int random, result;

	if (length <= 0)
		return (int)length;
	if (ftruncate(fd, 0) < 0 || fsync(fd) < 0)
		return -1;
	random = openat(AT_FDCWD, "/dev/urandom", O_WRONLY | O_CLOEXEC);
	if (random < 0)
		return -1;
	pool.entropy_count = (int)length * 8;
	pool.buf_size = (int)length;
	result = sys_ioctl(random, RNDADDENTROPY, &pool);
	close(random);
	return result;
}

/* GRND_NONBLOCK: a machine that has no numbers yet has none to leave. */
static int keep(int fd)
{
	char bytes[SEED_BYTES];

	if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != sizeof bytes)
		return errno == EAGAIN ? 0 : -1;
	return pwrite(fd, bytes, sizeof bytes, 0) != sizeof bytes || fsync(fd) < 0 ? -1 : 0;
}

int setup_seed(struct boot *boot)
{
	int fd = openat(AT_FDCWD, SEED, O_RDWR | O_NOFOLLOW | O_CLOEXEC), result;

	(void)boot;
	if (fd < 0 && errno == ENOENT)
		return 0;
	result = fd < 0 || credit(fd) < 0 || keep(fd) < 0 ? -1 : 0;
	if (result < 0)
		log_warning(SEED ": %s; it is not used", strerror(errno));
	if (fd >= 0)
		close(fd);
	return result;
}

void setup_keep_seed(void)
{
	int fd = openat(AT_FDCWD, SEED, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && keep(fd) < 0)
		log_warning(SEED ": %s", strerror(errno));
	if (fd >= 0)
		close(fd);
}

/* Days from 1970-01-01 on, in the Gregorian calendar; months count from March, so that a leap day is a year's last. */
static int64_t days_of(int64_t year, int month, int day)
{
	year -= month <= 2;
	month += month <= 2 ? 9 : -3;
	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719468;
}

/* What the battery kept, rtc(4), in seconds of UTC. -1: nothing. */
static int64_t rtc_seconds(void)
{
	int fd = openat(AT_FDCWD, "/dev/rtc0", O_RDONLY | O_CLOEXEC);
	struct rtc_time rtc;
	int result = fd < 0 ? -1 : sys_ioctl(fd, RTC_RD_TIME, &rtc);

	if (fd >= 0)
		close(fd);
	if (result < 0)
		return -1;
	return days_of(rtc.tm_year + 1900, rtc.tm_mon + 1, rtc.tm_mday) * 86400 + rtc.tm_hour * 3600 + rtc.tm_min * 60 + rtc.tm_sec;
}

/* When the file was last written, in seconds. */
static int64_t written(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 ? status.st_mtime : 0;
}

/*
 * The kernel usually has read the RTC itself. But one whose driver is a module comes too late for that, and a machine without a
 * battery starts in 1970: it is never earlier than when we were built and when the last run ended.
 */
int setup_clock(struct boot *boot)
{
	const char *own = (const char *)getauxval(AT_EXECFN); /* NOLINT(performance-no-int-to-ptr): that is its interface */
	int64_t least = written(own), end = written(SEED), rtc;
	struct timespec now;

	(void)boot;
	least = end > least ? end : least;
	sys_clock(CLOCK_REALTIME, &now);
	if (now.tv_sec >= least)
		return 0;
	rtc = rtc_seconds();
	now = (struct timespec){.tv_sec = (time_t)(rtc > least ? rtc : least)};
	if (clock_settime(CLOCK_REALTIME, &now) == 0)
		return 0;
	log_warning("clock: %s", strerror(errno));
	return -1;
}
