/*
 * libpcap reads files with fread(), which waits until it has all it asked for: fatal for a live
 * pipe, where the packets that did come would wait with it. So bytes gather here, and libpcap is
 * called only for packets that are whole, and given no more than them. All that is parsed is how
 * long things are; what they mean is libpcap's. The packets of plain files are taken out past it,
 * since its two fread() a packet cost more than decoding one, and pcapng files altogether, since it
 * stops where a second link type begins.
 */
#include "config.h"

#include "capture/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/handles.h"
#include "capture/pcapng.h"
#include "util/err.h"
#include "util/mem.h"

#define SPOOL_READ ((size_t)256 * 1024)	   /* octets asked for at once: they stay in a cache */
#define PIPE_ROOM (1024 * 1024)		   /* octets that wait in a pipe: what everybody may ask for */
#define STREAM_BUFFER ((size_t)64 * 1024) /* of stdio, on top of that */
#define SPOOL_MOST ((size_t)64 * 1024 * 1024) /* without a whole packet: no capture file */

#define PCAP_HEADER 24 /* octets of a pcap file's header */
#define PCAP_MICRO 0xa1b2c3d4
#define PCAP_NANO 0xa1b23c4d

enum spool_form {
	FORM_UNKNOWN, /* fewer than four octets so far */
	FORM_PCAP,
	FORM_PCAPNG,
	FORM_OTHER
};

/* Which of the two lengths of a pcap packet says what follows: they have changed places over time. */
enum spool_length {
	LENGTH_FIRST,
	LENGTH_SECOND, /* before 2.3 */
	LENGTH_SMALLER /* 2.3: either */
};

struct spool {
	int fd;			 /* of a pipe */
	struct handle *handle;	 /* of a file, borrowed; NULL: none */
	off_t at;		 /* where in it to read on */
	uint8_t head[SPOOL_HEAD]; /* its first octets */
	bool ended;		 /* end of file or error */
	enum spool_form form;
	bool swapped;		 /* numbers are in the other byte order than ours */
	size_t record;		 /* octets of a pcap packet's header */
	enum spool_length length;
	int plain_ns;
	size_t size;		 /* octets asked for at once */
	int error;		 /* errno of the read() that ended it, or 0 */
	bool regular;		 /* a file: always readable */
	uint8_t *buf;
	size_t start, end, room; /* octets from start to end are waiting */
	size_t limit;		 /* libpcap may have those before it */
	uint64_t taken;
};

/* Two threads and a program before the pipe hand each other as much as they can before one has to sleep. */
static void widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
	if (fcntl(fd, F_GETPIPE_SZ) < PIPE_ROOM)
		(void)fcntl(fd, F_SETPIPE_SZ, PIPE_ROOM);
#else
	(void)fd;
#endif
}

struct spool *spool_new(int fd, size_t size)
{
	struct spool *s = mem_alloc(sizeof(*s));
	struct stat st;

	s->fd = fd;
	s->size = size ? size : SPOOL_READ;
	s->regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (!s->regular)
		widen_pipe(fd);
	return s;
}

struct spool *spool_new_file(struct handle *handle, size_t size)
{
	struct spool *s = mem_alloc(sizeof(*s));

	s->fd = -1;
	s->handle = handle;
	s->size = size;
	s->regular = true;
	return s;
}

static uint32_t number_at(const struct spool *s, size_t at, bool swapped)
{
	uint32_t v;

	memcpy(&v, s->buf + at, sizeof(v));
	return swapped ? __builtin_bswap32(v) : v;
}

static void find_form(struct spool *s)
{
	static const struct {
		uint32_t magic;
		size_t record;
	} kinds[] = { { PCAP_MICRO, 16 }, { PCAP_NANO, 16 }, { 0xa1b2cd34, 24 } };
	uint32_t magic;

	if (s->form != FORM_UNKNOWN)
		return;
	memcpy(s->head, s->buf, s->end < SPOOL_HEAD ? s->end : SPOOL_HEAD);
	if (s->end - s->start < sizeof(magic))
		return;
	magic = number_at(s, s->start, false);
	s->form = magic == PCAPNG_MAGIC ? FORM_PCAPNG : FORM_OTHER;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (magic != kinds[i].magic && magic != __builtin_bswap32(kinds[i].magic))
			continue;
		s->form = FORM_PCAP;
		s->swapped = magic != kinds[i].magic;
		s->record = kinds[i].record;
	}
}

static void make_room(struct spool *s)
{
	if (s->start > 0) {
		memmove(s->buf, s->buf + s->start, s->end - s->start);
		s->end -= s->start;
		s->limit -= s->start;
		s->start = 0;
	}
	if (s->room - s->end < s->size) {
		s->room = s->end + s->size;
		s->buf = mem_grow(s->buf, s->room, 1);
	}
}

static ssize_t read_some(struct spool *s, uint8_t *to, size_t n)
{
	int fd;

	if (!s->handle)
		return read(s->fd, to, n);
	fd = handle_fd(s->handle);
	return fd < 0 ? -1 : pread(fd, to, n, s->at);
}

/* One read(); false when there was nothing or it is over. */
static bool take_in(struct spool *s)
{
	ssize_t n;

	make_room(s);
	n = read_some(s, s->buf + s->end, s->room - s->end);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n <= 0) {
		s->error = n < 0 ? errno : 0;
		s->ended = true;
		return false;
	}
	s->end += (size_t)n;
	s->at += n;
	find_form(s);
	return true;
}

