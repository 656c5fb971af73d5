/*
 * Runs programs in turn, A B C A B C ..., and says how they compare: bench_compare ROUNDS PACKETS[:CONNECTIONS] NAME
 * COMMAND ... with one shell command per name, the first being what the others are measured against. Median wall time
 * and processor time of all rounds, their spread, ns per packet, most memory, and how many octets of it that are for
 * each connection, all told. Judges nothing.
 */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS_MAX 99
#define PROGRAMS_MAX 16

struct program {
	const char *name, *command;
	double wall[ROUNDS_MAX], cpu[ROUNDS_MAX]; /* seconds */
	long memory; /* kB, the most of all rounds */
	int failed;
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void child(const char *command)
{
	int null = open("/dev/null", O_WRONLY);

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void run(struct program *p, int round)
{
	struct rusage used;
	double began = seconds();
	pid_t pid = fork();
	int status = -1;

	if (pid == 0)
		child(p->command);
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid) {
		perror("bench_compare");
		exit(1);
	}
	p->wall[round] = seconds() - began;
	p->cpu[round] = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		(double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
	if (used.ru_maxrss > p->memory)
		p->memory = used.ru_maxrss;
	p->failed += status != 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Spread: how far the slowest lies above the fastest, in per cent of the median. */
static void print(const struct program *p, const struct program *first, int rounds, double packets, double connections)
{
	double wall = p->wall[rounds / 2], cpu = p->cpu[rounds / 2];

	printf("  %-12s %8.3f s %6.2fx %8.3f s %6.2fx %8.0f ns %7.1f MB ", p->name, wall, wall / first->wall[rounds / 2],
		cpu, cpu / first->cpu[rounds / 2], wall * 1e9 / packets, (double)p->memory / 1024);
	if (connections > 0)
		printf("%11.0f B ", (double)p->memory * 1024 / connections);
	printf("%5.0f%%%s\n", 100 * (p->wall[rounds - 1] - p->wall[0]) / wall, p->failed ? "  FAILED" : "");
}

int main(int argc, char **argv)
{
	static struct program program[PROGRAMS_MAX];
	int rounds = argc > 2 ? atoi(argv[1]) : 0, n = (argc - 3) / 2;
	const char *colon = argc > 2 ? strchr(argv[2], ':') : NULL;
	double connections = colon ? atof(colon + 1) : 0;

	if (rounds < 1 || rounds > ROUNDS_MAX || n < 1 || n > PROGRAMS_MAX || argc % 2 == 0) {
		fprintf(stderr, "usage: bench_compare ROUNDS PACKETS[:CONNECTIONS] NAME COMMAND ...\n");
		return 2;
	}
	for (int i = 0; i < n; i++)
		program[i] = (struct program){ .name = argv[3 + 2 * i], .command = argv[4 + 2 * i] };
	for (int r = 0; r < rounds; r++)
		for (int i = 0; i < n; i++)
			run(&program[i], r);
	printf("  %-12s %10s %7s %10s %7s %11s %10s %s%6s\n", "", "wall", "", "cpu", "", "a packet", "memory",
		connections > 0 ? "a connection " : "", "spread");
	for (int i = 0; i < n; i++) {
		qsort(program[i].wall, (size_t)rounds, sizeof(double), by_value);
		qsort(program[i].cpu, (size_t)rounds, sizeof(double), by_value);
		print(&program[i], &program[0], rounds, atof(argv[2]), connections);
	}
	return 0;
}
