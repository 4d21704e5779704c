"""The configuration: what it may say, what it may not, and how that is told."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.paths import ROOT

from prompt_lint import formats
from prompt_lint.config import keys, schema, values
from prompt_lint.config.mistakes import MAX_MISTAKES, ConfigErrors, Mistake
from prompt_lint.config.schema import parse_config, rule_from_flags
from prompt_lint.model import models
from prompt_lint.model.errors import Fatal
from prompt_lint.model.rules import MaxGrowth
from prompt_lint.text import patterns, yaml_reader

if TYPE_CHECKING:
    from prompt_lint.config.configuration import Config

FIXTURES = ROOT / "tests" / "fixtures" / "config"
DATA = Path(schema.__file__).parent / "prompt-lint.schema.json"
SCHEMA: dict[str, Any] = json.loads(DATA.read_text())
FORMATS = {"text": (), "request": (), "python": ("names",)}

# What a JSON Schema can't see: keys that stand twice, aliases and tags, what is inside a pattern, limits compared
# with models, the windows of models. Only the loader refuses these.
LOADER_ONLY = sorted((FIXTURES / "loader-only").glob("*.yaml"))
VALID = sorted((FIXTURES / "valid").glob("*.yaml"))
INVALID = sorted((FIXTURES / "invalid").glob("*.yaml"))


def parsed(text: str | bytes, **flags: Any) -> Config:
    data = text.encode() if isinstance(text, str) else text
    return parse_config(data, ".prompt-lint.yaml", FORMATS, **flags)


def read_hint(text: str | bytes) -> str:
    with pytest.raises(ConfigErrors) as caught:
        parsed(text)
    return caught.value.hint


def mistakes_in(text: str | bytes) -> list[str] | None:
    """What is said, if anything is; nothing but `ConfigErrors` may be raised."""
    try:
        parsed(text)
    except ConfigErrors as error:
        return [str(mistake) for mistake in error.mistakes]
    return None


def one_rule(entry: str) -> str:
    return f"models: claude-opus-5\nlimit: 100\nprompts:\n  - {{files: a, {entry}}}\n"


def schema_takes(data: Any) -> bool:
    return bool(jsonschema.Draft7Validator(SCHEMA).is_valid(data))


# What is right


def test_the_example_of_the_documentation_becomes_rules() -> None:
    """Every key of an entry ends up in its rule, with the defaults of the file where the entry is silent."""
    rules = parsed((FIXTURES / "valid/full.yaml").read_text()).rules

    assert rules[0]._asdict() == {
        "files": ("prompts/**/*.md",),
        "exclude": ("prompts/archive/",),
        "models": ("claude-sonnet-5-5", "claude-opus-5-5"),
        "format": "",
        "role": "system",
        "limits": {"claude-sonnet-5-5": 4000, "claude-opus-5-5": 5000},
        "warn_at": 0.9,
        "message": "See docs/prompt-budget.md.",
        "allow_empty": False,
        "line": 12,
        "limit_lines": {"claude-sonnet-5-5": 15, "claude-opus-5-5": 16, "metadata": 17},
        "parts": {"metadata": {"claude-sonnet-5-5": 150, "claude-opus-5-5": 150}},
        "max_growth": MaxGrowth(200, 100_000),
        "max_growth_line": 5,
        "config_path": ".prompt-lint.yaml",
        "names": (),
        "reserve": 0,
        "number": 0,
    }
    assert rules[1]._asdict() == {
        "files": ("prompts/chat/*.json", "!prompts/chat/old-*.json"),
        "exclude": ("**/generated/", "*.tmp.json"),
        "models": ("claude-haiku-4-5",),
        "format": "request",
        "role": "",
        "limits": {"claude-haiku-4-5": 10_000},
        "warn_at": 0.755,
        "message": "",
        "allow_empty": True,
        "line": 19,
        "limit_lines": {"claude-haiku-4-5": 26},
        "parts": {},
        "max_growth": MaxGrowth(200, 100_000),
        "max_growth_line": 5,
        "config_path": ".prompt-lint.yaml",
        "names": (),
        "reserve": 3000,
        "number": 1,
    }


def test_the_exclude_of_the_file_belongs_to_no_rule() -> None:
    """The file's own `exclude` belongs to the configuration and to no rule."""
    found = parsed((FIXTURES / "valid/full.yaml").read_text())

    assert found.path == ".prompt-lint.yaml"
    assert found.exclude == ("**/fixtures/",)


