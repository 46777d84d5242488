/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever is signed as it should be and then read has one text: it is written again byte
 * for byte. The same holds for what comes signed already, and for a verifier key.
 */
#include "service/audit/checkpoint.h"

#include "codec/base64.h"
#include "fuzz.h"

enum { ID_SIZE = 4, TEXT_SIZE_MAX = 1 << 20 };

/* TEST 1 of RFC 8032 section 7.1, and the id that it has under this name. */
#define NAME "checkpoint-000001"
static const uint8_t key_id[ID_SIZE] = {0xe5, 0xcd, 0x06, 0x80};

static struct checkpoint_key make_key(void)
{
    struct checkpoint_key key = {.name = NAME};
    struct ed25519 *ed25519;
    INVARIANT(ed25519_from_pem(
                  BYTES("-----BEGIN PRIVATE KEY-----\n"
                        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                        "-----END PRIVATE KEY-----\n"),
                  &ed25519) == GALEN_OK);
    key.key = ed25519;
    return key;
}

static const struct checkpoint_key *the_key(void)
{
    static struct checkpoint_key key;
    if (key.key == NULL) {
        key = make_key();
    }
    return &key;
}

static void expect_one_text(struct bytes text)
{
    struct checkpoint checkpoint;
    struct bytes rest;
    struct error error = {"", ""};
    struct writer again;
    if (checkpoint_read(text, the_key(), 1, &checkpoint, &rest, &error) != GALEN_OK) {
        INVARIANT(error.text[0] != '\0');
        return;
    }
    writer_init(&again, TEXT_SIZE_MAX);
    INVARIANT(checkpoint_write(&checkpoint, the_key(), &again) == GALEN_OK);
    INVARIANT(bytes_equal(writer_bytes(&again), bytes_first(text, text.size - rest.size)));
    writer_deinit(&again);
}

static void expect_one_text_when_signed(struct bytes body)
{
    uint8_t signature[ID_SIZE + ED25519_SIGNATURE_SIZE];
    struct writer text;
    memcpy(signature, key_id, sizeof(key_id));
    INVARIANT(ed25519_sign(the_key()->key, body, signature + ID_SIZE) == GALEN_OK);
    writer_init(&text, TEXT_SIZE_MAX);
    writer_put(&text, body);
    writer_put_string(&text, "\n\xe2\x80\x94 " NAME " ");
    base64_encode(bytes_of(signature, sizeof(signature)), &text);
    writer_put_byte(&text, '\n');
    if (text.status == GALEN_OK) {
        expect_one_text(writer_bytes(&text));
    }
    writer_deinit(&text);
}

static void expect_one_text_of_a_verifier_key(struct bytes text)
{
    struct checkpoint_key key;
    struct ed25519 *ed25519 = NULL;
    struct writer again;
    if (checkpoint_key_read(text, key.name, &ed25519) != GALEN_OK) {
        INVARIANT(ed25519 == NULL);
        return;
    }
    key.key = ed25519;
    writer_init(&again, TEXT_SIZE_MAX);
    INVARIANT(checkpoint_key_write(&key, &again) == GALEN_OK);
    INVARIANT(bytes_equal(writer_bytes(&again), text));
    writer_deinit(&again);
    ed25519_destroy(ed25519);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct bytes text = bytes_of(data, size);
    expect_one_text(text);
    expect_one_text_when_signed(text);
    expect_one_text_of_a_verifier_key(text);
    return 0;
}
