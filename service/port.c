/* SPDX-License-Identifier: MIT
 *
 * Ports of socket units. What a port is follows from its setting alone, so that nothing is kept of it but its descriptor.
 */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directive.h"
#include "log.h"
#include "reader.h"
#include "syntax.h"
#include "user.h"
#include "value.h"

#ifndef IPV6_V6ONLY
#define IPV6_V6ONLY 26 /* linux/in6.h */
#endif

enum { FORCED = SO_SNDBUFFORCE - SO_SNDBUF }; /* what the option for root is ahead of the one for everybody */

/* --- where it is --- */

static const char not_an_address[] = "not an address; give a path, @NAME, PORT, IPV4:PORT or [IPV6]:PORT";

static const char *parse_local(const char *text, struct endpoint *endpoint)
{
	struct sockaddr_un *local = &endpoint->address.local;
	size_t length = strlen(text);

	if (length >= sizeof local->sun_path)
		return "longer than the 107 bytes that an address can have";
	local->sun_family = AF_UNIX;
	memcpy(local->sun_path, text, length + 1);
	endpoint->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (*text == '/'));
	if (*text == '@')
		local->sun_path[0] = '\0';
	return NULL;
}

/* [ADDRESS:]PORT, an IPv6 address in brackets. */
static const char *parse_ip(const char *text, struct endpoint *endpoint)
{
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	bool brackets = *text == '[';
	struct address ip = {.family = AF_INET6};
	unsigned long number;
	char host[64] = "";

	if (value_number(port, 65535, &number) < 0 || number == 0)
		return not_an_address;
	endpoint->any = !colon;
	if (colon) {
		if ((size_t)(colon - text) >= sizeof host || (brackets && colon[-1] != ']'))
			return not_an_address;
		memcpy(host, text + brackets, (size_t)(colon - text) - 2 * (size_t)brackets);
		if (value_address(host, false, &ip) < 0 || (ip.family == AF_INET6) != brackets)
			return not_an_address;
	}
	if (ip.family == AF_INET) {
		endpoint->address.ip = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
		memcpy(&endpoint->address.ip.sin_addr, ip.bytes, sizeof endpoint->address.ip.sin_addr);
		endpoint->length = sizeof endpoint->address.ip;
	} else {
		endpoint->address.ip6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)number)};
		memcpy(&endpoint->address.ip6.sin6_addr, ip.bytes, sizeof endpoint->address.ip6.sin6_addr);
		endpoint->length = sizeof endpoint->address.ip6;
	}
	return NULL;
}

static const char *parse(const struct setting *setting, struct endpoint *endpoint)
{
	const char *text = setting->text, *wrong;
	uint16_t row = directives[setting->directive].field;

	memset(endpoint, 0, sizeof *endpoint);
	if (row == PORT_FIFO ? *text == '/' : *text == '/' || *text == '@')
		wrong = parse_local(text, endpoint);
	else
		wrong = row >= PORT_SEQUENTIAL ? "not a path" : parse_ip(text, endpoint);
	if (row == PORT_FIFO)
		endpoint->length = 0;
	return wrong;
}

const char *port_path(const struct setting *setting)
{
	return directives[setting->directive].treatment == TREAT_KEPT && directives[setting->directive].field <= PORT_FIFO && *setting->text == '/' ?
	       setting->text : NULL;
}

/* --- options --- */

enum option_form { OPTION_TRUTH, OPTION_NUMBER, OPTION_SECONDS, OPTION_SIZE, OPTION_TEXT, OPTION_ONLY };

