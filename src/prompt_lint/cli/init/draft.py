"""`init`: the prompts that a repository holds → a configuration with which the next `check` passes."""

from __future__ import annotations

import contextlib
import math
import os
import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.pipeline import check_prompts
from prompt_lint.cli.init.survey import literal, survey
from prompt_lint.config import load
from prompt_lint.config.rule_matching import compile_rules
from prompt_lint.config.schema import WARN_AT, parse_config, rule_from_flags
from prompt_lint.config.values import MAX_LIMIT
from prompt_lint.formats import FORMATS
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.models import MODELS
from prompt_lint.output.phrases import format_count
from prompt_lint.text import patterns
from prompt_lint.text.escape import visible
from prompt_lint.text.plural import pluralize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prompt_lint.check.pipeline import Options
    from prompt_lint.cli.init.survey import Finding
    from prompt_lint.config.schema import Config
    from prompt_lint.counting.sources import CountSources
    from prompt_lint.model.values import Problem, Report, Verdict
    from prompt_lint.repo.working_tree import WorkingTree

# Every current model has the same tokenizer, so one of them stands for all: the one that most prompts are for.
MODEL = next(model.id for model in MODELS if "-sonnet-" in model.id and model.basis != "assumed")

GROUP = "always loaded"
# Documentation of Claude Code and the specification of skills, 2026: about 100 tokens of metadata, and less than 5,000 of body.
_SKILL_LIMITS = {"metadata": 150, "body": 5000}
# What Claude Code loads at the start of every session at the top of the repository. Behind `#`: that prompt of each file.
_ALWAYS = (
    ("/CLAUDE.md", ""),
    ("/CLAUDE.local.md", ""),
    ("/.claude/CLAUDE.md", ""),
    (".claude/rules/**/*.md", ""),
    (".claude/skills/*/SKILL.md", "metadata"),
    (".claude/commands/**/*.md", "metadata"),
    (".claude/agents/**/*.md", "metadata"),
)

# A prompt may grow by a quarter before it is over, and isn't near its limit today.
_HEADROOM = 1.25
_SMALLEST = 500
_ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_DEFAULT = 8000
# Drafts until one passes. Each mends all that the last one met; more than a few are never needed.
_DRAFTS = 64
# Files left out one by one; where there are more, the entry that has most of them is left out instead.
_MOST_LEFT_OUT = 50
_MOST_TOLD = 10
_PATH_WIDTH = 60

_NOTHING = "no file of this repository is known for a prompt by its name"
_NOTHING_HINT = """say which files are prompts, in a .prompt-lint.yaml at the top of the repository:

  models: [{model}]
  limit: 8k
  prompts:
    - files: {example}

or count one without: prompt-lint count FILE --model {model}"""


class Draft(NamedTuple):
    """A configuration while it is made. `limits` are those of a kind by its title, then by the name of a prompt in a file.

    `left_out` has the reason for each path that no entry gets, `dropped` a reason for each finding that makes no entry,
    `wrong` one for each of the doubtful files that can't be measured.
    """

    models: tuple[str, ...]
    findings: tuple[Finding, ...]
    doubtful: Sequence[str]
    limits: Mapping[str, Mapping[str, int]]
    left_out: Mapping[str, str]
    dropped: tuple[tuple[Finding, str], ...] = ()
    grouped: bool = True
    sum: tuple[str, ...] = ()
    sum_limit: int = MAX_LIMIT
    today: Mapping[str, str] = {}
    wrong: Mapping[str, str] = {}


class Row(NamedTuple):
    """One kind of what was found, for a person."""

    title: str
    formats: str
    files: int
    prompts: int
    largest: str


class Proposal(NamedTuple):
    """The text of a configuration, what it is about, and what was left out of it and why."""

    text: str
    rows: Sequence[Row]
    left_out: Mapping[str, str]


