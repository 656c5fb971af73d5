/*
 * The terminal by way of ncurses: cells out (curses sends the difference), keys in, signals as
 * events.
 *
 * The hard thing is the end: the terminal must be given back whatever happens, and a terminal that
 * went away must end the program. Signal handlers only write one octet into a pipe that term_wait
 * watches.
 */
#include "config.h"

#include "term/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "term/terminfo.h"
#include "ui/app.h"
#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/theme.h"
#include "util/err.h"
#include "util/mem.h"
#include "util/str.h"
#include "util/utf8.h"

#define MAX_WAKE 16
#define ESC_DELAY_MS 25
#define PASTE_ROOM 4096 /* octets kept of a paste; more than any field takes */
#define PASTE_ON "\033[?2004h" /* the terminal then says where pasted text begins and ends */
#define PASTE_OFF "\033[?2004l"

enum { KEY_PASTE_BEGINS = KEY_MAX + 4096, KEY_PASTE_ENDS }; /* curses makes up codes from KEY_MAX on */

struct term {
	SCREEN *screen;
	FILE *in;	/* keys */
	FILE *own_in;	/* the same when it was opened here */
	bool color, ascii;
	enum depth depth;
	int w, h;
	int ended;	/* the signal that ends the program, 0 none */
	bool end_told, resized;
	bool pasting;	  /* between the two marks */
	struct str paste; /* what came between them */
	short pairs;
	struct { int32_t fg, bg; } pair[256]; /* 1 .. pairs */
};

/* What signal handlers may touch. */
static int signal_pipe[2] = {-1, -1};
static struct termios cooked;
static int tty_fd = -1;
static char restore_text[128];
static size_t restore_len;
static struct term *the_term; /* for mem_on_failure */

static void tell(int sig)
{
	int saved = errno;
	unsigned char octet = (unsigned char)sig;
	ssize_t n = write(signal_pipe[1], &octet, 1);

	(void)n; /* full: there is enough to read already */
	errno = saved;
}

/* A crash: the terminal first, then the signal does what it always does. */
static void crash(int sig)
{
	ssize_t n;

	if (tty_fd >= 0) {
		n = write(STDOUT_FILENO, restore_text, restore_len);
		(void)n;
		tcsetattr(tty_fd, TCSANOW, &cooked);
	}
	signal(sig, SIG_DFL);
	raise(sig);
}

static const int told_signals[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGWINCH};
static const int crash_signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void handle(int sig, void (*handler)(int))
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = SA_RESTART;
	sigemptyset(&action.sa_mask);
	sigaction(sig, &action, NULL);
}

static void handle_all(bool on)
{
	for (size_t i = 0; i < COUNT(told_signals); i++)
		handle(told_signals[i], on ? tell : SIG_DFL);
	for (size_t i = 0; i < COUNT(crash_signals); i++)
		handle(crash_signals[i], on ? crash : SIG_DFL);
}

static void add_restore_text(const char *text)
{
	size_t n = strlen(text);

	if (restore_len + n > sizeof(restore_text))
		return;
	memcpy(restore_text + restore_len, text, n);
	restore_len += n;
}

static void add_restore(const char *capability)
{
	const char *text = tigetstr((NCURSES_CONST char *)capability);

	if (text && text != (const char *)-1)
		add_restore_text(text);
}

/* Past curses, which knows nothing of it. */
static void mark_pastes(bool on)
{
	const char *text = on ? PASTE_ON : PASTE_OFF;
	ssize_t n = write(STDOUT_FILENO, text, strlen(text));

	(void)n; /* a terminal that is gone needs none */
}

static void out_of_memory(void)
{
	term_close(the_term, NULL);
}

static bool make_pipe(struct err *err)
{
	if (pipe(signal_pipe) < 0)
		return err_set_errno(err, errno, "pipe");
	for (int i = 0; i < 2; i++) {
		fcntl(signal_pipe[i], F_SETFL, O_NONBLOCK);
		fcntl(signal_pipe[i], F_SETFD, FD_CLOEXEC);
	}
	return true;
}

