"""How a number is written: the same in sentences, tables and figures. Imports nothing heavy.

Scores are decimals with three digits, losses have four, shares of counted rows are per cent with
one digit and a thin gap, counts have thousands separators; the minus sign is a true one, an
interval reads "0.929 to 0.946", and what is not known is an en dash.
"""

from __future__ import annotations

import math
import re
from typing import Any

THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
NONE = "–"
_BREAKABLE = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and c not in (THIN, "\xa0"))
_BREAK = re.compile(f"[{re.escape(_BREAKABLE)}]+")
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _known(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def fixed(value: float | None, digits: int, signed: bool = False) -> str:
    """``value`` with ``digits`` decimals: ``1,234.50``, ``−0.014``; never ``−0.000``."""
    if not _known(value):
        return NONE
    assert value is not None
    text = f"{abs(value):,.{digits}f}"
    if not any(c in "123456789" for c in text):
        return text
    sign = MINUS if value < 0 else "+" if signed else ""
    return sign + text


def score(value: float | None, signed: bool = False) -> str:
    """A score from 0 to 1, or a difference of two: three decimals."""
    return fixed(value, 3, signed)


def loss(value: float | None, signed: bool = False) -> str:
    """A loss: four decimals; from 1,000 on as :func:`amount`."""
    if _known(value) and abs(value) >= 1000:  # type: ignore[arg-type]
        return amount(value, signed=signed)
    return fixed(value, 4, signed)


def share(value: float | None, signed: bool = False) -> str:
    """A share of counted rows, given as a fraction: ``60.5 %``; two digits below 0.1 %."""
    if not _known(value):
        return NONE
    assert value is not None
    per_cent = 100 * value
    digits = 1
    if 0 < abs(per_cent) < 0.095:
        digits = min(1 - math.floor(math.log10(abs(per_cent))), 6)
    return f"{fixed(per_cent, digits, signed)}{THIN}%"


def count(value: float | None, signed: bool = False) -> str:
    """A number of things: ``3,000``."""
    return fixed(value, 0, signed)


def amount(value: float | None, digits: int = 4, signed: bool = False) -> str:
    """Any other quantity, to ``digits`` significant ones: ``12,346``, ``0.05130``, ``1.2 × 10⁻⁷``.

    Figures before the point are never rounded away; an exponent stands only below 10⁻⁵ and from
    10¹² on.
    """
    if not _known(value):
        return NONE
    assert value is not None
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(value)))
    if -5 <= power < 12:
        return fixed(value, max(digits - 1 - power, 0), signed)
    mantissa = fixed(value / 10.0**power, max(digits - 3, 0), signed)
    return f"{mantissa}{THIN}×{THIN}10{str(power).translate(_SUPERSCRIPT)}"


_UNITS = {"score": score, "share": share, "count": count, "loss": loss}


def number(value: float | None, unit: str = "score", signed: bool = False) -> str:
    """``value`` as its ``unit`` is written: a :class:`~reportgen.results.Metric`'s units."""
    return _UNITS.get(unit, amount)(value, signed=signed)


def interval(low: float | None, high: float | None, unit: str = "score") -> str:
    """``0.929 to 0.946``; an en dash where an end is not known."""
    if not _known(low) or not _known(high):
        return NONE
    return f"{number(low, unit)} to {number(high, unit)}"


def estimate(
    value: float | None, low: float | None, high: float | None, unit: str = "score"
) -> str:
    """For sentences: ``0.938 (0.929 to 0.946)``, or the number alone."""
    between = interval(low, high, unit)
    return number(value, unit) if between == NONE else f"{number(value, unit)} ({between})"


def capital(text: str) -> str:
    """The first letter large, the rest as it is; names of code (``max_depth``) stay as they are."""
    first = text.partition(" ")[0]
    return text if "_" in first else text[:1].upper() + text[1:]


def plural(n: int, one: str, many: str | None = None) -> str:
    """``1 row``, ``3,000 rows``."""
    return f"{count(n)} {one if n == 1 else many or one + 's'}"


def listed(items: list[str] | tuple[str, ...], most: int = 5) -> str:
    """``5, 19, 23 and 1,809 more``, or ``a, b and c``."""
    items = list(items)
    if len(items) > most:
        return f"{', '.join(items[:most])} and {count(len(items) - most)} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def in_a_sentence(label: str) -> str:
    """A metric's label within a sentence: accuracy, but ROC-AUC, R², F1 and Brier score."""
    named = label.startswith(("Matthews", "Brier"))  # after people
    return label if named or not label[1:2].islower() else label[:1].lower() + label[1:]


def words(text: str) -> list[str]:
    """``text`` where it may be broken: at white space, but not at a space that must not break.

    ``str.split`` breaks at those too, and would part a number from its per cent sign.
    """
    return _BREAK.split(text.strip(_BREAKABLE)) if text.strip(_BREAKABLE) else []


def unbroken(text: str) -> str:
    """``text`` whose numbers stay with their per cent sign where a line ends."""
    return re.sub(r"(?<=\d) (?=%)", THIN, text)


def begun(text: str, most: int) -> str:
    """``text`` in at most ``most`` characters, cut after a word; on one line. For sentences."""
    text = " ".join(words(text))
    if len(text) <= most:
        return text
    kept, _, _ = text[:most].rpartition(" ")
    return f"{(kept or text[: most - 1]).rstrip(' ,;:.')} …"


def shorten(text: str, most: int) -> str:
    """``text`` in at most ``most`` characters, cut in the middle; on one line."""
    text = " ".join(words(text))
    if len(text) <= most:
        return text
    tail = (most - 1) // 3
    return f"{text[: most - 1 - tail].rstrip()}…{text[len(text) - tail :].lstrip()}"
