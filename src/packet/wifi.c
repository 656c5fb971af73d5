/* IEEE 802.11 data frames. The header's length depends on five of its bits, and drivers may pad it. */
#include "config.h"

#include "packet/wifi.h"

#define HEADER 24
#define LLC_SNAP 0xaaaa

/* Bits of the frame control field as the first and the second octet. */
enum { TYPE_MASK = 0x0c, TYPE_DATA = 0x08, SUBTYPE_NO_DATA = 0x40, SUBTYPE_QOS = 0x80 };
enum {
	DISTRIBUTION_BOTH = 0x03,
	PROTECTED = 0x40,
	HT_CONTROL = 0x80
};
#define QOS_AGGREGATE 0x80

enum drop wifi(struct walk *w)
{
	uint8_t control = cur_peek(&w->c, 0);
	const uint8_t *h;
	size_t more = 0;

	if (w->c.left && (control & TYPE_MASK) != TYPE_DATA)
		return DROP_NOT_IP;
	h = cur_take(&w->c, HEADER);
	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	if (control & SUBTYPE_NO_DATA)
		return DROP_NOT_IP;
	if (h[1] & PROTECTED)
		return DROP_OPAQUE;
	if (h[22] & 0x0f) /* a later fragment */
		return DROP_IP_FRAGMENT;
	if ((h[1] & DISTRIBUTION_BOTH) == DISTRIBUTION_BOTH)
		more += 6;
	if (control & SUBTYPE_QOS) {
		if (cur_peek(&w->c, more) & QOS_AGGREGATE)
			return DROP_LINK_UNKNOWN;
		more += h[1] & HT_CONTROL ? 6 : 2;
	}
	/* Some drivers align what follows to four octets. */
	if ((HEADER + more) % 4 && cur_peek16(&w->c, more) != LLC_SNAP &&
		cur_peek16(&w->c, more + 2) == LLC_SNAP)
		more += 2;
	cur_skip(&w->c, more);
	return link_llc(w);
}

enum drop wifi_radiotap(struct walk *w)
{
	const uint8_t *h = cur_take(&w->c, 8);
	size_t size = le16(h + 2);

	if (!cur_ok(&w->c))
		return DROP_LINK_SHORT;
	if (h[0] != 0 || size < 8)
		return DROP_LINK_UNKNOWN;
	cur_skip(&w->c, size - 8);
	return wifi(w);
}
