/* Capture from devices, in a network namespace of the test's own. Needs root; skipped without. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
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
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "capture/device.h"
#include "capture/privs.h"
#include "capture/source.h"
#include "model/capture_stats.h"
#include "packet/pkt.h"
#include "util/clock.h"
#include "util/err.h"
#include "util/str.h"

#define MOST 512

static struct pkt got[MOST];
static size_t got_n;

/* Reads until `want` packets came, the source is over, or five seconds have passed. */
static enum source_state gather(struct source *s, size_t want, struct err *err)
{
	int64_t until = clock_monotonic() + 5 * NS_PER_SEC;
	enum source_state state = SOURCE_IDLE;
	size_t n;

	got_n = 0;
	while (clock_monotonic() < until && (want == 0 || got_n < want)) {
		source_wait(s, -1, 20);
		state = source_read(s, got + got_n, MOST - got_n, &n, err);
		got_n += n;
		if (state != SOURCE_READY && state != SOURCE_IDLE)
			return state;
	}
	return state;
}

/* A SYN to a port where nobody listens, and the RST that answers it. */
static void knock(uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
}

static struct source *open_one(const char *device, const char *filter, struct err *err)
{
	struct live_conf conf = { .device = &device, .devices = 1, .filter = filter };

	return source_open_live(&conf, err);
}

static void loopback_up(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
}

static void no_device_of_its_own(void **state)
{
	struct err err = ERR_INIT;
	struct str name = STR_INIT;
	struct device *list;
	bool seen = false;
	size_t n;

	assert_false(device_default(&name, &err));
	assert_non_null(strstr(err.text, "-i"));
	loopback_up();
	assert_true(device_default(&name, &err));
	assert_string_equal(name.s, "lo");
	str_free(&name);
	assert_true(device_list(&list, &n, &err));
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, "lo") == 0 && list[i].loopback && list[i].up)
			seen = strstr(list[i].addresses, "127.0.0.1") != NULL;
	assert_true(seen);
	device_list_free(list, n);
}

static void sees_both_directions_soon(void **state)
{
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;
	struct source *s = open_one("lo", NULL, &err);
	int64_t start = clock_wall();

	assert_non_null(s);
	assert_true(s->live);
	knock(4711);
	assert_int_equal(gather(s, 2, &err) == SOURCE_READY || got_n == 2, 1);
	assert_true(clock_wall() - start < NS_PER_SEC);
	assert_int_equal(got_n, 2);
	assert_int_equal(got[0].flags & (TCP_SYN | TCP_ACK), TCP_SYN);
	assert_int_equal(got[0].tuple.port[1], 4711);
	assert_int_equal(got[1].flags & TCP_RST, TCP_RST);
	assert_true(got[0].ts >= start && got[1].ts >= got[0].ts && got[1].ts <= clock_wall());
	source_stats(s, &stats);
	assert_int_equal(stats.packets, 2);
	assert_int_equal(stats.kernel_drops, 0);
	assert_int_equal(stats.file_bytes_total, 0);
	source_close(s);
}

static void without_a_name(void **state)
{
	struct live_conf conf = { .devices = 0 };
	struct err err = ERR_INIT;
	struct source *s = source_open_live(&conf, &err);

	assert_non_null(s);
	assert_string_equal(source_input(s, 0), "lo");
	source_close(s);
}

static void any_device(void **state)
{
	struct err err = ERR_INIT;
	struct source *s = open_one("any", "tcp port 4712", &err);

	assert_non_null(s);
	knock(4712);
	gather(s, 2, &err);
	assert_true(got_n >= 2);
	assert_int_equal(got[0].tuple.port[1], 4712);
	source_close(s);
}

