"""`--base hook`: what a hook of git is about, checked and compared with what it changes.

What is staged is compared with HEAD, what is pushed with what the remote has. Where nothing is staged, as with
`--all-files`, all is judged: HEAD compared with itself would pass anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.check.judge import decide_exit_code
from prompt_lint.check.pipeline import check_prompts
from prompt_lint.config.load import NAMES
from prompt_lint.model.errors import ExitCode, Fatal
from prompt_lint.model.values import Base, Note
from prompt_lint.repo.links import list_names
from prompt_lint.repo.staged import find_merged_commits, list_committed, list_staged
from prompt_lint.repo.working_tree import WorkingTree

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from prompt_lint.check.pipeline import Run, Settings
    from prompt_lint.config.load import ConfigSearch
    from prompt_lint.model.values import Report, Verdict

# pre-commit and prek set these: the ends of the range that is pushed, or that was asked for; and in any push, also in
# that of a whole history, which has no range.
_FROM, _TO, _PUSH = "PRE_COMMIT_FROM_REF", "PRE_COMMIT_TO_REF", "PRE_COMMIT_REMOTE_BRANCH"
# Git sets it in the hooks of a commit, also of one that changes no file, such as `git commit --amend` for its message.
_INDEX = "GIT_INDEX_FILE"


class HookChange(NamedTuple):
    """What a hook is about: the `paths` to check, none for everything, and all that has `changed`.

    The base is `pushed_from`, or HEAD for what `is_staged`; without either there is nothing to compare with.
    """

    paths: Sequence[str]
    changed: Collection[str] = ()
    pushed_from: Base | None = None
    is_staged: bool = False

    def find_bases(self, tree: WorkingTree, env: Mapping[str, str]) -> Iterator[Base]:
        """Yield the base, and in a merge the commits that are merged. Raises `Fatal`."""
        if self.pushed_from:
            yield self.pushed_from
        elif self.is_staged:
            yield _require_base(tree, "HEAD", env)
            for commit in find_merged_commits(tree.top, env):
                name = f"the merged commit {commit[:10]}"
                yield Base(commit, name, name)


def find_hook_change(
    tree: WorkingTree, paths: Sequence[str], below: str, env: Mapping[str, str]
) -> HookChange:
    """Return what a hook is about. Without `paths` it is what is staged or pushed in the folder `below`, "" for the top.

    With `paths` of which some aren't staged it is no commit that is judged, but what somebody has named. Raises `Fatal` where
    there is no git, or it refuses.
    """
    if not tree.has_git:
        raise Fatal(
            f"`--base hook` needs git, and {tree.top} isn't a git repository, or --no-git was given",
            "leave it out",
        )
    changed: Mapping[str, str] | None
    if env.get(_FROM):
        base = _require_base(tree, env[_FROM], env)
        if base.is_head:
            return HookChange(paths)
        changed = list_committed(tree.top, base.commit, env.get(_TO) or "HEAD")
        change = HookChange(paths, changed, base)
    elif env.get(_PUSH):
        return HookChange(paths)
    else:
        changed = list_staged(tree.top, env.get(_INDEX, ""))
        if changed is None or not (changed or env.get(_INDEX)) or not all(path in changed for path in paths):
            return HookChange(paths)
        change = HookChange(paths, changed, is_staged=True)
    return change if paths else change._replace(paths=_list_paths(tree, changed, below))


def _require_base(tree: WorkingTree, ref: str, env: Mapping[str, str]) -> Base:
    from prompt_lint.repo.base_commit import NoBase, find_base  # noqa: PLC0415  # most runs pass, and need no base

    base = find_base(tree, ref, env)
    if isinstance(base, NoBase):  # which only `auto` returns
        raise Fatal(base.message, base.hint)
    return base


def _list_paths(tree: WorkingTree, changed: Mapping[str, str], below: str) -> list[str]:
    """Return the changed paths below a folder: those that are on disk and, if there are any, the deleted ones as well.

    A group, or a file that imports others, may need what was deleted. The folder of a configuration that is gone has changed.
    """
    within = [path for path in changed if path.startswith(f"{below}/" if below else "")]
    deleted = [path for path in within if changed[path] == "D"]
    folders = [path.rpartition("/")[0] for path in deleted if _is_config(path)]
    written = [path for path in within if changed[path] != "D"]
    present = list(filter(tree.exists, dict.fromkeys([*written, *folders])))
    return present and [
        *present,
        *(path for path in deleted if not _is_config(path) and not tree.exists(path)),
    ]


def _is_config(path: str) -> bool:
    return path.rpartition("/")[2] in NAMES


def check_hook_change(
    run: Run, change: HookChange, policy: str, search: ConfigSearch, env: Mapping[str, str]
) -> Report:
    """Check what a hook is about, and compare it with the base where that can change what fails.

    Most runs pass, and then nothing of the base is read: that would be a fourth of what a hook costs. In a merge a failure
    is the change's only if it is one beside each of the commits that are merged.
    """
    tree, config, _, settings = run
    report = check_prompts(run, change.paths)
    if not run.sources.is_dry_run and not _can_differ(report, run, change):
        return report
    from prompt_lint.check.comparison import compare_with  # noqa: PLC0415  # most runs pass

    is_compared = False
    for base in change.find_bases(tree, env):
        fresh = WorkingTree(tree.top, has_git=True, max_file_size=tree.max_file_size)
        with compare_with(fresh, base, policy, config, search) as comparison:
            other = check_prompts(run._replace(tree=fresh), change.paths, comparison)
        report = _spare_merged(report, other, settings) if is_compared else other
        is_compared = True
        if not _has_failures(report):
            break
    return report


def _can_differ(report: Report, run: Run, change: HookChange) -> bool:
    """Return whether a comparison can change what fails, or has more to tell: growth, loosened limits."""
    if _has_failures(report) or any(rule.max_growth for rule in run.config.list_rules()):
        return True
    names = {name for path in run.config.list_paths() for name in list_names(run.tree, path)}
    return any(path in names or _is_config(path) for path in change.changed)


def _has_failures(report: Report) -> bool:
    """Return whether anything fails that may be none of the change's. What nobody could count is asked for once only."""
    uncounted = {verdict.prompt.path for verdict in report.verdicts if verdict.status == "uncounted"}
    is_over = report.exit_code == ExitCode.OVER_LIMIT or any(verdict.fails for verdict in report.verdicts)
    return is_over or any(problem.path not in uncounted for problem in report.problems)


