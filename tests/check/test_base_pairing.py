"""A file that links make a prompt is one prompt, on both sides: no link's name decides what it is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Done
    from tests.support.repo import Repo

LONG = "Never guess a number that you could look up.\n" * 20
TOP = "models: [claude-sonnet-4-6]\nlimit: 100\nmax_growth: 10%\n"
# A name that makes a prompt of its own of the link, and one that doesn't.
LINKS = [("packages/p/CLAUDE.md", "../../shared/p.md"), ("prompts/p.md", "../shared/p.md")]


def begin(repo: Repo, text: str, link: str, target: str) -> None:
    """The base, with a link to a file that no rule matches, and a branch on which the test goes on."""
    repo.write(".prompt-lint.yaml", TOP + f"prompts: [{{files: '{link.replace('/p', '/*')}'}}]\n")
    repo.write("shared/p.md", text)
    repo.link(link, target)
    repo.commit()
    repo.git("checkout", "-q", "-b", "topic")


def compare(lint: Callable[..., Done]) -> tuple[int, list[tuple[Any, ...]], tuple[int, int]]:
    """The exit code; status, standing, tokens and those of the base of each verdict; the totals of the base and now."""
    done = lint("check", "--offline", "--output-format", "json", "--base", "main")
    rows = [(v["status"], v["standing"], v["tokens"], v["base_tokens"]) for v in done.report["verdicts"]]
    [totals] = done.report["summary"]["totals"]
    return done.code, rows, (totals["before"], totals["after"])


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_change_that_touches_no_prompt_blames_none(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """What was over behind a link before is inherited."""
    begin(repo, LONG, link, target)
    repo.write("README.md")
    repo.commit()

    assert compare(lint) == (0, [("over", "unchanged", 226, 226)], (226, 226))


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_growth_is_seen_behind_a_link(repo: Repo, lint: Callable[..., Done], link: str, target: str) -> None:
    """A linked prompt that grew by more than is allowed fails."""
    begin(repo, "Be kind.\n", link, target)
    repo.write("shared/p.md", "Be kind.\n" * 4)
    repo.commit()

    code, [(status, standing, *_)], _ = compare(lint)

    assert (code, status, standing) == (1, "grew", "changed")


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_link_that_leads_elsewhere_now_has_changed(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """Both files were there before: what the prompt says is another one all the same."""
    begin(repo, "Be kind.\n", link, target)
    repo.git("checkout", "-q", "main")
    repo.write("shared/q.md", LONG)
    repo.commit()
    repo.git("checkout", "-q", "-B", "topic")
    (repo.path / link).unlink()
    repo.link(link, target.replace("p.md", "q.md"))
    repo.commit()

    assert compare(lint) == (1, [("over", "changed", 226, 10)], (10, 226))


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_new_link_makes_a_new_prompt_of_an_old_file(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """The file was no prompt before, so this change is to blame for its size."""
    begin(repo, LONG, link, target)
    repo.git("rm", "-q", link)
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.link(link, target)
    repo.commit()

    assert compare(lint) == (1, [("over", "new", 226, None)], (0, 226))


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_link_that_is_gone_takes_its_prompt_with_it(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """The file is still there, but nothing makes a prompt of it any more: that counts into the totals."""
    begin(repo, LONG, link, target)
    repo.git("rm", "-q", link)
    repo.write(link.replace("/p", "/q"), "Be kind.\n")
    repo.commit()

    assert compare(lint) == (0, [("ok", "new", 10, None)], (226, 10))


def test_a_renamed_link_is_the_same_prompt(repo: Repo, lint: Callable[..., Done]) -> None:
    """It leads to the same file by another name."""
    begin(repo, LONG, *LINKS[0])
    repo.git("mv", "packages/p", "packages/q")
    repo.commit()

    assert compare(lint) == (0, [("over", "renamed", 226, 226)], (226, 226))


def test_a_prompt_that_moves_behind_a_link_is_the_same(repo: Repo, lint: Callable[..., Done]) -> None:
    """`CLAUDE.md` becomes a link to a copy of itself, and back."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: CLAUDE.md}]\n")
    repo.write("CLAUDE.md", LONG)
    repo.commit()
    repo.git("checkout", "-q", "-b", "topic")
    repo.git("mv", "CLAUDE.md", "agents.md")
    repo.link("CLAUDE.md", "agents.md")
    repo.commit()

    there = compare(lint)
    repo.git("branch", "-f", "main")
    repo.git("rm", "-q", "CLAUDE.md")
    repo.git("mv", "agents.md", "CLAUDE.md")
    repo.commit()

    assert there == (0, [("over", "unchanged", 226, 226)], (226, 226))
    assert compare(lint) == (0, [("over", "unchanged", 226, 226)], (226, 226))


