"""What is said to people, in English and in Japanese, and the errors that carry it."""


import json
import sys


class Said(Exception):
    """An error in both languages; en and ja are filled with the same arguments."""

    def __init__(self, en, ja, *args, retriable=False):
        self.en = en.format(*[words(a) for a in args])
        self.ja = ja.format(*[japanese(a) for a in args])
        self.retriable = retriable
        super().__init__(self.en)


def words(value):
    return value.en if isinstance(value, Said) else str(value)


def japanese(value):
    return value.ja if isinstance(value, Said) else str(value)


def changed(path, got, want):
    """The error of a file whose digest is got and not want."""
    return Said("{} has SHA-256 {}, want {}; the file was changed or is damaged",
                "{} の SHA-256 は {} で、期待した値 {} と違います。書き換えられたか、壊れています", path, got, want)


def say(act):
    """Does what a program is for, or says what is wrong as the last line of its output and exits with 1."""
    try:
        act()
    except Exception as error:
        said = error if isinstance(error, Said) else Said("{}: {}", "{}：{}", type(error).__name__, error)
        print(json.dumps({"en": said.en, "ja": said.ja}, ensure_ascii=False))
        sys.exit(1)
