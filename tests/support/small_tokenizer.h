/* SPDX-License-Identifier: Apache-2.0 */
/* For tests: a WordPiece tokenizer whose tokens are single letters and a few words. [PAD]
 * is 0, [UNK] 1, [CLS] 2, [SEP] 3, "a" 4, "b" 5, "##a" 6, "##b" 7, "cat" 8. */
#pragma once

static const char small_tokenizer[] =
    "{\"added_tokens\":[],\"normalizer\":{\"type\":\"Lowercase\"},"
    "\"pre_tokenizer\":{\"type\":\"WhitespaceSplit\"},"
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]"
    "\",2]},"
    "\"model\":{\"type\":\"WordPiece\",\"unk_token\":\"[UNK]\","
    "\"continuing_subword_prefix\":\"##\",\"max_input_chars_per_word\":100,"
    "\"vocab\":{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"a\":4,\"b\":5,"
    "\"##a\":6,\"##b\":7,\"cat\":8}}}";