/* Asks poll() rather than O_NONBLOCK, which would change the pipe for whoever shares it. */
static bool readable(const struct spool *s)
{
	struct pollfd fd = { .fd = s->fd, .events = POLLIN };

	return s->regular || poll(&fd, 1, 0) > 0;
}

bool spool_fill(struct spool *s)
{
	size_t before = s->end - s->start;

	do {
		if (s->ended || !readable(s) || !take_in(s))
			break;
	} while (s->end - s->start < s->size);
	if (s->end - s->start > SPOOL_MOST)
		s->ended = true;
	return s->end - s->start > before;
}

/* No more is taken in; what there is, is for libpcap to make sense of or to complain about. */
static size_t give_up(struct spool *s, size_t n)
{
	s->ended = true;
	s->limit = s->end;
	return n;
}

static uint32_t pcap_captured(const struct spool *s, size_t at)
{
	uint32_t first = number_at(s, at + 8, s->swapped);
	uint32_t second = number_at(s, at + 12, s->swapped);

	if (s->length == LENGTH_SMALLER)
		return second < first ? second : first;
	return s->length == LENGTH_FIRST ? first : second;
}

static size_t pcap_packets(struct spool *s, size_t most)
{
	size_t at = s->start, n = 0;
	uint32_t captured;

	while (n < most && s->end - at >= s->record) {
		captured = pcap_captured(s, at);
		if (captured > SPOOL_MOST)
			return give_up(s, n + 1);
		if (s->end - at - s->record < captured)
			break;
		at += s->record + captured;
		n++;
		s->limit = at;
	}
	return n;
}

/* libpcap knows what other versions, longer headers of packets and the other byte order ask for. */
static int plain_ns(const struct spool *s)
{
	static const uint16_t version[2] = { 2, 4 };

	if (s->swapped || s->record != 16 || memcmp(s->buf + s->start + 4, version, sizeof(version)) != 0)
		return 0;
	return number_at(s, s->start, false) == PCAP_NANO ? 1 : 1000;
}

static bool pcap_header(struct spool *s)
{
	uint8_t low;

	if (s->end - s->start < PCAP_HEADER)
		return false;
	s->plain_ns = plain_ns(s);
	/* The minor version, of 16 bits in the file's order. */
	low = s->buf[s->start + (s->buf[s->start] == 0xa1 ? 7 : 6)];
	s->length = low < 3 ? LENGTH_SECOND : low == 3 ? LENGTH_SMALLER : LENGTH_FIRST;
	s->limit = s->start + PCAP_HEADER;
	return true;
}

bool spool_has_header(struct spool *s)
{
	if (s->ended)
		return give_up(s, true);
	switch (s->form) {
	case FORM_UNKNOWN:
		return false;
	case FORM_PCAP:
		return pcap_header(s);
	case FORM_PCAPNG:
	case FORM_OTHER:
		break;
	}
	return give_up(s, true);
}

size_t spool_packets(struct spool *s, size_t most)
{
	if (s->ended)
		return give_up(s, most);
	switch (s->form) {
	case FORM_PCAP:
		return pcap_packets(s, most);
	case FORM_UNKNOWN:
	case FORM_PCAPNG:
	case FORM_OTHER:
		break;
	}
	return give_up(s, most);
}

int spool_plain_ns(const struct spool *s)
{
	return s->plain_ns;
}

size_t spool_look(const struct spool *s, const uint8_t **at)
{
	*at = s->buf + s->start;
	return s->end - s->start;
}

void spool_skip(struct spool *s, size_t n)
{
	s->start += n;
	s->taken += n;
	if (s->limit < s->start)
		s->limit = s->start;
}

bool spool_is_pcapng(const struct spool *s)
{
	return s->form == FORM_PCAPNG;
}

bool spool_is_over(const struct spool *s)
{
	return s->ended;
}

int spool_error(const struct spool *s)
{
	return s->error;
}

int spool_fd(const struct spool *s)
{
	return s->fd;
}

const uint8_t *spool_head(const struct spool *s)
{
	return s->head;
}

uint64_t spool_taken(const struct spool *s)
{
	return s->taken;
}

/*
 * Not an octet beyond what was promised, or stdio would keep it where it cannot be seen. What
 * reading failed for is told behind the last octet.
 */
static ssize_t stream_read(void *cookie, char *to, size_t n)
{
	struct spool *s = cookie;

	if (s->start == s->end && s->error) {
		errno = s->error;
		return -1;
	}
	if (n > s->limit - s->start)
		n = s->limit - s->start;
	memcpy(to, s->buf + s->start, n);
	s->start += n;
	s->taken += n;
	return (ssize_t)n;
}

void spool_free(struct spool *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	mem_free(s->buf);
	mem_free(s);
}

static int stream_close(void *cookie)
{
	spool_free(cookie);
	return 0;
}

FILE *spool_stream(struct spool *s, struct err *err)
{
	cookie_io_functions_t how = { .read = stream_read, .close = stream_close };
	FILE *f = fopencookie(s, "r", how);

	if (!f) {
		err_set_errno(err, errno, "cannot read a pipe");
		return NULL;
	}
	setvbuf(f, NULL, _IOFBF, STREAM_BUFFER);
	return f;
}
