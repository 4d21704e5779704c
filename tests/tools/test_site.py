"""The pages of the site, as tools/site.py makes them of docs/. Zensical itself checks their links: `tools/dev.py docs`."""

from __future__ import annotations

import re
import tomllib

import pytest
from tests.support.paths import ROOT, load_tool

site = load_tool("site")
REPOSITORY = "https://github.com/someone/lint"


def test_every_page_is_in_the_navigation_and_in_the_index() -> None:
    """Once in each."""
    config = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    groups = [group for section in config["project"]["nav"] for group in section.values()]
    shown = [
        page if isinstance(page, str) else next(iter(page.values())) for group in groups for page in group
    ]
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    pages = {path.name for path in (ROOT / "docs").glob("*.md")}

    assert sorted(shown) == sorted(pages | set(site.PAGES.values()))
    assert pages - {"index.md"} == set(re.findall(r"\]\((\w[\w-]*\.md)", index))


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("base.md#in-ci", "base.md#in-ci"),
        ("report.schema.json", "report.schema.json"),
        ("#here", "#here"),
        ("../CHANGELOG.md", "changelog.md"),
        ("../SECURITY.md", f"{REPOSITORY}/blob/main/SECURITY.md"),
        ("../examples/gitlab", f"{REPOSITORY}/tree/main/examples/gitlab"),
        ("../action.yml", f"{REPOSITORY}/blob/main/action.yml"),
        ("https://example.com/a.md", "https://example.com/a.md"),
    ],
)
def test_links_lead_to_pages_or_to_the_repository(link: str, target: str) -> None:
    """On the site there is nothing beside the pages."""
    assert site.convert_text(f"See [it]({link}).", ROOT / "docs", REPOSITORY) == f"See [it]({target})."


def test_links_of_other_pages_are_seen_from_there() -> None:
    """CHANGELOG.md is at the top of the repository, and beside the other pages on the site."""
    assert site.convert_text("[it](docs/base.md)", ROOT, REPOSITORY) == "[it](base.md)"


def test_code_stays_as_it_is() -> None:
    """Only text is converted."""
    code = "```text\n[it](../SECURITY.md) <details>\n```\n"

    converted = site.convert_page(f"[a](../LICENSE)\n\n{code}\n<details>\n", ROOT / "docs", REPOSITORY)

    assert converted == f'[a]({REPOSITORY}/blob/main/LICENSE)\n\n{code}\n<details markdown="1">\n'


def test_the_job_for_gitlab_is_the_example() -> None:
    """docs/gitlab.md shows examples/gitlab/.gitlab-ci.yml, without the remark at its top."""
    _, job = (ROOT / "examples/gitlab/.gitlab-ci.yml").read_text(encoding="utf-8").split("\n", 1)

    assert f"```yaml\n{job}```\n" in (ROOT / "docs" / "gitlab.md").read_text(encoding="utf-8")
