// Errors, cursors, strings, addresses, secrets, logs: what every other library stands on.
// No EAL, no I/O but the log. Any thread may call anything here; objects belong to their caller.
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/types.h>

#define MST_MUST_USE __attribute__((warn_unused_result))
#define MST_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))
#define MST_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

// Pass a negative errno up at once.
#define MST_TRY(expr)                                                                                        \
	do {                                                                                                 \
		int mst_try_ = (expr);                                                                       \
		if (mst_try_ < 0)                                                                            \
			return mst_try_;                                                                     \
	} while (0)

// For what this program promises itself; never reachable from a peer's bytes.
#define MST_ASSERT(cond)                                                                                     \
	do {                                                                                                 \
		if (__builtin_expect(!(cond), 0))                                                            \
			mst_assert_failed(#cond, __FILE__, __LINE__);                                        \
	} while (0)
_Noreturn void mst_assert_failed(const char *cond, const char *file, int line);

// ---- log ----------------------------------------------------------------------------------------
// One line on stderr an event; control characters of the arguments are escaped, a line is cut at 1,023 bytes.
// Never called by a worker lcore.
enum mst_log_level { MST_LOG_ERROR, MST_LOG_WARNING, MST_LOG_NOTICE, MST_LOG_INFO, MST_LOG_DEBUG };

#define MST_LOG(level, lib, ...) mst_log(MST_LOG_##level, lib, __VA_ARGS__)
void mst_log(enum mst_log_level level, const char *lib, const char *fmt, ...) MST_PRINTF(3, 4);
void mst_log_set_level(enum mst_log_level max);
enum mst_log_level mst_log_level(void);
// "error" .. "debug" to level; -EINVAL for any other word.
MST_MUST_USE int mst_log_level_parse(const char *word, enum mst_log_level *out);

// ---- read cursor: every byte from outside is read through it ------------------------------------
// The error sticks: after a read past the end all reads give 0 or NULL and err stays set; test once, at the
// end.
struct mst_rd {
	const uint8_t *pos;
	const uint8_t *end;
	bool err;
};

static inline struct mst_rd
mst_rd_init(const void *data, size_t len)
{
	const uint8_t *p = data;
	return (struct mst_rd){.pos = p, .end = p + len, .err = false};
}

static inline size_t
mst_rd_left(const struct mst_rd *r)
{
	return (size_t)(r->end - r->pos);
}

// Pointer to the next len bytes, or NULL; the bytes stay the buffer's.
static inline const uint8_t *
mst_rd_bytes(struct mst_rd *r, size_t len)
{
	if (r->err || mst_rd_left(r) < len) {
		r->err = true;
		return NULL;
	}
	const uint8_t *p = r->pos;
	r->pos += len;
	return p;
}

static inline uint64_t
mst_rd_be(struct mst_rd *r, unsigned int n_bytes)
{
	const uint8_t *p = mst_rd_bytes(r, n_bytes);
	uint64_t v = 0;

	for (unsigned int i = 0; p != NULL && i < n_bytes; i++)
		v = (v << 8) | p[i];
	return v;
}

static inline uint8_t
mst_rd_u8(struct mst_rd *r)
{
	return (uint8_t)mst_rd_be(r, 1);
}

static inline uint16_t
mst_rd_u16(struct mst_rd *r)
{
	return (uint16_t)mst_rd_be(r, 2);
}

static inline uint32_t
mst_rd_u24(struct mst_rd *r)
{
	return (uint32_t)mst_rd_be(r, 3);
}

static inline uint32_t
mst_rd_u32(struct mst_rd *r)
{
	return (uint32_t)mst_rd_be(r, 4);
}

static inline uint64_t
mst_rd_u48(struct mst_rd *r)
{
	return mst_rd_be(r, 6);
}

// A cursor over the next len bytes, which r skips; on shortage both have err set.
struct mst_rd mst_rd_sub(struct mst_rd *r, size_t len);

// ---- write cursor -------------------------------------------------------------------------------
struct mst_wr {
	uint8_t *base;
	size_t len;
	size_t cap;
	bool err; // set, and nothing more written, once something did not fit
};

struct mst_wr mst_wr_init(void *buf, size_t cap);
void mst_wr_bytes(struct mst_wr *w, const void *data, size_t len);
void mst_wr_be(struct mst_wr *w, uint64_t v, unsigned int n_bytes);

// ---- text builder: fixed buffer, always NUL terminated, error sticks ----------------------------
struct mst_str {
	char *buf;
	size_t len;
	size_t cap;
	bool err;
};

struct mst_str mst_str_init(char *buf, size_t cap);
void mst_str_fmt(struct mst_str *s, const char *fmt, ...) MST_PRINTF(2, 3);
void mst_str_add(struct mst_str *s, const char *text, size_t len);
// Text for XML content or attributes: & < > " ' and control characters escaped.
void mst_str_add_xml(struct mst_str *s, const char *text);
// Text of a manual page, as it is, into out.
void mst_put_roff(FILE *out, const char *text);
// Hex digits, lower case.
void mst_str_add_hex(struct mst_str *s, const void *data, size_t len);

// Decimal number of the whole of text within [min, max]; -EINVAL otherwise. No sign, no space, no prefix.
MST_MUST_USE int mst_parse_u64(const char *text, size_t len, uint64_t min, uint64_t max, uint64_t *out);
// Exactly out_len bytes of hex digits of either case.
MST_MUST_USE int mst_parse_hex(const char *text, size_t len, uint8_t *out, size_t out_len);

// ---- addresses ----------------------------------------------------------------------------------
#define MST_IP_TEXT_BYTES 46

struct mst_ip {
	uint8_t family;	   // 4 or 6; 0 = none
	uint8_t bytes[16]; // network order; 4 used when family is 4, the rest zero
};

struct mst_net {
	struct mst_ip ip; // as written; host bits may be set
	uint8_t depth;	  // prefix length
};

MST_MUST_USE int mst_ip_parse(const char *text, struct mst_ip *out);
// "addr/len"; "addr" alone means the whole address.
MST_MUST_USE int mst_net_parse(const char *text, struct mst_net *out);
// Into out, which has MST_IP_TEXT_BYTES (net: + 4); returns out.
char *mst_ip_format(const struct mst_ip *ip, char *out);
char *mst_net_format(const struct mst_net *net, char *out);
bool mst_ip_equal(const struct mst_ip *a, const struct mst_ip *b);
bool mst_net_contains(const struct mst_net *net, const struct mst_ip *ip);
bool mst_net_overlaps(const struct mst_net *a, const struct mst_net *b);
// The network address: host bits cleared.
struct mst_ip mst_net_base(const struct mst_net *net);
// IPv4 in host order and back.
uint32_t mst_ip4_host(const struct mst_ip *ip);
struct mst_ip mst_ip4_from_host(uint32_t addr);

// ---- secrets ------------------------------------------------------------------------------------
// Keys, cookies and passwords live in this type, are compared with mst_ct_equal and end with
// mst_secret_wipe.
#define MST_SECRET_BYTES 64
struct mst_secret {
	uint8_t len;
	uint8_t bytes[MST_SECRET_BYTES];
};

void mst_wipe(void *p, size_t len);
void mst_secret_wipe(struct mst_secret *s);
bool mst_ct_equal(const void *a, const void *b, size_t len);
// Random bytes of the kernel; cannot fail once the system has booted (aborts if it does).
void mst_random(void *out, size_t len);

// ---- files --------------------------------------------------------------------------------------
// Up to cap bytes, fewer only at the end of the file; or -errno.
MST_MUST_USE ssize_t mst_fd_read(int fd, void *buf, size_t cap);

// ---- time ---------------------------------------------------------------------------------------
#define MST_NS_PER_S 1000000000ULL
#define MST_NS_PER_MS 1000000ULL
uint64_t mst_now_ns(void); // CLOCK_MONOTONIC

// ---- timers -------------------------------------------------------------------------------------
// A wheel: arming and stopping a timer cost the same however many there are. Time is an argument. A wheel and its
// timers belong to one thread.
#define MST_WHEEL_SLOTS 4096 // who is due further ahead is put off once more then

typedef void mst_wheel_fn(void *arg, uint64_t now_ns);

struct mst_wheel_timer {
	LIST_ENTRY(mst_wheel_timer) of_slot;
	uint64_t due_ns; // 0: not armed
	mst_wheel_fn *fn;
	void *arg;
};

struct mst_wheel {
	uint64_t slot_ns;
	uint64_t next; // the first slot whose timers have not all run
	LIST_HEAD(mst_wheel_slot, mst_wheel_timer) slots[MST_WHEEL_SLOTS];
};

void mst_wheel_init(struct mst_wheel *w, uint64_t slot_ns, uint64_t now_ns);
void mst_wheel_timer_init(struct mst_wheel_timer *t, mst_wheel_fn *fn, void *arg);
// fn runs once, never before due_ns, and no more than two slots after it as long as turns come. Moves a timer that is
// armed.
void mst_wheel_arm(struct mst_wheel *w, struct mst_wheel_timer *t, uint64_t due_ns);
void mst_wheel_stop(struct mst_wheel_timer *t);
// Runs what is due, max timers at the most: the rest with the next call. A callback may arm, stop and free any timer.
unsigned int mst_wheel_turn(struct mst_wheel *w, uint64_t now_ns, unsigned int max);