def propose(
    tree: WorkingTree, name: str, models: Sequence[str], means: CountSources, options: Options
) -> Proposal:
    """A configuration, to be called `name`, with which `check` ends with 0. Raises `Fatal` where there can't be one."""
    found = survey(tree, name, options.max_file_size)
    wanted = rule_from_flags(models or [MODEL], None).models
    if not found.findings:
        raise Fatal(_NOTHING, _hint(wanted, found.doubtful))
    broken = dict(list(found.broken.items())[:_MOST_LEFT_OUT])
    draft = Draft(wanted, tuple(found.findings), found.doubtful, {}, broken, wrong=found.wrong)
    for _ in range(_DRAFTS):
        text = render(draft)
        rules = parse_config(text.encode(), name, FORMATS)
        report = check_prompts(tree, rules, (), means, options)
        better = _mended(draft, rules, report, found.links)
        if not better.findings:
            raise Fatal(
                "none of the prompts that were found can be measured", _reasons(better), ExitCode.UNCOUNTED
            )
        if better == draft:
            return _proposal(draft, rules, report, text)
        draft = better
    raise Fatal(
        "no configuration was found that passes",
        "write one by hand: docs/configuration.md",
        ExitCode.UNCOUNTED,
    )


def _hint(models: Sequence[str], doubtful: Sequence[str]) -> str:
    example = scalar(doubtful[0]) if doubtful else "my-prompts/**/*.md"
    hint = _NOTHING_HINT.format(model=models[0], example=example)
    told = ", ".join(visible(one) for one in doubtful[:3])
    return f"these may be some, but as likely aren't: {told}\n{hint}" if doubtful else hint


def _reasons(draft: Draft) -> str:
    told = [f"{path}: {reason}" for path, reason in draft.left_out.items()][:_MOST_TOLD]
    return "\n".join([*told, "mend them, or say by hand which files are prompts"])


# ---------------------------------------------------------------------------------------------------------
# From one draft to the next


def _mended(draft: Draft, rules: Config, report: Report, links: Mapping[str, object]) -> Draft:
    """The draft without what `report` says is wrong with it; once nothing is, with limits; the same if all is well."""
    if report.problems:
        return _without(draft, rules, report.problems, links)
    verdicts = _by_title(draft, rules, report)
    used = tuple(one for one in draft.findings if one.kind.title in verdicts)
    if used != draft.findings:
        return draft._replace(findings=used)
    limits = {one.kind.title: _limits(one, verdicts[one.kind.title]) for one in used}
    today = {one.kind.title: _today(verdicts[one.kind.title]) for one in used}
    sums = [_high(one) for one in report.verdicts if one.prompt.is_group]
    total = rounded(max(sums) * _HEADROOM) if sums else MAX_LIMIT
    together = _always(report.verdicts, links) if draft.grouped else ()
    return draft._replace(limits=limits, today=today, sum=together, sum_limit=total)


def _without(draft: Draft, rules: Config, problems: Iterable[Problem], links: Mapping[str, object]) -> Draft:
    left_out = dict(draft.left_out)
    broken: dict[str, str] = {}
    chosen = compile_rules(rules.rules, rules.exclude)
    titles = {rule.line: one.kind.title for rule, one in zip(rules.rules, draft.findings, strict=True)}
    owners: dict[str, list[str]] = {}
    for problem in problems:
        if problem.path == rules.path:
            title = titles.get(problem.line, GROUP)
            broken[title] = _cause(title, draft) or problem.message
            continue
        if not problem.path:
            raise Fatal(problem.message, problem.hint, problem.exit_code)
        others = [link for link, target in links.items() if target == problem.path]
        for path in [problem.path, *(others if problem.path in left_out else ())]:
            if not literal(path) and (owner := chosen.find_rule(path)):
                broken.setdefault(titles[owner.line], f"{problem.path}: {problem.message}")
            if owner := chosen.find_rule(path):
                owners.setdefault(titles[owner.line], []).append(path)
            left_out.setdefault(path, problem.message)
    if len(left_out) > _MOST_LEFT_OUT and owners:
        title, paths = max(owners.items(), key=lambda item: len(item[1]))
        broken.setdefault(
            title, f"{len(paths):,} files can't be measured; the first: {paths[0]}: {left_out[paths[0]]}"
        )
        left_out = dict(draft.left_out)
    return _dropped(draft._replace(left_out=left_out), broken)


