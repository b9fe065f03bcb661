/* SPDX-License-Identifier: MIT
 *
 * /dev/log, where nobody else listens: daemons that speak to syslog(3) rather than print are heard, and who needs the socket to be
 * there finds it. Their lines go where those go that services print. Whose they are says the kernel.
 */
#include "devlog.h"

#include <string.h>
#include <sys/socket.h>

#include "local.h"
#include "logs.h"
#include "members.h"

enum {
	MESSAGE_SIZE = 1024, /* RFC 3164 */
	AT_ONCE = 32, /* messages; others have their turn as well */
};

static const char path[] = "/dev/log";
static int devlog = -1;

int devlog_open(int before)
{
	const int on = 1;

	devlog = before >= 0 ? before : local_socket(path, SOCK_DGRAM);
	if (devlog >= 0)
		setsockopt(devlog, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
	return devlog;
}

void devlog_close(void)
{
	local_close(devlog, path, SOCK_DGRAM);
	devlog = -1;
}

/* The text behind "<38>Nov 28 18:00:00 ". */
static char *behind_header(char *text)
{
	static const char shape[] = "xxx xx xx:xx:xx ";
	char *end = *text == '<' ? strchr(text, '>') : NULL;

	text = end ? end + 1 : text;
	for (size_t i = 0; shape[i]; i++)
		if (!text[i] || (shape[i] != 'x' && text[i] != shape[i]))
			return text;
	return text + sizeof shape - 1;
}

/* False: there is none. */
static bool take_message(void)
{
	char text[MESSAGE_SIZE + 1];
	pid_t sender;
	ssize_t length = local_receive(devlog, text, sizeof text - 1, &sender, NULL);
	const struct unit *unit;

	if (length < 0)
		return false;
	for (ssize_t i = 0; i < length; i++)
		if (text[i] == '\n' || text[i] == '\0') /* one line must not look like two, the second as if of somebody else */
			text[i] = ' ';
	while (length > 0 && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	unit = sender > 0 ? members_owner(sender) : NULL;
	logs_line(unit ? unit->name : "syslog.service", behind_header(text));
	return true;
}

void devlog_read(struct loop *loop, short events)
{
	(void)loop;
	(void)events;
	for (int i = 0; i < AT_ONCE && logs_has_room() && take_message(); i++)
		;
}
