"""Text from data as it may be shown: what would be invisible, or turn what follows around, is named instead."""

from __future__ import annotations

import unicodedata

_KEPT = "\t\n"


def visible(text: str) -> str:
    r"""The text with control, format and unassigned characters by their code points.

    >>> visible("income\u202e"), visible("Größe é")
    ('income‹U+202E›', 'Größe é')
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_shown, text))


def _shown(character: str) -> str:
    hidden = character not in _KEPT and unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn")
    return f"‹U+{ord(character):04X}›" if hidden else character
