// Start of the engine: nothing is encrypted for a peer before the engine gave the published answers and
// agreed with OpenSSL. Control lcore.
#include <errno.h>
#include <string.h>

#include "crypto.h"

#define KAT_MAX_BYTES 128
#define CROSS_MAX_BYTES 2048

struct kat {
	enum mst_aead_alg alg;
	const char *source;
	const char *key;
	const char *nonce;
	const char *aad;
	const char *plain;
	const char *sealed; // ciphertext and tag
};

// clang-format off
static const struct kat kats[] = {
	{MST_AEAD_AES_128_GCM, "McGrew and Viega, GCM, test case 4",
		"feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
		"feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		"42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		"21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
		"5bc94fbc3221a5db94fae95ae7121a47"},
	{MST_AEAD_AES_256_GCM, "McGrew and Viega, GCM, test case 16",
		"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
		"feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
		"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		"8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
		"76fc6ece0f4e1768cddf8853bb2d551b"},
	{MST_AEAD_CHACHA20_POLY1305, "RFC 8439 2.8.2",
		"808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
		"50515253c0c1c2c3c4c5c6c7",
		"4c616469657320616e642047656e746c656d656e206f662074686520636c6173"
		"73206f66202739393a204966204920636f756c64206f6666657220796f75206f"
		"6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73"
		"637265656e20776f756c642062652069742e",
		"d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
		"3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
		"92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
		"3ff4def08e4b7a9de576d26586cec64b6116"
		"1ae10b594f09e26a7e902ecbd0600691"},
};
// clang-format on

static size_t
unhex(const char *text, uint8_t *out, size_t cap)
{
	size_t len = strlen(text) / 2;

	MST_ASSERT(len <= cap && mst_parse_hex(text, strlen(text), out, len) == 0);
	return len;
}

static bool
kat_holds(const struct kat *t)
{
	uint8_t key[MST_AEAD_KEY_MAX_BYTES];
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[KAT_MAX_BYTES];
	uint8_t data[KAT_MAX_BYTES];
	uint8_t sealed[KAT_MAX_BYTES + MST_AEAD_TAG_BYTES];
	uint8_t tag[MST_AEAD_TAG_BYTES];
	size_t aad_len = unhex(t->aad, aad, sizeof(aad));
	size_t len = unhex(t->plain, data, sizeof(data));
	struct mst_aead_key k;

	MST_ASSERT(unhex(t->sealed, sealed, sizeof(sealed)) == len + sizeof(tag));
	unhex(t->key, key, sizeof(key));
	unhex(t->nonce, nonce, sizeof(nonce));
	if (mst_aead_key_init(&k, t->alg, key) != 0)
		return false;
	mst_aead_seal(&k, nonce, aad, aad_len, data, len, tag);
	return memcmp(data, sealed, len) == 0 && memcmp(tag, sealed + len, sizeof(tag)) == 0;
}

// One random record of len bytes: the engine and OpenSSL give the same bytes, the engine opens them, and
// refuses them with one bit of the tag turned.
static bool
agrees_with_oracle(enum mst_aead_alg alg, size_t len)
{
	uint8_t key[MST_AEAD_KEY_MAX_BYTES];
	uint8_t nonce[MST_AEAD_NONCE_BYTES];
	uint8_t aad[13]; // what a DTLS 1.2 record has (RFC 5246 6.2.3.3)
	uint8_t plain[CROSS_MAX_BYTES];
	uint8_t ours[CROSS_MAX_BYTES];
	uint8_t theirs[CROSS_MAX_BYTES];
	uint8_t tag[MST_AEAD_TAG_BYTES];
	uint8_t oracle_tag[MST_AEAD_TAG_BYTES];
	struct mst_aead_key k;

	mst_random(key, sizeof(key));
	mst_random(nonce, sizeof(nonce));
	mst_random(aad, sizeof(aad));
	mst_random(plain, len);
	memcpy(ours, plain, len);
	memcpy(theirs, plain, len);
	if (mst_aead_key_init(&k, alg, key) != 0 ||
		mst_oracle_seal(alg, key, nonce, aad, sizeof(aad), theirs, len, oracle_tag) != 0)
		return false;
	mst_aead_seal(&k, nonce, aad, sizeof(aad), ours, len, tag);
	if (memcmp(ours, theirs, len) != 0 || memcmp(tag, oracle_tag, sizeof(tag)) != 0)
		return false;
	if (!mst_aead_open(&k, nonce, aad, sizeof(aad), ours, len, tag) || memcmp(ours, plain, len) != 0)
		return false;
	tag[len % sizeof(tag)] ^= 0x40;
	return !mst_aead_open(&k, nonce, aad, sizeof(aad), theirs, len, tag);
}

static int
self_test(void)
{
	static const uint16_t lens[] = {
		0, 1, 15, 16, 17, 63, 64, 65, 128, 255, 256, 257, 570, 1024, 1401, 2048};

	for (size_t i = 0; i < MST_ARRAY_SIZE(kats); i++) {
		if (kat_holds(&kats[i]))
			continue;
		MST_LOG(ERROR, "crypto", "%s: %s gives a wrong answer (%s)", mst_crypto_engine(),
			mst_aead_name(kats[i].alg), kats[i].source);
		return -EIO;
	}
	for (int alg = MST_AEAD_NONE + 1; alg < MST_AEAD_END; alg++) {
		for (size_t i = 0; i < MST_ARRAY_SIZE(lens); i++) {
			if (agrees_with_oracle((enum mst_aead_alg)alg, lens[i]))
				continue;
			MST_LOG(ERROR, "crypto", "%s: %s differs from OpenSSL on %u bytes",
				mst_crypto_engine(), mst_aead_name((enum mst_aead_alg)alg),
				(unsigned int)lens[i]);
			return -EIO;
		}
	}
	return 0;
}

int
mst_crypto_init(void)
{
	int err;

	if (crypto_engine_running())
		return 0;
	MST_TRY(crypto_engine_start());
	err = self_test();
	if (err < 0) {
		crypto_engine_stop();
		return err;
	}
	MST_LOG(INFO, "crypto", "AEAD by %s", mst_crypto_engine());
	return 0;
}