def test_a_raised_limit_of_a_linked_prompt_is_told(repo: Repo, lint: Callable[..., Done]) -> None:
    """Only the link matches the rule."""
    begin(repo, LONG, *LINKS[0])
    config = (repo.path / ".prompt-lint.yaml").read_text()
    repo.write(".prompt-lint.yaml", config.replace("limit: 100", "limit: 300"))
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json", "--base", "main")

    assert [loosened["subject"] for loosened in done.report["loosened"]] == ["packages/*/CLAUDE.md"]


@pytest.fixture
def linked(repo: Repo) -> Repo:
    """A large file and a small one, each behind links, and a third link to the small one."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: 'prompts/*.md'}]\n")
    repo.write("docs/big.md", LONG)
    repo.write("docs/small.md", "Be kind.\n")
    repo.write("prompts/own.md", "Be kind.\n" * 2)
    repo.link("prompts/m.md", "../docs/big.md")
    repo.link("prompts/a.md", "../docs/small.md")
    repo.link("prompts/z.md", "../docs/small.md")
    repo.commit()
    repo.git("branch", "base")
    return repo


def lead(repo: Repo, link: str, target: str) -> None:
    """Replace what is at `link` by a link to `target`."""
    (repo.path / link).unlink()
    repo.link(link, target)


def read_sides(lint: Callable[..., Done], *paths: str) -> tuple[dict[str, Any], list[str], tuple[int, int]]:
    """Standing, tokens and those of the base of each prompt; what was removed; the totals of the base and now."""
    done = lint("check", "--offline", "--output-format", "json", "--base", "base", *paths)
    rows = {v["path"]: (v["standing"], v["tokens"], v["base_tokens"]) for v in done.report["verdicts"]}
    [totals] = done.report["summary"]["totals"]
    removed = [prompt["path"] for prompt in done.report["removed"]]
    return rows, removed, (totals["before"], totals["after"])


BIG = ("unchanged", 226, 226)
SMALL = ("unchanged", 10, 10)
OWN = ("unchanged", 14, 14)


@pytest.mark.parametrize("link", ["prompts/a.md", "prompts/z.md"])
@pytest.mark.parametrize("staged", [True, False])
def test_a_file_with_one_more_link_is_the_prompt_that_it_was(
    linked: Repo, lint: Callable[..., Done], link: str, staged: bool
) -> None:
    """Whichever of two links leads elsewhere now: both files were prompts, and still are."""
    lead(linked, link, "../docs/big.md")
    if staged:
        linked.git("add", "--all")

    rows, removed, totals = read_sides(lint)

    assert rows == {"docs/big.md": BIG, "docs/small.md": SMALL, "prompts/own.md": OWN}
    assert (removed, totals) == ([], (250, 250))


def test_a_file_that_no_link_leads_to_any_more_is_removed(linked: Repo, lint: Callable[..., Done]) -> None:
    """Its links lead to another prompt now, which is no larger for that."""
    lead(linked, "prompts/a.md", "../docs/big.md")
    lead(linked, "prompts/z.md", "../docs/big.md")

    rows, removed, totals = read_sides(lint)

    assert rows == {"docs/big.md": BIG, "prompts/own.md": OWN}
    assert (removed, totals) == (["docs/small.md"], (250, 240))


def test_a_file_that_became_a_link_to_another_prompt_is_removed(
    linked: Repo, lint: Callable[..., Done]
) -> None:
    """Its tokens were in the total of the base, beside those of the file that the link leads to."""
    lead(linked, "prompts/own.md", "../docs/big.md")
    linked.git("add", "--all")

    rows, removed, totals = read_sides(lint)

    assert rows == {"docs/big.md": BIG, "docs/small.md": SMALL}
    assert (removed, totals) == (["prompts/own.md"], (250, 236))


@pytest.mark.parametrize("paths", [(), ("prompts/a.md",)])
def test_a_copy_in_the_place_of_a_link_is_new_beside_its_file(
    linked: Repo, lint: Callable[..., Done], paths: tuple[str, ...]
) -> None:
    """The file is still a prompt by its other link, and was one in the base, not two."""
    (linked.path / "prompts/a.md").unlink()
    linked.write("prompts/a.md", "Be kind.\n")
    linked.git("add", "--all")

    rows, removed, totals = read_sides(lint, *paths)

    assert rows["prompts/a.md"] == ("new", 10, None)
    assert paths or (rows["docs/small.md"], removed, totals) == (SMALL, [], (250, 260))


def test_a_file_that_moves_to_its_link_is_the_same_prompt(linked: Repo, lint: Callable[..., Done]) -> None:
    """It was a prompt by its link's name, which is its own now."""
    (linked.path / "prompts/m.md").unlink()
    (linked.path / "docs/big.md").rename(linked.path / "prompts/m.md")
    linked.git("add", "--all")

    rows, removed, totals = read_sides(lint)

    assert rows["prompts/m.md"] == ("renamed", 226, 226)
    assert (removed, totals) == ([], (250, 250))


