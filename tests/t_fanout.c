/* Several threads on one device, in a network namespace of the test's own. Needs root; skipped without. */
#include "config.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#ifdef HAVE_LINUX_IF_PACKET_H
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#endif

#include "capture/fanout.h"
#include "capture/source.h"
#include "model/capture_stats.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/err.h"

#ifdef HAVE_LINUX_IF_PACKET_H

#define SOCKETS 4
#define MACS "\2\0\0\0\0\5\2\0\0\0\0\1"
#define TALKS 64
#define MOST 40000
#define SIDES (65536 * 2)

/* What carries a TCP segment, and what differs between the two directions of one conversation. */
enum way { PLAIN4, OPTIONS4, PLAIN6, LABEL6, TAGGED, TWICE_TAGGED, VXLAN, IPIP, WAYS };

static const char *const way_name[] = { "IPv4", "IPv4 with options one way", "IPv6", "IPv6 with a flow label one way",
	"VLAN", "two VLAN tags", "VXLAN", "IP in IP" };

struct frame {
	uint8_t at[256];
	size_t n;
};

static void add(struct frame *f, const void *octets, size_t n)
{
	memcpy(f->at + f->n, octets, n);
	f->n += n;
}

static void add16(struct frame *f, unsigned v)
{
	uint8_t octets[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	add(f, octets, 2);
}

static void add32(struct frame *f, uint32_t v)
{
	add16(f, v >> 16);
	add16(f, v & 0xffff);
}

static void add_ether(struct frame *f, enum way way)
{
	add(f, MACS, 12);
	if (way == TWICE_TAGGED)
		add32(f, 0x88a80007);
	if (way == TAGGED || way == TWICE_TAGGED)
		add32(f, 0x81000008);
	add16(f, way == PLAIN6 || way == LABEL6 ? 0x86dd : 0x0800);
}

/* Client and server of a conversation are 10.0.0.2 and 10.0.0.1 or the like; `back`: from the server. */
static void add_ipv4(struct frame *f, uint32_t net, unsigned proto, bool back, bool options, unsigned length)
{
	add16(f, options ? 0x4700 : 0x4500);
	add16(f, length + (options ? 28 : 20));
	add32(f, 0x00014000);
	add16(f, 0x4000 | proto);
	add16(f, 0);
	add32(f, net + (back ? 1 : 2));
	add32(f, net + (back ? 2 : 1));
	if (options) {
		add32(f, 0x01010101);
		add32(f, 0x01010100);
	}
}

static void add_ipv6(struct frame *f, uint32_t label, bool back, unsigned length)
{
	add32(f, 0x60000000 | label);
	add16(f, length);
	add16(f, 0x0640);
	for (int i = 0; i < 2; i++) {
		add32(f, 0xfd000000);
		add32(f, 0);
		add32(f, 0);
		add32(f, back != (i == 0) ? 2 : 1);
	}
}

static void add_tcp(struct frame *f, unsigned talk, bool back, uint32_t seq)
{
	add16(f, back ? 80 : 40000 + talk);
	add16(f, back ? 40000 + talk : 80);
	add32(f, seq);
	add32(f, 1);
	add32(f, 0x50101000);
	add32(f, 0);
}

static struct frame make(enum way way, unsigned talk, bool back, uint32_t seq)
{
	struct frame f = { .n = 0 };

	add_ether(&f, way);
	switch (way) {
	case PLAIN6:
	case LABEL6:
		add_ipv6(&f, way == LABEL6 && back ? 0x12345 + talk : 0, back, 20);
		break;
	case VXLAN:
		/* The tunnel's ends choose their port by a hash of their own. */
		add_ipv4(&f, 0xc0a80000 + 4 * talk, 17, back, false, 8 + 8 + 14 + 40);
		add16(&f, back ? 50000 + talk : 60000 - 7 * talk);
		add16(&f, 4789);
		add16(&f, 8 + 8 + 14 + 40);
		add16(&f, 0);
		add32(&f, 0x08000000);
		add32(&f, 0x00002a00);
		add_ether(&f, PLAIN4);
		add_ipv4(&f, 0x0a000000, 6, back, false, 20);
		break;
	case IPIP:
		add_ipv4(&f, 0xc0a80000 + 4 * talk, 4, back, false, 40);
		add_ipv4(&f, 0x0a000000, 6, back, false, 20);
		break;
	case PLAIN4:
	case OPTIONS4:
	case TAGGED:
	case TWICE_TAGGED:
	case WAYS:
		add_ipv4(&f, 0x0a000000, 6, back, way == OPTIONS4 && back, 20);
		break;
	}
	add_tcp(&f, talk, back, seq);
	return f;
}

static int raw(const char *device, int protocol)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons((uint16_t)protocol) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	at.sll_ifindex = (int)if_nametoindex(device);
	assert_true(fd >= 0 && at.sll_ifindex > 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void emit(int fd, const struct frame *f)
{
	assert_int_equal(send(fd, f->at, f->n, 0), f->n);
}

/* Which of the sockets got the one packet that is on its way; the system itself may have things to say too. */
static int who_got_it(const int *fd)
{
	uint8_t octets[300];
	int who = -1;

	for (int tries = 0; tries < 1000 && who < 0; tries++) {
		for (int i = 0; i < SOCKETS; i++)
			if (recv(fd[i], octets, sizeof(octets), MSG_DONTWAIT) > 12 && memcmp(octets, MACS, 12) == 0) {
				assert_int_equal(who, -1);
				who = i;
			}
		if (who < 0)
			usleep(1000);
	}
	assert_true(who >= 0);
	return who;
}

/* fv1 is the device that is watched. What goes out there comes from its own end of the wire. */
static void check_way(const int *fd, int near, int far, enum way way)
{
	unsigned used = 0;

	for (unsigned t = 0; t < TALKS; t++) {
		struct frame there = make(way, t, false, 1), back = make(way, t, true, 1);
		int first, second, third;

		emit(far, &there);
		first = who_got_it(fd);
		emit(near, &back);
		second = who_got_it(fd);
		emit(far, &back);
		third = who_got_it(fd);
		if (first != second || first != third)
			fail_msg("%s, conversation %u: sockets %d %d %d", way_name[way], t, first, second, third);
		used |= 1u << first;
	}
	assert_int_equal(used, (1u << SOCKETS) - 1);
}

static void both_directions_meet(void **state)
{
	struct err err = ERR_INIT;
	int fd[SOCKETS], far = raw("fv0", 0), near = raw("fv1", 0);
	uint32_t group = 0;

	for (int i = 0; i < SOCKETS; i++) {
		fd[i] = raw("fv1", ETH_P_ALL);
		if (!fanout_join(fd[i], &group, false, &err))
			fail_msg("%s", err.text);
	}
	assert_int_not_equal(group, 0);
	for (int way = 0; way < WAYS; way++)
		check_way(fd, near, far, (enum way)way);
	for (int i = 0; i < SOCKETS; i++)
		close(fd[i]);
	close(near);
	close(far);
}

static struct source *open_threads(const char *device, unsigned threads, const char *filter, uint64_t buffer)
{
	struct live_conf conf = { .device = &device, .devices = 1, .threads = threads, .filter = filter, .buffer = buffer };
	struct err err = ERR_INIT;
	struct source *s = source_open_live(&conf, &err);

	if (!s)
		fail_msg("%s", err.text);
	return s;
}

static struct pkt got[2][MOST];

/* Reads until `want` packets are there or two seconds have passed without one. */
static size_t gather(struct source *s, struct pkt *pkt, size_t want)
{
	int64_t last = clock_monotonic();
	struct err err = ERR_INIT;
	size_t have = 0, n;

	while (have < want && clock_monotonic() - last < 2 * NS_PER_SEC) {
		enum source_state state = source_read(s, pkt + have, want - have, &n, &err);

		assert_true(state == SOURCE_READY || state == SOURCE_IDLE);
		have += n;
		if (n > 0)
			last = clock_monotonic();
		if (state == SOURCE_IDLE)
			source_wait(s, -1, 50);
	}
	return have;
}

/*
 * Those of a connection stand in order whatever happens. All together do too, unless a thread was not allowed to run for
 * longer than the others wait for it.
 */
static void check_order(const struct pkt *pkt, size_t n)
{
	static uint32_t last[2][TALKS];
	size_t steps_back = 0;

	memset(last, 0, sizeof(last));
	for (size_t i = 0; i < n; i++) {
		bool back = pkt[i].tuple.port[0] == 80;
		unsigned talk = pkt[i].tuple.port[back] - 40000;

		assert_true(talk < TALKS);
		steps_back += i > 0 && pkt[i].ts < pkt[i - 1].ts;
		assert_int_equal(pkt[i].seq, last[back][talk] + 1);
		last[back][talk]++;
	}
	assert_in_range(steps_back, 0, n / 100);
}

static void same_packets_in_order(void **state)
{
	struct source *one = open_threads("fv1", 1, "tcp", 0), *four = open_threads("fv1", SOCKETS, "tcp", 0);
	struct capture_stats stats[2] = { { 0 } };
	int far = raw("fv0", 0);
	size_t n = 2 * TALKS * 100;
	struct err err = ERR_INIT;

	assert_int_equal(source_read(four, got[1], MOST, &n, &err), SOURCE_IDLE);
	n = 2 * TALKS * 100;
	for (uint32_t seq = 1; seq <= 100; seq++)
		for (unsigned t = 0; t < TALKS; t++)
			for (int back = 0; back < 2; back++) {
				struct frame f = make(PLAIN4, t, back, seq);

				emit(far, &f);
			}
	assert_int_equal(gather(four, got[1], n), n);
	assert_int_equal(gather(one, got[0], n), n);
	check_order(got[0], n);
	check_order(got[1], n);
	source_stats(one, &stats[0]);
	source_stats(four, &stats[1]);
	assert_int_equal(stats[1].packets, n);
	assert_int_equal(stats[1].bytes, stats[0].bytes);
	assert_int_equal(stats[1].kernel_drops, 0);
	source_close(one);
	source_close(four);
	close(far);
}

/* All packets of one conversation come to one thread; the others have nothing to say. */
static void quiet_threads_hold_up_nobody(void **state)
{
	struct source *s = open_threads("fv1", 8, "tcp", 0);
	int far = raw("fv0", 0);
	struct frame f = make(PLAIN4, 3, false, 1);
	int64_t start;

	gather(s, got[0], 0);
	for (int i = 0; i < 5; i++) {
		start = clock_monotonic();
		emit(far, &f);
		assert_int_equal(gather(s, got[0], 1), 1);
		assert_true(clock_monotonic() - start < NS_PER_SEC / 2);
	}
	source_close(s);
	close(far);
}

static void filters_change_for_all(void **state)
{
	struct source *s = open_threads("fv1", SOCKETS, "port 40001", 0);
	int far = raw("fv0", 0);
	struct err err = ERR_INIT;

	for (int changed = 0; changed < 2; changed++) {
		for (unsigned t = 0; t < TALKS; t++) {
			struct frame f = make(PLAIN4, t, false, 1);

			emit(far, &f);
		}
		if (!changed) {
			assert_int_equal(gather(s, got[0], 1), 1);
			assert_int_equal(got[0][0].tuple.port[0], 40001);
			assert_false(source_filter(s, "nonsense", &err));
			assert_true(source_filter(s, "portrange 40032-40063", &err));
		}
	}
	assert_int_equal(gather(s, got[0], 33), 32);
	for (int i = 0; i < 32; i++)
		assert_true(got[0][i].tuple.port[0] >= 40032);
	source_close(s);
	close(far);
}

#define CONNECTIONS 150
#define PORT 8080

static struct sockaddr_in server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(PORT) };

	inet_pton(AF_INET, "10.9.0.2", &at.sin_addr);
	return at;
}

