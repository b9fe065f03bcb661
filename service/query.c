/* SPDX-License-Identifier: MIT
 *
 * The client's end of the control socket.
 */
#include "query.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"

static int connect_to(void)
{
	const struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = CONTROL_PATH};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	log_error("%s: %s; is there an nsinit with --services here?", CONTROL_PATH, strerror(errno));
	return -1;
}

/* Splits an answer; fields that are missing are empty. */
static void split(char *text, char **fields)
{
	for (size_t i = 0; i < ANSWER_FIELDS; i++) {
		char *tab = strchrnul(text, '\t');

		fields[i] = text;
		text = tab + (*tab != '\0');
		*tab = '\0';
	}
}

static int take_answers(int fd, const struct query *query)
{
	char packet[CONTROL_PACKET + 1] = "", *fields[ANSWER_FIELDS];
	ssize_t length;

	/* Who is turned away before he is heard gets a reset first, once, and then what was said to him: unix(7) */
	while ((length = recv(fd, packet, CONTROL_PACKET, 0)) > 0 || (length < 0 && errno == ECONNRESET)) {
		void (*take)(char *const *) = packet[0] == ANSWER_UNIT ? query->unit : packet[0] == ANSWER_EDGE ? query->edge : NULL;

		if (length < 0)
			continue;
		packet[length] = '\0';
		if (packet[0] == ANSWER_END)
			return packet[1] - '0';
		if (packet[0] == ANSWER_ERROR)
			log_error("%s", packet + 1);
		split(packet + 1, fields);
		if (take)
			take(fields);
	}
	log_error("PID 1 has not answered");
	return 1;
}

int query_run(const struct query *query)
{
	const char *const words[] = {query->verb, query->name, query->argument};
	char packet[CONTROL_PACKET];
	size_t length = 0;
	int fd = connect_to(), status;

	if (fd < 0)
		return 1;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t size = strlen(words[i] ? words[i] : "") + 1;

		size = size < sizeof packet - length ? size : 0; /* PID 1 has no use for half a word */
		memcpy(packet + length, words[i] ? words[i] : "", size);
		length += size;
	}
	if (send(fd, packet, length, MSG_NOSIGNAL) < 0 && errno != EPIPE) { /* who was turned away is told so */
		log_error("%s: %s", CONTROL_PATH, strerror(errno));
		status = 1;
	} else {
		status = query->wait ? take_answers(fd, query) : 0;
	}
	close(fd);
	return status;
}
