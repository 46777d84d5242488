# SPDX-License-Identifier: Apache-2.0
"""The same text by PyPI `tokenizers`, which is Rust, called as a Python server calls it; and
two tokenizers of the sizes that models ship: BERT's kind (WordPiece, about 30,000 tokens)
and RoBERTa's (byte-level BPE, about 50,000), trained on words made up here."""
import pathlib
import random
import resource

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

SENTENCE = ("Patient reports chest pain radiating to the left arm since yesterday evening, denies"
            " dyspnea or fever; takes metformin 500 mg twice daily and lisinopril 10 mg. BP 142/91.")
RUNS = 5_000
SYLLABLES = ("ab", "an", "ar", "ca", "chest", "da", "de", "dys", "el", "en", "er", "fe", "for", "in",
             "is", "la", "li", "lo", "me", "met", "mi", "na", "no", "on", "or", "pa", "pain", "pne",
             "pri", "ra", "re", "ri", "sin", "so", "ta", "te", "ti", "to", "ve", "yes")


def made_up_lines() -> list[str]:
    """Words of two to four syllables, often repeated as words are, with the sentence's own."""
    source = random.Random(1)
    words = ["".join(source.choices(SYLLABLES, k=source.randint(2, 4))) for _ in range(30_000)]
    ranks = [1 / (rank + 1) for rank in range(len(words))]
    lines = [" ".join(source.choices(words, ranks, k=12)) for _ in range(6_000)]
    return lines + [SENTENCE] * 20


def wordpiece() -> Tokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(made_up_lines(), trainers.WordPieceTrainer(
        vocab_size=30_000, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def byte_level() -> Tokenizer:
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(made_up_lines(), trainers.BpeTrainer(
        vocab_size=50_000, special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


KINDS = {"WordPiece": wordpiece, "byte-level BPE": byte_level}


def write(kind: str, folder: pathlib.Path) -> pathlib.Path:
    path = folder / f"{kind}.json"
    KINDS[kind]().save(str(path))
    return path


def cpu_us() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return 1e6 * (used.ru_utime + used.ru_stime)


def cpu_us_per_run(path: pathlib.Path, text: str) -> float:
    tokenizer = Tokenizer.from_file(str(path))
    for _ in range(100):
        tokenizer.encode(text)
    before = cpu_us()
    for _ in range(RUNS):
        tokenizer.encode(text)
    return (cpu_us() - before) / RUNS


def count(path: pathlib.Path, text: str) -> int:
    """Tokens without the frame's."""
    return len(Tokenizer.from_file(str(path)).encode(text, add_special_tokens=False).ids)
