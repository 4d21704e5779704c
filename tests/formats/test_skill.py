"""A skill is two prompts, what is always listed and what comes on use; its resources are texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support import make
from tests.support.files import read_nothing

from prompt_lint.config.values import PARTS
from prompt_lint.formats import skill, skill_listing
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import ExitCode
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Problem, Prompt
from prompt_lint.text import frontmatter, template_markers

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

    from prompt_lint.model.values import NoteKind

PATH = ".claude/skills/review/SKILL.md"
GOOD = "---\nname: review\ndescription: Reviews code.\n---\n"


def parse(data: str, path: str = PATH, **rule: Any) -> list[Prompt | Problem | Note]:
    return list(skill.parse(path, data.encode(), make.rule(**({"role": ""} | rule)), read_nothing))


def prompts(data: str, path: str = PATH) -> dict[str, Any]:
    """The fields of the request of each prompt, by its name."""
    return {
        result.name: result.request and dict(result.request.fields)
        for result in parse(data, path)
        if isinstance(result, Prompt)
    }


def listed(data: str, path: str = PATH) -> str:
    return str(prompts(data, path)["metadata"]["system"])


def reports(data: str, path: str = PATH) -> list[Problem | Note]:
    return [result for result in parse(data, path) if not isinstance(result, Prompt)]


def test_a_skill_is_what_is_listed_and_what_comes_on_use() -> None:
    """Name and description are in the system prompt from the start; the body is a message, once it is used."""
    assert parse(f"{GOOD}# How\n") == [
        Prompt(PATH, "metadata", 2, prompts(GOOD)["metadata"] and make_request(system="- review: Reviews code.")),
        Prompt(PATH, "body", 5, make_request(user="# How\n")),
    ]  # fmt: skip


def make_request(*, system: str = "", user: str = "") -> Any:
    from prompt_lint.request.from_text import build_request  # noqa: PLC0415  # a helper for this one test

    return build_request(system, "system") if system else build_request(user, "user")


def test_the_parts_of_the_configuration_are_the_names_of_the_prompts() -> None:
    """`parts` can give each prompt of a skill a limit, and knows no other name."""
    assert set(PARTS) == set(prompts(f"{GOOD}x"))


@pytest.mark.parametrize(
    ("front", "line"),
    [
        ("name: other\ndescription: D.", "- other: D."),
        ("description: >-\n  One\n  two.", "- review: One two."),
        ("name: review\ndescription: D.\nwhen_to_use: Often.", "- review: D. - Often."),
        ("name: review\ndescription: D.\nlicense: MIT\nmetadata:\n  version: '1'", "- review: D."),
        ("name: review\ndescription: Reviews: all.\nargument-hint: [x", "- review: Reviews: all."),
    ],
)
def test_what_is_listed(front: str, line: str) -> None:
    """Name, description and when to use it, and no other key; the folder where there is no name."""
    assert listed(f"---\n{front}\n---\nBody.") == line


def test_without_a_description_the_first_paragraph_is_listed() -> None:
    """Claude Code does so, also where there is no frontmatter at all."""
    assert listed("# Title\n\nDoes a\nthing.\n\nMore.") == "- review: Does a\nthing."
    assert listed("---\nname: review\n---\nDoes it.") == "- review: Does it."
    assert listed("# Title") == "- review"


def test_a_skill_that_the_model_may_not_start_is_not_listed() -> None:
    """Its metadata isn't in the context, so there is nothing to count."""
    data = "---\nname: review\ndescription: D.\ndisable-model-invocation: true\n---\nBody."

    assert list(prompts(data)) == ["body"]
    assert list(prompts(data.replace("true", "false"))) == ["metadata", "body"]


def test_the_rule_decides_whose_message_the_body_is() -> None:
    """What is listed is in the system prompt whatever the rule says."""
    metadata, body = parse(f"{GOOD}Body.", role="system")[:2]

    assert isinstance(metadata, Prompt)
    assert isinstance(body, Prompt)
    assert body.request
    assert body.request.fields == {"system": "Body.", "messages": [PLACEHOLDER_MESSAGE]}


def test_a_body_of_nothing_is_nothing_to_send() -> None:
    """A skill that is all description loads no more on use."""
    assert prompts(GOOD)["body"] is None