static bool open_keys(struct term *t, struct err *err)
{
	t->in = stdin;
	if (!isatty(STDIN_FILENO)) {
		t->own_in = fopen("/dev/tty", "r+e");
		if (!t->own_in)
			return err_set_errno(err, errno, "no terminal to read keys from: /dev/tty");
		t->in = t->own_in;
	}
	tty_fd = fileno(t->in);
	if (tcgetattr(tty_fd, &cooked) < 0)
		return err_set_errno(err, errno, "terminal");
	return true;
}

static void find_depth(struct term *t, const struct term_conf *conf)
{
	const char *no_color = getenv("NO_COLOR");

	t->depth = DEPTH_MONO;
	t->color = !conf->no_color && !(no_color && *no_color) && has_colors();
	if (!t->color)
		return;
	start_color();
	use_default_colors();
	t->depth = COLORS >= COLOR_RGB ? DEPTH_TRUE : COLORS >= 256 ? DEPTH_256 : DEPTH_16;
}

static void set_modes(void)
{
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	intrflush(stdscr, FALSE);
	scrollok(stdscr, FALSE);
	curs_set(0);
	define_key("\033[200~", KEY_PASTE_BEGINS);
	define_key("\033[201~", KEY_PASTE_ENDS);
	mark_pastes(true);
}

struct term *term_open(const struct term_conf *conf, struct err *err)
{
	struct term *t = mem_alloc(sizeof(*t));

	if (!terminfo_check(err) || !open_keys(t, err) || !make_pipe(err))
		goto fail;
	setlocale(LC_CTYPE, "");
	t->ascii = conf->ascii || strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	t->screen = newterm(NULL, stdout, t->in);
	if (!t->screen) {
		err_set(err, "Error opening terminal: %s.", getenv("TERM"));
		goto fail;
	}
	set_escdelay(ESC_DELAY_MS);
	set_modes();
	find_depth(t, conf);
	restore_len = 0;
	add_restore_text(PASTE_OFF);
	add_restore("sgr0");
	add_restore("cnorm");
	add_restore("rmkx");
	add_restore("rmcup");
	the_term = t;
	mem_on_failure(out_of_memory);
	handle_all(true);
	getmaxyx(stdscr, t->h, t->w);
	return t;
fail:
	if (t->own_in)
		fclose(t->own_in);
	tty_fd = -1;
	mem_free(t);
	return NULL;
}

void term_close(struct term *t, const struct canvas *keep)
{
	if (!t)
		return;
	the_term = NULL;
	mem_on_failure(NULL);
	mark_pastes(false);
	endwin();
	if (keep) {
		struct str text = STR_INIT;

		canvas_dump(keep, &text);
		fputs(text.s ? text.s : "", stdout);
		fflush(stdout);
		str_free(&text);
	}
	handle_all(false);
	tty_fd = -1;
	delscreen(t->screen);
	if (t->own_in)
		fclose(t->own_in);
	for (int i = 0; i < 2; i++) {
		close(signal_pipe[i]);
		signal_pipe[i] = -1;
	}
	str_free(&t->paste);
	mem_free(t);
}

void term_size(const struct term *t, int *w, int *h)
{
	*w = t->w;
	*h = t->h;
}

bool term_is_ascii(const struct term *t)
{
	return t->ascii;
}

/* ---- output ---- */

static int curses_color(int32_t color)
{
	return color == COLOR_NONE ? -1 : color & 0xffffff;
}

static short pair_for(struct term *t, int32_t fg, int32_t bg)
{
	if (!t->color || (fg == COLOR_NONE && bg == COLOR_NONE))
		return 0;
	for (short i = 1; i <= t->pairs; i++)
		if (t->pair[i].fg == fg && t->pair[i].bg == bg)
			return i;
	if (t->pairs + 1 >= COLOR_PAIRS || (size_t)t->pairs + 1 >= COUNT(t->pair))
		return 0;
	t->pairs++;
	t->pair[t->pairs].fg = fg;
	t->pair[t->pairs].bg = bg;
	init_extended_pair(t->pairs, curses_color(fg), curses_color(bg));
	return t->pairs;
}

