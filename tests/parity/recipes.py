# SPDX-License-Identifier: Apache-2.0
"""Tokenizers as the families of models ship them, with vocabularies trained here."""

import json
from collections.abc import Callable

import texts
from tokenizers import (
    AddedToken,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def wordpiece(normalizer, *, template: bool = False, size: int = 2000) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator(
        texts.corpus() * 3,
        trainers.WordPieceTrainer(
            vocab_size=size, min_frequency=1, special_tokens=BERT_SPECIAL, show_progress=False
        ),
    )
    pair = [(name, tokenizer.token_to_id(name)) for name in ("[SEP]", "[CLS]")]
    tokenizer.post_processor = (
        processors.BertProcessing(*pair)
        if not template
        else processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", pair)
    )
    return tokenizer


def bert(lower: bool, strip: bool | None = None, **options) -> Tokenizer:
    return wordpiece(normalizers.BertNormalizer(lowercase=lower, strip_accents=strip), **options)


def steps() -> Tokenizer:
    tokenizer = wordpiece(
        normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()])
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer()]
    )
    return tokenizer


def compatible() -> Tokenizer:
    return wordpiece(normalizers.NFKD())


def bare() -> Tokenizer:
    tokenizer = wordpiece(None)
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = None
    return tokenizer


def byte_level(
    *, prefix: bool, pattern: bool = True, special: list[str] = ROBERTA_SPECIAL
) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix, use_regex=pattern)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts.corpus() * 3,
        trainers.BpeTrainer(
            vocab_size=1500,
            min_frequency=1,
            special_tokens=special,
            show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )
    return tokenizer


def roberta(*, prefix: bool, trim: bool) -> Tokenizer:
    tokenizer = byte_level(prefix=prefix)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=trim, add_prefix_space=prefix
    )
    return tokenizer


def gpt2(trim: bool = True) -> Tokenizer:
    tokenizer = byte_level(prefix=False, special=["<|endoftext|>"])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=trim)
    return tokenizer


def with_added(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.add_tokens(
        [
            AddedToken("metformin", single_word=True),
            AddedToken("HTN", normalized=False),
            AddedToken("T2DM", lstrip=True, rstrip=True),
            AddedToken("chest pain", rstrip=True),
            AddedToken("chest", normalized=True),
            AddedToken("\u00dcber", normalized=True),
            AddedToken("ll", single_word=True, normalized=False),
        ]
    )
    tokenizer.add_special_tokens(
        [AddedToken("  ", normalized=False), AddedToken("\u60a3", lstrip=True)]
    )
    return tokenizer


def changed(**members: object) -> Tokenizer:
    """GPT-2's kind with other members of its model."""
    document = json.loads(gpt2().to_str())
    document["model"] |= members
    return Tokenizer.from_str(json.dumps(document))


def unreached() -> Tokenizer:
    """A third of the merges is missing: many tokens can no longer be made of their bytes."""
    merges = json.loads(gpt2().to_str())["model"]["merges"]
    return changed(merges=[merge for rank, merge in enumerate(merges) if rank % 3])


RECIPES: dict[str, Callable[[], Tokenizer]] = {
    "bert-uncased": lambda: bert(True),
    "bert-cased": lambda: bert(False),
    "bert-multilingual-cased": lambda: bert(False, False, size=4000),
    "bert-uncased-accents": lambda: bert(True, False),
    "bert-cased-stripped": lambda: bert(False, True),
    "distilbert-template": lambda: bert(True, template=True),
    "bert-added": lambda: with_added(bert(True)),
    "wordpiece-steps": steps,
    "wordpiece-nfkd": compatible,
    "wordpiece-bare": bare,
    "roberta": lambda: roberta(prefix=False, trim=True),
    "roberta-prefix": lambda: roberta(prefix=True, trim=True),
    "roberta-untrimmed": lambda: roberta(prefix=True, trim=False),
    "roberta-added": lambda: with_added(roberta(prefix=True, trim=True)),
    "gpt2": gpt2,
    "gpt2-untrimmed": lambda: gpt2(False),
    "gpt2-unreached": unreached,
    "gpt2-ignoring-merges": lambda: changed(ignore_merges=True),
    "gpt2-whole": lambda: byte_level(prefix=False, pattern=False),
}
