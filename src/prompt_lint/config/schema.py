"""What .prompt-lint.yaml says → rules and groups, with defaults filled in and limits in tokens.

The limit of a prompt for a model is the first of: `--limit`, `limits` of its rule, `limit` of its rule, `limit` at the top of the file.
A group takes its limit from its own `limits` or `limit` alone. A limit in percent is a share of the model's context window.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from prompt_lint.config import keys
from prompt_lint.config.configuration import Config
from prompt_lint.config.keys import GROUP, RULE, TOP, Entry
from prompt_lint.config.mistakes import MAX_MISTAKES, ConfigErrors, ConfigFile, Mistake, Node, quote
from prompt_lint.config.values import Limit, explain_model, parse_limit
from prompt_lint.model.errors import Fatal
from prompt_lint.model.models import find_model
from prompt_lint.model.nearest import find_nearest
from prompt_lint.model.rules import Exemption, Group, Rule
from prompt_lint.text.location import ParseError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

# The share of a limit from which on a prompt is close to it.
WARN_AT = 0.9


def rule_from_flags(models: Sequence[str], limit: str | None = None) -> Rule:
    """Return the rule for all files that `--model` and `--limit` make. Raises `Fatal` for a flag that is wrong."""
    names, written = _check_models(models), _parse_limit_flag(limit)
    limits = _resolve_limit_flag(written, names) if written else {}
    return Rule(("**",), (), names, "", "", limits, WARN_AT, "", allow_empty=False, line=0)


def _check_models(models: Sequence[str]) -> tuple[str, ...]:
    for model in models:
        if mistake := explain_model(model):
            raise Fatal(f"--model: {mistake}", "`prompt-lint models` lists the known ones")
    return tuple(dict.fromkeys(models))


def _parse_limit_flag(limit: str | None) -> Limit | None:
    try:
        return None if limit is None else parse_limit(limit)
    except ValueError as error:
        raise Fatal(f"--limit: {error}", "example: --limit 8000") from None


def _resolve_limit_flag(limit: Limit, models: Sequence[str]) -> dict[str, int]:
    try:
        return {model: resolve_limit(limit, model) for model in models}
    except ValueError as error:
        raise Fatal(f"--limit: {error}", "example: --limit 8000") from None


def resolve_limit(limit: Limit, model_id: str) -> int:
    """Return a limit in tokens. Raises `ValueError`, with a sentence, for a share of a window that isn't known."""
    if not limit.share:
        return limit.tokens
    model = find_model(model_id)
    if model is None:
        raise ValueError(
            f"the context window of `{model_id}` isn't known; give a number of tokens, not a share"
        )
    return max(1, model.context_window * limit.share // 1_000_000)


def parse_config(
    data: bytes,
    path: str,
    formats: Mapping[str, Sequence[str]],
    *,
    models: Sequence[str] = (),
    limit: str | None = None,
    folder: str = "",
) -> Config:
    """Return what the bytes of a configuration say. `path` is its name in mistakes.

    Its patterns and paths start at `folder`, "" for the top of the repository; those that are returned, at the top.
    `formats` are the names that `format` may have, each with the keys of a rule that need it. `models` and `limit` are
    the flags of these names, which win over everything in the file. Raises `ConfigErrors` with all mistakes of the file,
    `Fatal` for a flag that is wrong.
    """
    from prompt_lint.text import yaml_reader  # noqa: PLC0415  # takes 10 ms, and flags alone don't need it

    yaml_mistakes: list[ParseError] = []
    try:
        document = yaml_reader.parse_yaml(data, mistakes=yaml_mistakes)
    except ParseError as error:
        mistakes = [_as_mistake(path, mistake) for mistake in yaml_mistakes]
        mistakes.append(_as_mistake(path, error, _hint_at_quotes(data, error)))
        raise ConfigErrors(mistakes[-MAX_MISTAKES:]) from None
    file = ConfigFile(path, folder, document, formats)
    flags = _check_models(models), _parse_limit_flag(limit)
    for mistake in yaml_mistakes:
        file.add_mistake(mistake.line, mistake.column, mistake.message, "")
    file.invalid_places = {(mistake.line, mistake.column) for mistake in yaml_mistakes}
    top = _read_top(Node(document.data, (), file))
    return _build_config(_Builder(top, *flags))


def _as_mistake(path: str, error: ParseError, hint: str = "") -> Mistake:
    return Mistake(path, error.line, error.column, error.message, hint)


def _hint_at_quotes(data: bytes, error: ParseError) -> str:
    """Return a hint for the most frequent slip: a pattern that starts with a character that means something in YAML."""
    lines = data.decode("utf-8", "replace").split("\n")
    before = lines[error.line - 1][: error.column] if 0 < error.line <= len(lines) else ""
    match = re.search(r"(?:^|[\s,:{[])([*!])", before)
    if not match:
        return ""
    example = '"**/*.md"' if match[1] == "*" else '["*.md", "!drafts/"]'
    if "needs quotes" in error.message:
        return f"example: files: {example}"
    return f"a pattern that starts with `{match[1]}` needs quotes: files: {example}"


def _read_top(node: Node) -> Entry:
    example = "prompts: [{files: prompts/**/*.md, models: [claude-sonnet-5-5], limit: 8000}]"
    if node.value is None:
        node.report("the configuration is empty: expected `prompts`", example)
        return Entry(node, {})
    top = keys.read_mapping(node, TOP, example)
    if top and not {"prompts", "groups"} & top.values.keys():
        node.report("there is neither `prompts` nor `groups`, so nothing would be checked", example)
    return top or Entry(node, {})


def _build_config(builder: _Builder) -> Config:
    file, settings = builder.top.node.file, builder.top.values
    rules = [builder.build_rule(entry) for entry in settings.get("prompts") or ()]
    group_entries = settings.get("groups") or ()
    groups = [builder.build_group(entry) for entry in group_entries]
    _report_same_names(group_entries)
    exempt = [_build_exemption(entry) for entry in settings.get("exempt") or ()]
    file.raise_mistakes()
    return Config(
        file.path,
        tuple(rules),
        settings.get("exclude") or (),
        settings.get("counting") or "",
        settings.get("on_unavailable") or "",
        tuple(groups),
        settings.get("policy") or "",
        settings.get("on_raise") or "",
        tuple(exempt),
        settings.get("notes") or frozenset(),
        file.folder,
        prices=tuple(
            each
            for each in settings.get("prices") or ()
            if not builder.models or each.model in builder.models
        ),
        lines={key: builder.top.node.child(key).line for key in settings},
    )


class _Builder(NamedTuple):
    """What rules and groups are made of beside their own entry.

    `top` is the top of the file. `models` and `limit` are the flags, which win over the file.
    """

    top: Entry
    models: tuple[str, ...]
    limit: Limit | None

    def build_rule(self, entry: Entry) -> Rule:
        if "files" not in entry.values:
            entry.node.report("this rule has no `files`", RULE["files"].example)
        _report_foreign_keys(entry)
        models = self._find_models(entry)
        return self._build(entry, models, self.find_limits(entry, models))

    def build_group(self, entry: Entry) -> Group:
        node, values = entry
        request = [key for key in ("system", "tools", "messages") if key in values]
        if "name" not in values:
            node.report("this group has no `name`", GROUP["name"].example)
        if "sum" in values and request:
            node.report(f"a group has either `sum`, or `{request[0]}`; this one has both")
        elif "sum" not in values and not request:
            node.report("this group names no files", GROUP["sum"].example)
        models = self._find_models(entry)
        limits = {}
        if {"limit", "limits"} & values.keys():
            # The limits of the flag and of the top are for single prompts.
            limits = self._replace(limit=None, top=Entry(node, {})).find_limits(entry, models)
        else:
            node.report("this group has no `limit`", "limit: 20k")
        rule = self._build(entry, models, limits)
        files = (values.get(key) or () for key in ("sum", "system", "tools", "messages"))
        return Group(values.get("name") or "", rule, *files)

    def _build(self, entry: Entry, models: Sequence[str], limits: Mapping[str, tuple[int, int]]) -> Rule:
        """Return the rule of an entry; `limits` maps models to tokens and the line of the limit."""
        values = entry.values
        inherited = {"warn_at": WARN_AT} | self.top.values | values
        parts = self._find_parts(entry, models)
        _report_reserve(
            entry, [tokens for tokens, _ in limits.values()], parts, is_flag=self.limit is not None
        )
        limit_lines = {model: line for model, (_, line) in limits.items() if line}
        limit_lines |= {name: entry.node.child("parts").child(name).line for name in parts}
        return Rule(
            files=values.get("files") or (),
            exclude=values.get("exclude") or (),
            models=tuple(models),
            format=values.get("format") or "",
            role=values.get("role") or "",
            limits={model: tokens for model, (tokens, _) in limits.items()},
            warn_at=inherited["warn_at"] or 0.0,
            message=values.get("message") or "",
            allow_empty=values.get("allow_empty") or False,
            line=entry.node.line,
            limit_lines=limit_lines,
            parts=parts,
            max_growth=inherited.get("max_growth"),
            max_growth_line=self._find_line(entry, "max_growth"),
            config_path=entry.node.file.path,
            names=values.get("names") or (),
            reserve=values.get("reserve") or 0,
            number=int(entry.node.path[-1]),
        )

    def _find_line(self, entry: Entry, key: str) -> int:
        """Return the line of a key that an entry may inherit from the top; 0 where neither has a right value for it."""
        nodes = (node for node, values in (entry, self.top) if values.get(key) is not None)
        return next((node.child(key).line for node in nodes), 0)

    def _find_models(self, entry: Entry) -> Sequence[str]:
        values = self.top.values | entry.values
        if not self.models and "models" not in values:
            message = f"no `models`, neither in this {_name_kind(entry.node)} nor at the top of the file"
            entry.node.report(message, RULE["models"].example)
        return self.models or values.get("models") or ()

    def find_limits(self, entry: Entry, models: Sequence[str]) -> dict[str, tuple[int, int]]:
        """Return tokens for each model, and the line of the limit; 0 for the flag."""
        own = entry.values.get("limits", {})
        if models and not self.models:
            _report_other_models(entry.node, own or (), models)
        if self.limit:
            tokens_by_model = _resolve_limit_flag(self.limit, models)
            return {model: (tokens, 0) for model, tokens in tokens_by_model.items()}
        limits: dict[str, tuple[int, int]] = {}
        missing = []
        for model in models:
            limit, node = self._find_limit(entry, model)
            if node is None:
                missing += [f"`{model}`"] if own is not None else []
            elif limit is not None:
                try:
                    tokens = resolve_limit(limit, model)
                    limits[model] = tokens, node.line
                except ValueError as error:
                    node.report(str(error), RULE["limit"].example)
        if missing:
            is_group = _name_kind(entry.node) == "group"
            where = " in this group" if is_group else ", neither in this rule nor at the top of the file"
            message = f"no limit for {', '.join(missing)}{where}"
            if "parts" in entry.values:
                message += "; `parts` isn't enough: a file may have other prompts"
            known = {
                name: "8000"
                for name in (*(own or ()), *(name.strip("`") for name in missing))
                if name in models
            }
            pairs = ", ".join(f"{name}: {limit}" for name, limit in known.items())
            entry.node.report(message, f"limits: {{{pairs}}}" if own else RULE["limit"].example)
        return limits

    def _find_limit(self, entry: Entry, model: str) -> tuple[Limit | None, Node | None]:
        """Return the limit that applies to a model, None where it is wrong; and its place, None where there is no limit."""
        own = entry.values.get("limits") or {}
        if model in own:
            return own[model], entry.node.child("limits").child(model)
        for node, values in (entry, self.top):
            if "limit" in values:
                return values["limit"], node.child("limit") if "limit" in node.value else node
        return None, None

    def _find_parts(self, entry: Entry, models: Sequence[str]) -> dict[str, dict[str, int]]:
        """Return tokens for each part and model. The flag wins over all of them."""
        parts: dict[str, dict[str, int]] = {}
        for name, limit in (entry.values.get("parts") or {}).items() if not self.limit else ():
            try:
                parts[name] = {model: resolve_limit(limit, model) for model in models if limit}
            except ValueError as error:
                entry.node.child("parts").child(name).report(str(error), RULE["parts"].example)
        return parts


def _name_kind(node: Node) -> str:
    """Return what messages call an entry of `prompts` or `groups`."""
    return "group" if node.path[0] == "groups" else "rule"


def _report_foreign_keys(entry: Entry) -> None:
    """Report the keys that need another format than that of the rule."""
    for name, needing in entry.node.file.formats.items():
        for key in needing:
            if entry.values.get(key) and entry.values.get("format") != name:
                entry.node.child(key).report_key(f"`{key}` needs `format: {name}`", f"format: {name}")


def _report_other_models(node: Node, limits: Collection[str], models: Sequence[str]) -> None:
    """Report the models of `limits` that the entry doesn't count for."""
    for model in limits:
        if model not in models:
            near = find_nearest(model, models)
            example = f"limits: {{{near}: 5000}}" if near else f"models: [{', '.join((*models, model))}]"
            message = (
                f"this {_name_kind(node)} has no model {quote(model)}{near and f'; did you mean `{near}`?'}"
            )
            node.child("limits").child(model).report_key(message, example)


def _report_reserve(
    entry: Entry, limits: Sequence[int], parts: Mapping[str, Mapping[str, int]], *, is_flag: bool
) -> None:
    """Report a reserve that leaves nothing of a limit, so that no prompt could pass. Raises `Fatal` where `--limit` is too low."""
    reserve = entry.values.get("reserve")
    lowest = min(
        [*limits, *(limit for of_part in parts.values() for limit in of_part.values())], default=None
    )
    if reserve and lowest is not None and reserve >= lowest:
        message = (
            f"a reserve of {reserve:,} leaves nothing of the limit of {lowest:,}, so no prompt could pass"
        )
        node = entry.node.child("reserve")
        if is_flag:
            place = f"{node.file.path}:{node.line}"
            raise Fatal(f"--limit: {message}", f"give a higher limit, or lower the reserve: {place}")
        node.report(message, "prompts: [{files: prompts/**/*.md, limit: 8k, reserve: 3k}]")


def _report_same_names(groups: Sequence[Entry]) -> None:
    names: set[str] = set()
    for node, values in groups:
        name = values.get("name")
        if name in names:
            node.child("name").report(f"there is another group named `{name}`")
        if name:
            names.add(name)


def _build_exemption(entry: Entry) -> Exemption:
    node, values = entry
    for key in ("files", "reason"):
        if key not in values:
            node.report(f"this exemption has no `{key}`", keys.EXEMPTION[key].example)
    return Exemption(
        values.get("files") or (),
        values.get("reason") or "",
        values.get("until") or "",
        node.line,
        config_path=node.file.path,
    )
