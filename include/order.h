/* SPDX-License-Identifier: MIT
 *
 * The order in which units start must have no cycle.
 */
#ifndef ORDER_H
#define ORDER_H

/* Finds cycles among After and Before, names each, and takes one edge out of it. How many there were. */
unsigned order_break_cycles(void);

#endif