@pytest.mark.parametrize(
    ("front", "line", "message"),
    [
        (f"description: D.\nname: {'a' * 65}", 3, "the skill's `name` has 65 characters; the most is 64"),
        (f"name: review\ndescription: {'d' * 1025}", 3, "the skill's `description` has 1,025 characters; the most is 1,024"),
        (f"name: review\ndescription: D.\ncompatibility: {'c' * 501}", 4, "the skill's `compatibility` has 501 characters; the most is 500"),
        ("name: review\ndescription:", 3, "the skill has no `description`"),
        ("name: review", 1, "the skill has no `description`"),
        *(
            (f"name: {name}\ndescription: D.", 2, f"the skill's name `{name.strip(chr(39))}` isn't valid: use a-z, 0-9 and single hyphens between them")
            for name in ("Review", "re view", "-review", "review-", "re--view", "re_view", "é", "'a\\nb'")
        ),
    ],
)  # fmt: skip
def test_what_the_specification_refuses_fails(front: str, line: int, message: str) -> None:
    """With the code of a prompt that is over, and the line of the key."""
    [problem] = [report for report in reports(f"---\n{front}\n---\nBody.") if isinstance(report, Problem)]

    assert (problem.path, problem.line, problem.message, problem.exit_code) == (
        PATH,
        line,
        message,
        ExitCode.OVER_LIMIT,
    )
    assert problem.hint


@pytest.mark.parametrize(
    "front",
    [
        f"name: {'a' * 64}\ndescription: D.",
        f"name: review\ndescription: {'d' * 1024}",
        f"name: review\ndescription: D.\ncompatibility: {'c' * 500}",
        "name: a1-b2-3\ndescription: D.",
        "name: review\ndescription: 'D: x'\nallowed-tools: [Read]\nhooks: {a: 1}",
    ],
)
def test_what_the_specification_takes_passes(front: str) -> None:
    """The limits themselves are within them."""
    assert [report for report in reports(f"---\n{front}\n---\nBody.") if isinstance(report, Problem)] == []


@pytest.mark.parametrize(
    ("data", "message", "line", "kind"),
    [
        ("# No frontmatter\n\nBody.", skill._NO_FRONTMATTER, 1, "advice"),
        ("---\nname: pdf\nBody.", skill._OPEN_FRONTMATTER, 1, "advice"),
        ("---\ndescription: D.\n---\nBody.", skill._NO_NAME, 1, "advice"),
        ("---\ndescription: D.\nname: other\n---\nBody.", skill._OTHER_NAME, 3, "advice"),
        ("---\nname: review\ndescription: a: b\n---\nBody.", frontmatter.NOT_YAML, 3, "frontmatter"),
        (
            f"---\nname: review\ndescription: D.\nwhen_to_use: {'w' * 1535}\n---\nBody.",
            skill_listing._CUT,
            3,
            "content",
        ),
        (GOOD + "x\n" * 501, skill._LONG, 505, "advice"),
        (f"{GOOD}Now: !`git status`", template_markers.PLACEHOLDERS_NOTE, 5, "placeholders"),
    ],
)
def test_what_is_worth_a_note(data: str, message: str, line: int, kind: NoteKind) -> None:
    """It fails nothing, says where, and has a kind that can be switched off."""
    assert reports(data) == [Note(message, PATH, line, kind)]


@pytest.mark.parametrize(
    "text", ["Fix $ARGUMENTS.", "Compare $0 with $1.", "It costs $5.", "See ${CLAUDE_SKILL_DIR}/a.py."]
)
def test_what_the_user_types_behind_a_command_is_not_worth_a_note(text: str) -> None:
    """Every command has such a place, and a price is none."""
    assert reports(f"{GOOD}\n{text}") == []


def test_a_good_skill_has_no_reports() -> None:
    """Five hundred lines are fine; so is a skill at the top, which has no folder to be called like."""
    assert reports(GOOD + "x\n" * 500) == []
    assert reports(f"{GOOD}Body.", "SKILL.md") == []


def test_broken_frontmatter_is_not_reported_to_lack_keys() -> None:
    """What can't be read for certain isn't held against the skill."""
    assert reports("---\nfoo: *\n---\nBody.") == [Note(frontmatter.NOT_YAML, PATH, 2, "frontmatter")]


@pytest.mark.parametrize(
    ("path", "is_resource"),
    [
        ("skills/a/references/forms.md", True),
        (".claude/skills/a/README.md", True),
        ("plugins/p/skills/a/agents/grader.md", True),
        ("skills/a/assets/config.json", True),
        ("skills/group/a/scripts/run.py", True),
        ("skills/README.md", False),
        ("skills/a/chat.json", False),
        ("skills/a/prompt.txt", False),
        ("my-skills/a/README.md", False),
    ],
)
def test_a_resource_of_a_skill_is_text(path: str, is_resource: bool) -> None:
    """Markdown in its folder, and whatever is in the folders that the specification names: counted whole, by itself."""
    data = b'{"a": 1}'

    is_recognised = recognise(path, data, make.rule(role="")).name == "skill"

    assert is_recognised == is_resource
    if is_recognised:
        assert prompts(data.decode(), path) == {"": {"messages": [{"role": "user", "content": '{"a": 1}'}]}}