def _cause(title: str, draft: Draft) -> str:
    """What is wrong with the files of an entry, where they are left out and its patterns match nothing any more."""
    paths = [path for one in draft.findings if one.kind.title == title for path in one.paths]
    told = [f"{path}: {draft.left_out[path]}" for path in paths if path in draft.left_out]
    more = f", and {len(told) - 1:,} more" if len(told) > 1 else ""
    return f"{told[0]}{more}" if told else ""


def _dropped(draft: Draft, broken: Mapping[str, str]) -> Draft:
    gone = [(one, broken[one.kind.title]) for one in draft.findings if one.kind.title in broken]
    kept = tuple(one for one in draft.findings if one.kind.title not in broken)
    left = draft._replace(findings=kept, dropped=(*draft.dropped, *gone))
    return left._replace(grouped=False, sum=()) if GROUP in broken else left


def _by_title(draft: Draft, rules: Config, report: Report) -> dict[str, list[Verdict]]:
    titles = {rule.line: one.kind.title for rule, one in zip(rules.rules, draft.findings, strict=True)}
    found: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        if not verdict.prompt.is_group:
            found.setdefault(titles[verdict.rule.line], []).append(verdict)
    return found


def _high(verdict: Verdict) -> int:
    return verdict.token_count.high if verdict.token_count else 0


def _limits(finding: Finding, verdicts: Iterable[Verdict]) -> dict[str, int]:
    """For skills the documented limits of their parts, unless today's are above; else one limit, under no name."""
    parts = finding.kind.title == "skills"
    highest = dict.fromkeys(_SKILL_LIMITS, 0) if parts else {}
    for verdict in verdicts:
        name = verdict.prompt.name if parts else ""
        highest[name] = max(highest.get(name, 0), _high(verdict))
    return {
        name: most if (most := _SKILL_LIMITS.get(name, 0)) * WARN_AT > high else rounded(high * _HEADROOM)
        for name, high in highest.items()
    }


def rounded(tokens: float) -> int:
    """The next number that a person would write: 500, 600, 800, 1,000, 1,200, 1,500, 2,000, …"""
    tokens = max(_SMALLEST, math.ceil(tokens))
    power = 10 ** (len(str(tokens)) - 1)
    return min(MAX_LIMIT, int(next(one for one in _ROUND if one * power >= tokens) * power + 0.5))


def _today(verdicts: Sequence[Verdict]) -> str:
    files = len({one.prompt.path for one in verdicts})
    largest = max(verdicts, key=_high)
    tokens = largest.token_count.tokens if largest.token_count else 0
    if len(verdicts) == 1:
        return f"Today 1 file, of {tokens:,} tokens."
    part = f" ({largest.prompt.name})" if largest.prompt.name else ""
    place = f"{_short(largest.prompt.path)}{visible(part)}"
    return f"Today {pluralize(files, 'file')}, the largest prompt of {tokens:,} tokens: {place}"


def _short(path: str) -> str:
    text = visible(path)
    return text if len(text) <= _PATH_WIDTH else f"…{text[1 - _PATH_WIDTH :]}"


def _always(verdicts: Sequence[Verdict], links: Mapping[str, object]) -> tuple[str, ...]:
    """What is always loaded, as the patterns of a sum; nothing where that is one prompt, which has its own limit."""
    found, members = [], 0
    for pattern, name in _ALWAYS:
        matches = patterns.compile_patterns([pattern])
        behind = {target for link, target in links.items() if matches(link)}
        wanted = [
            one.prompt
            for one in verdicts
            if not one.prompt.is_group
            and (matches(one.prompt.path) or one.prompt.path in behind)
            and (one.prompt.name == name if name else one.prompt.name != "on demand")
        ]
        if wanted:
            found.append(f"{pattern}#{name}" if name else pattern)
            members += len({(one.path, one.name) for one in wanted})
    return tuple(found) if members > 1 else ()


