"""Every named cause carries arithmetic that a reader checks with nothing but the JSON."""

import ast
import json
import math
import operator
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal

import pytest

from benchmarks.faults import harness
from benchmarks.faults.reconciliation import (
    PLANTED,
    answers,
    evaluated,
    inputs,
    outputs,
    steps,
    streams,
    weights,
)
from reportgen import pipeline
from reportgen.diagnostics import suite
from reportgen.reconciliation.causes import causes

OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
}


def computed(node, given):
    """Python's own arithmetic, and nothing else of Python."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return given[node.id]
    if isinstance(node, ast.UnaryOp):
        assert isinstance(node.op, ast.USub)
        return -computed(node.operand, given)
    if isinstance(node, ast.Call):
        assert node.func.id == "sqrt"
        return math.sqrt(computed(node.args[0], given))
    left, right = (computed(side, given) for side in (node.left, node.right))
    return OPERATORS[type(node.op)](left, right)


def check(line):
    """Whether one line of a certificate is true, by its own numbers."""
    text = line["printed"].replace("%", "").replace(",", "").strip()
    printed = Decimal(text) / (100 if "%" in line["printed"] else 1)
    unit = Decimal(1).scaleb(Decimal(text).as_tuple().exponent)
    unit /= 100 if "%" in line["printed"] else 1
    given = {name: float(number) for name, number in line.get("given", {}).items()}
    if line["formula"] == "low <= printed <= high":
        assert given["low"] - float(unit) <= float(printed) <= given["high"] + float(unit), line
        return
    value = computed(ast.parse(line["formula"], mode="eval").body, given)
    if "cut" not in line:
        assert value == pytest.approx(float(line["value"]), rel=1e-8, abs=1e-12), line
        digits = len(Decimal(text).as_tuple().digits)
        room = float(unit) / 2 if digits <= 7 else 1e-6 * abs(value)
        assert abs(value - float(printed)) <= room * (1 + 1e-6) + 1e-12, line
    elif line["cut"] in ("cut off", "rounded up"):
        way = ROUND_DOWN if line["cut"] == "cut off" else ROUND_CEILING
        assert Decimal(value).quantize(unit, rounding=way) == printed.quantize(unit), line
    else:
        assert abs(value - float(printed)) <= 1000 * float(unit), line


LIGHT = (*answers.PLANTED, *streams.PLANTED)
NETWORKS = (inputs, weights, evaluated, outputs, steps)
PREFIX = "reconciliation."


def one_for_each_other_code():
    """Of the mistakes that are made with a network, one for each cause that has none yet."""
    seen = {code for q in LIGHT for code in q.codes}
    chosen = []
    for question in (q for module in NETWORKS for q in module.PLANTED if q in PLANTED):
        if not set(question.codes) <= seen:
            seen |= set(question.codes)
            chosen.append(pytest.param(question, marks=pytest.mark.tensorflow))
    return chosen


def test_every_cause_has_a_planted_mistake_here():
    of_networks = [case.values[0] for case in one_for_each_other_code()]
    seen = {code for q in (*LIGHT, *of_networks) for code in q.codes}
    assert {PREFIX + name for name in causes()} <= seen


@pytest.mark.parametrize("question", [*LIGHT, *one_for_each_other_code()], ids=lambda q: q.name)
def test_certificates_of_planted_mistakes(question):
    diagnostic = suite()["reconciliation"]
    case = question.draw(harness.generator("reconciliation", question.name, 0))
    section = pipeline.section(diagnostic, case, diagnostic.settings())
    report = json.loads(section.model_dump_json())
    named = [f for f in report["findings"] if "certificate" in f["evidence"]]
    several = [f for f in report["findings"] if len(f["evidence"].get("candidates", [])) > 1]
    assert named or several or all(f["severity"] == "info" for f in report["findings"])
    for finding in named:
        lines = finding["evidence"]["certificate"]
        assert len(lines) >= min(len(finding["evidence"]["numbers"]), 24), finding["code"]
        for line in lines:
            check(line)