def test_growth_behind_several_links_is_of_the_file_itself(linked: Repo, lint: Callable[..., Done]) -> None:
    """A link leads to the file that has grown now, and its other one did before."""
    linked.write("docs/big.md", LONG + "Be kind.\n")
    lead(linked, "prompts/a.md", "../docs/big.md")

    rows, removed, (before, _) = read_sides(lint)

    assert (rows["docs/big.md"][0], rows["docs/big.md"][2]) == ("changed", 226)
    assert (rows["docs/small.md"], removed, before) == (SMALL, [], 250)


@pytest.mark.parametrize(("link", "target"), [*LINKS, ("prompts", "shared")])
def test_the_limit_that_a_link_had_in_the_base_is_known(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """The file's own name matches no rule; its link's does, or that of a path behind a link to its folder."""
    pattern = "prompts/*.md" if link == "prompts" else link.replace("/p", "/*")
    repo.write(".prompt-lint.yaml", TOP + f"prompts: [{{files: '{pattern}'}}]\n")
    repo.write("shared/p.md", LONG)
    repo.link(link, target)
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json", "--base", "HEAD")

    [verdict] = done.report["verdicts"]
    assert (done.code, verdict["base_limit"], verdict["standing"]) == (0, 100, "unchanged")


def test_a_link_with_a_limit_of_its_own_had_that_one_in_the_base(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """By its other name the same file is another prompt, with the limit that that one had."""
    rules = "prompts: [{files: 'shared/*', limit: 400}, {files: 'prompts/*', limit: 300}]\n"
    repo.write(".prompt-lint.yaml", TOP + rules)
    repo.write("shared/p.md", LONG)
    repo.link("prompts/p.md", "../shared/p.md")
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json", "--base", "HEAD")

    limits = {each["path"]: (each["limit"], each["base_limit"]) for each in done.report["verdicts"]}
    assert limits == {"shared/p.md": (400, 400), "prompts/p.md": (300, 300)}


def test_a_rule_that_moves_from_links_to_their_files_had_its_limit_in_the_base(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """The link is still there, and no rule matches it any more."""
    begin(repo, LONG, *LINKS[1])
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: 'shared/*.md'}]\n")
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json", "--base", "main")

    [verdict] = done.report["verdicts"]
    assert (done.code, verdict["path"], verdict["base_limit"]) == (0, "shared/p.md", 100)


@pytest.mark.parametrize(("link", "target"), LINKS)
def test_a_prompt_that_becomes_a_link_has_changed(
    repo: Repo, lint: Callable[..., Done], link: str, target: str
) -> None:
    """Its text has moved to a file that git takes for new."""
    repo.write(".prompt-lint.yaml", TOP + f"prompts: [{{files: '{link.replace('/p', '/*')}'}}]\n")
    repo.write(link, "Be kind.\n")
    repo.commit()
    repo.git("checkout", "-q", "-b", "topic")
    repo.write("shared/p.md", LONG)
    lead(repo, link, target)
    repo.commit()

    assert compare(lint) == (1, [("over", "changed", 226, 10)], (10, 226))


def test_an_old_file_of_a_new_rule_has_not_changed(repo: Repo, lint: Callable[..., Done]) -> None:
    """No rule of the base matched it, and the change didn't make it larger."""
    begin(repo, LONG, *LINKS[1])
    repo.write("docs/a.md", LONG)
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: 'docs/*.md'}]\n")
    repo.commit()

    assert compare(lint)[1] == [("over", "unchanged", 226, 226)]


def test_growth_of_what_a_linked_file_imports_is_seen(repo: Repo, lint: Callable[..., Done]) -> None:
    """The link's name makes a memory file of it, which imports; neither it nor the link has changed."""
    begin(repo, "Read @shared.md\n", "CLAUDE.md", "docs/agents.md")
    repo.write("docs/agents.md", "Read @shared.md\n")
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: CLAUDE.md}]\n")
    repo.write("shared.md", "Be kind.\n")
    repo.commit()
    repo.git("branch", "-f", "main")
    repo.write("shared.md", LONG)
    repo.commit()

    code, [(status, standing, *_)], (before, after) = compare(lint)

    assert (code, status, standing) == (1, "over", "changed")
    assert before < 100 < after


def test_a_link_that_leads_to_a_new_file_is_not_the_prompt_that_it_led_to(
    repo: Repo, lint: Callable[..., Done]
) -> None:
    """That one is still there, and a run about the new file alone knows it, too: the new one isn't as large as before."""
    repo.write(".prompt-lint.yaml", TOP + "prompts: [{files: ['*.md', 'prompts/*.md']}]\n")
    repo.write("x.md", LONG)
    repo.link("prompts/l.md", "../x.md")
    repo.commit()
    repo.git("checkout", "-q", "-b", "topic")
    repo.write("y.md", LONG.upper())
    (repo.path / "prompts/l.md").unlink()
    repo.link("prompts/l.md", "../y.md")
    repo.commit()

    done = lint("check", "--offline", "--output-format", "json", "--base", "main", "y.md")

    assert (done.code, [(v["path"], v["standing"]) for v in done.report["verdicts"]]) == (
        1,
        [("y.md", "new")],
    )