/* A datagram from a socket of its own to another, so that nobody answers. */
static void datagram(uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(to, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(sendto(from, "nothing", 7, 0, (struct sockaddr *)&at, sizeof(at)), 7);
	close(from);
	close(to);
}

/* How many packets of such traffic come: two are TCP, one could carry some, two are of no use. */
static uint64_t packets_of_mix(struct source *s)
{
	struct capture_stats before = { 0 }, after = { 0 };
	struct err err = ERR_INIT;

	source_stats(s, &before);
	datagram(53);
	datagram(4789);
	datagram(443);
	knock(4718);
	gather(s, 2, &err);
	assert_int_equal(got_n, 2);
	source_stats(s, &after);
	return after.packets - before.packets;
}

static void without_a_filter_only_what_is_of_use_leaves_the_kernel(void **state)
{
	static const char *const device = "lo";
	struct live_conf conf = { .device = &device, .devices = 1, .save = "/dev/null" };
	struct err err = ERR_INIT;
	struct source *s = open_one("lo", NULL, &err);

	assert_non_null(s);
	assert_int_equal(packets_of_mix(s), 3);
	assert_true(source_filter(s, "ip", &err));
	assert_int_equal(packets_of_mix(s), 5);
	assert_true(source_filter(s, " ", &err));
	assert_int_equal(packets_of_mix(s), 3);
	source_close(s);
	s = source_open_live(&conf, &err); /* all is saved */
	assert_non_null(s);
	assert_int_equal(packets_of_mix(s), 5);
	source_close(s);
}

static void tunnels_over_udp_leave_the_kernel(void **state)
{
	static const uint16_t ports[] = { 2152, 3544, 4789, 4790, 6081, 6635, 8472 };
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;
	struct source *s = open_one("lo", NULL, &err);

	assert_non_null(s);
	for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
		datagram(ports[i]);
	knock(4718);
	gather(s, 2, &err);
	source_stats(s, &stats);
	assert_int_equal(stats.packets, sizeof(ports) / sizeof(ports[0]) + 2);
	source_close(s);
}

static void filters(void **state)
{
	struct err err = ERR_INIT;
	struct source *s = open_one("lo", "port eighty", &err);

	assert_null(s);
	assert_non_null(strstr(err.text, "capture filter \"port eighty\": "));
	s = open_one("lo", "port 4713", &err);
	assert_non_null(s);
	assert_false(source_filter(s, "nonsense", &err));
	knock(4714);
	knock(4713);
	gather(s, 2, &err);
	assert_int_equal(got_n, 2);
	assert_int_equal(got[0].tuple.port[1], 4713);
	assert_true(source_filter(s, "port 4714", &err));
	knock(4713);
	knock(4714);
	gather(s, 2, &err);
	assert_int_equal(got_n, 2);
	assert_int_equal(got[0].tuple.port[1], 4714);
	source_close(s);
}

static void two_devices_are_merged(void **state)
{
	const char *const devices[] = { "lo", "any" };
	struct live_conf conf = { .device = devices, .devices = 2, .filter = "port 4715" };
	struct err err = ERR_INIT;
	struct source *s = source_open_live(&conf, &err);
	struct str text = STR_INIT;
	size_t from[2] = { 0, 0 };

	assert_non_null(s);
	source_describe(s, &text);
	assert_string_equal(text.s, "lo, any");
	str_free(&text);
	knock(4715);
	gather(s, 4, &err);
	assert_int_equal(got_n, 4);
	for (size_t i = 0; i < got_n; i++)
		from[got[i].source]++;
	assert_int_equal(from[0], 2);
	assert_int_equal(from[1], 2);
	source_close(s);
}

static void unknown_device(void **state)
{
	struct str text = STR_INIT;
	struct err err = ERR_INIT;

	assert_null(open_one("nosuch0", NULL, &err));
	assert_string_equal(err.text, "nosuch0: no such device");
	device_advice(&err, 0, NULL, &text);
	assert_non_null(strstr(text.s, " lo"));
	str_free(&text);
}

/* 0 when a user without rights is told so. */
static int try_as_nobody(void)
{
	struct str text = STR_INIT;
	struct err err = ERR_INIT;
	char name[] = "tcptop";
	char *argv[] = { name };

	if (!privs_drop(&err))
		return 1;
	if (open_one("lo", NULL, &err) || err.code != EPERM)
		return 2;
	if (strncmp(err.text, "lo: no permission to capture", 28) != 0)
		return 3;
	device_advice(&err, 1, argv, &text);
	if (!strstr(text.s, "sudo setcap cap_net_raw+ep") || !strstr(text.s, "sudo tcptop\n"))
		return 4;
	if (open_one("nosuch0", NULL, &err) || err.code != ENODEV)
		return 5;
	str_free(&text);
	return 0;
}

/* 0 when a device that was open stays usable, filter and statistics included. */
static int drop_and_go_on(struct source *s)
{
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;

	if (!privs_drop(&err))
		return 1;
	if (!source_filter(s, "port 4716", &err))
		return 2;
	knock(4717);
	knock(4716);
	gather(s, 2, &err);
	if (got_n != 2 || got[0].tuple.port[1] != 4716)
		return 3;
	source_stats(s, &stats);
	return stats.packets == 2 ? 0 : 4;
}

static int status_of(pid_t child)
{
	int status = -1;

	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void rights(void **state)
{
	struct err err = ERR_INIT;
	struct source *s = open_one("lo", NULL, &err);
	pid_t child = fork();

	if (child == 0)
		_exit(try_as_nobody());
	assert_int_equal(status_of(child), 0);
	child = fork();
	if (child == 0)
		_exit(drop_and_go_on(s));
	assert_int_equal(status_of(child), 0);
	source_close(s);
}

static void saved(void **state)
{
	char path[] = "/tmp/t_live.XXXXXX";
	const char *file = path, *device = "lo";
	struct live_conf conf = { .device = &device, .devices = 1, .save = path };
	struct files_conf read_back = { .file = &file, .files = 1 };
	struct err err = ERR_INIT;
	struct source *s;
	struct pkt first;
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	s = source_open_live(&conf, &err);
	assert_non_null(s);
	knock(4718);
	gather(s, 2, &err);
	first = got[0];
	source_close(s);
	s = source_open_files(&read_back, &err);
	assert_non_null(s);
	assert_int_equal(gather(s, 0, &err), SOURCE_END);
	assert_int_equal(got_n, 2);
	assert_int_equal(got[0].ts, first.ts);
	assert_int_equal(got[0].tuple.port[1], 4718);
	source_close(s);
	unlink(path);
}

static void drops_are_counted(void **state)
{
	const char *device = "lo";
	struct live_conf conf = { .device = &device, .devices = 1, .buffer = 1 << 21 };
	struct capture_stats stats = { 0 };
	struct err err = ERR_INIT;
	struct source *s = source_open_live(&conf, &err);
	size_t n;

	assert_non_null(s);
	for (int i = 0; i < 20000; i++)
		knock(4720);
	while (source_read(s, got, MOST, &n, &err) == SOURCE_READY)
		;
	source_stats(s, &stats);
	assert_true(stats.kernel_drops > 0);
	assert_int_equal(stats.packets + stats.kernel_drops, 40000);
	source_close(s);
}

static void device_goes_away(void **state)
{
	struct err err = ERR_INIT;
	struct source *s;

	if (system("ip link add tv0 type veth peer name tv1 2>/dev/null && ip link set tv0 up") != 0)
		skip();
	s = open_one("tv0", NULL, &err);
	assert_non_null(s);
	assert_int_equal(system("ip link del tv0"), 0);
	assert_int_equal(gather(s, 1000, &err), SOURCE_GONE);
	assert_non_null(strstr(err.text, "tv0: "));
	source_close(s);
}

static void device_goes_down_and_comes_back(void **state)
{
	const char *const devices[] = { "lo" };
	struct live_conf conf = { .device = devices, .devices = 1, .filter = "tcp" };
	struct err err = ERR_INIT;
	struct source *s = source_open_live(&conf, &err);
	size_t n;

	assert_non_null(s);
	if (system("ip link set lo down 2>/dev/null") != 0)
		skip();
	for (int i = 0; i < 5; i++) {
		source_wait(s, -1, 10);
		assert_int_equal(source_read(s, got, MOST, &n, &err), SOURCE_IDLE);
	}
	loopback_up();
	knock(4719);
	gather(s, 2, &err);
	assert_int_equal(got_n, 2);
	source_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_device_of_its_own),
		cmocka_unit_test(sees_both_directions_soon),
		cmocka_unit_test(without_a_name),
		cmocka_unit_test(any_device),
		cmocka_unit_test(without_a_filter_only_what_is_of_use_leaves_the_kernel),
		cmocka_unit_test(tunnels_over_udp_leave_the_kernel),
		cmocka_unit_test(filters),
		cmocka_unit_test(two_devices_are_merged),
		cmocka_unit_test(unknown_device),
		cmocka_unit_test(rights),
		cmocka_unit_test(saved),
		cmocka_unit_test(drops_are_counted),
		cmocka_unit_test(device_goes_away),
		cmocka_unit_test(device_goes_down_and_comes_back),
	};

	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
		fprintf(stderr, "needs root for a network namespace: skipped\n");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