/* The other end, in a namespace of its own: answers with some octets, and ends every third connection with a reset. */
static void serve(int told, int tell)
{
	const struct linger hard = { .l_onoff = 1 };
	struct sockaddr_in at = server();
	static char octets[3000];
	int fd;

	alarm(60);
	if (unshare(CLONE_NEWNET) != 0 || write(tell, "1", 1) != 1 || read(told, octets, 1) != 1 ||
		system("ip addr add 10.9.0.2/24 dev fw0 && ip link set fw0 up") != 0)
		_exit(1);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, CONNECTIONS) != 0 || write(tell, "2", 1) != 1)
		_exit(2);
	for (int i = 0; i < CONNECTIONS; i++) {
		int one = accept(fd, NULL, NULL);

		if (read(one, octets, sizeof(octets)) <= 0 || write(one, octets, (size_t)(1 + 14 * i)) <= 0)
			_exit(3);
		if (i % 3 == 0)
			setsockopt(one, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
		close(one);
	}
	/* The devices go when this process does. */
	_exit(read(told, octets, 1) == 1 ? 0 : 4);
}

static void call(void)
{
	struct sockaddr_in at = server();
	char octets[3000] = "hello";

	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);

		assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof(at)), 0);
		assert_int_equal(write(fd, octets, (size_t)(1 + i)), 1 + i);
		while (read(fd, octets, sizeof(octets)) > 0)
			;
		close(fd);
	}
}

