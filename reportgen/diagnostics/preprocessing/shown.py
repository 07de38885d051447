"""The numbers that tables and figures show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from reportgen.charts.numbers import amount, fixed, listed, plural, share
from reportgen.diagnostics.preprocessing.chain import Link, width_of
from reportgen.diagnostics.preprocessing.columns import (
    described,
    finite,
    ks,
    scale_of,
    spread,
    thinned,
)
from reportgen.diagnostics.preprocessing.questions.categories import wordy
from reportgen.diagnostics.preprocessing.questions.missing import missing
from reportgen.diagnostics.preprocessing.questions.pictures import limits, sampled
from reportgen.diagnostics.preprocessing.received import SPLITS, Column, Place, Received
from reportgen.evidence import Case

SPANS = 10  # columns in the figure
STEPS = 30  # bins of images
MOST_LINKS = 40
PLAIN_CODE = 0.1  # a 0-or-1 column nearer to train than this stands behind all others
BEFORE = "The data as they come, before any step"
TITLES = {
    "data": "What the model receives",
    "inputs": "What the model receives, behind the job's preprocessing",
    "estimator": "What the last step of the model receives",
}


def series(
    case: Case, rows: Received, chain: Sequence[Link], flagged: Sequence[str], most: int
) -> dict[str, Any]:
    """Columns at the last place, worst first; the chain; spans, images, categories by split."""
    place = _place(rows, flagged)
    judged = next((n for n in ("test", "validation", "train") if n in case.dataset.splits), "train")
    facts = [_facts(c, judged) for c in place.columns]
    first = {name: k for k, name in enumerate(dict.fromkeys(flagged))}
    facts.sort(
        key=lambda f: (
            first.get(f["name"], len(first)),
            f["scale"] == "0 or 1" and f["apart"] < PLAIN_CODE,
            -f["apart"],
            f["name"],
        )
    )
    if not any(f["name"] in first for f in facts):  # codes alone are no table worth reading
        codes = [f for f in facts if f["scale"] == "0 or 1" and f["apart"] < PLAIN_CODE]
        most = min(most, max(len(facts) - len(codes), 5))
    out: dict[str, Any] = {
        "about": {
            "place": place.words, "judged": judged, "columns": len(place.columns) + place.left_out,
            "rows": {n: case.split(n).n for n in SPLITS if n in case.dataset.splits},
            "flagged": len(set(flagged) & {f["name"] for f in facts}),
        },
        "received": _table(facts[:most], place, judged, len(rows.places) > 1) if facts else None,
        "rest": _rest(facts[most:], judged),
        "chain": [
            {"where": link.where, "kind": link.kind, "does": link.does, "columns": width_of(link)}
            for link in chain[:MOST_LINKS]
        ],
        "chain_total": len(chain),
    }  # fmt: skip
    spans = _spans([c for f in facts for c in place.columns if c.name == f["name"]], judged)
    if spans:
        out["spans"] = spans
    pictures = _pictures(place, judged)
    if pictures:
        out["pictures"] = pictures
    kinds = Counter(f["scale"] for f in facts)
    out["kinds"] = [{"kind": k, "columns": n} for k, n in kinds.most_common(10)]
    gaps = [f for f in facts if f["missing"] and max(f["missing"].values()) > 0][:SPANS]
    if gaps:
        out["gaps"] = [{"name": f["name"], **f["missing"]} for f in gaps]
    return out


def _place(rows: Received, flagged: Sequence[str]) -> Place:
    """The last place, or the latest at which most of the flagged columns stand."""
    if not flagged:
        return next((p for p in reversed(rows.places) if p.columns or p.blocks), rows.last)
    counts = [len(set(flagged) & {c.name for c in p.columns}) for p in rows.places]
    best = max(range(len(counts)), key=lambda k: (counts[k], k))
    return rows.places[best]


def _facts(column: Column, judged: str) -> dict[str, Any]:
    """A column's figures on each split, and how far the judged split is from train."""
    gone = {n: float(missing(column, n).mean()) for n in column.by if len(column.by[n])}
    if not column.numeric:
        sets = {n: {v for v in x.tolist() if v is not None} for n, x in column.by.items()}
        apart = 0.0
        if "train" in sets and judged in sets:
            counts = [Counter(column.by[n].tolist()) for n in ("train", judged)]
            total = [max(sum(c.values()), 1) for c in counts]
            every = {*counts[0], *counts[1]}
            apart = 0.5 * sum(abs(counts[0][v] / total[0] - counts[1][v] / total[1]) for v in every)
        words = _words(column)
        if words:
            apart = ks(*words.values()) if len(words) > 1 else 0.0
        lengths = {n: (int(w[0]), float(w.mean()), int(w[-1])) for n, w in words.items()}
        return {"name": column.name, "scale": "text", "dtype": column.dtype, "missing": gone,
                "sets": sets, "apart": apart, "of": {}, "words": lengths}  # fmt: skip
    of = {n: described(x) for n, x in column.by.items() if len(x)}
    apart = 0.0
    if "train" in of and judged in of and judged != "train":
        apart = ks(*(np.sort(thinned(finite(column.by[n]), 4000)) for n in ("train", judged)))
    lead = of.get("train") or next(iter(of.values()))
    return {"name": column.name, "scale": scale_of(lead), "dtype": column.dtype, "missing": gone,
            "of": of, "sets": {}, "apart": apart, "words": {}}  # fmt: skip


def _words(column: Column) -> dict[str, Any]:
    """Words a text, sorted, by split; empty where the column holds categories."""
    if not wordy(next(iter(column.by.values()))):
        return {}
    return {
        n: np.sort([len(str(v or "").split()) for v in thinned(x)]).astype(np.float64)
        for n, x in column.by.items()
        if len(x) and n != "validation"
    }


