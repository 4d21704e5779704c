"""Whole reports, from nothing to hostile: every output format shows the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support import make

from prompt_lint.check import judge
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.rules import Exemption, Loosening, MaxGrowth
from prompt_lint.model.values import Base, ImportShares, Note, Problem, Prompt, RemovedPrompt, Report, Section

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from prompt_lint.model.values import ChangeKind, Verdict

CONFIG = ".prompt-lint.yaml"
SONNET = make.MODEL
OPUS = "claude-opus-5-5"
BASE = Base("8c1f0d6b2e4a59718c3dd0f7a6e5b4c392817065", "origin/main", "the merge base with origin/main")

EXAMPLES = Section("## Examples", 40, 88, 1203)
SECTIONS = (EXAMPLES, Section("# Tone: what we say, what we never say, and how", 3, 39, 802))
# Of a request, its parts; of what is imported, the way there.
IMPORTS = (
    Section("# Architecture", 1, 80, 2101, "docs/architecture.md", ("CLAUDE.md", "AGENTS.md")),
    Section("## Style", 12, 60, 1204),
    Section("", 1, 1, 990, "AGENTS.md", ("CLAUDE.md",)),
)
_LONG_SECTIONS = (
    EXAMPLES,
    Section("# A heading that goes on and on, as generated ones do, past what fits", 3, 39, 802),
    Section("", 1, 2, 12),
)
SPLIT = Exemption(("prompts/legacy/**",), "To be split in Q1, see the ticket.", "2099-01-31", 31)
EXPIRED = Exemption(("prompts/old/**",), "Until the new tone is written.", "2026-06-30", 34)


def row(
    path: str, tokens: int | None, *, limit: int = 4000, model: str = SONNET, spread: int = 0, base: int | None = None,
    change: ChangeKind = "", renamed_from: str = "", sections: tuple[Section, ...] = (),
    exemption: Exemption | None = None, today: str = "2026-11-22", of_prompt: Mapping[str, Any] | None = None,
    base_limit: int | None = 0, **of_rule: Any,
) -> Verdict:  # fmt: skip
    """A verdict as a run would come to it: status, growth and inheritance are the judge's.

    Where the base isn't said to have had another limit, or none, it had the same.
    """
    rule = make.rule(**({"limits": {model: limit}, "models": (model,), "limit_lines": {model: 9}} | of_rule))
    prompt = make.prompt(path, **(of_prompt or {}))
    counted = None if tokens is None else make.count(tokens, spread)
    found = judge.judge_count(prompt, model, rule, counted)
    if change:
        before = None if base is None else make.count(base, spread)
        growth = None if base is None or tokens is None else tokens - base
        limit_before = None if change == "new" else limit if base_limit == 0 else base_limit
        found = found._replace(change=change, base_count=before, growth=growth, renamed_from=renamed_from)
        found = judge.judge_growth(found._replace(base_limit=limit_before))
        found = judge.mark_preexisting(found)
    if exemption:
        found = judge.apply_exemption(found, [(exemption, {found.prompt.path})], today)
    return found._replace(sections=sections) if found.status in {"over", "exempt"} else found


def finish(*verdicts: Verdict, **given: Any) -> Report:
    """The report with the exit code that it asks for."""
    found = make.report(*verdicts, **given)
    return found._replace(exit_code=judge.decide_exit_code(found))


# Without a base, one of every status.
SAMPLE = make.report(
    make.verdict("prompts/ok.md", 50, "ok"),
    make.verdict("prompts/near.md", 95, "warn"),
    make.verdict("prompts/unsure.md", 100, "unsure"),
    make.verdict(
        "prompts/over.md", 110, "over", sections=_LONG_SECTIONS, message="See docs/prompt-budget.md."
    ),
    make.verdict("prompts/over.md", 93, "warn", limit=1_000, model=OPUS),
    make.verdict("prompts/far-over.md", 12_110, "over", limit=8_000, spread=0),
    make.verdict("prompts/picture.json", None, "uncounted"),
    problems=(
        Problem("prompts/picture.json", 1, "needs the API: it holds an image", "set ANTHROPIC_API_KEY"),
        Problem("prompts/a\nb\x1b[31m.md", 3, "is not UTF-8: byte 0xff", "save it as UTF-8"),
    ),
    notes=(Note("not a git repository, so the folder was walked"),),
    exit_code=ExitCode.OVER_LIMIT,
)

# Paths were named that no rule matches, which was allowed.
EMPTY = finish(notes=(Note("no rule matches any of the paths, so nothing was checked"),))

# No base, everything is well.
PASSING = finish(row("prompts/support.md", 1234, spread=2), row("prompts/triage.md", 87, spread=1))

# No base, one prompt, and what to do about it.
FAILURE = finish(
    row(
        "prompts/support.md", 4812, spread=49, sections=SECTIONS,
        message="Move examples to prompts/examples/.\nAsk in #prompts.",
    )
)  # fmt: skip

_GROUP: dict[str, Any] = {"name": "the support agent", "line": 21, "format": "group"}
_AGENT = (
    Section("", 1, 12, 5120, "tools/search.json"),
    Section("", 1, 88, 4812, "prompts/support.md"),
)

_COMPARED = (
    row("CLAUDE.md", 4684, base=2583, change="changed", sections=IMPORTS)._replace(
        import_shares=ImportShares(1204, 3480, 2, 0, 0)
    ),
    row("prompts/batch.jsonl", 5011, base=3990, change="changed", of_prompt={"name": "line 7", "line": 7}),
    row("prompts/batch.jsonl", 812, base=812, change="unchanged", of_prompt={"name": "line 8", "line": 8}),
    row("prompts/exact.md", 1234, base=1200, change="changed"),
    row("prompts/grew.md", 2400, base=1500, change="changed", max_growth=MaxGrowth(200, 100_000)),
    row("prompts/inherited.md", 6200, base=6200, change="unchanged"),
    row("prompts/inherited-smaller.md", 5200, base=6100, change="changed"),
    row("prompts/legacy/giant.md", 9100, base=9000, change="changed", exemption=SPLIT),
    row("prompts/near.md", 3811, base=3790, change="changed", spread=7),
    row("prompts/new.md", 640, change="new", spread=3),
    row("prompts/new-over.md", 4100, change="new", spread=5),
    row("prompts/now.md", 1015, base=1000, change="renamed", renamed_from="prompts/then.md"),
    row("prompts/old/tone.md", 4420, base=4400, change="changed", exemption=EXPIRED),
    row("prompts/picture.json", None, change="changed"),
    row("prompts/shrunk.md", 1700, base=2900, change="changed", spread=4),
    row("prompts/support.md", 4812, base=3900, change="changed", sections=SECTIONS,
        message="Move examples to prompts/examples/."),
    row("prompts/support.md", 4390, base=3560, change="changed", model=OPUS, limit=9000),
    row("prompts/unlimited.md", 900, base=880, change="changed", limits={}),
    row("prompts/unsure.md", 3999, base=3700, change="changed", spread=12),
    row("prompts/unverified.md", 350, base=350, change="unchanged", model="claude-next", spread=40)
    ._replace(token_count=make.count(350, 40, is_unverified=True)),
    row(CONFIG, 9950, base=9038, change="changed", limit=9500, of_prompt=_GROUP, message="The agent needs room to answer.")
    ._replace(sections=_AGENT),
    row(CONFIG, 9100, base=9000, change="changed", limit=95_000, model=OPUS, of_prompt=_GROUP),
)  # fmt: skip
_LOOSENED = (
    Loosening("prompts/**/*.md", "limit raised", 9, SONNET, 4000, 4500, CONFIG),
    Loosening("tools/**", "is not counted any more", 14, OPUS, 8000, config_path=CONFIG),
    Loosening(
        "prompts/legacy/**",
        "exempt until 2099-01-31: To be split in Q1, see the ticket.",
        31,
        config_path=CONFIG,
    ),
    Loosening("evals/**", "no rule applies to `evals/judge.md` any more", 0, config_path=CONFIG),
    Loosening("on_raise", "`fail` became `warn`", 0, config_path=CONFIG),
)

# A pull request with one of everything that a base brings along.
COMPARISON = finish(
    *_COMPARED,
    problems=(
        Problem("prompts/picture.json", 1, "needs the API: it holds an image", "set ANTHROPIC_API_KEY"),
        Problem("skills/pdf/SKILL.md", 3, "`description` may have 1,024 characters; this one has 1,130",
                "shorten it", ExitCode.OVER_LIMIT),
    ),
    notes=(
        Note("no frontmatter was found, so everything is counted", "prompts/new.md", 1),
        Note("no frontmatter was found, so everything is counted", "prompts/new-over.md", 1),
        Note("can't be compared with origin/main", "prompts/picture.json"),
        Note("the cache at ~/.cache/prompt-lint can't be written: Read-only file system"),
    ),
    base=BASE,
    removed=(
        RemovedPrompt(Prompt("prompts/deleted.md", "", 0, None), SONNET, make.count(700)),
        RemovedPrompt(Prompt("prompts/batch.jsonl", "line 9", 0, None), SONNET, make.count(310, 2)),
    ),
    loosened=_LOOSENED,
    on_raise="warn",
    requests_sent=3,
    api_host="api.anthropic.com",
)  # fmt: skip

# The same change, where raising a limit fails.
RAISED = COMPARISON._replace(on_raise="fail")


def _many() -> Iterator[Verdict]:
    for n in range(300):
        path = f"prompts/{'abcdefghij'[n % 10]}/{n:03}.md"
        tokens = 400 + n * 7919 % 3000
        if n % 15 == 0:
            yield row(path, 4001 + n, base=3800, change="changed", spread=2)
        elif n % 10 == 1:
            yield row(path, tokens, change="new")
        elif n % 4 == 2:
            yield row(path, tokens, base=tokens + (n % 7 - 3) * 20, change="changed")
        elif n % 50 == 7:
            yield row(path, 4200, base=4200, change="unchanged")
        else:
            yield row(path, tokens, base=tokens, change="unchanged")


# Three hundred prompts, of which twenty fail.
MANY = finish(*sorted(_many(), key=lambda verdict: verdict.prompt.path), base=BASE)

# What people may call things who mean no good: commands of runners, markup, terminal escapes, no UTF-8, no end.
NAMES: Sequence[str] = (
    "::error file=x::y", "  ::set-env name=PATH::/x", "a\n::stop-commands::x\n", "b\r\n::add-mask::c\r",
    "##[add-mask]x", "##vso[task.setvariable variable=x]y", "#", "##", "[error]", "a,b:c;d]e%0A%5D%AZP25",
    "|x|\n|-|", "<img src=x onerror=alert(1)>", "</details>", "<!--", "]]>", "&amp;", "`", "```", "![x](https://x.example/)",
    "[x](javascript:alert(1))", "@org/team", "#1", "$(id)", "\x1b[31mred\x1b]8;;http://x\x07", "\u202egnp.md", "\u2028\u2029\x85",
    "\x00\x01\x7f\x9f", "caf\udce9.md", "\ud800", "\ufffe\uffff", "../../../etc/passwd", "/etc/passwd", "C:\\x", "https://x.example/a?b#c",
    "  ", ".", "-o", "é中🎉", "x" * 5000,
)  # fmt: skip


def hostile(names: Sequence[str] = NAMES) -> Report:
    """A report in which each name is a path, a name, a title, a message and whatever else others may write."""
    first = names[0]
    verdicts = [verdict for name in names for verdict in _hostile(name)]
    return finish(
        *verdicts,
        problems=tuple(Problem(name, n, name, name, ExitCode.OVER_LIMIT) for n, name in enumerate(names)),
        notes=tuple(Note(name, name if n % 2 else "", n) for n, name in enumerate(names)),
        base=Base(BASE.commit, first, first),
        removed=tuple(RemovedPrompt(Prompt(name, name, 0, None), name, make.count(7)) for name in names),
        loosened=tuple(Loosening(name, name, n, name, 1, 2, CONFIG) for n, name in enumerate(names)),
        requests_sent=1,
        api_host=first,
    )._replace(config_path=first)


def _hostile(name: str) -> Iterator[Verdict]:
    exempt = Exemption((name,), name, name, 3)
    sections = (Section(name, 1, 2, 90, name, (name, name)), Section(name, 3, 4, 20))
    shown: dict[str, Any] = {"name": name, "aliases": (name,)}
    yield row(name, 110, limit=100, base=90, change="renamed", renamed_from=name, model=name, sections=sections,
              message=name, of_prompt=shown)  # fmt: skip
    yield row(name, 80, limit=100, base=20, change="changed", max_growth=MaxGrowth(10, None), of_prompt=shown)
    yield row(name, 100, limit=100, spread=3, base=99, change="changed", message=name)
    yield row(name, 110, limit=100, base=1, change="changed", exemption=exempt, today="")
    yield row(name, 120, limit=100, change="new", exemption=exempt._replace(until="0"))
    yield row(name, None, change="changed", of_prompt={"name": name, "format": "group"})


HOSTILE = hostile()

REPORTS: Mapping[str, Report] = {
    "empty": EMPTY, "passing": PASSING, "failure": FAILURE, "comparison": COMPARISON, "raised": RAISED, "many": MANY,
    "hostile": HOSTILE,
}  # fmt: skip
