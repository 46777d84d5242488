/* SPDX-License-Identifier: Apache-2.0 */
#include "service/audit/checkpoint.h"

#include "codec/base64.h"
#include "expect.h"

enum { ID_SIZE = 4, BYTE_BITS = 8, TEXT_SIZE_MAX = 4096 };

#define CHAIN "gateway-20261125T205516Z-1a2b3c4d5e6f7081"
#define NAME "checkpoint-000001"
#define ORIGIN "galen.audit/" CHAIN "\n"
#define ROOT "SBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n"

/* Python made these of the key of TEST 1 in RFC 8032 section 7.1, with hashlib and
 * cryptography 48.0 (Ed25519PrivateKey); the root is SHA-256("root"). */
static const char *const note_text = ORIGIN
    "1024\n" ROOT "\n"
    "\xe2\x80\x94 " NAME
    " 5c0GgDZs5mzwD/HynPsF7mmJ70kGIgYG2hQIleBggIqfTNR6pa/zHPFS4iGiqFd7hMhrZErumKPtErn"
    "hRyjNXhdB5gM=\n";
static const char *const verifier_text =
    NAME "+e5cd0680+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea";

static const char *const pem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

static struct ed25519 *ed25519;
static struct checkpoint_key key = {.name = NAME};
static struct checkpoint checkpoint = {.chain = BYTES_INIT(CHAIN), .size = 1024};
static struct writer text;
static struct error error;

static int make_key(void **state)
{
    (void)state;
    EXPECT_OK(ed25519_from_pem(bytes_from_string(pem), &ed25519));
    EXPECT_OK(sha256_of(BYTES("root"), checkpoint.root));
    key.key = ed25519;
    return 0;
}

static int drop_key(void **state)
{
    (void)state;
    ed25519_destroy(ed25519);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    writer_init(&text, TEXT_SIZE_MAX);
    error_clear(&error);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    writer_deinit(&text);
    return 0;
}

static struct bytes copy_string(const char *string, uint8_t *out_data)
{
    memcpy(out_data, string, strlen(string));
    return bytes_of(out_data, strlen(string));
}

static enum galen_status read_text(struct bytes note)
{
    struct checkpoint read;
    struct bytes rest;
    return checkpoint_read(note, &key, 1, &read, &rest, &error);
}

static void expect_refused(struct bytes note)
{
    struct checkpoint read = {.size = 7};
    struct bytes rest = BYTES("untouched");
    const enum galen_status status = checkpoint_read(note, &key, 1, &read, &rest, &error);
    assert_int_not_equal(status, GALEN_OK);
    assert_int_equal(read.size, 7);
    assert_true(bytes_equal_string(rest, "untouched"));
}

/* Any text, signed as it should be. */
static struct bytes sign(const char *body)
{
    uint8_t signature[ID_SIZE + ED25519_SIGNATURE_SIZE] = {0xe5, 0xcd, 0x06, 0x80};
    EXPECT_OK(ed25519_sign(ed25519, bytes_from_string(body), signature + ID_SIZE));
    writer_deinit(&text);
    writer_put_string(&text, body);
    writer_put_string(&text, "\n\xe2\x80\x94 " NAME " ");
    base64_encode(bytes_of(signature, sizeof(signature)), &text);
    writer_put_byte(&text, '\n');
    EXPECT_OK(text.status);
    return writer_bytes(&text);
}

static void a_note_is_what_another_implementation_writes(void **state)
{
    (void)state;

    EXPECT_OK(checkpoint_write(&checkpoint, &key, &text));

    assert_true(bytes_equal_string(writer_bytes(&text), note_text));
}

static void what_another_implementation_writes_is_read(void **state)
{
    (void)state;
    struct checkpoint read;
    struct bytes rest;

    EXPECT_OK(checkpoint_read(bytes_from_string(note_text), &key, 1, &read, &rest, &error));

    assert_true(bytes_equal_string(read.chain, CHAIN));
    assert_int_equal(1024, read.size);
    assert_memory_equal(checkpoint.root, read.root, sizeof(read.root));
    assert_int_equal(rest.size, 0);
}

