/* SPDX-License-Identifier: MIT
 *
 * The shortest program there is: whatever a start and an exit cost is the cost of who started it.
 */
int main(void)
{
	return 0;
}
