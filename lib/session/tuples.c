// Outer tuple to association: a table of lines of eight pointers, two lines a tuple. Control lcore writes, workers read
// without a lock: a slot is one word, and whether it is the one that was meant only the tuple in the association tells,
// which QSBR keeps there. No slot moves while it is in use, so no reader can miss one that stays.
//
// A packet touches one line of the table and the line of the association that it needs anyway; a general hash with its
// buckets, keys beside them and pointers to those touches four.
#include <errno.h>
#include <immintrin.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_prefetch.h>

#include "session.h"

// The upper bits of a slot say which tuples it cannot be, without a look at the association. Never 0, which is a free
// slot's.
#define TAG_SHIFT 48
#define POINTER_MASK ((1ULL << TAG_SHIFT) - 1)

#define FEW 5 // slots of the first line that are filled before the second is looked at

static inline uint64_t
tag_of(uint64_t hash)
{
	return hash >> TAG_SHIFT | 1;
}

static inline uint64_t
pack(uint64_t hash, const struct mst_sa *sa)
{
	return tag_of(hash) << TAG_SHIFT | (uint64_t)(uintptr_t)sa;
}

static inline struct mst_sa *
unpack(uint64_t slot)
{
	return (struct mst_sa *)(uintptr_t)(slot & POINTER_MASK);
}

// AES rounds under a key of this run: nobody outside can choose addresses and ports that meet in one line. Two rounds
// after the last word spread each bit of the tuple over the whole block (Daemen and Rijmen: full diffusion in two).
__attribute__((target("aes"))) uint64_t
session_tuple_hash(const struct mst_sa_tuple *t, const struct session_tuple_key *key)
{
	__m128i h = _mm_loadu_si128((const __m128i *)key->block[0]);
	const __m128i k = _mm_loadu_si128((const __m128i *)key->block[1]);

	h = _mm_aesenc_si128(_mm_xor_si128(h, _mm_loadu_si128((const __m128i *)t->peer)), k);
	h = _mm_aesenc_si128(_mm_xor_si128(h, _mm_loadu_si128((const __m128i *)t->local)), k);
	h = _mm_aesenc_si128(_mm_xor_si128(h, _mm_loadl_epi64((const __m128i *)&t->peer_port_be)), k);
	h = _mm_aesenc_si128(h, k);
	h = _mm_aesenc_si128(h, k);
	return (uint64_t)_mm_cvtsi128_si64(h);
}

// Bits that the tag does not use.
static inline struct session_tuple_line *
line_of(const struct session_tuples *t, uint64_t hash, unsigned int choice)
{
	return &t->lines[(choice == 0 ? hash : hash >> 24) & t->mask];
}

static inline bool
is_tuple(const struct mst_sa *sa, const struct mst_sa_tuple *tuple)
{
	uint64_t a[5], b[5];

	static_assert(sizeof(a) == sizeof(*tuple), "five words");
	memcpy(a, &sa->tuple, sizeof(a));
	memcpy(b, tuple, sizeof(b));
	return ((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4])) == 0;
}

// Four slots: bit i says that slot i has the tag. Each lane is loaded whole.
static inline unsigned int
tagged4(const _Atomic uint64_t *slot, __m256i tag)
{
	__m256i four = _mm256_load_si256((const __m256i *)(uintptr_t)slot);

	four = _mm256_srli_epi64(four, TAG_SHIFT);
	return (unsigned int)_mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(four, tag)));
}

// Without a branch: which slot it is, no branch predictor knows.
static inline unsigned int
tagged(const struct session_tuple_line *l, uint64_t hash)
{
	__m256i tag = _mm256_set1_epi64x((long long)tag_of(hash));

	return tagged4(&l->slot[0], tag) | tagged4(&l->slot[4], tag) << 4;
}

static inline _Atomic uint64_t *
find_in(struct session_tuple_line *l, uint64_t hash, const struct mst_sa_tuple *tuple)
{
	for (unsigned int bits = tagged(l, hash); bits != 0; bits &= bits - 1) {
		_Atomic uint64_t *slot = &l->slot[__builtin_ctz(bits)];
		const struct mst_sa *sa = unpack(atomic_load_explicit(slot, memory_order_acquire));

		if (sa != NULL && is_tuple(sa, tuple)) // it may have been freed since
			return slot;
	}
	return NULL;
}

static inline _Atomic uint64_t *
find(const struct session_tuples *t, uint64_t hash, const struct mst_sa_tuple *tuple)
{
	_Atomic uint64_t *slot = find_in(line_of(t, hash, 0), hash, tuple);

	return likely(slot != NULL) ? slot : find_in(line_of(t, hash, 1), hash, tuple);
}

