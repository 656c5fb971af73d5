/*
 * Sends a capture through a pair of virtual devices at a steady rate while programs capture at the other end, in turns:
 *
 *	bench_live CAPTURE full|cut SECONDS ROUNDS RATES NAME COMMAND ...
 *
 * The devices bl0 (sends) and bl1 (is watched) are in a network namespace that lives as long as this program. RATES
 * are packets a second, rising: the first program says which is the highest that it stands without a loss, and there all
 * programs are compared. With one rate only there is nothing to find out. Sender and program each have a processor of their
 * own. full: frames are as long as they were on the wire (zeros behind what was captured); cut: as captured.
 *
 * Longest work is the median over all rounds of the longest processor time between two reads of the device.
 * A command ends at SIGINT, has a terminal of 160 columns and 50 lines, and says on standard error, if it can,
 * "N packets captured" and "N packets dropped by kernel". What is left of its words is printed with -v in front.
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <pcap/pcap.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 99
#define PROGRAMS_MAX 8
#define RATES_MAX 32
#define AT_ONCE 32
#define SETTLE_MS 500 /* before and after the packets */

struct frame {
	uint32_t at, captured, wire;
};

struct program {
	const char *name, *command;
	double cpu[ROUNDS_MAX], user[ROUNDS_MAX]; /* ns a packet; cpu: user and system */
	double got[ROUNDS_MAX], dropped[ROUNDS_MAX]; /* packets; -1: it does not say */
	double sent[ROUNDS_MAX], rate[ROUNDS_MAX];
	double busy[ROUNDS_MAX]; /* ms: the longest time between two reads; -1: it does not say */
	char words[2048];
};

static struct frame *frame;
static uint8_t *octets;
static size_t frames, octets_used, octets_room;
static bool full, verbose;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

static void pin(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (sched_setaffinity(0, sizeof(set), &set) != 0)
		fprintf(stderr, "bench_live: no processor %d of its own\n", processor);
}

static void load_frame(const struct pcap_pkthdr *h, const u_char *data)
{
	if (octets_used + h->caplen > octets_room) {
		octets_room = 2 * octets_room + h->caplen;
		octets = realloc(octets, octets_room);
	}
	frame = realloc(frame, (frames + 1) * sizeof(*frame));
	if (!octets || !frame)
		die("bench_live");
	memcpy(octets + octets_used, data, h->caplen);
	frame[frames++] = (struct frame){ (uint32_t)octets_used, h->caplen, h->len };
	octets_used += h->caplen;
}

static void load(const char *path, size_t most)
{
	char words[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(path, words);
	struct pcap_pkthdr *h;
	const u_char *data;

	if (!p) {
		fprintf(stderr, "bench_live: %s\n", words);
		exit(1);
	}
	while (frames < most && octets_used < UINT32_MAX / 2 && pcap_next_ex(p, &h, &data) == 1)
		load_frame(h, data);
	pcap_close(p);
}

static int open_sender(void)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET };
	int fd = socket(AF_PACKET, SOCK_RAW, 0), yes = 1;

	at.sll_ifindex = (int)if_nametoindex("bl0");
	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		die("bl0");
	(void)setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &yes, sizeof(yes));
	return fd;
}

static void wait_until(double when)
{
	double left;

	while ((left = when - seconds()) > 0)
		if (left > 2e-4)
			usleep((useconds_t)(left * 5e5));
}

static void fill(struct mmsghdr *m, struct iovec (*v)[2], size_t from, size_t n)
{
	static const uint8_t zeros[65536];

	memset(m, 0, n * sizeof(*m));
	for (size_t i = 0; i < n; i++) {
		const struct frame *f = &frame[from + i];

		v[i][0] = (struct iovec){ octets + f->at, f->captured };
		v[i][1] = (struct iovec){ (void *)(uintptr_t)zeros, f->wire - f->captured };
		m[i].msg_hdr.msg_iov = v[i];
		m[i].msg_hdr.msg_iovlen = full && f->wire > f->captured && f->wire <= 65535 ? 2 : 1;
	}
}

