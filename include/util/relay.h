/*
 * Numbered places that go round between two threads: one fills them, the other empties them, in
 * order. What lies in them is the threads' own affair. Costs two atomic operations a place; a
 * thread that has nothing to do sleeps, and is woken when there is enough to be worth it.
 */
#ifndef TCPTOP_UTIL_RELAY_H
#define TCPTOP_UTIL_RELAY_H

#include <stdbool.h>
#include <stddef.h>

struct relay; /* opaque */

#define RELAY_CLOSED ((size_t)-1)

/* Places 0 to `places` - 1; at least 2. It is held: relay_release() sets it going. */
struct relay *relay_new(size_t places);
/* NULL is fine. Both threads must be done with it. */
void relay_free(struct relay *r);

/* The filler's: the next place to fill; waits while there is none. RELAY_CLOSED once it was closed. */
size_t relay_fill(struct relay *r);
/*
 * The place is full. With `pause` the other thread is woken for it at once, and the next
 * relay_fill() waits until every place has been emptied: until then the filler does nothing.
 */
void relay_filled(struct relay *r, bool pause);

/* The emptier's: whether there is a full place, so that relay_take() would not wait. */
bool relay_has(const struct relay *r);
/* The emptier's: the oldest full place; waits for one. RELAY_CLOSED once it was closed. */
size_t relay_take(struct relay *r);
/* That place may be filled again. */
void relay_emptied(struct relay *r);

/*
 * The emptier's: returns when the filler waits inside relay_fill() or never will again; it stays
 * there until the release.
 */
void relay_hold(struct relay *r);
void relay_release(struct relay *r);

/* The filler's last call: it fills no more. */
void relay_leave(struct relay *r);
/* The emptier's: nobody waits any more. */
void relay_close(struct relay *r);

#endif