/* Level 0 is that of IP; a name of 0: it is no option of sockets, but the size of a pipe. */
static const struct {
	uint16_t level, name;
	uint8_t form;
} options[PORT_ROWS - PORT_OPTIONS] = {
#define OPTION(row, level, name, form) [PORT_##row - PORT_OPTIONS] = {level, name, OPTION_##form}
	OPTION(BROADCAST, SOL_SOCKET, SO_BROADCAST, TRUTH),
	OPTION(DEFER_ACCEPT, IPPROTO_TCP, TCP_DEFER_ACCEPT, SECONDS),
	OPTION(DEVICE, SOL_SOCKET, SO_BINDTODEVICE, TEXT),
	OPTION(FREE_BIND, IPPROTO_IP, IP_FREEBIND, TRUTH),
	OPTION(IPV6_ONLY, IPPROTO_IPV6, IPV6_V6ONLY, ONLY),
	OPTION(KEEP_ALIVE, SOL_SOCKET, SO_KEEPALIVE, TRUTH),
	OPTION(KEEP_ALIVE_INTERVAL, IPPROTO_TCP, TCP_KEEPINTVL, SECONDS),
	OPTION(KEEP_ALIVE_PROBES, IPPROTO_TCP, TCP_KEEPCNT, NUMBER),
	OPTION(KEEP_ALIVE_TIME, IPPROTO_TCP, TCP_KEEPIDLE, SECONDS),
	OPTION(MARK, SOL_SOCKET, SO_MARK, NUMBER),
	OPTION(NO_DELAY, IPPROTO_TCP, TCP_NODELAY, TRUTH),
	OPTION(PASS_CREDENTIALS, SOL_SOCKET, SO_PASSCRED, TRUTH),
	OPTION(PASS_SECURITY, SOL_SOCKET, SO_PASSSEC, TRUTH),
	OPTION(PIPE_SIZE, 0, 0, SIZE),
	OPTION(PRIORITY, SOL_SOCKET, SO_PRIORITY, NUMBER),
	OPTION(RECEIVE_BUFFER, SOL_SOCKET, SO_RCVBUFFORCE, SIZE),
	OPTION(REUSE_PORT, SOL_SOCKET, SO_REUSEPORT, TRUTH),
	OPTION(SEND_BUFFER, SOL_SOCKET, SO_SNDBUFFORCE, SIZE),
	OPTION(TCP_CONGESTION, IPPROTO_TCP, TCP_CONGESTION, TEXT),
	OPTION(TOS, IPPROTO_IP, IP_TOS, NUMBER),
	OPTION(TRANSPARENT, IPPROTO_IP, IP_TRANSPARENT, TRUTH),
	OPTION(TTL, IPPROTO_IP, IP_TTL, NUMBER),
#undef OPTION
};

static const char *read_option(const struct setting *setting, enum option_form form, int *value)
{
	static const char *const only[] = {"both", "ipv6-only", "default"};
	unsigned long number;
	uint64_t size;
	int64_t ms;
	bool truth;

	switch (form) {
	case OPTION_TRUTH:
		*value = reader_truth(setting->text, &truth) == 0 ? truth : -1;
		return *value < 0 ? "not a yes or no" : NULL;
	case OPTION_NUMBER:
		*value = value_number(setting->text, INT32_MAX, &number) < 0 ? -1 : (int)number;
		return *value < 0 ? "not a number" : NULL;
	case OPTION_SECONDS:
		*value = reader_span(setting->text, &ms) < 0 || ms < 0 || ms / 1000 > INT32_MAX ? -1 : (int)((ms + 999) / 1000);
		return *value < 0 ? "not a time; give 5s or 1min 20s" : NULL;
	case OPTION_SIZE:
		*value = reader_size(setting->text, &size) < 0 || size > INT32_MAX ? -1 : (int)size;
		return *value < 0 ? "not a size; give bytes, or a number with K, M or G" : NULL;
	case OPTION_ONLY:
		*value = reader_choice(setting->text, only, sizeof only / sizeof only[0]);
		return *value < 0 ? "none of default, both and ipv6-only" : NULL;
	default:
		return NULL;
	}
}

static int set_option(int fd, int family, const struct setting *setting, unsigned row)
{
	int level = options[row].level, name = options[row].name, value = 0;

	read_option(setting, options[row].form, &value);
	if ((family < 0) != (name == 0) || (level == IPPROTO_IPV6 && (family != AF_INET6 || value > 1)))
		return 0;
	if (name == 0)
		return fcntl(fd, F_SETPIPE_SZ, value);
	if (options[row].form == OPTION_TEXT)
		return setsockopt(fd, level, name, setting->text, (socklen_t)strlen(setting->text));
	if (setsockopt(fd, level, name, &value, sizeof value) == 0)
		return 0;
	return options[row].form == OPTION_SIZE && errno == EPERM ? setsockopt(fd, level, name - FORCED, &value, sizeof value) : -1;
}

/* Those that sockets of the family do not have are left out; so is, after a warning, what else fails. family -1: it is a pipe. */
static void set_options(int fd, int family, const struct unit *unit)
{
	for (size_t i = 0; i < unit->setting_count; i++) {
		const struct setting *setting = &unit->settings[i];
		const struct directive *row = &directives[setting->directive];

		if (row->treatment != TREAT_KEPT || row->field < PORT_OPTIONS)
			continue;
		if (set_option(fd, family, setting, row->field - PORT_OPTIONS) < 0 && errno != ENOPROTOOPT && errno != EOPNOTSUPP)
			log_warning("%s: %s=%s: %s", unit->name, row->name, setting->text, strerror(errno));
	}
}

const char *port_check(const struct setting *setting)
{
	uint16_t row = directives[setting->directive].field;
	struct endpoint endpoint;
	const char *word = setting->text;
	int value;

	if (row >= PORT_OPTIONS)
		return read_option(setting, options[row - PORT_OPTIONS].form, &value);
	if (row != PORT_SYMLINKS)
		return parse(setting, &endpoint);
	for (unsigned i = 0; i < setting->words; i++, word = syntax_after(word))
		if (*word != '/')
			return "not an absolute path";
	return NULL;
}

