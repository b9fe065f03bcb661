/* SPDX-License-Identifier: MIT
 *
 * Our own file, out of a container's reach. A program that is a script for the interpreter /proc/self/exe, or a link to
 * it, runs that file inside, and whoever watches gets hold of it and can write to it as soon as nobody runs it any more: CVE-2019-5736.
 * PID 1 runs it for as long as the container lives. A process that joins does not, and may be of a newer file.
 */
#include "self.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "sys.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U /* Linux 6.3, where sysctl vm.memfd_noexec may ask for it */
#endif

enum {
	SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE,
	SIZE_MAX_OF_US = 1 << 24, /* more than we are */
};

static int make_copy(int file)
{
	int copy = memfd_create("nsinit", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	if (copy < 0)
		copy = memfd_create("nsinit", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return copy < 0 || sendfile(copy, file, NULL, SIZE_MAX_OF_US) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0 ? -1 : copy;
}

/*
 * The kernel keeps a running file from being written to: ETXTBSY, but on Linux 6.11 and some of 6.12. By the path that was
 * executed it says so for a twentieth of what the way through /proc costs.
 */
static bool is_kept(void)
{
	const char *path = (const char *)getauxval(AT_EXECFN); /* NOLINT(performance-no-int-to-ptr): getauxval(3) */
	int file = path ? openat(AT_FDCWD, path, O_RDWR | O_CLOEXEC) : -1;

	if (file >= 0)
		close(file);
	return path && file < 0 && (errno == ETXTBSY || errno == EACCES || errno == EROFS);
}

int self_seal(char **argv, char **envp, bool always, const sigset_t *mask)
{
	int file, copy, error;
	sigset_t held;

	if (!always && is_kept())
		return 0;
	file = openat(AT_FDCWD, "/proc/self/exe", (always ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (file < 0)
		return always ? -1 : 0;
	if (fcntl(file, F_GET_SEALS) == SEALS) {
		prctl(PR_SET_NAME, "nsinit"); /* not the number of a descriptor */
		return close(file);
	}
	copy = make_copy(file);
	if (copy < 0 || sys_signal_mask(SIG_SETMASK, mask, &held) < 0)
		return -1;
	fexecve(copy, argv, envp);
	error = errno;
	sys_signal_mask(SIG_SETMASK, &held, NULL);
	errno = error;
	return error == ENOEXEC && !always ? 0 : -1; /* an emulator's program is no program to the kernel, and not kept busy */
}
