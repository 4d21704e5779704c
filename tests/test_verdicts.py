"""Verdicts that are made when somebody looks at them are the ones that were always made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make

from prompt_lint.check.judge import exit_code, is_calm, judge, rooms
from prompt_lint.model.values import Calm, Count, Prompt, Verdict, Verdicts, View, apart
from prompt_lint.output import OUTPUTS

if TYPE_CHECKING:
    from prompt_lint.model.values import Rule

MODELS = ("claude-sonnet-5-5", "claude-haiku-4-5")
COUNTS = st.builds(
    lambda tokens, spread, origin, unverified: Count(
        tokens, tokens - min(spread, tokens), tokens + spread, "offline" if spread else origin, unverified
    ),
    st.integers(1, 130),
    st.sampled_from([0, 0, 1, 9]),
    st.sampled_from(["api", "offline"]),
    st.sampled_from([False, False, False, True]),
)
RULES = st.builds(
    lambda limits, warn_at: make.rule(
        models=MODELS,
        limits={m: limit for m, limit in zip(MODELS, limits, strict=True) if limit},
        warn_at=warn_at,
    ),
    st.tuples(*[st.sampled_from([0, 60, 100])] * 2),
    st.sampled_from([0.5, 0.9, 1]),
)
# Files by the names of their paths, each with the rule that owns it and its counts.
FILES = st.dictionaries(
    st.sampled_from(["a.md", "a/b.md", "b.md", "é.md", "z.md", ".prompt-lint.yaml", "~.md"]),
    st.tuples(RULES, st.tuples(*[COUNTS] * 2)),
)


def verdicts_of(path: str, rule: Rule, counts: tuple[Count, ...], **given: str) -> list[Verdict]:
    prompt = Prompt(path, given.get("name", ""), 1, None, format=given.get("format", ""))
    return [judge(prompt, model, rule, count) for model, count in zip(rule.models, counts, strict=True)]


def both(files: dict[str, tuple[Rule, tuple[Count, ...]]], *, group: bool) -> tuple[list[Verdict], Verdicts]:
    """All verdicts as they stand in a report, and the same with the calm files left for later."""
    everything: list[Verdict] = []
    calm: list[Calm] = []
    others: list[Verdict] = []
    for path in sorted(files):
        rule, counts = files[path]
        found = verdicts_of(path, rule, counts)
        everything += found
        if is_calm(counts, rooms(rule)):
            calm.append(Calm(path, (), rule, counts))
        else:
            others += found
    last = verdicts_of(".prompt-lint.yaml", make.rule(), (make.count(150, 3),), name="all", format="group")
    return [*everything, *last * group], Verdicts(calm, [*others, *last * group])


@given(RULES, st.tuples(*[COUNTS] * 2))
def test_a_calm_file_is_one_whose_verdicts_are_all_ok(rule: Rule, counts: tuple[Count, ...]) -> None:
    """What is passed over without a verdict would have been `ok` for each model, by a tokenizer that was measured."""
    verdicts = verdicts_of("a.md", rule, counts)

    assert is_calm(counts, rooms(rule)) == all(
        one.status == "ok" and one.counted and not one.counted.unverified for one in verdicts
    )


@given(FILES, st.booleans())
def test_calm_files_have_their_verdicts_in_their_places(
    files: dict[str, tuple[Rule, tuple[Count, ...]]], group: bool
) -> None:
    """By path, groups last, as many as there are, however they are asked for."""
    everything, verdicts = both(files, group=group)

    assert list(verdicts) == everything
    assert len(verdicts) == len(everything)
    assert verdicts[:3] == everything[:3]
    assert [verdicts[at] for at in range(-len(everything), 0)] == everything


@pytest.mark.parametrize("name", list(OUTPUTS))
@given(files=FILES, group=st.booleans(), verbosity=st.sampled_from([-1, 0, 1]))
def test_no_output_can_tell(
    name: str, files: dict[str, tuple[Rule, tuple[Count, ...]]], group: bool, verbosity: int
) -> None:
    """A report says the same in every format, and ends with the same code, where some of its verdicts weren't made."""
    everything, verdicts = both(files, group=group)
    usual, other = make.report(*everything), make.report(*everything)._replace(verdicts=verdicts)
    view = View(color=False, verbosity=verbosity)

    assert OUTPUTS[name].render(other, view) == OUTPUTS[name].render(usual, view)
    assert exit_code(other) == exit_code(usual)


def test_a_plain_list_of_verdicts_has_no_calm_files() -> None:
    """Where nothing was left for later, all verdicts are told."""
    verdicts = [make.verdict("a.md", 10, "ok")]

    assert apart(verdicts) == ((), verdicts)