def test_prices_are_exact() -> None:
    """A price is the decimal number that is written. With `--model`, those of other models don't matter."""
    text = one_rule("role: user") + "prices: {claude-opus-5: 0.1, claude-opus-4-8: 15}\n"

    prices = [(price.model, price.dollars, price.line) for price in parsed(text).prices]

    assert prices == [("claude-opus-5", Decimal("0.1"), 5), ("claude-opus-4-8", Decimal(15), 5)]
    assert [price.model for price in parsed(text, models=["claude-opus-5"]).prices] == ["claude-opus-5"]


def test_a_share_is_of_the_window_of_each_model() -> None:
    """5 % of two windows are two limits."""
    text = "models: [claude-haiku-4-5, claude-opus-5-5]\nprompts: [{files: a, limit: 0.7%}]"

    rule = parsed(text).rules[0]

    assert rule.limits == {"claude-haiku-4-5": 1400, "claude-opus-5-5": 7000}


def test_the_nearest_limit_wins() -> None:
    """`limits` of the entry, then its `limit`, then the file's."""
    text = """
models: [claude-opus-5, claude-opus-4-8]
limit: 1
prompts:
  - {files: x}
  - {files: x, limit: 2}
  - {files: x, limits: {claude-opus-4-8: 3}}
  - {files: x, limit: 2, limits: {claude-opus-4-8: 3}}
"""
    limits = [tuple(rule.limits.values()) for rule in parsed(text).rules]

    assert limits == [(1, 1), (2, 2), (1, 3), (2, 3)]


@pytest.mark.parametrize("percent", ["0%", "12.5%", "150%", "9999%"])
def test_a_growth_in_percent_is_the_same_alone_and_in_a_mapping(percent: str) -> None:
    """A prompt may also become more than twice as large."""
    alone, mapping = (one_rule(f"max_growth: {text}") for text in (percent, f"{{percent: {percent}}}"))

    assert parsed(alone).rules[0].max_growth == parsed(mapping).rules[0].max_growth
    assert parsed(alone).rules[0].max_growth == MaxGrowth(None, round(float(percent[:-1]) * 10_000))
    for text in ("-5%", "5 %", "%", "12345%"):
        assert f"`{text}` isn't a share of the tokens in the base, such as 10%" in read_hint(
            one_rule(f'max_growth: "{text}"').encode()
        )


def test_flags_win_over_the_file() -> None:
    """`--limit` and `--model` replace whatever the file says of them, everywhere."""
    text = "models: [claude-opus-5, claude-opus-4-8]\nlimit: 1\nprompts: [{files: x, limits: {claude-opus-5: 2}}, {files: y, models: claude-opus-4-7}]"

    rules = parsed(text, models=["claude-sonnet-5", "claude-sonnet-5"], limit="4k").rules

    assert [rule.models for rule in rules] == [("claude-sonnet-5",), ("claude-sonnet-5",)]
    assert [rule.limits for rule in rules] == [{"claude-sonnet-5": 4000}, {"claude-sonnet-5": 4000}]


def test_flags_fill_in_what_the_file_leaves_out() -> None:
    """A file without models and limits is complete with both on the command line."""
    rule = parsed("prompts: [{files: x}]", models=["claude-opus-5"], limit="50%").rules[0]

    assert rule.limits == {"claude-opus-5": 500_000}


