/* SPDX-License-Identifier: MIT
 *
 * The table of directives.
 */
#include <stdio.h>

#include "directive.h"
#include "reader.h"
#include "unit.h"

static void test_order(void **state)
{
	(void)state;
	for (size_t i = 1; i < directive_count; i++)
		check_true(directives[i].name, directives[i - 1].section < directives[i].section ||
		           (directives[i - 1].section == directives[i].section && strcmp(directives[i - 1].name, directives[i].name) < 0));
}

static void test_rows_make_sense(void **state)
{
	(void)state;
	for (size_t i = 0; i < directive_count; i++) {
		bool reads = directives[i].treatment == TREAT_UNIT || directives[i].treatment == TREAT_OWN || directives[i].treatment == TREAT_LAUNCH ||
		             directives[i].treatment == TREAT_CGROUP;

		check_int(directives[i].name, directives[i].reader != READ_nothing, reads);
		check_int(directives[i].name, directives[i].treatment == TREAT_EDGE ? directives[i].form : FORM_WORDS, FORM_WORDS);
	}
}

/* What two packages of Debian or more use is known, in its section. */
static void test_used_ones_are_known(void **state)
{
	static const char *const used[SECTIONS] = {
		[SECTION_UNIT] =
			"Description After Documentation Wants Before Requires DefaultDependencies Conflicts PartOf RequiresMountsFor BindsTo "
			"ConditionVirtualization ConditionPathExists RefuseManualStart AssertPathExists ReloadPropagatedFrom ConditionFileIsExecutable "
			"ConditionFileNotEmpty OnFailure ConditionACPower ConditionCapability StartLimitIntervalSec ConditionDirectoryNotEmpty StartLimitBurst "
			"IgnoreOnIsolate ConditionKernelCommandLine ConditionPathIsDirectory Requisite ConditionCPUs ConditionPathExistsGlob",
		[SECTION_SERVICE] =
			"ExecStart Type Restart ExecReload EnvironmentFile User ExecStartPre PIDFile PrivateTmp Environment ProtectSystem LimitNOFILE "
			"ProtectHome Group ExecStop CapabilityBoundingSet RemainAfterExit KillMode RestartSec PrivateDevices NoNewPrivileges TimeoutStopSec "
			"NotifyAccess ProtectControlGroups AmbientCapabilities RuntimeDirectory ProtectKernelTunables ProtectKernelModules TasksMax "
			"SyslogIdentifier TimeoutStartSec RestrictAddressFamilies StandardOutput KillSignal RestrictNamespaces TimeoutSec RestrictRealtime "
			"MemoryDenyWriteExecute SystemCallArchitectures BusName LimitNPROC UMask PermissionsStartOnly SystemCallFilter RuntimeDirectoryMode "
			"ExecStopPost ExecStartPost LockPersonality StartLimitInterval ProtectHostname ProtectKernelLogs DynamicUser ReadWritePaths "
			"LimitMEMLOCK ReadWriteDirectories WorkingDirectory SendSIGKILL SuccessExitStatus LimitCORE RestrictSUIDSGID ProtectProc ProtectClock "
			"ExecCondition PrivateUsers DeviceAllow OOMScoreAdjust StartLimitBurst ReadOnlyDirectories PrivateNetwork StandardError NonBlocking "
			"StandardInput WatchdogSec Nice StateDirectory IgnoreSIGPIPE DevicePolicy RemoveIPC InaccessibleDirectories Delegate "
			"RestartPreventExitStatus IOSchedulingPriority IOSchedulingClass StateDirectoryMode LogsDirectory ConfigurationDirectory ProcSubset "
			"ExecPaths NoExecPaths GuessMainPID BindReadOnlyPaths ReadOnlyPaths LimitRTTIME LimitRTPRIO RuntimeDirectoryPreserve LogsDirectoryMode "
			"IPAddressAllow IPAddressDeny Slice ConfigurationDirectoryMode SupplementaryGroups PrivateMounts AppArmorProfile CacheDirectoryMode "
			"CacheDirectory MemoryLimit MemoryMax OOMPolicy",
		[SECTION_SOCKET] =
			"ListenStream ListenDatagram ListenSequentialPacket ListenFIFO Accept SocketMode SocketUser SocketGroup DirectoryMode Service "
			"FileDescriptorName Backlog BindIPv6Only ReusePort FreeBind NoDelay KeepAlive PassCredentials RemoveOnStop Symlinks ExecStartPre "
			"ExecStartPost MaxConnections TriggerLimitIntervalSec TriggerLimitBurst PassSecurity ReceiveBuffer",
		[SECTION_TIMER] =
			"OnActiveSec OnBootSec OnStartupSec OnUnitActiveSec OnUnitInactiveSec OnCalendar AccuracySec RandomizedDelaySec Unit Persistent "
			"WakeSystem RemainAfterElapse",
		[SECTION_INSTALL] = "WantedBy Alias Also RequiredBy",
	};
	char text[4096];
	bool is_assert;

	(void)state;
	for (int section = 0; section < SECTIONS; section++) {
		strcpy(text, used[section] ? used[section] : "");
		for (char *name = strtok(text, " "); name; name = strtok(NULL, " "))
			check_true(name, directive_find((enum section)section, name, &is_assert) != NULL);
	}
}

static void test_asserts(void **state)
{
	bool is_assert;

	(void)state;
	assert_string_equal(directive_find(SECTION_UNIT, "AssertPathExists", &is_assert)->name, "ConditionPathExists");
	assert_true(is_assert);
	assert_string_equal(directive_find(SECTION_UNIT, "ConditionPathExists", &is_assert)->name, "ConditionPathExists");
	assert_false(is_assert);
	assert_null(directive_find(SECTION_UNIT, "AssertNothing", &is_assert));
	assert_null(directive_find(SECTION_UNIT, "Assert1234567890123456789012345678901234567890", &is_assert));
	assert_null(directive_find(SECTION_SERVICE, "Description", &is_assert));
}

/* Where commands run, what is about processes has its meaning; what is about services has not. */
static void test_rows_of_services_for_others(void **state)
{
	bool is_assert;

	(void)state;
	assert_ptr_equal(directive_find(SECTION_SOCKET, "User", &is_assert), directive_find(SECTION_SERVICE, "User", &is_assert));
	assert_int_equal(directive_find(SECTION_SOCKET, "ExecStartPre", &is_assert)->section, SECTION_SOCKET);
	assert_null(directive_find(SECTION_SOCKET, "ExecStart", &is_assert));
	assert_null(directive_find(SECTION_SOCKET, "Restart", &is_assert));
	assert_null(directive_find(SECTION_UNIT, "User", &is_assert));
}

static void test_list(void **state)
{
	static char text[64 * 1024];
	struct out out = OUT(1);

	(void)state;
	capture(1);
	directive_list(&out);
	out_flush(&out);
	strcpy(text, captured());
	for (size_t i = 0; i < directive_count; i++)
		check_part(directives[i].name, text, directives[i].name);
	check_part("list", text, "[Service]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_order), test(test_rows_make_sense), test(test_used_ones_are_known), test(test_asserts), test(test_rows_of_services_for_others),
		test(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
