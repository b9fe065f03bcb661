/* SPDX-License-Identifier: MIT
 *
 * A service that says once that it runs, by its pid to the socket of that path, and waits for its end.
 *
 *   service SOCKET
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pid_t own = getpid();
	int news = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (argc != 2 || strlen(argv[1]) >= sizeof address.sun_path)
		return 1;
	strcpy(address.sun_path, argv[1]);
	if (sendto(news, &own, sizeof own, 0, (struct sockaddr *)&address, sizeof address) != sizeof own)
		return 1;
	pause();
	return 0;
}