def _proposal(draft: Draft, rules: Config, report: Report, text: str) -> Proposal:
    if report.exit_code or any(one.status != "ok" for one in report.verdicts):
        raise Fatal("no configuration was found that passes", "write one by hand: docs/configuration.md")
    rows = []
    by_title = _by_title(draft, rules, report)
    for title, verdicts in ((one.kind.title, by_title[one.kind.title]) for one in draft.findings):
        prompts = {(one.prompt.path, one.prompt.name) for one in verdicts}
        formats = ", ".join(sorted({one.prompt.format for one in verdicts} - {""}))
        largest = max(verdicts, key=_high).token_count
        files = len({path for path, _ in prompts})
        rows.append(Row(title, formats, files, len(prompts), format_count(largest) if largest else ""))
    # What is told of each file needn't be told of its entry.
    entries = [(one, reason) for one, reason in draft.dropped if draft.left_out.keys().isdisjoint(one.paths)]
    reasons = {**draft.left_out, **{", ".join(one.files): reason for one, reason in entries}}
    return Proposal(text, rows, reasons)


def told(found: Proposal) -> str:
    """What was found, as a table, and what was left out."""
    head = ("kind", "format", "files", "largest prompt")
    rows = [head, *((row.title, row.formats, f"{row.files:,}", row.largest) for row in found.rows)]
    kinds, formats, files, tokens = (max(len(row[column]) for row in rows) for column in range(4))
    lines = [
        f"{row[0]:<{kinds}}  {row[1]:<{formats}}  {row[2]:>{files}}  {row[3]:>{tokens}}".rstrip()
        for row in rows
    ]
    lines += [
        f"left out: {visible(path)}: {visible(reason)}"
        for path, reason in list(found.left_out.items())[:_MOST_TOLD]
    ]
    if len(found.left_out) > _MOST_TOLD:
        lines.append(f"left out: {len(found.left_out) - _MOST_TOLD:,} more, as the configuration says")
    return "".join(f"{line}\n" for line in lines)


def done(place: str) -> str:
    """What has happened, and what is next."""
    return f"Wrote {visible(place)}. Look through it, then run: prompt-lint check\n"


# ---------------------------------------------------------------------------------------------------------
# The file


def render(draft: Draft) -> str:
    """The text of a draft."""
    lines = [
        "# The prompts of this repository, and how many tokens they may have: `prompt-lint check` holds them to it.",
        "# Written by `prompt-lint init`. A limit is today's largest prompt with headroom, so it asks for nothing yet:",
        "# lower it where prompts should shrink. All keys are explained in prompt-lint's docs/configuration.md.",
        "",
        *_models(draft.models),
        f"limit: {limit(_DEFAULT)}  # for entries without one of their own",
        "",
        "# Of several entries that match a file the last one holds.",
        "prompts:",
    ]
    for number, finding in enumerate(draft.findings):
        lines += ["", *_entry(draft, finding)] if number else _entry(draft, finding)
    lines += _suggested(draft)
    if draft.sum:
        lines += ["", *_group(draft)]
    if draft.left_out:
        lines += ["", *_exclude(draft.left_out)]
    return "".join(f"{line}\n" for line in lines)


def _models(models: Sequence[str]) -> Iterator[str]:
    if list(models) == [MODEL]:
        yield f"# {MODEL} stands for all current models: they share its tokenizer. Models of 4.6 and before, such as"
        yield "# claude-haiku-4-5, count about a quarter less; add one if your prompts are for them, too."
    yield f"models: [{', '.join(scalar(model) for model in models)}]"


def _entry(draft: Draft, finding: Finding) -> Iterator[str]:
    kind = finding.kind
    yield f"  # {kind.about}"
    if kind.title in draft.today:
        yield f"  # {draft.today[kind.title]}"
    yield f"  - files: {_list(finding.files)}"
    if finding.exclude:
        yield f"    exclude: {_list(finding.exclude)}"
    if kind.role:
        yield f"    role: {kind.role}"
    limits = draft.limits.get(kind.title, {"": MAX_LIMIT})
    parts = [f"{name}: {tokens}" for name, tokens in limits.items() if name]
    if "" in limits:
        yield f"    limit: {limit(limits[''])}"
    if parts:
        yield f"    parts: {{{', '.join(parts)}}}"
    elif kind.title == "skills" and not draft.limits:
        yield f"    parts: {{metadata: {MAX_LIMIT}, body: {MAX_LIMIT}}}"


