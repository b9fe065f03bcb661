/* SPDX-License-Identifier: MIT
 *
 * The steps in the life of a service. service.c says which event leads to which; each leaves the unit in a state that waits for an event.
 */
#ifndef LIFE_H
#define LIFE_H

#include "units.h"

/* stage.c: what all states share. */

/* The unit enters the state; EVENT_TIME comes in timeout_ms, -1: never. */
void life_set_state(struct unit *unit, enum unit_state state, int64_t timeout_ms);

/* Why it failed; the first reason counts. */
void life_note(struct unit *unit, enum unit_result result);

/* Says how a process of it has ended, as far as that is no success. */
void life_say_end(const struct unit *unit, const char *what, int status);

/* How a process has ended, by its wait(2) status. A daemon that ends by a signal that asks for it has done well. */
enum unit_result life_judge(struct unit *unit, int status, bool daemon);

bool life_has_status(const struct status_set *set, int status);

/* True if the command's failure is none. */
bool life_may_fail(const struct setting *setting);

/* Enters a state in which commands run, with the first of them. */
void life_enter_stage(struct unit *unit, enum unit_state state);
void life_command_ended(struct unit *unit);
void life_command_timed_out(struct unit *unit);

/* Sends the signal to the unit's processes and enters the state in which their end is waited for. */
void life_enter_signal(struct unit *unit, enum unit_state state, int signal);

/* start.c */
void life_begin(struct unit *unit);
void life_condition_said_no(struct unit *unit);
void life_enter_start_pre(struct unit *unit);
void life_start_failed(struct unit *unit);
void life_enter_start(struct unit *unit);
void life_main_ended_in_start(struct unit *unit);
void life_parent_ended(struct unit *unit);
void life_start_time_is_over(struct unit *unit);
void life_is_ready(struct unit *unit);

/* running.c */
void life_enter_running(struct unit *unit);
void life_main_ended(struct unit *unit);
void life_all_gone(struct unit *unit);
void life_main_ended_in_stop(struct unit *unit);
void life_look_again(struct unit *unit);
void life_runtime_is_over(struct unit *unit);
void life_time(struct unit *unit);
void life_lacks_memory(struct unit *unit);
void life_dog_bites(struct unit *unit);
void life_reload(struct unit *unit);
void life_is_reloading(struct unit *unit);
void life_has_reloaded(struct unit *unit);

/* stop.c */
void life_stop(struct unit *unit);
void life_stop_start(struct unit *unit);
void life_will_stop(struct unit *unit);
void life_enter_term(struct unit *unit);
void life_enter_stop_post(struct unit *unit);
void life_term_time_is_over(struct unit *unit);
void life_kill_time_is_over(struct unit *unit);
void life_enter_final(struct unit *unit);
void life_final_term_is_over(struct unit *unit);
void life_enter_dead(struct unit *unit);
void life_give_up(struct unit *unit);

#endif