/* fw1 stays here, fw0 goes to the child, which ends when something is written to *let_go. */
static pid_t begin_server(int *let_go)
{
	int up[2], down[2];
	char command[200], octet;
	pid_t child;

	assert_int_equal(pipe(up) | pipe(down), 0);
	child = fork();
	if (child == 0)
		serve(down[0], up[1]);
	assert_int_equal(read(up[0], &octet, 1), 1);
	snprintf(command, sizeof(command), "ip link add fw0 type veth peer name fw1 && ip link set fw0 netns %d && "
		"ip addr add 10.9.0.1/24 dev fw1 && ip link set fw1 up", (int)child);
	assert_int_equal(system(command), 0);
	assert_int_equal(write(down[1], "1", 1), 1);
	assert_int_equal(read(up[0], &octet, 1), 1);
	*let_go = down[1];
	return child;
}

/*
 * What each side of each connection sent, in order, as one number. The two captures may see what crosses on the way in
 * different orders, as the kernel hands packets of two processors to each socket by itself.
 */
static void digest(const struct pkt *pkt, size_t n, uint64_t *of)
{
	memset(of, 0, SIDES * sizeof(*of));
	for (size_t i = 0; i < n; i++) {
		const struct pkt *p = &pkt[i];
		bool back = p->tuple.port[0] == PORT;
		uint64_t what = ((uint64_t)p->seq << 32 | p->ack) ^ ((uint64_t)p->len << 20 | (uint64_t)p->flags << 8 | back);
		uint64_t *side = &of[p->tuple.port[back] * 2 + back];

		*side = (*side ^ what) * UINT64_C(0x9e3779b97f4a7c15);
	}
}