def test_a_rule_can_be_made_of_flags_alone() -> None:
    """Without a file, flags make one rule for every file, with the same way of writing limits."""
    rule = rule_from_flags(["claude-opus-5", "claude-opus-4-8", "claude-opus-5"], "1.5k")

    assert rule.files == ("**",)
    assert rule.models == ("claude-opus-5", "claude-opus-4-8")
    assert rule.limits == {"claude-opus-5": 1500, "claude-opus-4-8": 1500}
    assert not rule.allow_empty
    assert rule.line == 0


@pytest.mark.parametrize(
    ("names", "limit", "message"),
    [
        (["claude-opus-5"], "lots", "--limit: `lots` isn't a limit"),
        (["m m"], "5", "--model: `m m` isn't the id of a Claude model"),
        ([""], "5", "--model: an empty text isn't the id of a Claude model"),
        (["claude-nobody-1"], "5%", "--limit: the context window of `claude-nobody-1` isn't known"),
    ],
)
def test_wrong_flags_end_the_run(names: list[str], limit: str, message: str) -> None:
    """A flag that is wrong is told in one line."""
    with pytest.raises(Fatal, match=message):
        rule_from_flags(names, limit)


# What is wrong


@pytest.mark.parametrize("path", [*INVALID, *LOADER_ONLY], ids=lambda path: path.stem)
def test_a_wrong_file_is_refused_for_one_reason_at_one_place(path: Path) -> None:
    """Each file that is refused is refused for the reason that its first line gives, at the place it gives."""
    data = path.read_bytes()
    expected = data.decode().split("\n")[0].removeprefix("# says: ")

    hint = read_hint(data)

    assert expected in hint
    assert hint.count(".prompt-lint.yaml") == 1, "one mistake, told once"


def test_all_mistakes_are_reported_in_one_run() -> None:
    """The whole output for a file in which nearly everything is wrong, word for word."""
    expected = (FIXTURES / "mistakes.txt").read_text()

    hint = read_hint((FIXTURES / "mistakes.yaml").read_bytes())

    assert f"{hint}\n" == expected


def test_mistakes_have_a_place() -> None:
    """Programs get path, line, column, message and hint apart."""
    with pytest.raises(ConfigErrors) as caught:
        parsed(one_rule("role: sytem"))

    assert caught.value.exit_code == 2
    assert caught.value.message == "a mistake in the configuration"
    assert caught.value.mistakes == (
        Mistake(
            ".prompt-lint.yaml",
            4,
            22,
            "`sytem` isn't one of system, user; did you mean `system`?",
            "example: role: system",
        ),
    )


@pytest.mark.parametrize(("table", "above"), [("RULE", "prompts"), ("GROUP", "groups")])
def test_a_slip_in_any_key_is_a_mistake(table: str, above: str) -> None:
    """With the key that was meant, whose value is missed nowhere else."""
    for key in getattr(keys, table):
        slip = f"{key[:-1]}x{key[-1]}"

        mistakes = mistakes_in(f"models: claude-opus-5\nlimit: 1\n{above}:\n  - {{{slip}: {{a: 5}}}}\n")

        assert f".prompt-lint.yaml:4:6: unknown key `{slip}`; did you mean `" in "\n".join(mistakes or ())


def test_kinds_of_notes_are_switched_off() -> None:
    """With the words of YAML 1.1 and of 1.2."""
    config = parsed(
        one_rule("role: user") + "notes: {placeholders: off, advice: false, empty: on, import: true}\n"
    )

    assert config.notes_off == {"placeholders", "advice"}


@pytest.mark.parametrize(
    ("notes", "message"),
    [
        ("off", "expected `on` or `off` for each kind of note, found a text"),
        ("{placeholder: off}", "`placeholder` isn't one of placeholders, content"),
        ("{empty: never}", "`never` isn't one of on, off"),
    ],
)
def test_slips_in_notes_are_mistakes(notes: str, message: str) -> None:
    """Nobody should think that a kind is off."""
    with pytest.raises(ConfigErrors) as caught:
        parsed(one_rule("role: user") + f"notes: {notes}\n")

    assert message in caught.value.mistakes[0].message


