/* SPDX-License-Identifier: MIT
 *
 * PID files, which daemons write when they are ready.
 */
#include "pidfile.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "value.h"

pid_t pidfile_read(const char *path, bool *ours)
{
	char text[24];
	int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	struct stat status;
	unsigned long pid;
	char *digits = text;

	*ours = fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == geteuid() && !(status.st_mode & 022);

	if (fd >= 0)
		close(fd);
	if (length <= 0)
		return 0;
	text[length] = '\0';
	digits += strspn(text, " \t");
	digits[strcspn(digits, " \t\r\n")] = '\0';
	if (value_number(digits, 1 << 30, &pid) < 0 || pid <= 1 || kill((pid_t)pid, 0) < 0)
		return 0;
	return (pid_t)pid;
}