/* How many were sent, and in *rate how fast. A capture is not sent twice: its connections would come back. */
static double send_all(double rate, double length, double *got_rate)
{
	double begin = seconds(), most = rate * length;
	struct mmsghdr m[AT_ONCE];
	struct iovec v[AT_ONCE][2];
	int fd = open_sender();
	size_t sent = 0;

	pin(1);
	while (sent < frames && (double)sent < most && seconds() - begin < 2 * length) {
		size_t n = frames - sent < AT_ONCE ? frames - sent : AT_ONCE;
		int done;

		fill(m, v, sent, n);
		done = sendmmsg(fd, m, (unsigned)n, 0);
		if (done > 0)
			sent += (size_t)done;
		else if (errno != ENOBUFS && errno != EINTR)
			die("sending");
		wait_until(begin + (double)sent / rate);
	}
	*got_rate = (double)sent / (seconds() - begin);
	close(fd);
	return (double)sent;
}

static atomic_bool draining;

static void *drain(void *arg)
{
	int fd = *(int *)arg;
	char text[4096];
	ssize_t n = 1;

	pin(1);
	while (atomic_load(&draining)) {
		n = read(fd, text, sizeof(text));
		if (n <= 0)
			sleep_ms(10);
	}
	return NULL;
}

static void child(const char *command, int terminal, int words)
{
	struct winsize size = { .ws_row = 50, .ws_col = 160 };
	int fd;

	setsid();
	fd = open(ptsname(terminal), O_RDWR);
	ioctl(fd, TIOCSWINSZ, &size);
	dup2(fd, STDIN_FILENO);
	dup2(fd, STDOUT_FILENO);
	dup2(words, STDERR_FILENO);
	setenv("TERM", "xterm-256color", 1);
	pin(0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

/* The number in front of these words, -1 when they are not there. */
static double number_before(const char *text, const char *words)
{
	const char *at = strstr(text, words);

	if (!at || at == text)
		return -1;
	while (at > text && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtod(at, NULL);
}

static double ms_after(const char *text, const char *words)
{
	const char *at = strstr(text, words);

	return at ? strtod(at + strlen(words), NULL) : -1;
}

static bool somebody_captures(void)
{
	FILE *f = fopen("/proc/thread-self/net/packet", "r");
	char line[256];
	int lines = 0;

	while (f && fgets(line, sizeof(line), f))
		lines++;
	if (f)
		fclose(f);
	return lines > 1;
}

static void take_words(struct program *p, FILE *words)
{
	size_t n;

	rewind(words);
	n = fread(p->words, 1, sizeof(p->words) - 1, words);
	p->words[n] = '\0';
	fclose(words);
}

static void run(struct program *p, int round, double rate, double length)
{
	FILE *words = tmpfile();
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK), status;
	struct rusage used;
	pthread_t thread;
	pid_t pid;

	if (!words || terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
		die("bench_live");
	/* A program may open it once more by name. */
	(void)fcntl(fileno(words), F_SETFL, O_APPEND);
	pid = fork();
	if (pid == 0)
		child(p->command, terminal, fileno(words));
	atomic_store(&draining, true);
	if (pid < 0 || pthread_create(&thread, NULL, drain, &terminal) != 0)
		die("bench_live");
	for (int i = 0; i < 100 && !somebody_captures(); i++)
		sleep_ms(20);
	sleep_ms(SETTLE_MS);
	p->sent[round] = send_all(rate, length, &p->rate[round]);
	sleep_ms(SETTLE_MS);
	kill(pid, SIGINT);
	if (wait4(pid, &status, 0, &used) != pid)
		die("wait4");
	atomic_store(&draining, false);
	pthread_join(thread, NULL);
	close(terminal);
	take_words(p, words);
	p->got[round] = number_before(p->words, " packets captured");
	p->dropped[round] = number_before(p->words, " packets dropped by kernel");
	p->busy[round] = ms_after(p->words, "between two of them at most ");
	p->user[round] = ((double)used.ru_utime.tv_sec * 1e9 + (double)used.ru_utime.tv_usec * 1e3) / p->sent[round];
	p->cpu[round] = p->user[round] +
		((double)used.ru_stime.tv_sec * 1e9 + (double)used.ru_stime.tv_usec * 1e3) / p->sent[round];
	if (verbose || status != 0)
		fprintf(stderr, "%s (status %d):\n%s\n", p->name, status, p->words);
}

static void print_round(const struct program *p, int r)
{
	printf("  %-14s %9.0f a second, sent %8.0f, captured %8.0f, dropped %7.0f, %6.1f ns a packet (user %6.1f)\n",
		p->name, p->rate[r], p->sent[r], p->got[r], p->dropped[r], p->cpu[r], p->user[r]);
	fflush(stdout);
}

/* The highest of the rates at which the first program loses nothing, twice. */
static double find_rate(struct program *p, const double *rate, int rates, double length)
{
	double best = 0;

	for (int i = 0; i < rates; i++) {
		bool lost = false;

		for (int k = 0; k < 2 && !lost; k++) {
			run(p, 0, rate[i], length);
			print_round(p, 0);
			lost = p->dropped[0] != 0;
		}
		if (lost)
			break;
		best = rate[i];
	}
	return best;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void compare(struct program *p, int n, int rounds)
{
	double first = 0;

	printf("\n  %-14s %12s %8s %8s %10s %12s %13s %10s\n", "", "ns a packet", "ratio", "spread", "lost in", "lost", "longest work", "the worst");
	for (int i = 0; i < n; i++) {
		double lost = 0;
		int bad = 0;

		for (int r = 0; r < rounds; r++)
			if (p[i].dropped[r] > 0) {
				lost += p[i].dropped[r];
				bad++;
			}
		qsort(p[i].cpu, (size_t)rounds, sizeof(double), by_value);
		first = i == 0 ? p[i].cpu[rounds / 2] : first;
		printf("  %-14s %9.1f ns %7.2fx %7.0f%% %3d of %3d %12.0f", p[i].name, p[i].cpu[rounds / 2],
			p[i].cpu[rounds / 2] / first,
			100 * (p[i].cpu[rounds - 1] - p[i].cpu[0]) / p[i].cpu[rounds / 2], bad, rounds, lost);
		qsort(p[i].busy, (size_t)rounds, sizeof(double), by_value);
		if (p[i].busy[0] >= 0)
			printf(" %10.3f ms %7.3f ms\n", p[i].busy[rounds / 2], p[i].busy[rounds - 1]);
		else
			printf(" %13s %10s\n", "-", "-");
	}
}

int main(int argc, char **argv)
{
	static struct program program[PROGRAMS_MAX];
	double rate[RATES_MAX], length, best = 0;
	int rates = 0, rounds, n;

	if (argc > 1 && strcmp(argv[1], "-v") == 0) {
		verbose = true;
		argc--;
		argv++;
	}
	n = (argc - 6) / 2;
	if (n < 1 || n > PROGRAMS_MAX || argc % 2 != 0) {
		fprintf(stderr, "usage: bench_live [-v] CAPTURE full|cut SECONDS ROUNDS RATES NAME COMMAND ...\n");
		return 2;
	}
	full = strcmp(argv[2], "full") == 0;
	length = atof(argv[3]);
	rounds = atoi(argv[4]) < ROUNDS_MAX ? atoi(argv[4]) : ROUNDS_MAX;
	for (char *word = strtok(argv[5], " "); word && rates < RATES_MAX; word = strtok(NULL, " "))
		rate[rates++] = atof(word);
	for (int i = 0; i < n; i++)
		program[i] = (struct program){ .name = argv[6 + 2 * i], .command = argv[7 + 2 * i] };
	if (unshare(CLONE_NEWNET) != 0)
		die("a network namespace");
	if (system("ip link add bl0 mtu 9000 type veth peer name bl1 mtu 9000 && ip link set bl0 up && "
		   "sysctl -qw net.ipv6.conf.bl0.disable_ipv6=1 net.ipv6.conf.bl1.disable_ipv6=1; ip link set bl1 up") != 0)
		return 77;
	load(argv[1], rates ? (size_t)(rate[rates - 1] * length) : 0);
	best = rates > 1 ? find_rate(&program[0], rate, rates, length) : rates ? rate[0] : 0;
	if (best <= 0) {
		printf("  %s loses packets at every rate\n", program[0].name);
		return 1;
	}
	printf("  compared at %.0f packets a second:\n", best);
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < n; i++) {
			run(&program[i], r, best, length);
			print_round(&program[i], r);
		}
	compare(program, n, rounds);
	return 0;
}
