#include "config.h"

#include "capture/nap.h"

#define WORTH 256 /* packets */
#define MOST_MS 50 /* what the screen may lag */
#define LEAST_MOST_MS 10
/*
 * 1 ms for so much buffer: more than what a link of 10 Gbit/s fills in that time with the smallest
 * packets ...
 */
#define BUFFER_MS ((uint64_t)4 * 1024 * 1024)
#define QUIET_MS ((uint64_t)1024 * 1024) /* ... and, where few came before, with longer ones */
#define PACKET_HEAD 128 /* octets of the buffer that a packet takes besides its own, at most */

void nap_for(struct nap *n, uint64_t buffer, unsigned snaplen)
{
	uint64_t ms = buffer / BUFFER_MS, longest = MOST_MS, most = buffer / 4 / (snaplen + PACKET_HEAD);

	if (buffer / QUIET_MS < longest)
		longest = buffer / QUIET_MS;
	ms = ms < LEAST_MOST_MS ? ms : LEAST_MOST_MS;
	if (n->most == 0 || (int)ms < n->least_ms)
		n->least_ms = (int)ms;
	if (n->most == 0 || (int)longest < n->most_ms)
		n->most_ms = (int)longest;
	if (n->most == 0 || most < n->most)
		n->most = (size_t)most + 1;
}

/* Twice as long as the last one, as long as that would leave three quarters of the buffer empty. */
static int next_ms(const struct nap *n, size_t came)
{
	int ms = n->ms;

	if (came > n->most)
		ms /= 2;
	else if (came <= n->most / 2)
		ms *= 2;
	return ms < n->least_ms ? n->least_ms : ms > n->most_ms ? n->most_ms : ms;
}

int nap_length(struct nap *n, size_t came, int timeout_ms)
{
	if (came < WORTH || n->least_ms == 0 || timeout_ms < n->least_ms)
		n->ms = 0;
	else {
		n->ms = next_ms(n, came);
		n->ms = n->ms < timeout_ms ? n->ms : timeout_ms;
	}
	return n->ms;
}

void nap_was_cut(struct nap *n)
{
	n->ms = 0;
}
