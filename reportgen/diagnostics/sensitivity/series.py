"""The numbers of every table and figure."""

from __future__ import annotations

from typing import Any

import numpy as np

from reportgen.diagnostics.sensitivity.decide import Judgement, size, way_words
from reportgen.diagnostics.sensitivity.declared import SensitivitySettings
from reportgen.diagnostics.sensitivity.found import Evidence
from reportgen.diagnostics.sensitivity.regions import Regions
from reportgen.diagnostics.sensitivity.roles import Role
from reportgen.diagnostics.sensitivity.verdicts import Tested
from reportgen.evidence import Case
from reportgen.statistics import estimates

MOST, MOST_CLASSES = 40, 12


def series(
    case: Case, evidence: Evidence, judged: Judgement, settings: SensitivitySettings
) -> dict[str, Any]:
    out: dict[str, Any] = {
        "about": {
            "kind": evidence.kind, "split": evidence.answers.split, "n": evidence.n_judged,
            "task": evidence.answers.task, "sent": evidence.sent, "plain": evidence.plain,
            "threshold": settings.warn_over, "event": _event(case),
        },
        "ways": [_way(one, evidence) for one in judged.ways],
        "left_out": dict(evidence.left_out),
    }  # fmt: skip
    if judged.joint is not None:
        out["joint"] = _tested(judged.joint)
    if evidence.layout is not None:
        columns = _columns(evidence, judged, settings)
        out["columns"] = columns[:MOST]
        out["columns_total"] = len(columns)
        out["importance"] = _importance(evidence)
    if evidence.regions is not None:
        out["regions"] = _regions(evidence.regions)
    if evidence.words is not None:
        out["words"] = [
            {"word": w.text, "n": w.n, "moved": w.moved.value, "low": w.moved.low,
             "high": w.moved.high, "rise": w.rise.value, "rise_low": w.rise.low,
             "rise_high": w.rise.high}
            for w in evidence.words.words
        ]  # fmt: skip
        out["words_known"] = evidence.words.known
    out["classes"] = _classes(case, evidence, judged)
    out["curves"] = [
        {"name": c.name, "x": c.x, "mean": c.mean, "low": c.low, "high": c.high,
         "turns": list(c.turns[:5]), "n_turns": len(c.turns), "n": c.n}
        for c in evidence.curves
    ]  # fmt: skip
    return out


def _event(case: Case) -> str | None:
    """What a curve's score is the probability of, in binary tasks."""
    positive = case.dataset.positive
    return None if positive is None else case.classes[positive]


def _tested(one: Tested) -> dict[str, Any]:
    change = one.change
    return {
        "flips": change.flips.value, "flips_low": change.flips.low,
        "flips_high": change.flips.high, "beyond": change.beyond.value,
        "low": change.beyond.low, "high": change.beyond.high, "moved": change.moved.value,
        "allowed": one.allowed, "excess": one.excess.value, "p_value": one.p_value,
        "severity": one.severity, "n": change.n,
    }  # fmt: skip


def _way(one: Tested, evidence: Evidence) -> dict[str, Any]:
    name = way_words(one.key)
    parts = one.key.split(":")
    if parts[0] == "text" and evidence.layout is not None:
        column = evidence.layout.roles[int(parts[2])].name
        many = sum(r.kind == "text" for r in evidence.layout.roles) > 1
        name = f"{name}, {column}" if many else name
    return {"key": one.key, "name": name, **_tested(one)}


def _columns(
    evidence: Evidence, judged: Judgement, settings: SensitivitySettings
) -> list[dict[str, Any]]:
    """Columns (blocks of a wide table), brittle ones first, then by importance."""
    layout = evidence.layout
    assert layout is not None
    share_of = {}
    for u, unit in enumerate(layout.units):
        for role in unit.roles:
            share_of[role.columns] = (u, len(unit.roles))
    rows = []
    if layout.blocks:
        for u, unit in enumerate(layout.units):
            one = judged.columns.get(f"noise:{u}")
            rows.append({"name": unit.name, "kind": f"block of {len(unit.roles)}", "step": None,
                         "step_words": "–", "coarse": None, "judged": one is not None,
                         **_change(evidence, one, None),
                         **_share(evidence, u), "together": 1})  # fmt: skip
    else:
        for k, role in enumerate(layout.roles):
            if role.kind == "constant":
                continue
            u, many = share_of[role.columns]
            one = judged.columns.get(f"noise:{k}")
            key = f"noise:{k}" if role.kind == "number" else f"swap:{k}"
            step = _step(role)
            rows.append({"name": role.name, "kind": _kind(role), "step": step,
                         "step_words": "–" if step is None else size(step),
                         "coarse": role.coarse if role.kind == "number" else None,
                         "judged": one is not None, **_change(evidence, one, key),
                         **_share(evidence, u), "together": many})  # fmt: skip
    order = {"fail": 0, "warn": 1, None: 2}
    return sorted(rows, key=lambda r: (order[r["severity"]], -(r["share"] or 0.0)))