def test_every_right_example_is_right() -> None:
    """What is printed under a mistake can be pasted: the loader takes it."""
    for key, (_, example) in keys.RULE.items():
        rest = {"files": "", "names": "files: a, format: python, "}.get(key, "files: a, ")
        model = "claude-opus-5-5"
        assert parsed(
            f"models: {model}\nlimit: 9000\nprompts:\n  - {{{rest}{example}}}".replace(": See", ": see")
        ).rules
    for key, (_, example) in keys.TOP.items():
        base = {"models": "models: claude-opus-5", "limit": "limit: 1", "prompts": "prompts: [{files: a}]"}
        assert parsed("\n".join((base | {key: example}).values())).rules


@given(st.dictionaries(st.text(max_size=8), st.none() | st.integers() | st.text(max_size=5), max_size=5))
def test_mistakes_stay_on_their_lines(keys: dict[str, object]) -> None:
    """Whatever a key or a value holds, a mistake is one line and perhaps an example, each bounded."""
    mistakes = mistakes_in(json.dumps({"models": "claude-opus-5", "limit": 1, "prompts": [keys]}))

    for mistake in mistakes or ():
        message, *examples = mistake.split("\n")
        assert message.startswith(".prompt-lint.yaml:")
        assert len(message) < 300
        assert len(examples) <= 1
        assert all(
            example.startswith(("    example: ", "    a pattern that starts with")) for example in examples
        )


def test_a_mistake_shows_little_of_a_value() -> None:
    """A long value is cut, so that a file that isn't a configuration isn't printed."""
    hint = read_hint(one_rule(f"role: {'x' * 5000}"))

    assert len(hint) < 250


@pytest.mark.parametrize(
    "key",
    ["base_url", "api_key", "endpoint", "headers", "proxy", "command", "cache_dir", "HTTPS_PROXY", "auth-token", "env",
     "plugins", "hooks", "timeout", "region", "anthropic_api_key", "url", "credentials", "cacheDir"],
)  # fmt: skip
def test_settings_that_a_repository_must_not_decide_are_refused(key: str) -> None:
    """Whoever tries to send keys or prompts elsewhere by a file of the repository is told that this can't be."""
    assert "never from the repository" in read_hint(
        f"models: claude-opus-5\nlimit: 1\nprompts: [{{files: a}}]\n{key}: x"
    )


# Schema and loader


def test_the_schema_is_valid_and_describes_every_key() -> None:
    """The schema is valid draft-07, refuses unknown keys everywhere, and describes every key for editors."""
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    entry, group = SCHEMA["definitions"]["entry"], SCHEMA["definitions"]["group"]

    assert [one["additionalProperties"] for one in (SCHEMA, entry, group)] == [False, False, False]
    keys = [*SCHEMA["properties"].values(), *entry["properties"].values(), *group["properties"].values()]
    assert all(one["description"] for one in keys)


def test_schema_and_loader_know_the_same_keys() -> None:
    """A key that is added to the loader's tables has to be added to the schema, and to the documentation."""
    entry = SCHEMA["definitions"]["entry"]
    manual = (ROOT / "docs" / "configuration.md").read_text()

    assert SCHEMA["properties"].keys() == keys.TOP.keys()
    assert entry["properties"].keys() == keys.RULE.keys()
    assert SCHEMA["definitions"]["exemption"]["properties"].keys() == keys.EXEMPTION.keys()
    assert SCHEMA["definitions"]["group"]["properties"].keys() == keys.GROUP.keys()
    assert {key for key in keys.ALL_KEYS if f"### `{key}`" not in manual} == set()