struct mst_sa *
session_tuples_find(const struct session_tuples *t, const struct mst_sa_tuple *tuple)
{
	_Atomic uint64_t *slot = find(t, session_tuple_hash(tuple, &t->key), tuple);

	return slot != NULL ? unpack(atomic_load_explicit(slot, memory_order_acquire)) : NULL;
}

// The association of the first slot with the tag: almost always the one, and NULL when there is none.
static inline struct mst_sa *
guess(const struct session_tuple_line *l, uint64_t hash)
{
	unsigned int bits = tagged(l, hash);

	if (unlikely(bits == 0))
		return NULL;
	return unpack(atomic_load_explicit(&l->slot[__builtin_ctz(bits)], memory_order_acquire));
}

// Three passes, each asking for the lines of the next.
void
session_tuples_find_bulk(const struct session_tuples *t, const struct mst_sa_tuple *tuples,
	struct mst_sa **out, unsigned int n)
{
	uint64_t hash[SESSION_TUPLES_BULK];

	for (unsigned int i = 0; i < n; i++) {
		hash[i] = session_tuple_hash(&tuples[i], &t->key);
		rte_prefetch0(line_of(t, hash[i], 0));
	}
	for (unsigned int i = 0; i < n; i++) {
		out[i] = guess(line_of(t, hash[i], 0), hash[i]);
		rte_prefetch0(out[i]);
	}
	for (unsigned int i = 0; i < n; i++) {
		_Atomic uint64_t *slot;

		if (likely(out[i] != NULL && is_tuple(out[i], &tuples[i])))
			continue;
		slot = find(t, hash[i], &tuples[i]);
		out[i] = slot != NULL ? unpack(atomic_load_explicit(slot, memory_order_acquire)) : NULL;
	}
}

static unsigned int
used(const struct session_tuple_line *l)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < SESSION_TUPLE_SLOTS; i++)
		n += atomic_load_explicit(&l->slot[i], memory_order_relaxed) != 0;
	return n;
}

// The first line while it has few, so that nearly all lookups end there; then the emptier one.
static _Atomic uint64_t *
free_slot(const struct session_tuples *t, uint64_t hash)
{
	struct session_tuple_line *l = line_of(t, hash, 0), *second = line_of(t, hash, 1);

	if (used(l) >= FEW && used(second) < used(l))
		l = second;
	for (unsigned int i = 0; i < SESSION_TUPLE_SLOTS; i++)
		if (atomic_load_explicit(&l->slot[i], memory_order_relaxed) == 0)
			return &l->slot[i];
	return NULL;
}

int
session_tuples_put(struct session_tuples *t, struct mst_sa *sa)
{
	uint64_t hash = session_tuple_hash(&sa->tuple, &t->key);
	_Atomic uint64_t *slot = find(t, hash, &sa->tuple);

	MST_ASSERT(((uint64_t)(uintptr_t)sa & ~POINTER_MASK) == 0);
	if (slot == NULL)
		slot = free_slot(t, hash);
	if (slot == NULL)
		return -ENOSPC;
	atomic_store_explicit(slot, pack(hash, sa), memory_order_release);
	return 0;
}

void
session_tuples_remove(struct session_tuples *t, const struct mst_sa_tuple *tuple)
{
	_Atomic uint64_t *slot = find(t, session_tuple_hash(tuple, &t->key), tuple);

	if (slot != NULL)
		atomic_store_explicit(slot, 0, memory_order_relaxed);
}

// A rekey has the new tuple in beside the old: twice the sessions at the worst, which is half of the slots. By simulation one
// tuple in a hundred is then in its second line when there is no rekey, one in ten at the worst, and of two million none
// found both full.
int
session_tuples_init(struct session_tuples *t, uint32_t n_sessions)
{
	uint32_t n_lines = 1;

	while ((uint64_t)n_lines * SESSION_TUPLE_SLOTS < 4 * (uint64_t)n_sessions)
		n_lines *= 2;
	t->lines = rte_zmalloc_socket("mst_sa_by_tuple", n_lines * sizeof(*t->lines), 64, SOCKET_ID_ANY);
	if (t->lines == NULL)
		return -ENOMEM;
	t->mask = n_lines - 1;
	mst_random(&t->key, sizeof(t->key));
	return 0;
}

void
session_tuples_fini(struct session_tuples *t)
{
	rte_free(t->lines);
	mst_wipe(t, sizeof(*t));
}
