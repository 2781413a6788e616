"""`examples:`: one scenario becomes many, and nothing in the table goes unused."""

from __future__ import annotations

import pytest

from callflow.core.errors import ScenarioError
from callflow.scenario import At, HttpStatus, Scenario, parse_scenario

SMALL = """\
scenario: small
callflow: f.json
caller: {number: "1", dials: "2001"}
timeline:
  - at 0s: caller calls
"""


def rows_of(table: str) -> tuple[Scenario, ...]:
    """The scenarios of a small file with two variables and this table."""
    text = SMALL.replace("at 0s: caller calls\n", "at 0s: caller calls\n  - at {AT}: alice speaks for {LENGTH}\n")
    return parse_scenario(text + f"storage: {{answers: '{{REPLIES}}'}}\nexamples: {table}\n", file="s.yaml")


@pytest.mark.parametrize(
    "table",
    [
        "[{AT: 4s, LENGTH: 36s, REPLIES: [201]}, {AT: 10s, LENGTH: 30s, REPLIES: [503, 201]}]",
        "[[AT, LENGTH, REPLIES], [4s, 36s, [201]], [10s, 30s, [503, 201]]]",
    ],
)
def test_examples_make_one_many(table: str) -> None:
    """A list of mappings or a table; keys are filled too; a whole `{NAME}` takes any value."""
    first, second = rows_of(table)
    assert (first.row, second.row) == (0, 1)
    assert first.calls[0].timeline[1].text == "at 4s: alice speaks for 36s"
    assert second.calls[0].timeline[1].when == At(10_000)
    assert second.storage.answers == (HttpStatus(503), HttpStatus(201))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[]", "no row"),
        ("{AT: 4s}", "where a list is wanted"),
        ("[{AT: 4s, LENGTH: 4s}]", r'nothing fills "{REPLIES}".*one of: AT, LENGTH'),
        ("[{AT: 4s, LENGHT: 4s, REPLIES: [201]}]", 'nothing fills "{LENGTH}"; did you mean "LENGHT"'),
        ("[{AT: 4s, LENGTH: 4s, REPLIES: [201], X: 1}]", r'examples\[0\].X .examples\[0\].: nothing uses "{X}"'),
        ("[{AT: 4s}, {LENGTH: 4s}]", r"examples\[1\]: not the columns of the first row"),
        ("[{at: 4s}]", "cannot name a column"),
        ("[" + "{A: 1}," * 10_001 + "]", "10001 rows; at most 10000"),
        ("[[AT, AT], [4s, 4s]]", "stands twice"),
        ("[[AT, LENGTH], [4s]]", "1 values under 2 columns"),
        ("[{AT: 4s, LENGTH: 4.5, REPLIES: [201]}]", "quote the value"),
        ("[{AT: 4s, LENGTH: 4s, REPLIES: [201]}, {AT: 4, LENGTH: 4s, REPLIES: [201]}]",
         r's.yaml:6: timeline\[1\] \(examples\[1\]\): "4" has no unit'),
        ("[{AT: 4s, LENGTH: 4s, REPLIES: [999]}]", r"s.yaml:8: examples\[0\].REPLIES\[0\] .*not an HTTP status"),
    ],
)  # fmt: skip
def test_wrong_examples(table: str, message: str) -> None:
    """A column that nothing uses, a name that nothing fills, ragged rows; errors name the row."""
    with pytest.raises(ScenarioError, match=message):
        rows_of(table)


def test_placeholders_of_the_callflow_are_left_alone() -> None:
    """`with:` and an account of one's own keep names for the callflow."""
    [scenario] = parse_scenario(SMALL + "account: {callflows: [{flow: {data: {url: 'http://h/{USER_ID}'}}}]}\n")
    assert scenario.account == {"callflows": [{"flow": {"data": {"url": "http://h/{USER_ID}"}}}]}