static void any_size_comes_back(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {0, 1, 9, 10, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct checkpoint read;
        struct bytes rest;
        struct checkpoint written = checkpoint;
        written.size = sizes[i];
        writer_deinit(&text);

        EXPECT_OK(checkpoint_write(&written, &key, &text));
        EXPECT_OK(checkpoint_read(writer_bytes(&text), &key, 1, &read, &rest, &error));

        assert_true(read.size == sizes[i]);
    }
}

static void a_changed_bit_is_refused(void **state)
{
    (void)state;
    uint8_t note[TEXT_SIZE_MAX];
    const struct bytes changed = copy_string(note_text, note);

    for (size_t bit = 0; bit < changed.size * BYTE_BITS; bit++) {
        note[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
        expect_refused(changed);
        note[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
    }
    EXPECT_OK(read_text(changed));
}

static void a_byte_less_is_refused(void **state)
{
    (void)state;
    const struct bytes note = bytes_from_string(note_text);
    for (size_t i = 0; i < note.size; i++) {
        expect_refused(bytes_first(note, i));

        writer_deinit(&text);
        writer_put(&text, bytes_first(note, i));
        writer_put(&text, bytes_from(note, i + 1));
        expect_refused(writer_bytes(&text));
    }
}

static void a_byte_more_is_refused(void **state)
{
    (void)state;
    static const char more[] = {' ', '\t', '\r', '0', '1', '=', '+', 'A', '\0', '\x80'};
    const struct bytes note = bytes_from_string(note_text);
    for (size_t i = 0; i < note.size * sizeof(more); i++) {
        writer_deinit(&text);
        writer_put(&text, bytes_first(note, i / sizeof(more)));
        writer_put_byte(&text, (uint8_t)more[i % sizeof(more)]);
        writer_put(&text, bytes_from(note, i / sizeof(more)));

        expect_refused(writer_bytes(&text));
    }
}

static void a_line_feed_more_is_refused(void **state)
{
    (void)state;
    const struct bytes note = bytes_from_string(note_text);
    for (size_t i = 0; i < note.size - 1; i++) { /* behind, it is no part of the note */
        writer_deinit(&text);
        writer_put(&text, bytes_first(note, i));
        writer_put_byte(&text, '\n');
        writer_put(&text, bytes_from(note, i));

        expect_refused(writer_bytes(&text));
    }
}

/* Each is signed as it should be, and says what another text says already, or nothing. */
static const char *const other_texts[] = {
    ORIGIN "01024\n" ROOT,
    ORIGIN "00\n" ROOT,
    ORIGIN "+1024\n" ROOT,
    ORIGIN "-1\n" ROOT,
    ORIGIN " 1024\n" ROOT,
    ORIGIN "1024 \n" ROOT,
    ORIGIN "1024\r\n" ROOT,
    ORIGIN "0x400\n" ROOT,
    ORIGIN "\n" ROOT,
    ORIGIN "18446744073709551616\n" ROOT,
    ORIGIN "1024\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I\n",
    ORIGIN "1024\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7J=\n",
    ORIGIN "1024\nSBNJTRN-FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7I=\n",
    ORIGIN "1024\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2\n",
    ORIGIN "1024\nSBNJTRN+FjG7owHVrKtue7eqdM4RhdRWVl71HXN2d7JyAAAA\n",
    ORIGIN "1024\n\n",
    ORIGIN "1024\n" ROOT "an extension\n",
    ORIGIN "1024\n",
    ORIGIN,
    "",
    "\n" ORIGIN "1024\n" ROOT,
    CHAIN "\n1024\n" ROOT,
    "galen.audit/\n1024\n" ROOT,
    "galen.audit/ " CHAIN "\n1024\n" ROOT,
    "galen.audit/" CHAIN " \n1024\n" ROOT,
    "galen.audit/" CHAIN "\r\n1024\n" ROOT,
    "galen.audit/GATEWAY-20261125T205516Z-1a2b3c4d5e6f7081\n1024\n" ROOT,
    "galen.audit/../x\n1024\n" ROOT,
    "other.audit/" CHAIN "\n1024\n" ROOT,
};

static void other_texts_are_refused_though_they_are_signed(void **state)
{
    (void)state;
    EXPECT_OK(read_text(sign(ORIGIN "1024\n" ROOT)));
    for (size_t i = 0; i < sizeof(other_texts) / sizeof(other_texts[0]); i++) {
        EXPECT_STATUS(GALEN_INVALID, read_text(sign(other_texts[i])));
        assert_true(bytes_starts_with(bytes_from_string(error.text), BYTES("line ")));
    }
}

static void a_second_signature_is_refused(void **state)
{
    (void)state;
    const struct bytes note = bytes_from_string(note_text);
    const size_t body_size = strlen(ORIGIN "1024\n" ROOT "\n");
    writer_put(&text, note);
    writer_put(&text, bytes_from(note, body_size));

    EXPECT_STATUS(GALEN_INVALID, read_text(writer_bytes(&text)));

    assert_string_equal("a checkpoint has a second signature", error.text);
}

static void what_follows_is_given_back(void **state)
{
    (void)state;
    struct checkpoint read;
    struct bytes rest;
    struct checkpoint later = checkpoint;
    later.size = 2048;
    EXPECT_OK(checkpoint_write(&checkpoint, &key, &text));
    writer_put_byte(&text, '\n');
    EXPECT_OK(checkpoint_write(&later, &key, &text));

    EXPECT_OK(checkpoint_read(writer_bytes(&text), &key, 1, &read, &rest, &error));
    assert_int_equal(1024, read.size);
    assert_int_equal('\n', rest.data[0]);
    EXPECT_OK(checkpoint_read(bytes_from(rest, 1), &key, 1, &read, &rest, &error));

    assert_int_equal(2048, read.size);
    assert_int_equal(rest.size, 0);
}

static void a_key_is_found_by_name_and_id(void **state)
{
    (void)state;
    scoped(ed25519) other = NULL;
    struct checkpoint read;
    struct bytes rest;
    EXPECT_OK(ed25519_generate(&other));
    const struct checkpoint_key keys[] = {
        {.name = NAME, .key = other}, {.name = "checkpoint-000002", .key = ed25519}, key};
    const struct bytes note = bytes_from_string(note_text);

    EXPECT_OK(checkpoint_read(note, keys, 3, &read, &rest, &error));
    EXPECT_STATUS(GALEN_NOT_FOUND, checkpoint_read(note, keys, 2, &read, &rest, &error));
    assert_non_null(strstr(error.text, NAME));
    EXPECT_STATUS(GALEN_NOT_FOUND, checkpoint_read(note, keys, 0, &read, &rest, NULL));
}

static void a_text_that_was_not_signed_is_told_from_an_unknown_key(void **state)
{
    (void)state;
    uint8_t note[TEXT_SIZE_MAX];
    const struct bytes changed = copy_string(note_text, note);
    note[strlen(ORIGIN)] = '2';

    EXPECT_STATUS(GALEN_FORBIDDEN, read_text(changed));

    assert_non_null(strstr(error.text, NAME));
}

static void a_public_key_signs_nothing(void **state)
{
    (void)state;
    scoped(ed25519) half = NULL;
    uint8_t public_key[ED25519_PUBLIC_KEY_SIZE];
    ed25519_public(ed25519, public_key);
    EXPECT_OK(ed25519_from_public(public_key, &half));
    const struct checkpoint_key public_half = {.name = NAME, .key = half};
    struct checkpoint read;
    struct bytes rest;

    EXPECT_STATUS(GALEN_INVALID, checkpoint_write(&checkpoint, &public_half, &text));
    EXPECT_OK(checkpoint_read(bytes_from_string(note_text), &public_half, 1, &read, &rest,
                              &error));
}

static void a_note_that_there_is_no_room_for_is_refused(void **state)
{
    (void)state;
    for (size_t size = 0; size < strlen(note_text); size++) {
        writer_deinit(&text);
        writer_init(&text, size);

        EXPECT_STATUS(GALEN_TOO_LARGE, checkpoint_write(&checkpoint, &key, &text));
    }
}

static void a_verifier_key_is_what_another_implementation_writes(void **state)
{
    (void)state;

    EXPECT_OK(checkpoint_key_write(&key, &text));

    assert_true(bytes_equal_string(writer_bytes(&text), verifier_text));
}

/* Those of golang.org/x/mod/sumdb/note's documentation and of sum.golang.org. */
static const char *const published_keys[] = {
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
};

static void published_verifier_keys_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(published_keys) / sizeof(published_keys[0]); i++) {
        scoped(ed25519) read = NULL;
        struct checkpoint_key again;
        writer_deinit(&text);

        EXPECT_OK(
            checkpoint_key_read(bytes_from_string(published_keys[i]), again.name, &read));
        again.key = read;
        EXPECT_OK(checkpoint_key_write(&again, &text));

        assert_true(bytes_equal_string(writer_bytes(&text), published_keys[i]));
    }
}