@pytest.mark.parametrize("path", ["SKILL.md", "a/SKILL.md", "skills/SKILL.md", "skills/a/b/SKILL.md"])
def test_a_skill_is_known_by_its_name(path: str) -> None:
    """In any folder."""
    assert recognise(path, b"", make.rule()).name == "skill"


def test_other_names_are_no_skills() -> None:
    """The specification has one spelling."""
    assert recognise("a/skill.md", b"", make.rule()).name == "text"
    assert recognise("a/MYSKILL.md", b"", make.rule()).name == "text"


def test_the_parts_of_each_prompt_have_lines_of_the_file() -> None:
    """What is listed is broken down by key, the body by heading, a resource as a text."""
    data = b"---\nname: review\ndescription: |\n  One\n  two\nlicense: MIT\n---\n# A\nx\n# B\n"
    metadata, body = (result for result in parse(data.decode()) if isinstance(result, Prompt))
    resource = Prompt("skills/a/b.md", "", 1, None)

    assert [part[:4] for part in skill.parts(PATH, data, metadata, read_nothing)] == [
        ("name", 2, 2, "review"), ("description", 3, 5, "One\ntwo"),
    ]  # fmt: skip
    assert [part[:3] for part in skill.parts(PATH, data, body, read_nothing)] == [
        ("# A", 8, 9),
        ("# B", 10, 10),
    ]
    assert [part[:3] for part in skill.parts(resource.path, b"# C\nx", resource, read_nothing)] == [
        ("# C", 1, 2)
    ]


def test_each_stage_can_have_a_limit_of_its_own(repo: Repo, lint: Callable[..., Done]) -> None:
    """What is always listed is dear, so it is held to less than what comes on use; the failure says which, and where."""
    config = (
        "models: claude-sonnet-5-5\nlimit: 500\nprompts:\n  - files: SKILL.md\n    parts: {metadata: 50}\n"
    )
    repo.write(".prompt-lint.yaml", config)
    repo.write(PATH, f"---\nname: review\ndescription: {'Reviews code. ' * 30}\n---\n{'Do it well. ' * 60}\n")

    done = lint("check", "--offline", "--no-cache", "--output-format", "json")

    statuses = {v["name"]: (v["status"], v["limit"]) for v in done.report["verdicts"]}
    assert statuses == {"metadata": ("over", 50), "body": ("ok", 500)}
    assert done.code == ExitCode.OVER_LIMIT


SETTLED = "Interviews the author about a design until each open question is settled."


@pytest.mark.parametrize(
    "description",
    [
        f"\n  {SETTLED}",
        f" {SETTLED.replace(' about', chr(10) + '  about')}",
        f' "{SETTLED.replace(" about", chr(10) + "  about")}"',
        f" >  # folded\n  {SETTLED.replace(' about', chr(10) + '  about')}",
    ],
)
def test_a_bad_line_of_frontmatter_does_not_shorten_the_description(
    repo: Repo, lint: Callable[..., Done], description: str
) -> None:
    """Claude Code takes `argument-hint: [a] [b]`, so the listing is as long as in the file in which it is quoted."""
    files = ["bare/review/SKILL.md", "quoted/review/SKILL.md"]
    for file, hint in zip(files, ("[a] [b]", "'[a] [b]'"), strict=True):
        front = f"name: review\ndescription:{description}\nargument-hint: {hint}"
        repo.write(file, f"---\n{front}\n---\nOther words.\n")

    done = lint("count", *files, "--model", "claude-sonnet-5-5", "--output-format", "json")

    listings = [row for row in done.report["verdicts"] if row["name"] == "metadata"]
    assert [(row["path"], row["tokens"]) for row in listings] == [(file, 28) for file in files]


def test_a_bad_line_of_frontmatter_does_not_lift_the_limit_of_a_description() -> None:
    """What the specification refuses is refused however the value is written."""
    data = f"---\nname: review\ndescription:\n  {'word ' * 400}\nargument-hint: [a] [b]\n---\nBody."

    [problem] = [report for report in reports(data) if isinstance(report, Problem)]

    assert (problem.line, problem.message) == (
        3,
        "the skill's `description` has 1,999 characters; the most is 1,024",
    )


def test_a_limit_for_a_part_that_no_prompt_has_is_reported(repo: Repo, lint: Callable[..., Done]) -> None:
    """A limit under the name of a part in a rule for other files holds for read_nothing, and isn't taken for one that is kept."""
    repo.write("CLAUDE.md", "Be kind.\n")
    rule = "models: [claude-sonnet-4-6]\nprompts: [{files: CLAUDE.md, limit: 1k, parts: {body: 1}}]\n"
    repo.write(".prompt-lint.yaml", rule)

    done = lint("check", "--offline")

    assert done.code == 0
    assert "no prompt of this rule is called `body`" in done.out