static void real_connections_are_the_same(void **state)
{
	static uint64_t of[2][SIDES];
	int status = -1, let_go;
	pid_t child = begin_server(&let_go);
	struct source *one = open_threads("fw1", 1, "tcp", 0), *four = open_threads("fw1", SOCKETS, "tcp", 0);
	size_t n[2], connections = 0;

	call();
	n[1] = gather(four, got[1], MOST);
	n[0] = gather(one, got[0], MOST);
	assert_true(n[0] >= CONNECTIONS * 7);
	assert_int_equal(n[0], n[1]);
	for (int i = 0; i < 2; i++)
		digest(got[i], n[i], of[i]);
	assert_memory_equal(of[0], of[1], sizeof(of[0]));
	for (size_t port = 0; port < 65536; port++)
		connections += of[0][port * 2] && of[0][port * 2 + 1];
	assert_int_equal(connections, CONNECTIONS);
	source_close(one);
	source_close(four);
	assert_int_equal(write(let_go, "3", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* Nobody reads for a while: what did not fit is counted, and nothing twice. */
static void drops_add_up(void **state)
{
	struct source *s = open_threads("fv1", SOCKETS, "tcp", 4 << 20);
	struct capture_stats stats = { 0 };
	int far = raw("fv0", 0);
	size_t n = 0, some;
	struct err err = ERR_INIT;

	for (uint32_t i = 0; i < 60000; i++) {
		struct frame f = make(PLAIN4, i % TALKS, false, i);

		emit(far, &f);
	}
	while ((some = gather(s, got[0], MOST / 4)) > 0)
		n += some;
	source_read(s, got[0], MOST, &some, &err);
	source_stats(s, &stats);
	assert_true(stats.kernel_drops > 0);
	assert_int_equal(stats.packets, n);
	assert_int_equal(stats.packets + stats.kernel_drops, 60000);
	source_close(s);
	close(far);
}

/* What is sent on the loopback device is shown once, as with one thread. */
static void loopback_once(void **state)
{
	struct source *s = open_threads("lo", SOCKETS, "tcp port 4711", 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(4711) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(gather(s, got[0], 3), 2);
	assert_int_equal(got[0][0].flags & TCP_SYN, TCP_SYN);
	assert_int_equal(got[0][1].flags & TCP_RST, TCP_RST);
	close(fd);
	source_close(s);
}

static void saving_takes_one(void **state)
{
	char path[] = "/tmp/t_fanout.XXXXXX";
	const char *device = "fv1";
	struct live_conf conf = { .device = &device, .devices = 1, .threads = 4, .save = path };
	struct err err = ERR_INIT;
	int fd = mkstemp(path);
	struct source *s;
	size_t n;

	assert_true(fd >= 0);
	close(fd);
	s = source_open_live(&conf, &err);
	assert_non_null(s);
	assert_int_equal(source_read(s, got[0], MOST, &n, &err), SOURCE_WARNING);
	assert_string_equal(err.text, "one thread reads instead of 4: packets are saved in order");
	source_close(s);
	unlink(path);
}

static void device_goes_away(void **state)
{
	struct source *s = open_threads("fv1", SOCKETS, NULL, 0);
	int64_t until = clock_monotonic() + 5 * NS_PER_SEC;
	enum source_state how = SOURCE_IDLE;
	struct err err = ERR_INIT;
	size_t n;

	gather(s, got[0], 0);
	assert_int_equal(system("ip link del fv0"), 0);
	while ((how == SOURCE_IDLE || how == SOURCE_READY) && clock_monotonic() < until) {
		source_wait(s, -1, 50);
		how = source_read(s, got[0], MOST, &n, &err);
	}
	assert_int_equal(how, SOURCE_GONE);
	assert_non_null(strstr(err.text, "fv1: "));
	source_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_meet),
		cmocka_unit_test(same_packets_in_order),
		cmocka_unit_test(quiet_threads_hold_up_nobody),
		cmocka_unit_test(filters_change_for_all),
		cmocka_unit_test(real_connections_are_the_same),
		cmocka_unit_test(drops_add_up),
		cmocka_unit_test(loopback_once),
		cmocka_unit_test(saving_takes_one),
		cmocka_unit_test(device_goes_away),
	};

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0 ||
		system("ip link set lo up && ip link add fv0 type veth peer name fv1 2>/dev/null && "
		       "ip link set fv0 up && ip link set fv1 up && sleep 0.3") != 0) {
		fprintf(stderr, "needs root for a network namespace, and veth devices: skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 77;
}

#endif