def test_schema_and_loader_use_the_same_expressions_and_bounds() -> None:
    """What stands in both places is the same in both."""
    definitions = SCHEMA["definitions"]
    entry = definitions["entry"]["properties"]
    number, text = definitions["limit"]["anyOf"]

    assert definitions["model"]["pattern"] == f"^{models.ID}$"
    assert definitions["warn_at"]["pattern"] == f"^{values.PERCENT}$"
    assert text["pattern"] == f"^{values.LIMIT}$"
    assert number["maximum"] == values.MAX_LIMIT
    assert entry["message"]["maxLength"] == values.MAX_MESSAGE
    assert entry["role"]["enum"] == list(keys.ROLES)
    assert SCHEMA["properties"]["prompts"]["maxItems"] == keys.MAX_RULES
    assert definitions["models"]["anyOf"][1]["maxItems"] == values.MAX_MODELS
    assert definitions["pattern"]["maxLength"] == patterns.MAX_LENGTH
    assert definitions["patterns"]["anyOf"][1]["maxItems"] == patterns.MAX_PATTERNS


def test_the_schema_names_the_formats_there_are() -> None:
    """In the order of their table; `tools/config_schema.py` writes them."""
    assert SCHEMA["definitions"]["entry"]["properties"]["format"]["enum"] == list(formats.FORMATS)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_schema_and_loader_accept_the_same_files(path: Path) -> None:
    """Every valid file is accepted by both."""
    data = path.read_bytes()

    found = parsed(data)
    assert found.rules or found.groups
    assert schema_takes(yaml_reader.parse_yaml(data).data)


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_schema_and_loader_refuse_the_same_files(path: Path) -> None:
    """Every invalid file is refused by both."""
    data = path.read_bytes()

    with pytest.raises(ConfigErrors):
        parsed(data)
    assert not schema_takes(yaml_reader.parse_yaml(data).data)


def _one_or_more(one: st.SearchStrategy[Any], **rules: Any) -> st.SearchStrategy[Any]:
    return one | st.lists(one, min_size=1, max_size=3, **rules)


_MODEL = st.sampled_from(
    ["claude-haiku-4-5", "claude-opus-5-5", f"{'x' * 114}/claude-opus-5", "a/b.claude-new-7@20270101"]
)
_LIMIT = st.sampled_from([1, 8000, 8000.0, 999_999_999, "8k", "1.5K", "5%", "100%", "7"])
_PATTERNS = _one_or_more(st.sampled_from(["a", "prompts/**/*.md", "**/c/", "[a-z]*", "{a,b}.txt"]))
_SHARED = {
    "warn_at": st.sampled_from(["90%", "0%", "100%", "7.25%"]),
    "exclude": _PATTERNS,
}
_ENTRY = st.fixed_dictionaries(
    {"files": _PATTERNS},
    optional=_SHARED
    | {
        "models": _one_or_more(_MODEL, unique=True),
        "limit": _LIMIT,
        "limits": st.dictionaries(_MODEL, _LIMIT, min_size=1, max_size=2),
        "role": st.sampled_from(["system", "user"]),
        "format": st.sampled_from(["text", "request"]),
        "message": st.sampled_from(["See the manual.", "", "x" * 1000]),
        "allow_empty": st.booleans(),
    },
)
_RIGHT = st.fixed_dictionaries(
    {
        "models": _one_or_more(_MODEL, unique=True),
        "limit": _LIMIT,
        "prompts": st.lists(_ENTRY, min_size=1, max_size=3),
    },
    optional=_SHARED,
)
_WRONG: st.SearchStrategy[Any] = st.sampled_from([
    None, True, False, 0, -3, 5, 0.5, 10**9, "", " ", "a b", "!b", "0k", "0%", "101%", "07", "90", "-1%", "User", "json",
    "x" * 129, "x" * 513, "x" * 1001, [], {}, [[]], ["a", "a"], ["!a"], ["a", 5], {"claude-opus-5": 0}, {"a b": 5}, [{}],
])  # fmt: skip


def _places(data: Any) -> list[tuple[Any, Any]]:
    """Every (container, key or index) in a value."""
    pairs = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in pairs for place in [(data, key), *_places(value)]]