/* Eight colours: the bright ones are the plain ones in bold. */
static void fold_bright(struct style *s)
{
	if (COLORS >= 16)
		return;
	if (s->fg >= 8) {
		s->fg -= 8;
		s->attributes |= STYLE_BOLD;
	}
	if (s->bg >= 8)
		s->bg -= 8;
}

static void set_style(struct term *t, const struct theme *theme, enum role role)
{
	struct style s = theme_style(theme, role, t->depth);
	attr_t attr = A_NORMAL;
	int pair;

	if (t->depth == DEPTH_16)
		fold_bright(&s);
	attr |= s.attributes & STYLE_BOLD ? A_BOLD : 0;
	attr |= s.attributes & STYLE_DIM ? A_DIM : 0;
	attr |= s.attributes & STYLE_UNDERLINE ? A_UNDERLINE : 0;
	attr |= s.attributes & STYLE_REVERSE ? A_REVERSE : 0;
#ifdef A_ITALIC
	attr |= s.attributes & STYLE_ITALIC ? A_ITALIC : 0;
#endif
	pair = pair_for(t, s.fg, s.bg);
	attr_set(attr, (short)pair, NULL);
}

static void put_cell(const struct term *t, int x, int y, const struct cell *cell)
{
	wchar_t wide[2] = {(wchar_t)cell->ch, 0};

	if (cell->ch < 0x80)
		mvaddch(y, x, cell->ch);
	else if (t->ascii)
		mvaddch(y, x, '?');
	else
		mvaddnwstr(y, x, wide, 1);
}

void term_draw(struct term *t, const struct canvas *c, const struct theme *theme, bool repaint)
{
	int role = -1;

	if (repaint) {
		t->pairs = 0; /* another theme: other pairs */
		clearok(stdscr, TRUE);
	}
	werase(stdscr);
	for (int y = 0; y < c->h && y < t->h; y++) {
		for (int x = 0; x < c->w && x < t->w; x++) {
			const struct cell *cell = &c->cell[y * c->w + x];

			if (!cell->ch)
				continue;
			if (cell->role != role)
				set_style(t, theme, cell->role);
			role = cell->role;
			put_cell(t, x, y, cell);
		}
	}
	attr_set(A_NORMAL, 0, NULL);
	curs_set(c->cursor_x >= 0 ? 1 : 0);
	if (c->cursor_x >= 0)
		move(c->cursor_y, c->cursor_x);
	refresh();
}

/* ---- input ---- */

static const struct {
	int curses;
	uint32_t key;
} special[] = {
	{KEY_UP, KEYCODE_UP}, {KEY_DOWN, KEYCODE_DOWN}, {KEY_LEFT, KEYCODE_LEFT},
	{KEY_RIGHT, KEYCODE_RIGHT}, {KEY_HOME, KEYCODE_HOME}, {KEY_END, KEYCODE_END},
	{KEY_PPAGE, KEYCODE_PAGE_UP}, {KEY_NPAGE, KEYCODE_PAGE_DOWN}, {KEY_DC, KEYCODE_DELETE},
	{KEY_IC, KEYCODE_INSERT}, {KEY_BACKSPACE, KEYCODE_BACKSPACE}, {KEY_BTAB, KEYCODE_BACKTAB},
	{KEY_ENTER, KEYCODE_ENTER}, {KEY_FIND, KEYCODE_HOME}, {KEY_SELECT, KEYCODE_END},
};

static uint32_t special_key(int code)
{
	for (size_t i = 0; i < COUNT(special); i++)
		if (special[i].curses == code)
			return special[i].key;
	if (code > KEY_F0 && code <= KEY_F(12))
		return KEYCODE_F0 + (uint32_t)(code - KEY_F0);
	return KEYCODE_NONE;
}