/* --- opening --- */

static int open_fifo(const char *path, const struct listener *listener)
{
	struct stat status;
	int fd;

	if (mkfifo(path, 0600) < 0 && errno != EEXIST)
		return -1;
	fd = openat(AT_FDCWD, path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode) && fchmod(fd, listener->mode) == 0)
		return fd;
	close(fd);
	errno = EEXIST;
	return -1;
}

/* The file of the socket has its mode from the begin. Who had the path before, and perhaps has ended, loses it. */
static int bind_to(int fd, struct endpoint *endpoint, const char *path, const struct listener *listener)
{
	mode_t before = umask(~listener->mode & 0777);
	struct stat status;
	int bound = bind(fd, &endpoint->address.plain, endpoint->length);

	if (bound < 0 && errno == EADDRINUSE && path && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) && unlink(path) == 0)
		bound = bind(fd, &endpoint->address.plain, endpoint->length);
	umask(before);
	return bound;
}

static int open_socket(const struct unit *unit, uint16_t row, struct endpoint *endpoint, const char *path)
{
	static const int types[] = {[PORT_STREAM] = SOCK_STREAM, [PORT_DATAGRAM] = SOCK_DGRAM, [PORT_SEQUENTIAL] = SOCK_SEQPACKET};
	const struct listener *listener = unit->own;
	int family = endpoint->address.plain.sa_family, on = 1, error;
	int fd = socket(family, types[row] | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 && endpoint->any && family == AF_INET6 && errno == EAFNOSUPPORT) {
		in_port_t port = endpoint->address.ip6.sin6_port;

		endpoint->address.ip = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
		endpoint->length = sizeof endpoint->address.ip;
		return open_socket(unit, row, endpoint, path);
	}
	if (fd < 0)
		return -1;
	if (family != AF_UNIX)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	set_options(fd, family, unit);
	if (bind_to(fd, endpoint, path, listener) == 0 && (row == PORT_DATAGRAM || listen(fd, (int)listener->backlog) == 0))
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static void make_parents(char *path, mode_t mode)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, mode);
		*slash = '/';
	}
}

/* The file is its user's and group's. */
static int give(const struct listener *listener, const char *path)
{
	struct identity owner;
	const char *home;
	char spec[256] = "";

	if (!path || (!listener->user && !listener->group))
		return 0;
	strncat(spec, listener->user ? listener->user : "0", sizeof spec / 2 - 1);
	if (listener->group)
		strncat(strcat(spec, ":"), listener->group, sizeof spec / 2 - 2);
	if (user_resolve("/", spec, &owner, &home) == 0)
		return fchownat(AT_FDCWD, path, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW);
	errno = EINVAL;
	return -1;
}

static bool is_links(const struct setting *setting)
{
	return directives[setting->directive].treatment == TREAT_KEPT && directives[setting->directive].field == PORT_SYMLINKS;
}

/* Only what is a link. */
void port_remove_links(const struct setting *setting)
{
	const char *word = setting->text;
	char target;

	for (unsigned i = 0; is_links(setting) && i < setting->words; i++, word = syntax_after(word))
		if (readlink(word, &target, 1) == 1)
			unlink(word);
}

/* Other names of it. */
static void make_links(const struct unit *unit, const char *path, mode_t mode)
{
	for (const struct setting *setting = unit->settings; setting < unit->settings + unit->setting_count; setting++) {
		const char *word = setting->text;

		port_remove_links(setting);
		for (unsigned i = 0; is_links(setting) && i < setting->words; i++, word = syntax_after(word)) {
			make_parents((char *)word, mode);
			if (symlink(path, word) < 0)
				log_warning("%s: Symlinks=%s: %s", unit->name, word, strerror(errno));
		}
	}
}

int port_open(const struct unit *unit, const struct setting *setting)
{
	const struct listener *listener = unit->own;
	const struct directive *row = &directives[setting->directive];
	const char *path = port_path(setting);
	struct endpoint endpoint;
	int fd;

	parse(setting, &endpoint); /* what was wrong was said when the file was read */
	if (path)
		make_parents((char *)path, listener->directory_mode);
	fd = endpoint.length ? open_socket(unit, row->field, &endpoint, path) : open_fifo(path, listener);
	if (fd >= 0 && row->field == PORT_FIFO)
		set_options(fd, -1, unit);
	if (fd >= 0 && give(listener, path) == 0) {
		if (path)
			make_links(unit, path, listener->directory_mode);
		return fd;
	}
	log_error("%s: %s=%s: %s%s", unit->name, row->name, setting->text, strerror(errno),
	          errno == EADDRINUSE ? "; stop who has it" : errno == EADDRNOTAVAIL ? "; with FreeBind=yes it need not be there yet" : "");
	if (fd >= 0)
		close(fd);
	return -1;
}