def _suggested(draft: Draft) -> Iterator[str]:
    for finding, reason in draft.dropped:
        yield from ("", f"  # Left out: {visible(reason)}", f"  # - files: {_list(finding.files)}")
    if not draft.doubtful:
        return
    yield ""
    yield "  # Left out: files that look like prompts, but may be documentation, tests or somebody else's."
    yield "  # Remove the `#` from those that are yours."
    yield from (f"  # - files: {scalar(one)}" for one in draft.doubtful[:_MOST_TOLD])
    if len(draft.doubtful) > _MOST_TOLD:
        yield f"  # and {len(draft.doubtful) - _MOST_TOLD:,} more"
    if draft.wrong:
        yield "  # Of these can't be measured today:"
        yield from (
            f"  #   {visible(path)}: {visible(why)}" for path, why in list(draft.wrong.items())[:_MOST_TOLD]
        )
    if len(draft.wrong) > _MOST_TOLD:
        yield f"  #   and {len(draft.wrong) - _MOST_TOLD:,} more"


def _group(draft: Draft) -> Iterator[str]:
    yield "groups:"
    yield "  # What Claude Code loads in every session at the top of the repository, taken together."
    yield f"  - name: {GROUP}"
    yield "    sum:"
    yield from (f"      - {scalar(one)}" for one in draft.sum)
    yield f"    limit: {limit(draft.sum_limit)}"


def _exclude(left_out: Mapping[str, str]) -> Iterator[str]:
    yield "# Left out of all entries, because something is wrong with them today. Mend them, and remove their lines."
    yield "exclude:"
    for path, reason in left_out.items():
        if pattern := literal(path):
            yield f"  # {visible(reason)}"
            yield f"  - {scalar(pattern)}"


def limit(tokens: int) -> str:
    """Tokens as a person writes them: 800, 1.2k, 12k."""
    return (
        f"{tokens // 1000}{f'.{tokens % 1000:03}'.rstrip('0').rstrip('.')}k"
        if 1000 <= tokens < 10**8
        else str(tokens)
    )


def _list(texts: Sequence[str]) -> str:
    return scalar(texts[0]) if len(texts) == 1 else f"[{', '.join(scalar(text) for text in texts)}]"


def scalar(text: str) -> str:
    """A text of one printable line as YAML, without quotes where it can't be mistaken, inside of brackets either."""
    if re.fullmatch(r"[A-Za-z./][A-Za-z0-9_./*-]*", text, re.ASCII) and re.search(
        r"[/*]|[a-z]-|\.[a-z]+\.|[A-Za-z]\.[a-z]", text
    ):
        return text
    if "\\" in text and "'" not in text:
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


# ---------------------------------------------------------------------------------------------------------
# Writing it


def place(top: str, *, force: bool) -> str:
    """The name under which the configuration goes into the folder `top`. Raises `Fatal` for one that is there."""
    name = load.find_config(top)
    if name and not force:
        raise Fatal(
            f"there is a `{name}` already", "--force replaces it; --dry-run only shows what init would write"
        )
    return name or load.NAMES[0]


def write(top: str, name: str, text: str, *, force: bool) -> None:
    """The whole file or nothing, in the folder `top` itself: a link of that name is replaced, not followed. Raises `Fatal`."""
    target = os.path.join(top, name)
    temporary = os.path.join(top, f".prompt-lint.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _put(temporary, target, force=force)
    except OSError as error:
        raise Fatal(f"could not write {name}: {error.strerror}", exit_code=ExitCode.UNCOUNTED) from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)


def _put(temporary: str, target: str, *, force: bool) -> None:
    if force:
        os.replace(temporary, target)
        return
    try:
        os.link(temporary, target)  # unlike a rename it fails where something is there by now
    except FileExistsError:
        place(os.path.dirname(target), force=False)
        raise
    except OSError:  # a file system without hard links
        if os.path.lexists(target):
            raise
        os.rename(temporary, target)