static uint32_t plain_key(wint_t ch)
{
	switch (ch) {
	case '\r':
	case '\n':
		return KEYCODE_ENTER;
	case '\t':
		return KEYCODE_TAB;
	case 0x1b:
		return KEYCODE_ESC;
	case 0x08:
	case 0x7f:
		return KEYCODE_BACKSPACE;
	case 0:
		return KEYCODE_NONE;
	default:
		return ch < ' ' ? KEYCODE_CTRL | ('a' + (uint32_t)ch - 1) : (uint32_t)ch;
	}
}

/* One character more of a paste. True when it was the mark of its end. */
static bool take_pasted(struct term *t, bool is_code, wint_t ch)
{
	char octets[4];

	if (is_code)
		return ch == KEY_PASTE_ENDS;
	if (ch && t->paste.len < PASTE_ROOM)
		str_add_n(&t->paste, octets, utf8_encode((uint32_t)ch, octets));
	return false;
}

static bool next_key(struct term *t, struct event *out)
{
	wint_t ch;
	int what = get_wch(&ch);
	uint32_t key = KEYCODE_NONE;

	for (; t->pasting && what != ERR; what = get_wch(&ch)) {
		if (!take_pasted(t, what == KEY_CODE_YES, ch))
			continue;
		t->pasting = false;
		*out = (struct event){.what = EVENT_PASTE, .text = t->paste.s};
		return true;
	}
	if (what == ERR)
		return false;
	if (what == KEY_CODE_YES && ch == KEY_PASTE_BEGINS) {
		t->pasting = true;
		str_clear(&t->paste);
		str_add(&t->paste, "");
		return next_key(t, out);
	}
	if (what == KEY_CODE_YES)
		key = special_key((int)ch);
	else
		key = plain_key(ch);
	*out = (struct event){.what = EVENT_KEY, .key = key};
	return true;
}

/* Leaves the screen, stops as the shell wants it, and comes back. */
static void stop_here(void)
{
	mark_pastes(false);
	endwin();
	handle(SIGTSTP, SIG_DFL);
	raise(SIGTSTP);
	handle(SIGTSTP, tell);
	set_modes();
	clearok(stdscr, TRUE);
	refresh();
}

static void measure(struct term *t)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
		return;
	t->w = size.ws_col;
	t->h = size.ws_row;
	resizeterm(t->h, t->w);
	clearok(stdscr, TRUE);
	t->resized = true;
}

static void take_signals(struct term *t)
{
	unsigned char octet;

	while (read(signal_pipe[0], &octet, 1) == 1) {
		if (octet == SIGWINCH) {
			measure(t);
		} else if (octet == SIGTSTP) {
			stop_here();
			measure(t);
		} else if (!t->ended) {
			t->ended = octet;
		}
	}
}

/* Readable without anything to read: the other end is gone. */
static bool hung_up(short revents)
{
	int waiting = 1;

	if (revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	return revents & POLLIN && ioctl(tty_fd, FIONREAD, &waiting) == 0 && waiting == 0;
}

void term_wait(struct term *t, const int *wake, size_t n, int timeout_ms)
{
	struct pollfd fds[2 + MAX_WAKE] = {
		{.fd = tty_fd, .events = POLLIN}, {.fd = signal_pipe[0], .events = POLLIN}};

	if (n > MAX_WAKE)
		n = MAX_WAKE;
	for (size_t i = 0; i < n; i++)
		fds[2 + i] = (struct pollfd){.fd = wake[i], .events = POLLIN};
	if (t->ended || t->resized || poll(fds, 2 + n, timeout_ms) < 0)
		return;
	take_signals(t);
	if (hung_up(fds[0].revents) && !t->ended)
		t->ended = SIGHUP;
}

bool term_next(struct term *t, struct event *out)
{
	take_signals(t);
	if (t->ended) {
		if (t->end_told)
			return false;
		t->end_told = true;
		*out = (struct event){.what = EVENT_END, .signal = t->ended};
		return true;
	}
	if (t->resized) {
		t->resized = false;
		*out = (struct event){.what = EVENT_RESIZE, .w = t->w, .h = t->h};
		return true;
	}
	return next_key(t, out);
}