def _table(facts: list[dict[str, Any]], place: Place, judged: str, steps: bool) -> dict[str, Any]:
    names = ["train", judged] if judged != "train" and all(
        "train" in f["missing"] for f in facts
    ) else [judged]  # fmt: skip
    head = [["Column", "q"], ["Scale", ""]]
    for n in names:
        head += [[f"{n.capitalize()} range", "n"], [f"{n.capitalize()} mean (sd)", "n"]]
    head += [["Missing", "n"], ["Values", "n"]]
    if len(names) > 1:
        head.append(["Apart", "n"])
    rows = []
    for f in facts:
        row = [f["name"], _scales(f, names)]
        for n in names:
            row += _figures(f, n)
        row.append(_pair([share(f["missing"].get(n)) for n in names]))
        row.append(_pair([_distinct(f, n) for n in names]))
        if len(names) > 1:
            row.append(f"{f['apart']:.2f}")
        rows.append(row)
    title = BEFORE if place.key == "data" and steps else TITLES[place.key]
    return {"title": title, "head": head, "note": "", "rows": rows}


def _pair(cells: list[str]) -> str:
    return cells[0] if len(set(cells)) == 1 else " | ".join(cells)


def _scales(f: dict[str, Any], names: list[str]) -> str:
    if not f["of"]:
        return "text"
    told = [scale_of(f["of"][n]) for n in names if n in f["of"]]
    if set(told) == {"none"}:
        return "empty"
    return told[0]


def _figures(f: dict[str, Any], name: str) -> list[str]:
    d = f["of"].get(name)
    if d is None and name in f["words"]:
        low, mean, high = f["words"][name]
        return [f"{low:,} to {high:,} words", f"{mean:.1f}"]
    if d is None:
        new = len(f["sets"].get(name, set()) - f["sets"].get("train", set()))
        return [plural(new, "new value") if new else "–", "–"]
    if d.empty or not np.isfinite(d.low):
        return ["–", "–"]
    return [f"{_short(d.low)} to {_short(d.high)}", f"{_short(d.mean)} ({_short(d.sd)})"]


def _short(value: float) -> str:
    """Three digits, and no more than two after the point; from a million on in millions (M)."""
    if abs(value) >= 1e6:
        return f"{amount(value / 1e6, 3)} M"
    if value == round(value) and abs(value) < 1e5:
        return amount(value, 1) if value else "0"
    if abs(value) < 0.005:
        return "0.00" if abs(value) < 1e-5 else amount(value, 1)
    return fixed(value, 2) if abs(value) < 10 else amount(value, 3)


def _distinct(f: dict[str, Any], name: str) -> str:
    if name in f["of"]:
        return f"{f['of'][name].distinct:,}"
    return f"{len(f['sets'].get(name, ())):,}"


def _rest(facts: list[dict[str, Any]], judged: str) -> str:
    """The columns that the table leaves out, in a sentence."""
    if not facts:
        return ""
    kinds = Counter(f["scale"] for f in facts)
    told = listed([f"{n:,} {k}" for k, n in kinds.most_common(5)], 5)
    gaps = sum(max(f["missing"].values(), default=0) > 0 for f in facts)
    gap = f"{plural(gaps, 'of them has', 'of them have')} gaps" if gaps else "none has gaps"
    far = max(f["apart"] for f in facts)
    return (
        f"{plural(len(facts), 'column')} more, nearer to train: {told}; {gap}; the furthest lies "
        f"{far:.2f} from train."
    )


def _spans(columns: Sequence[Column], judged: str) -> list[dict[str, Any]]:
    """Median and middle 90 % of columns on each split, in train's spreads from train's median."""
    found: list[dict[str, Any]] = []
    for column in columns:
        if len(found) == SPANS:
            break
        if not column.numeric or "train" not in column.by:
            continue
        train = finite(column.by["train"])
        if len(np.unique(thinned(train, 2000))) <= 2:
            continue  # a code has no span
        if len(train) < 5 or not (size := spread(thinned(train))) > 0:
            continue
        middle = float(np.median(thinned(train)))
        of = {}
        for n in ("train", judged):
            values = finite(column.by[n]) if n in column.by else np.empty(0)
            if len(values):
                q = (np.quantile(thinned(values), [0.05, 0.5, 0.95]) - middle) / size
                of[n] = [float(v) for v in np.clip(q, -1e6, 1e6)]
        found.append({"name": column.name, "of": of})
    return found


def _pictures(place: Place, judged: str) -> dict[str, Any] | None:
    """Range, mean and spread of images or sequences by split, and how their values are spread."""
    for block in place.blocks:
        flat = {n: sampled(x) for n, x in block.by.items() if len(x)}
        flat = {n: v[np.isfinite(v)] for n, v in flat.items()}
        flat = {n: v for n, v in flat.items() if len(v)}
        if not flat:
            continue
        ends = [limits(v) for v in flat.values()]
        low, high = min(e[0] for e in ends), max(e[1] for e in ends)
        edges = np.linspace(low, high if high > low else low + 1, STEPS + 1)
        shape = next(iter(block.by.values())).shape[1:]
        return {
            "name": block.name, "kind": block.kind, "dtype": block.dtype,
            "shape": [int(s) for s in shape], "edges": edges,
            "of": {
                n: {"n": len(block.by[n]), "low": float(v.min()), "high": float(v.max()),
                    "mean": float(v.mean()), "sd": float(v.std()),
                    "shares": np.histogram(np.clip(v, edges[0], edges[-1]), edges)[0] / len(v)}
                for n, v in flat.items()
            },
        }  # fmt: skip
    return None