def _spare_merged(report: Report, merged: Report, settings: Settings) -> Report:
    """Return the report without the failures that aren't any in `merged`, the comparison with a commit that is merged."""
    verdicts_of_merged = {(verdict.prompt.key, verdict.model): verdict for verdict in merged.verdicts}

    def choose(verdict: Verdict) -> Verdict:
        other = verdicts_of_merged.get((verdict.prompt.key, verdict.model), verdict)
        return other if verdict.fails and not other.fails else verdict

    spared = [problem for problem in report.problems if problem not in merged.problems]
    notes = (Note(f"merged as it is: {each.message}", each.path, each.line) for each in spared)
    loosened = {(each.subject, each.line, each.model, each.new_limit) for each in merged.loosened}
    base = report.base and report.base._replace(
        description=f"{report.base.description}, and with {merged.base.name if merged.base else ''}"
    )
    report = report._replace(
        base=base,
        verdicts=[choose(verdict) for verdict in report.verdicts],
        problems=[problem for problem in report.problems if problem not in spared],
        notes=[*report.notes, *notes],
        loosened=[
            each for each in report.loosened
            if (each.subject, each.line, each.model, each.new_limit) in loosened
        ],
    )  # fmt: skip
    return report._replace(exit_code=decide_exit_code(report, exit_zero=settings.exit_zero))
