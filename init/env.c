/* SPDX-License-Identifier: MIT
 *
 * The program's environment. It is put together before the start, in an array of which only the pages that are used
 * cost anything; malloc would cost three.
 */
#include "env.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "cold.h"
#include "exec.h"
#include "log.h"
#include "value.h"

/* Adds or replaces a variable; envp has room. */
static void set(char **envp, const char *variable)
{
	size_t name = (size_t)(strchrnul(variable, '=') - variable) + 1;

	while (*envp && strncmp(*envp, variable, name) != 0)
		envp++;
	if (!*envp)
		envp[1] = NULL;
	*envp = (char *)variable;
}

static bool kept(const struct plan *plan, const char *variable)
{
	return !plan->clear_env || strncmp(variable, "TERM=", strlen("TERM=")) == 0;
}

static void take_out(char **environment, const char *variable)
{
	char **to = environment;

	for (; *environment; environment++)
		if (strncmp(*environment, variable, strlen(variable)) != 0)
			*to++ = *environment;
	*to = NULL;
}

/*
 * Descriptors that were passed to us are for the program: it will write its own pid here. Another variable, which need not be
 * there, says the same of us by the inode of a pidfd.
 */
static char *listen_pid(char **environment)
{
	static char variable[] = "LISTEN_PID=4294967295";
	char **all = environment;
	unsigned long pid;

	for (; *environment; environment++) {
		if (strncmp(*environment, variable, strlen("LISTEN_PID=")) != 0)
			continue;
		if (value_number(*environment + strlen("LISTEN_PID="), UINT32_MAX, &pid) < 0 || (pid_t)pid != getpid())
			return NULL;
		*environment = variable;
		take_out(all, "LISTEN_PIDFDID=");
		return variable + strlen("LISTEN_PID=");
	}
	return NULL;
}

int env_build(struct plan *plan, char **environment, const char *home)
{
	static const char path[] = "PATH=" EXEC_DEFAULT_PATH;
	COLD static char *arrays[2][PLAN_ENVIRONMENT_MAX + 1], homes[2][PATH_MAX];
	size_t count = 0, length = 0;
	char **envp, *home_text;

	envp = arrays[plan->only_stdio]; /* that of services, one after the other: the program's is left alone */
	home_text = homes[plan->only_stdio];
	plan->envp = environment;
	plan->listen_pid = plan->namespaces ? NULL : listen_pid(environment);
	if (!plan->clear_env && !home && plan->env_count == 0)
		return 0;
	while (environment[count])
		count++;
	if (count + plan->env_count + 2 > PLAN_ENVIRONMENT_MAX) { /* HOME and PATH */
		log_error("environment: more than %d variables; start with fewer", PLAN_ENVIRONMENT_MAX);
		return -1;
	}
	for (size_t i = 0; i < count; i++)
		if (kept(plan, environment[i]))
			envp[length++] = environment[i];
	envp[length] = NULL;
	if (plan->clear_env)
		set(envp, path);
	if (home) {
		strcpy(home_text, "HOME=");
		strncat(home_text, home, PATH_MAX - sizeof "HOME=");
		set(envp, home_text);
	}
	for (size_t i = 0; i < plan->env_count; i++)
		set(envp, plan->env[i]);
	plan->envp = envp;
	return 0;
}