static void expect_no_key(struct bytes verifier)
{
    char name[CHECKPOINT_KEY_NAME_SIZE] = "untouched";
    struct ed25519 *read = NULL;
    EXPECT_STATUS(GALEN_INVALID, checkpoint_key_read(verifier, name, &read));
    assert_string_equal("untouched", name);
    assert_null(read);
}

static void a_changed_bit_of_a_verifier_key_is_refused(void **state)
{
    (void)state;
    uint8_t verifier[TEXT_SIZE_MAX];
    const struct bytes changed = copy_string(verifier_text, verifier);

    for (size_t bit = 0; bit < changed.size * BYTE_BITS; bit++) {
        verifier[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
        expect_no_key(changed);
        verifier[bit / BYTE_BITS] ^= (uint8_t)(1U << bit % BYTE_BITS);
    }
}

#define KEY_BASE64 "AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"

static const char *const no_verifier_keys[] = {
    "",
    "+",
    "++",
    NAME,
    NAME "+e5cd0680",
    NAME "+e5cd0680+",
    NAME "+E5CD0680+" KEY_BASE64,
    NAME "+e5cd068+" KEY_BASE64,
    NAME "+e5cd0680+" KEY_BASE64 "\n",
    NAME "+e5cd0680+" KEY_BASE64 "AAAA",
    NAME " +e5cd0680+" KEY_BASE64,
    "+e5cd0680+" KEY_BASE64,
    "a-name-that-is-longer-than-what-there-is-room-for-in-a-key-name-0+"
    "e5cd0680+" KEY_BASE64,
};

static void what_is_no_verifier_key_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(no_verifier_keys) / sizeof(no_verifier_keys[0]); i++) {
        expect_no_key(bytes_from_string(no_verifier_keys[i]));
    }
}

#define TEXT_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEXT_TEST(a_note_is_what_another_implementation_writes),
        TEXT_TEST(what_another_implementation_writes_is_read),
        TEXT_TEST(any_size_comes_back),
        TEXT_TEST(a_changed_bit_is_refused),
        TEXT_TEST(a_byte_less_is_refused),
        TEXT_TEST(a_byte_more_is_refused),
        TEXT_TEST(a_line_feed_more_is_refused),
        TEXT_TEST(other_texts_are_refused_though_they_are_signed),
        TEXT_TEST(a_second_signature_is_refused),
        TEXT_TEST(what_follows_is_given_back),
        TEXT_TEST(a_key_is_found_by_name_and_id),
        TEXT_TEST(a_text_that_was_not_signed_is_told_from_an_unknown_key),
        TEXT_TEST(a_public_key_signs_nothing),
        TEXT_TEST(a_note_that_there_is_no_room_for_is_refused),
        TEXT_TEST(a_verifier_key_is_what_another_implementation_writes),
        TEXT_TEST(published_verifier_keys_are_read),
        TEXT_TEST(a_changed_bit_of_a_verifier_key_is_refused),
        TEXT_TEST(what_is_no_verifier_key_is_refused),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, make_key, drop_key);
}
