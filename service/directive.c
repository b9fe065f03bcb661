/* SPDX-License-Identifier: MIT
 *
 * The directives, a row each, in the order of their names within a section. To honour one more, change its row.
 */
#include "directive.h"

#include <string.h>

#include "condition.h"
#include "launch.h"
#include "listener.h"
#include "port.h"
#include "reader.h"
#include "timer.h"

#define UNIT(name) offsetof(struct unit, name)
#define LAUNCH(name) offsetof(struct launch, name)
#define SOCKET(name) offsetof(struct listener, name)
#define TIMER(name) offsetof(struct timer, name)

/* A byte of each row chooses: with a pointer it would be half as large again. */
static const char *(*const readers[])(void *field, const struct directive *row, const struct setting *setting) = {
	NULL,
#define READER(name) read_##name,
	READERS(READER)
#undef READER
};

const struct directive directives[] = {
	{"After", EDGE_AFTER, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"AllowIsolate", 0, SECTION_UNIT, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"Before", EDGE_BEFORE, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"BindsTo", EDGE_BINDS_TO, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"CollectMode", 0, SECTION_UNIT, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"ConditionACPower", CONDITION_AC_POWER, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionCPUs", CONDITION_CPUS, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionCapability", CONDITION_CAPABILITY, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionControlGroupController", 0, SECTION_UNIT, TREAT_HOLDS, FORM_TEXT, READ_nothing},
	{"ConditionCredential", 0, SECTION_UNIT, TREAT_HOLDS, FORM_TEXT, READ_nothing},
	{"ConditionDirectoryNotEmpty", CONDITION_DIRECTORY_NOT_EMPTY, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionFileIsExecutable", CONDITION_FILE_IS_EXECUTABLE, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionFileNotEmpty", CONDITION_FILE_NOT_EMPTY, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionFirstBoot", 0, SECTION_UNIT, TREAT_HOLDS, FORM_TEXT, READ_nothing},
	{"ConditionKernelCommandLine", CONDITION_KERNEL_COMMAND_LINE, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionNeedsUpdate", 0, SECTION_UNIT, TREAT_HOLDS, FORM_TEXT, READ_nothing},
	{"ConditionPathExists", CONDITION_PATH_EXISTS, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionPathExistsGlob", CONDITION_PATH_EXISTS_GLOB, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionPathIsDirectory", CONDITION_PATH_IS_DIRECTORY, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionPathIsMountPoint", CONDITION_PATH_IS_MOUNT_POINT, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionPathIsReadWrite", CONDITION_PATH_IS_READ_WRITE, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionPathIsSymbolicLink", CONDITION_PATH_IS_SYMBOLIC_LINK, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"ConditionSecurity", 0, SECTION_UNIT, TREAT_HOLDS, FORM_TEXT, READ_nothing},
	{"ConditionVirtualization", CONDITION_VIRTUALIZATION, SECTION_UNIT, TREAT_CONDITION, FORM_TEXT, READ_nothing},
	{"Conflicts", EDGE_CONFLICTS, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"DefaultDependencies", 0, SECTION_UNIT, TREAT_WRITTEN, FORM_TEXT, READ_nothing},
	{"Description", UNIT(description), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_text},
	{"Documentation", 0, SECTION_UNIT, TREAT_FOR_PEOPLE, FORM_TEXT, READ_nothing},
	{"FailureAction", UNIT(rules.failure_action), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_action},
	{"FailureActionExitStatus", UNIT(rules.failure_status), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_code},
	{"IgnoreOnIsolate", 0, SECTION_UNIT, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"JobRunningTimeoutSec", 0, SECTION_UNIT, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"JobTimeoutAction", 0, SECTION_UNIT, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"JobTimeoutSec", 0, SECTION_UNIT, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"JoinsNamespaceOf", 0, SECTION_UNIT, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"OnFailure", EDGE_ON_FAILURE, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"OnFailureJobMode", 0, SECTION_UNIT, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"PartOf", EDGE_PART_OF, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"PropagatesReloadTo", EDGE_RELOADS, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"RebootArgument", 0, SECTION_UNIT, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"RefuseManualStart", UNIT(rules.refuse_start), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_truth},
	{"RefuseManualStop", UNIT(rules.refuse_stop), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_truth},
	{"ReloadPropagatedFrom", EDGE_RELOADED_BY, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"Requires", EDGE_REQUIRES, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"RequiresMountsFor", 0, SECTION_UNIT, TREAT_MOUNTED, FORM_TEXT, READ_nothing},
	{"Requisite", EDGE_REQUISITE, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"SourcePath", 0, SECTION_UNIT, TREAT_FOR_PEOPLE, FORM_TEXT, READ_nothing},
	{"StartLimitAction", UNIT(rules.limit_action), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_action},
	{"StartLimitBurst", UNIT(rules.start_burst), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_count},
	{"StartLimitInterval", UNIT(rules.start_interval_ms), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_span},
	{"StartLimitIntervalSec", UNIT(rules.start_interval_ms), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_span},
	{"StopWhenUnneeded", 0, SECTION_UNIT, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"SuccessAction", UNIT(rules.success_action), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_action},
	{"SuccessActionExitStatus", UNIT(rules.success_status), SECTION_UNIT, TREAT_UNIT, FORM_TEXT, READ_code},
	{"Upholds", EDGE_WANTS, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"Wants", EDGE_WANTS, SECTION_UNIT, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"WantsMountsFor", 0, SECTION_UNIT, TREAT_MOUNTED, FORM_TEXT, READ_nothing},

	{"AmbientCapabilities", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_ambient},
	{"AppArmorProfile", 0, SECTION_SERVICE, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"BindPaths", false, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_binds},
	{"BindReadOnlyPaths", true, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_binds},
	{"BlockIOWeight", CONTROL_IO_WEIGHT, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_block_weight},
	{"BusName", 0, SECTION_SERVICE, TREAT_BUS, FORM_TEXT, READ_nothing},
	{"CPUAccounting", 0, SECTION_SERVICE, TREAT_COUNTED, FORM_TEXT, READ_nothing},
	{"CPUAffinity", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_affinity},
	{"CPUQuota", CONTROL_CPU_QUOTA, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_quota},
	{"CPUSchedulingPolicy", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_policy},
	{"CPUSchedulingPriority", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_cpu_priority},
	{"CPUSchedulingResetOnFork", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_reset_on_fork},
	{"CPUShares", CONTROL_CPU_WEIGHT, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_shares},
	{"CPUWeight", CONTROL_CPU_WEIGHT, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_weight},
	{"CacheDirectory", DIRECTORY_CACHE, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_directories},
	{"CacheDirectoryMode", LAUNCH(directory_mode[DIRECTORY_CACHE]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_mode},
	{"CapabilityBoundingSet", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS_OR_NONE, READ_bounding},
	{"ConfigurationDirectory", DIRECTORY_CONFIGURATION, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_directories},
	{"ConfigurationDirectoryMode", LAUNCH(directory_mode[DIRECTORY_CONFIGURATION]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_mode},
	{"CoredumpFilter", 0, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_core_filter},
	{"Delegate", CONTROLS, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_delegate},
	{"DelegateSubgroup", 0, SECTION_SERVICE, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"DeviceAllow", CONTROL_DEVICES, SECTION_SERVICE, TREAT_CGROUP, FORM_WORDS, READ_device_allow},
	{"DevicePolicy", CONTROL_DEVICES, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_device_policy},
	{"DynamicUser", LAUNCH(dynamic_user), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"Environment", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_environment},
	{"EnvironmentFile", LAUNCH(env_files), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_path},
	{"ExecCondition", COMMAND_CONDITION, SECTION_SERVICE, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecPaths", VIEW_EXEC, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"ExecReload", COMMAND_RELOAD, SECTION_SERVICE, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStart", COMMAND_START, SECTION_SERVICE, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStartPost", COMMAND_START_POST, SECTION_SERVICE, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStartPre", COMMAND_START_PRE, SECTION_SERVICE, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStop", COMMAND_STOP, SECTION_SERVICE, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStopPost", COMMAND_STOP_POST, SECTION_SERVICE, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"FailureAction", UNIT(rules.failure_action), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_action},
	{"FileDescriptorStoreMax", UNIT(rules.store_max), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_count},
	{"FinalKillSignal", UNIT(rules.final_signal), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_signal},
	{"Group", LAUNCH(group), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_text},
	{"GuessMainPID", UNIT(rules.guess_main), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_truth},
	{"IOAccounting", 0, SECTION_SERVICE, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"IOSchedulingClass", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_io_class},
	{"IOSchedulingPriority", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_io_priority},
	{"IOWeight", CONTROL_IO_WEIGHT, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_weight},
	{"IPAccounting", 0, SECTION_SERVICE, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"IPAddressAllow", 0, SECTION_SERVICE, TREAT_PACKETS, FORM_TEXT, READ_nothing},
	{"IPAddressDeny", 0, SECTION_SERVICE, TREAT_PACKETS, FORM_TEXT, READ_nothing},
	{"IgnoreSIGPIPE", LAUNCH(keep_pipe), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_untruth},
	{"InaccessibleDirectories", VIEW_INACCESSIBLE, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"InaccessiblePaths", VIEW_INACCESSIBLE, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"KeyringMode", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_keyring},
	{"KillMode", UNIT(rules.kill_mode), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_kill_mode},
	{"KillSignal", UNIT(rules.kill_signal), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_signal},
	{"LimitAS", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitCORE", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitCPU", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitDATA", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitFSIZE", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitLOCKS", 0, SECTION_SERVICE, TREAT_LOCKS, FORM_TEXT, READ_nothing},
	{"LimitMEMLOCK", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitMSGQUEUE", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitNICE", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitNOFILE", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitNPROC", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitRSS", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitRTPRIO", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitRTTIME", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitSIGPENDING", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LimitSTACK", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_limit},
	{"LoadCredential", LAUNCH(load_credentials), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_names},
	{"LockPersonality", RESTRICT_PERSONALITY, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_restriction},
	{"LogExtraFields", 0, SECTION_SERVICE, TREAT_JOURNAL, FORM_TEXT, READ_nothing},
	{"LogLevelMax", UNIT(rules.level_max), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_level},
	{"LogNamespace", 0, SECTION_SERVICE, TREAT_JOURNAL, FORM_TEXT, READ_nothing},
	{"LogRateLimitBurst", 0, SECTION_SERVICE, TREAT_JOURNAL, FORM_TEXT, READ_nothing},
	{"LogRateLimitIntervalSec", 0, SECTION_SERVICE, TREAT_JOURNAL, FORM_TEXT, READ_nothing},
	{"LogsDirectory", DIRECTORY_LOGS, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_directories},
	{"LogsDirectoryMode", LAUNCH(directory_mode[DIRECTORY_LOGS]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_mode},
	{"MemoryAccounting", 0, SECTION_SERVICE, TREAT_COUNTED, FORM_TEXT, READ_nothing},
	{"MemoryDenyWriteExecute", RESTRICT_EXECUTABLE_MEMORY, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_restriction},
	{"MemoryHigh", CONTROL_MEMORY_HIGH, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_memory},
	{"MemoryLimit", CONTROL_MEMORY_MAX, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_memory},
	{"MemoryLow", CONTROL_MEMORY_LOW, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_memory},
	{"MemoryMax", CONTROL_MEMORY_MAX, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_memory},
	{"MemoryMin", CONTROL_MEMORY_MIN, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_memory},
	{"MemorySwapMax", CONTROL_SWAP_MAX, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_memory},
	{"MountAPIVFS", LAUNCH(no_api), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_untruth},
	{"MountFlags", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_propagation},
	{"Nice", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_nice},
	{"NoExecPaths", VIEW_NO_EXEC, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"NoNewPrivileges", LAUNCH(plan.no_new_privs), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"NonBlocking", LAUNCH(non_blocking), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"NotifyAccess", UNIT(rules.notify), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_notify},
	{"OOMPolicy", CONTROL_OOM_GROUP, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_oom_policy},
	{"OOMScoreAdjust", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_oom},
	{"PAMName", 0, SECTION_SERVICE, TREAT_SESSION, FORM_TEXT, READ_nothing},
	{"PIDFile", UNIT(rules.pid_file), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_text},
	{"PassEnvironment", 0, SECTION_SERVICE, TREAT_ENVIRONMENT, FORM_TEXT, READ_nothing},
	{"PermissionsStartOnly", LAUNCH(only_start), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"Personality", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_personality},
	{"PrivateDevices", PROTECT_DEVICES, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"PrivateIPC", PROTECT_IPC, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"PrivateMounts", PROTECT_MOUNTS, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"PrivateNetwork", PROTECT_NETWORK, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"PrivateTmp", PROTECT_TMP, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"PrivateUsers", PROTECT_USERS, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"ProcSubset", 0, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_proc_subset},
	{"ProtectClock", PROTECT_CLOCK, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"ProtectControlGroups", PROTECT_CGROUPS, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"ProtectHome", 0, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protect_home},
	{"ProtectHostname", PROTECT_HOSTNAME, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"ProtectKernelLogs", PROTECT_LOGS, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"ProtectKernelModules", PROTECT_MODULES, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"ProtectKernelTunables", PROTECT_TUNABLES, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protection},
	{"ProtectProc", 0, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protect_proc},
	{"ProtectSystem", 0, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_protect_system},
	{"ReadOnlyDirectories", VIEW_READ_ONLY, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"ReadOnlyPaths", VIEW_READ_ONLY, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"ReadWriteDirectories", VIEW_READ_WRITE, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"ReadWritePaths", VIEW_READ_WRITE, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_views},
	{"ReloadSignal", UNIT(rules.reload_signal), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_signal},
	{"RemainAfterExit", UNIT(rules.remain), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_truth},
	{"RemoveIPC", LAUNCH(remove_ipc), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"Restart", UNIT(rules.restart), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_restart},
	{"RestartForceExitStatus", UNIT(rules.force), SECTION_SERVICE, TREAT_UNIT, FORM_WORDS, READ_statuses},
	{"RestartKillSignal", UNIT(rules.restart_signal), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_signal},
	{"RestartMaxDelaySec", UNIT(rules.restart_max_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_span},
	{"RestartMode", 0, SECTION_SERVICE, TREAT_DIRECT, FORM_TEXT, READ_nothing},
	{"RestartPreventExitStatus", UNIT(rules.prevent), SECTION_SERVICE, TREAT_UNIT, FORM_WORDS, READ_statuses},
	{"RestartSec", UNIT(rules.restart_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_span},
	{"RestartSteps", UNIT(rules.restart_steps), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_count},
	{"RestrictAddressFamilies", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_families},
	{"RestrictNamespaces", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_namespaces},
	{"RestrictRealtime", RESTRICT_REALTIME, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_restriction},
	{"RestrictSUIDSGID", RESTRICT_SUID, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_restriction},
	{"RootDirectory", false, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_root},
	{"RootDirectoryStartOnly", LAUNCH(root_only_start), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"RootImage", true, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_root},
	{"RuntimeDirectory", DIRECTORY_RUNTIME, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_directories},
	{"RuntimeDirectoryMode", LAUNCH(directory_mode[DIRECTORY_RUNTIME]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_mode},
	{"RuntimeDirectoryPreserve", LAUNCH(keep_runtime), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_preserve},
	{"RuntimeMaxSec", UNIT(rules.run_max_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_span},
	{"SELinuxContext", 0, SECTION_SERVICE, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"SecureBits", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_secure_bits},
	{"SendSIGHUP", UNIT(rules.send_hup), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_truth},
	{"SendSIGKILL", UNIT(rules.send_kill), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_truth},
	{"SetCredential", LAUNCH(set_credentials), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_names},
	{"Slice", 0, SECTION_SERVICE, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"SmackProcessLabel", 0, SECTION_SERVICE, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"Sockets", EDGE_TRIGGERED_BY, SECTION_SERVICE, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"StandardError", LAUNCH(streams[2]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_output},
	{"StandardInput", LAUNCH(streams[0]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_input},
	{"StandardOutput", LAUNCH(streams[1]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_output},
	{"StartLimitAction", UNIT(rules.limit_action), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_action},
	{"StartLimitBurst", UNIT(rules.start_burst), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_count},
	{"StartLimitInterval", UNIT(rules.start_interval_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_span},
	{"StartupCPUWeight", 0, SECTION_SERVICE, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"StateDirectory", DIRECTORY_STATE, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_directories},
	{"StateDirectoryMode", LAUNCH(directory_mode[DIRECTORY_STATE]), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_mode},
	{"SuccessExitStatus", UNIT(rules.success), SECTION_SERVICE, TREAT_UNIT, FORM_WORDS, READ_statuses},
	{"SupplementaryGroups", LAUNCH(groups), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_names},
	{"SyslogFacility", 0, SECTION_SERVICE, TREAT_JOURNAL, FORM_TEXT, READ_nothing},
	{"SyslogIdentifier", UNIT(rules.identifier), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_identifier},
	{"SyslogLevel", UNIT(rules.level), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_level},
	{"SyslogLevelPrefix", UNIT(rules.keep_level), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_untruth},
	{"SystemCallArchitectures", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_architectures},
	{"SystemCallErrorNumber", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_call_error},
	{"SystemCallFilter", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_calls},
	{"SystemCallLog", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_call_log},
	{"TTYPath", LAUNCH(tty), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_tty},
	{"TTYReset", LAUNCH(reset_tty), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"TTYVHangup", LAUNCH(hang_up_tty), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_truth},
	{"TTYVTDisallocate", 0, SECTION_SERVICE, TREAT_SCREEN, FORM_TEXT, READ_nothing},
	{"TasksAccounting", 0, SECTION_SERVICE, TREAT_COUNTED, FORM_TEXT, READ_nothing},
	{"TasksMax", CONTROL_PIDS, SECTION_SERVICE, TREAT_CGROUP, FORM_TEXT, READ_tasks},
	{"TemporaryFileSystem", 0, SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_tmpfs},
	{"TimeoutAbortSec", UNIT(rules.abort_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_timeout},
	{"TimeoutSec", UNIT(rules), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_both_timeouts},
	{"TimeoutStartFailureMode", 0, SECTION_SERVICE, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"TimeoutStartSec", UNIT(rules.start_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_timeout},
	{"TimeoutStopFailureMode", 0, SECTION_SERVICE, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"TimeoutStopSec", UNIT(rules.stop_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_timeout},
	{"TimerSlackNSec", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_slack},
	{"Type", UNIT(rules.type), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_type},
	{"UMask", LAUNCH(plan), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_umask},
	{"USBFunctionDescriptors", 0, SECTION_SERVICE, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"UnsetEnvironment", LAUNCH(unset), SECTION_SERVICE, TREAT_LAUNCH, FORM_WORDS, READ_names},
	{"User", LAUNCH(user), SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_text},
	{"UtmpIdentifier", 0, SECTION_SERVICE, TREAT_UTMP, FORM_TEXT, READ_nothing},
	{"UtmpMode", 0, SECTION_SERVICE, TREAT_UTMP, FORM_TEXT, READ_nothing},
	{"WatchdogSec", UNIT(rules.watchdog_ms), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_span},
	{"WatchdogSignal", UNIT(rules.watchdog_signal), SECTION_SERVICE, TREAT_UNIT, FORM_TEXT, READ_signal},
	{"WorkingDirectory", 0, SECTION_SERVICE, TREAT_LAUNCH, FORM_TEXT, READ_cwd},

	{"Accept", SOCKET(accept), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_truth},
	{"Backlog", SOCKET(backlog), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_count},
	{"BindIPv6Only", PORT_IPV6_ONLY, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"BindToDevice", PORT_DEVICE, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"Broadcast", PORT_BROADCAST, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"DeferAcceptSec", PORT_DEFER_ACCEPT, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"DirectoryMode", SOCKET(directory_mode), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_mode},
	{"ExecStartPost", COMMAND_START_POST, SECTION_SOCKET, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStartPre", COMMAND_START_PRE, SECTION_SOCKET, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStopPost", COMMAND_STOP_POST, SECTION_SOCKET, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"ExecStopPre", COMMAND_STOP, SECTION_SOCKET, TREAT_COMMAND, FORM_TEXT, READ_nothing},
	{"FileDescriptorName", SOCKET(name), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_text},
	{"FlushPending", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"FreeBind", PORT_FREE_BIND, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"IPTOS", PORT_TOS, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"IPTTL", PORT_TTL, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"KeepAlive", PORT_KEEP_ALIVE, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"KeepAliveIntervalSec", PORT_KEEP_ALIVE_INTERVAL, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"KeepAliveProbes", PORT_KEEP_ALIVE_PROBES, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"KeepAliveTimeSec", PORT_KEEP_ALIVE_TIME, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"KillMode", UNIT(rules.kill_mode), SECTION_SOCKET, TREAT_UNIT, FORM_TEXT, READ_kill_mode},
	{"KillSignal", UNIT(rules.kill_signal), SECTION_SOCKET, TREAT_UNIT, FORM_TEXT, READ_signal},
	{"ListenDatagram", PORT_DATAGRAM, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"ListenFIFO", PORT_FIFO, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"ListenMessageQueue", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"ListenNetlink", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"ListenSequentialPacket", PORT_SEQUENTIAL, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"ListenSpecial", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"ListenStream", PORT_STREAM, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"ListenUSBFunction", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"Mark", PORT_MARK, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"MaxConnections", SOCKET(max_connections), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_count},
	{"MaxConnectionsPerSource", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"MessageQueueMaxMessages", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"MessageQueueMessageSize", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"NoDelay", PORT_NO_DELAY, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"PassCredentials", PORT_PASS_CREDENTIALS, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"PassFileDescriptorsToExec", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"PassPacketInfo", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"PassSecurity", PORT_PASS_SECURITY, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"PipeSize", PORT_PIPE_SIZE, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"PollLimitBurst", 0, SECTION_SOCKET, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"PollLimitIntervalSec", 0, SECTION_SOCKET, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"Priority", PORT_PRIORITY, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"ReceiveBuffer", PORT_RECEIVE_BUFFER, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"RemoveOnStop", SOCKET(remove), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_truth},
	{"ReusePort", PORT_REUSE_PORT, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"SELinuxContextFromNet", 0, SECTION_SOCKET, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"SendBuffer", PORT_SEND_BUFFER, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"Service", EDGE_TRIGGERS, SECTION_SOCKET, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"SmackLabel", 0, SECTION_SOCKET, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"SmackLabelIPIn", 0, SECTION_SOCKET, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"SmackLabelIPOut", 0, SECTION_SOCKET, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},
	{"SocketGroup", SOCKET(group), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_text},
	{"SocketMode", SOCKET(mode), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_mode},
	{"SocketProtocol", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"SocketUser", SOCKET(user), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_text},
	{"Symlinks", PORT_SYMLINKS, SECTION_SOCKET, TREAT_KEPT, FORM_WORDS, READ_nothing},
	{"TCPCongestion", PORT_TCP_CONGESTION, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"TimeoutSec", UNIT(rules), SECTION_SOCKET, TREAT_UNIT, FORM_TEXT, READ_both_timeouts},
	{"Timestamping", 0, SECTION_SOCKET, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"Transparent", PORT_TRANSPARENT, SECTION_SOCKET, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"TriggerLimitBurst", SOCKET(burst), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_count},
	{"TriggerLimitIntervalSec", SOCKET(interval_ms), SECTION_SOCKET, TREAT_OWN, FORM_TEXT, READ_span},
	{"Writable", 0, SECTION_SOCKET, TREAT_FOR_MANAGER, FORM_TEXT, READ_nothing},

	{"AccuracySec", 0, SECTION_TIMER, TREAT_AS_IT_IS, FORM_TEXT, READ_nothing},
	{"DeferReactivation", 0, SECTION_TIMER, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"FixedRandomDelay", 0, SECTION_TIMER, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"OnActiveSec", TIMER_ACTIVE, SECTION_TIMER, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"OnBootSec", TIMER_BOOT, SECTION_TIMER, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"OnCalendar", TIMER_CALENDAR, SECTION_TIMER, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"OnClockChange", 0, SECTION_TIMER, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"OnStartupSec", TIMER_STARTUP, SECTION_TIMER, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"OnTimezoneChange", 0, SECTION_TIMER, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"OnUnitActiveSec", TIMER_UNIT_ACTIVE, SECTION_TIMER, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"OnUnitInactiveSec", TIMER_UNIT_INACTIVE, SECTION_TIMER, TREAT_KEPT, FORM_TEXT, READ_nothing},
	{"Persistent", TIMER(persistent), SECTION_TIMER, TREAT_OWN, FORM_TEXT, READ_truth},
	{"RandomizedDelaySec", TIMER(random_ms), SECTION_TIMER, TREAT_OWN, FORM_TEXT, READ_span},
	{"RandomizedOffsetSec", 0, SECTION_TIMER, TREAT_NOT_YET, FORM_TEXT, READ_nothing},
	{"RemainAfterElapse", TIMER(remain), SECTION_TIMER, TREAT_OWN, FORM_TEXT, READ_truth},
	{"Unit", EDGE_TRIGGERS, SECTION_TIMER, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"WakeSystem", 0, SECTION_TIMER, TREAT_NOT_YET, FORM_TEXT, READ_nothing},

	{"Alias", 0, SECTION_INSTALL, TREAT_FOR_INSTALL, FORM_TEXT, READ_nothing},
	{"Also", EDGE_ALSO, SECTION_INSTALL, TREAT_EDGE, FORM_WORDS, READ_nothing},
	{"DefaultInstance", 0, SECTION_INSTALL, TREAT_FOR_INSTALL, FORM_TEXT, READ_nothing},
	{"RequiredBy", 0, SECTION_INSTALL, TREAT_FOR_INSTALL, FORM_TEXT, READ_nothing},
	{"UpheldBy", 0, SECTION_INSTALL, TREAT_FOR_INSTALL, FORM_TEXT, READ_nothing},
	{"WantedBy", 0, SECTION_INSTALL, TREAT_FOR_INSTALL, FORM_TEXT, READ_nothing},
};
const size_t directive_count = sizeof directives / sizeof directives[0];

const char *const directive_sections[SECTIONS] = {"Unit", "Service", "Socket", "Timer", "Install"};

/* Assert… is Condition… with a louder end, systemd.unit(5). */
static const char asserted[] = "Assert", conditional[] = "Condition";

static int compare(const struct directive *row, enum section section, const char *name)
{
	return row->section != section ? (int)row->section - (int)section : strcmp(row->name, name);
}

static const struct directive *find(enum section section, const char *name)
{
	size_t low = 0, high = directive_count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = compare(&directives[middle], section, name);

		if (order == 0)
			return &directives[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct directive *directive_find(enum section section, const char *name, bool *is_assert)
{
	char text[40];

	*is_assert = strncmp(name, asserted, sizeof asserted - 1) == 0 && strlen(name) < sizeof text - sizeof conditional;
	if (!*is_assert) {
		const struct directive *row = find(section, name);

		if (row || section != SECTION_SOCKET)
			return row;
		row = find(SECTION_SERVICE, name);
		return row && row->treatment >= TREAT_LAUNCH ? row : NULL;
	}
	strcpy(text, conditional);
	strcat(text, name + sizeof asserted - 1);
	return find(section, text);
}

const char *directive_read(void *target, const struct setting *setting)
{
	const struct directive *row = &directives[setting->directive];

	return readers[row->reader]((char *)target + row->field, row, setting);
}

const char *directive_meaning(enum treatment treatment)
{
	static const char *const meanings[] = {
		[TREAT_UNIT] = "honoured",
		[TREAT_OWN] = "honoured",
		[TREAT_EDGE] = "honoured",
		[TREAT_CONDITION] = "honoured, as Assert... too",
		[TREAT_KEPT] = "honoured",
		[TREAT_COMMAND] = "honoured",
		[TREAT_LAUNCH] = "honoured",
		[TREAT_CGROUP] = "honoured where there can be a cgroup for it, else said when the unit is loaded",
		[TREAT_FOR_PEOPLE] = "accepted: for who reads the file",
		[TREAT_FOR_INSTALL] = "accepted: --services and /etc/nsinit say what is enabled",
		[TREAT_FOR_MANAGER] = "accepted, no effect: about a part of systemd that is not here",
		[TREAT_AS_IT_IS] = "accepted: it is so for every unit",
		[TREAT_COUNTED] = "accepted: counted for every service that has a cgroup of v2",
		[TREAT_HOLDS] = "accepted, no effect: not looked at, it always holds",
		[TREAT_MOUNTED] = "accepted: what /etc/fstab names is mounted before services start",
		[TREAT_ENVIRONMENT] = "accepted: services have all variables of nsinit",
		[TREAT_BUS] = "accepted, no effect: a service of Type=dbus counts as up when it runs",
		[TREAT_JOURNAL] = "accepted, no effect: there is no journal",
		[TREAT_SESSION] = "accepted, no effect: no PAM session is made; limits and groups are those of the file",
		[TREAT_UTMP] = "accepted, no effect: nobody keeps utmp",
		[TREAT_SCREEN] = "accepted, no effect: no screen is cleared",
		[TREAT_LOCKS] = "accepted, no effect: the kernel has no such limit",
		[TREAT_DIRECT] = "accepted: a restart is always direct, and no failure in between",
		[TREAT_WRITTEN] = "accepted: services have no dependencies but those that are written",
		[TREAT_PACKETS] = "accepted, no effect, which is said when the unit is loaded: packets are not filtered",
		[TREAT_NOT_YET] = "accepted, no effect yet, which is said when the unit is loaded",
	};

	return meanings[treatment];
}

void directive_list(struct out *out)
{
	for (size_t i = 0; i < directive_count; i++) {
		if (i == 0 || directives[i].section != directives[i - 1].section)
			out_print(out, "%s[%s]\n", i == 0 ? "" : "\n", directive_sections[directives[i].section]);
		out_print(out, "  %-30s %s\n", directives[i].name, directive_meaning(directives[i].treatment));
	}
}