@st.composite
def _nearly_right(draw: st.DrawFn) -> Any:
    """A right file with up to two things in it changed, taken away, or added."""
    data = json.loads(json.dumps(draw(_RIGHT)))
    for _ in range(draw(st.integers(0, 2))):
        holder, key = draw(st.sampled_from(_places(data) or [({}, "")]))
        match draw(st.sampled_from(["change", "remove", "rename", "add"])):
            case "change":
                holder[key] = deepcopy(draw(_WRONG | _LIMIT | _PATTERNS))
            case "remove" if holder:
                del holder[key]
            case "rename" if isinstance(holder, dict) and holder:
                holder[draw(st.sampled_from(["role", "limit", "prompts", "limts", "models"]))] = holder.pop(
                    key
                )
            case "add" if isinstance(holder, dict):
                key = draw(st.sampled_from(["role", "limits", "format", "api_key"]))
                holder[key] = deepcopy(draw(_WRONG | _LIMIT))
            case _:
                pass
    return data


# Mistakes about which a schema has nothing to say.
_CROSS = re.compile(r"this (rule|group) has no model|no limit for|the context window of")


@settings(max_examples=2 * settings().max_examples, deadline=None)
@given(_nearly_right())
def test_schema_and_loader_agree_on_files_that_are_nearly_right(data: Any) -> None:
    """Whatever stands in a file, one accepts it if the other does, but for limits compared with models."""
    mistakes = mistakes_in(json.dumps(data))
    if mistakes and all(_CROSS.search(message) for message in mistakes):
        return

    assert schema_takes(data) == (mistakes is None), mistakes


# Hostile files


HOSTILE = {
    "one mistake in each of many entries": "prompts:\n" + "- {fles: a, rle: b, limt: 0}\n" * 480,
    "many unknown keys": "".join(f"promts{n}: 1\n" for n in range(9000)),
    "many patterns": f"models: claude-opus-5\nlimit: 1\nprompts: [{{files: [{','.join(['a*' * 250] * 500)}]}}]",
    "many braces": "models: claude-opus-5\nlimit: 1\nprompts:\n"
    + f"- files: '{'{a,b}' * 5}{'x' * 460}['\n" * 480,
    "long lines": f"models: [{','.join(f'claude-m-{n}' for n in range(9000))}]",
    "keys that stand twice": "a: 1\n" * 9900,
    "a long word": f"models: claude-opus-5\nlimit: 1\nprompts: [{{files: a, role: {'user' * 60_000}}}]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_answered_quickly(name: str) -> None:
    """The worst that fits into 256 KiB costs a second or two, and at most a hundred mistakes are written out."""
    data = HOSTILE[name].encode()
    started = time.process_time()

    with pytest.raises(ConfigErrors) as caught:
        parsed(data)

    assert time.process_time() - started < 3
    assert len(caught.value.mistakes) <= MAX_MISTAKES + 1
    assert len(caught.value.hint) < 100_000


def test_reading_flags_alone_loads_no_yaml() -> None:
    """A run without a configuration file doesn't pay for YAML."""
    code = "import sys; from prompt_lint.config.schema import rule_from_flags; rule_from_flags(['claude-opus-5'], '4k'); print('yaml' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


# The manual


MANUAL = ROOT / "docs" / "configuration.md"


@pytest.mark.parametrize(
    "block", re.findall(r"```yaml\n(.*?)```", MANUAL.read_text(encoding="utf-8"), re.DOTALL)
)
def test_the_examples_of_the_manual_are_right(block: str) -> None:
    """Loader and schema take what the manual shows."""
    if "prompts:" in block or "groups:" in block:
        assert parsed(block).rules or parsed(block).groups
        assert schema_takes(yaml_reader.parse_yaml(block).data)
    else:
        assert block.startswith("# yaml-language-server: $schema=")


def test_the_mistakes_in_the_manual_are_output_of_the_program() -> None:
    """The output shown in the manual is output of the program."""
    block = r"```text\nerror: 2 mistakes in the configuration\n(.*?)```"
    shown = re.findall(block, MANUAL.read_text(encoding="utf-8"), re.DOTALL)
    real = (FIXTURES / "mistakes.txt").read_text()

    assert len(shown) == 1
    assert all(line in real.split("\n") for line in shown[0].split("\n"))