def _kind(role: Role) -> str:
    if role.kind == "number":
        assert role.resolution is not None
        return {"grid": "steps", "levels": "levels", "continuous": "continuous"}[
            role.resolution.scale
        ]
    if role.kind == "category" and len(role.columns) > 1:
        return f"category in {len(role.columns)} columns"
    return role.kind if role.kind != "other" else "not moved"


def _step(role: Role) -> float | None:
    return role.resolution.step if role.kind == "number" and role.resolution is not None else None


def _change(evidence: Evidence, one: Tested | None, key: str | None) -> dict[str, Any]:
    if one is not None:
        return _tested(one)
    change = evidence.changes.get(key or "")
    if change is None:
        return {"flips": None, "beyond": None, "low": None, "high": None, "allowed": None,
                "severity": None, "n": None, "moved": None}  # fmt: skip
    return {"flips": change.flips.value, "beyond": change.beyond.value, "low": change.beyond.low,
            "high": change.beyond.high, "allowed": None, "severity": None, "n": change.n,
            "moved": change.moved.value}  # fmt: skip


def _share(evidence: Evidence, unit: int) -> dict[str, Any]:
    found = evidence.importance
    if found is None:
        return {"share": None, "rise": None}
    return {"share": found.shares[unit].value, "rise": found.rises[unit].value}


def _importance(evidence: Evidence) -> list[dict[str, Any]]:
    layout, found = evidence.layout, evidence.importance
    if layout is None or found is None:
        return []
    return [
        {"name": layout.units[k].name, "columns": len(layout.units[k].columns),
         "rise": found.rises[k].value, "low": found.rises[k].low, "high": found.rises[k].high,
         "share": found.shares[k].value, "share_low": found.shares[k].low,
         "share_high": found.shares[k].high}
        for k in found.order[:MOST]
    ]  # fmt: skip


def _regions(found: Regions) -> dict[str, Any]:
    """Parts that are not divided further, most worth first."""
    return {
        "height": found.height, "width": found.width, "n": found.n, "loss": found.loss,
        "leaves": [
            {"name": part_name(r.box, found.height, found.width), "box": list(r.box),
             "rise": r.rise.value, "low": r.rise.low, "high": r.rise.high}
            for r in found.order
        ],
    }  # fmt: skip


def part_name(box: tuple[int, int, int, int], height: int, width: int) -> str:
    """``Rows 7 to 13, columns 14 to 20``, of images; ``Steps 3 to 5``, of sequences; from 1."""
    top, left, bottom, right = box

    def span(word: str, first: int, end: int) -> str:
        if end - first == 1:
            return f"{word} {end}"
        return f"{word}s {first + 1} to {end}"

    if height == 1:
        return span("Step", left, right)
    return f"{span('Row', top, bottom)}, {span('column', left, right)}"


def _classes(case: Case, evidence: Evidence, judged: Judgement) -> dict[str, Any]:
    """Flips by true class, of the joint noise or of the way that changes most."""
    given = evidence.answers
    tests = [judged.joint] if judged.joint is not None else list(judged.ways)
    if not tests or given.task not in ("binary", "multiclass"):
        return {}
    of = max(tests, key=lambda one: one.change.flips.value)
    truth = np.asarray(case.split(given.split).y)[of.change.rows]
    rows: list[dict[str, Any]] = []
    for k, name in enumerate(case.classes):
        mine = truth == k
        if mine.sum() < 5:
            continue
        chosen = np.zeros(len(given.kept), dtype=bool)
        chosen[of.change.rows[mine]] = True
        flips = estimates.proportion(of.change.flipped[mine], given.design.rows(chosen[given.kept]))
        beyond = float(of.change.by_row[mine].mean())
        rows.append({"name": name, "n": int(mine.sum()), "flips": flips.value, "low": flips.low,
                     "high": flips.high, "beyond": beyond})  # fmt: skip
    rows.sort(key=lambda r: -float(r["flips"]))
    what = "all columns with small steps moved" if of is judged.joint else way_words(of.key)
    return {"what": what, "rows": rows[:MOST_CLASSES], "total": len(rows)} if rows else {}
