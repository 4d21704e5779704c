"""`.prompt` files: dotprompt with its partials, Continue's, and plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import make

from prompt_lint.formats import continue_prompt, dotprompt
from prompt_lint.formats.recognition import recognise
from prompt_lint.model.errors import MissingFile, Unreadable
from prompt_lint.model.values import PLACEHOLDER_MESSAGE, Note, Prompt
from prompt_lint.request.from_roles import AT_RUN_TIME, BAD_FRONTMATTER, STRUCTURED_OUTPUT, TOOLS_ELSEWHERE
from prompt_lint.text.template_markers import FILE_ADDRESS_NOTE, PLACEHOLDERS_NOTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from prompt_lint.model.values import ReadFile

PATH = "prompts/chat/a.prompt"

Files = dict[str, str]


def reader(files: Mapping[str, str], asked: list[str] | None = None) -> ReadFile:
    def read(path: str) -> tuple[str, bytes]:
        assert not path.startswith(("/", "../", "~"))
        if asked is not None:
            asked.append(path)
        if path not in files:
            raise MissingFile("is not there")
        return path, files[path].encode("utf-8", "surrogateescape")

    return read


def parse(
    data: str | bytes, files: Mapping[str, str] | None = None, role: str = "", path: str = PATH
) -> list[Any]:
    raw = data if isinstance(data, bytes) else data.encode()
    return list(dotprompt.parse(path, raw, make.rule(role=role), reader(files or {})))


def turns(data: str, files: Mapping[str, str] | None = None, role: str = "") -> list[tuple[str, str]]:
    """Role and text, the system prompt first; the placeholder left out."""
    request = parse(data, files, role)[0].request
    assert request is not None
    sent = request.fields
    system = [("system", sent["system"])] if "system" in sent else []
    return system + [(m["role"], m["content"]) for m in sent["messages"] if m != PLACEHOLDER_MESSAGE]


def notes(data: str, files: Mapping[str, str] | None = None) -> list[tuple[str, str, int]]:
    return [(note.message, note.path, note.line) for note in parse(data, files) if isinstance(note, Note)]


def parts(data: str, files: Mapping[str, str] | None = None) -> list[tuple[Any, ...]]:
    parts = dotprompt.parts(PATH, data.encode(), Prompt(PATH, "", 1, None), reader(files or {}))
    return [(part.title, part.first_line, part.last_line, part.path, part.import_chain) for part in parts]


def refused(data: str, files: Mapping[str, str] | None = None) -> tuple[str, int]:
    with pytest.raises(Unreadable) as caught:
        parse(data, files)
    return caught.value.message, caught.value.line


CHAT = """\
# Copyright of somebody

---
model: gemini
input: {schema: {name: string}}
---

{{! not sent }}
{{role "system"}}
Be kind.
{{!-- not
sent, either }} --}}

{{role 'user'}}
# Greeting
Hello {{name}}.

{{role "model"}}
Hello.
"""


def test_roles_are_split_and_comments_dropped() -> None:
    """A licence above the frontmatter, the frontmatter, the helpers and the comments aren't sent."""
    assert turns(CHAT) == [
        ("system", "\nBe kind.\n\n"), ("user", "\n# Greeting\nHello {{name}}.\n\n"), ("assistant", "\nHello."),
    ]  # fmt: skip
    assert parse(CHAT)[0].request.fields["messages"][-1] == PLACEHOLDER_MESSAGE


def test_parts_have_their_lines() -> None:
    """Whatever has been dropped above them."""
    assert parts(CHAT) == [
        ("system", 10, 10, "", ()), ("# Greeting", 15, 16, "", ()), ("messages[1] assistant", 19, 19, "", ()),
    ]  # fmt: skip


def test_a_text_with_a_comment_in_it_is_one_part() -> None:
    """From the first line of the text to the last."""
    assert parts("\nA\n{{! not sent }}\n\nB\n") == [("messages[0] user", 2, 5, "", ())]


def test_text_above_the_first_role_is_the_users() -> None:
    """Unless the rule says whose it is."""
    data = '---\nmodel: x\n---\nA\n{{role "system"}}B'

    assert turns(data) == [("system", "B"), ("user", "A\n")]
    assert turns(data, role="system") == [("system", "A\n\n\nB")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{{#role "system"}}\nA\n{{/role}}\nB', [("system", "A\n"), ("user", "B")]),
        ('{{~role "user"~}}A', [("user", "A")]),
        ('{{ role "system" }}\nA\n{{~ role "user"}}B', [("system", "\nA\n"), ("user", "B")]),
        ('{{# role "system" }}\nA\n{{/ role }}\nB', [("system", "A\n"), ("user", "B")]),
        ('A{{role "user"}} \n{{role "model"}}B', [("user", "A"), ("assistant", "B")]),
        ('{{role who}}A {{role}} \\{{role "model"}}', [("user", '{{role who}}A {{role}} \\{{role "model"}}')]),
        ('{{role "tool"}}A', [("user", "A")]),
        ("A {{! x }} B", [("user", "A  B")]),
        ("A\n  {{! x }}  \nB", [("user", "A\nB")]),
        ("{{! a }}\n{{! b }}\nB", [("user", "B")]),
        ("A {{!-- }} {{x}} --}}B{{!--~}} --~}}C", [("user", "A BC")]),
        ("A {{! {{> x }} B }}", [("user", "A  B }}")]),
        ('A {{! never closed {{role "model"}}', [("user", "A ")]),
        ("A {{!-- never closed", [("user", "A {{!-- never closed")]),
        ('{{history}} {{media url=x}} {{section "a"}} {{json x}}', [("user", '{{history}} {{media url=x}} {{section "a"}} {{json x}}')]),
        ("{{#if a}}A{{else}}B{{/if}}", [("user", "{{#if a}}A{{else}}B{{/if}}")]),
    ],
)  # fmt: skip
def test_helpers(body: str, expected: list[tuple[str, str]]) -> None:
    """What names a role splits, a comment goes (with its line, if it has one); whatever else is a template stays as it stands."""
    assert turns(body) == expected


def test_a_role_that_nobody_knows_is_a_problem() -> None:
    """It is a slip of the pen, and the text would be counted in the wrong place."""
    message = "has the role `sytem`; known are system, user, model and tool"

    assert refused('A\n{{role "sytem"}}\nB') == (message, 2)


@pytest.mark.parametrize("yaml", ["a: [", "- x", "a: *b"])
def test_frontmatter_that_is_not_yaml_is_a_note(yaml: str) -> None:
    """The text below it counts."""
    data = f"---\n{yaml}\n---\nBody"

    assert turns(data) == [("user", "Body")]
    assert notes(data) == [(BAD_FRONTMATTER, PATH, 2)]


def test_what_is_not_counted_is_reported() -> None:
    """Schemas, tools that the program defines, media and history, and what is filled in for placeholders."""
    data = (
        '---\noutput:\n  schema: {a: string}\ntools: [search]\n---\n\n{{role "user"}}\n{{history}}\n{{name}}'
    )

    assert notes(data) == [
        (STRUCTURED_OUTPUT, PATH, 3), (TOOLS_ELSEWHERE, PATH, 4), (AT_RUN_TIME, PATH, 8), (PLACEHOLDERS_NOTE, PATH, 8),
    ]  # fmt: skip


def test_tools_that_the_file_defines_count() -> None:
    """`toolDefs` says all that the model is told of them."""
    data = "---\ntoolDefs:\n- name: f\n  description: D\n  inputSchema: {type: object}\n- name: g\nmodel: x\n---\nHi"

    assert parse(data)[0].request.fields["tools"] == [
        {"name": "f", "description": "D", "input_schema": {"type": "object"}},
        {"name": "g", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert parts(data)[:2] == [("tools[0] f", 3, 5, "", ()), ("tools[1] g", 6, 6, "", ())]


@pytest.mark.parametrize(
    ("tool_defs", "line"),
    [
        ("\n- {name: f}\n- {description: D}", 4),
        ("\n- {name: f}\n- D", 4),
        ("\n  f: {description: D}", 3),
        ("f, g", 2),
    ],
)
def test_tools_without_a_name_are_reported(tool_defs: str, line: int) -> None:
    """They can't be counted, and aren't passed over."""
    assert notes(f"---\ntoolDefs: {tool_defs}\nmodel: x\n---\nHi") == [(TOOLS_ELSEWHERE, PATH, line)]


def test_helpers_may_have_space_within_their_braces() -> None:
    """As Handlebars allows it."""
    assert notes("---\nmodel: x\n---\n{{ history }}") == [
        (AT_RUN_TIME, PATH, 4),
        (PLACEHOLDERS_NOTE, PATH, 4),
    ]


@pytest.mark.parametrize(
    "data", ["", " \n", "---\nmodel: x\n---\n", '---\nmodel: x\n---\n{{role "system"}}\n{{! x }}\n']
)
def test_nothing_to_send_has_no_request(data: str) -> None:
    """Helpers and comments alone are 0 tokens."""
    assert parse(data)[0].request is None


PARTIALS = {
    "prompts/chat/_own.prompt": "Own\n{{! gone }}\n{{>common/head x=1}}\n",
    "prompts/common/_head.prompt": '{{role "system"}}\n# Head\nBe {{how}}.\n',
    "prompts/partials/_foot.prompt": "Foot",
    "_top-2.sub.prompt": "Top",
}


def test_partials_are_taken_in() -> None:
    """From beside the prompt, or a folder above it, or `partials` there; with their own partials and roles."""
    data = 'A\n{{>own}}\n{{~> "foot" a=(b c)}}, {{> top-2.sub }}\n'

    assert turns(data, PARTIALS) == [
        ("system", "\n# Head\nBe {{how}}.\nFoot, Top\n"),
        ("user", "A\nOwn\n"),
    ]


def test_parts_of_partials_say_where_they_are_from() -> None:
    """The file that a text is in, its line there, and the way to it."""
    own, head = "prompts/chat/_own.prompt", "prompts/common/_head.prompt"

    assert parts("A\n{{>own}}\nB\n", PARTIALS) == [
        ("messages[0] user", 1, 1, "", ()),
        ("messages[0] user", 1, 1, own, (PATH,)),
        ("# Head", 2, 3, head, (PATH, own)),
        ("system", 3, 3, "", ()),
    ]


def test_placeholders_of_a_partial_are_reported_there() -> None:
    """The first in the order of the text, with the file that it is in."""
    assert notes("{{>own}}", PARTIALS) == [(PLACEHOLDERS_NOTE, "prompts/common/_head.prompt", 3)]


def test_a_placeholder_in_code_is_one() -> None:
    """The tool fills it in there, too."""
    assert notes("Write `{{name}}`.") == [(PLACEHOLDERS_NOTE, PATH, 1)]


def test_a_text_that_only_names_a_file_is_reported_where_it_is() -> None:
    """In the prompt, below a comment, or in a partial."""
    own = {"prompts/chat/_own.prompt": "\nfile://b.md"}

    assert notes("\n{{! not sent }}\nfile://a.md\n") == [(FILE_ADDRESS_NOTE, PATH, 3)]
    assert notes("\n{{>own}}\n", own) == [(FILE_ADDRESS_NOTE, "prompts/chat/_own.prompt", 2)]


def test_what_a_prompt_depends_on_is_asked_for() -> None:
    """Each place where the partial would be found, from beside the prompt up to the top."""
    asked: list[str] = []

    list(dotprompt.parse(PATH, b"{{>top-2.sub}}", make.rule(), reader(PARTIALS, asked)))

    assert asked == [
        "prompts/chat/_top-2.sub.prompt", "prompts/chat/partials/_top-2.sub.prompt", "prompts/_top-2.sub.prompt",
        "prompts/partials/_top-2.sub.prompt", "_top-2.sub.prompt",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "files", "message", "line"),
    [
        ("A\n{{>b}}", {}, "the partial `b` is not there", 2),
        ("{{>b}}", {"_b.prompt": "{{>c}}"}, "the partial `c`, which `_b.prompt` takes in, is not there", 1),
        ("{{>b}}", {"_b.prompt": "{{>b}}"}, "a partial takes in itself: _b.prompt → _b.prompt", 1),
        (
            "\n{{>b}}", {"_b.prompt": "{{>c}}", "_c.prompt": "x {{>d}}", "_d.prompt": "{{>b}}"},
            "a partial takes in itself: _b.prompt → _c.prompt → _d.prompt → _b.prompt", 2,
        ),
        ("{{>b}}", {"prompts/chat/_b.prompt": "\0"}, "the partial `prompts/chat/_b.prompt` contains a NUL byte, so it isn't text", 1),
        ("{{>b}}", {"_b.prompt": '{{role "x"}}'}, "has the role `x`; known are system, user, model and tool", 1),
        ("{{>../b}}", {}, "takes in `../b`, which isn't the name of a partial", 1),
        ("{{>/etc/passwd}}", {}, "takes in `/etc/passwd`, which isn't the name of a partial", 1),
        ("{{>a//b}}", {}, "takes in `a//b`, which isn't the name of a partial", 1),
        ("A{{>b}}" * 1001, {"_b.prompt": ""}, "takes in more than 1,000 partials", 1),
        ("{{>b}}{{>b}}", {"_b.prompt": "x" * 5_000_000}, "takes in too large partials", 1),
    ],
)  # fmt: skip
def test_partials_that_cannot_be_taken_in(data: str, files: Files, message: str, line: int) -> None:
    """A count without them would be too low, so there is none."""
    assert refused(data, files) == (message, line)


def test_partials_that_double_each_time_come_to_an_end() -> None:
    """Thirty of them would be a thousand million."""
    files = {f"_p{n}.prompt": f"{{{{>p{n + 1}}}}}" * 2 for n in range(30)}

    message, line = refused("{{>p0}}", files)

    assert (message, line) == ("takes in partials more than 20 deep", 1)


def test_partials_in_a_long_chain_come_to_an_end() -> None:
    """Twenty are deep enough."""
    files = {f"_p{n}.prompt": f"x{{{{>p{n + 1}}}}}" for n in range(19)} | {"_p19.prompt": "end"}

    assert turns("{{>p0}}", files) == [("user", "x" * 19 + "end")]


def test_a_partial_with_a_text_of_its_own_may_be_missing() -> None:
    """A block's text stands in for the partial; one defined in the file, or named when it runs, is no file."""
    block = "{{#> b}}\nDefault\n{{/b}}"
    inline = '{{#*inline "b"}}B{{/inline}}{{> b}}'
    dynamic = "{{> (which x)}} {{> @partial-block}}"

    assert turns(block) == [("user", "Default\n{{/b}}")]
    assert turns(inline) == [("user", inline)]
    assert turns(dynamic) == [("user", dynamic)]


@pytest.mark.parametrize(
    ("path", "data", "name"),
    [
        ("a.prompt", "---\nmodel: x\n---\nHi", "dotprompt"),
        ("a.prompt", "# Licence\n\n---\ninput:\n  a: b\n---\nHi", "dotprompt"),
        ("a.prompt", "---\n---\nHi", "dotprompt"),
        ("a.prompt", "---\nmodel: [\n---\nHi", "dotprompt"),
        ("a.prompt", 'Hi {{role "system"}}', "dotprompt"),
        ("a.prompt", 'Hi {{ role "system" }}', "dotprompt"),
        ("a.prompt", "Hi {{>b}}", "dotprompt"),
        ("a.prompt", "name: x\ndescription: y\n---\nHi", "continue-prompt"),
        ("a.prompt", "# Mine\nname: x\n---\nHi", "continue-prompt"),
        ("a.prompt", "---\nname: x\n---\n<system>A</system>B", "continue-prompt"),
        (".continue/prompts/a.prompt", "---\nname: x\n---\nHi", "continue-prompt"),
        ("a.prompt", '---\nname: x\n---\n{{role "user"}}<system>A</system>', "dotprompt"),
        ("a.prompt", '---\nname: x\n---\n{{ role "user" }}<system>A</system>', "dotprompt"),
        ("a.prompt", "Be kind to {{name}}.", "text"),
        ("a.prompt", "# Title\n\n---\nNote: be kind.\n---\nYes.", "text"),
        ("a.prompt", "---\nBe kind.\n---\n", "text"),
        ("a.prompt", "Be kind.\n---\nYes.", "text"),
        ("a.prompt", "", "text"),
        ("a.prompt", "\udcff\udcfe---\0", "text"),
        ("a.prompt.txt", "---\nmodel: x\n---\nHi", "text"),
    ],
)
def test_the_content_decides_what_a_prompt_file_is(path: str, data: str, name: str) -> None:
    """The name is shared by three kinds, and none of them may be taken for another."""
    recognised = recognise(path, data.encode("utf-8", "surrogateescape"), make.rule())

    assert recognised.name == name
    assert name == "text" or ".prompt file" in recognised.why


def continued(data: str, role: str = "") -> list[Any]:
    return list(continue_prompt.parse(PATH, data.encode(), make.rule(role=role), reader({})))


def test_continue_cuts_its_head_and_its_system_prompt() -> None:
    """The head ends at the first line of three dashes; `<system>` is the system prompt, the rest the user's message."""
    data = "name: x\nversion: 2\n---\n\n<system>\nBe kind.\n</system>\n\n# Task\nHi {{{ input }}}\n"
    there = continue_prompt.parts(PATH, data.encode(), Prompt(PATH, "", 1, None), reader({}))

    assert continued(data)[0].request.fields == {
        "system": "Be kind.",
        "messages": [{"role": "user", "content": "# Task\nHi {{{ input }}}"}],
    }
    assert continued(data)[1:] == [Note(PLACEHOLDERS_NOTE, PATH, 10, "placeholders")]
    assert [part[:3] for part in there] == [("system", 6, 6), ("# Task", 9, 10)]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Hi\n", "Hi\n"),
        ("name: x\n---\nHi\n", "Hi\n"),
        ("---\nname: x\n---\nHi", "Hi"),
        ("name: x\n---\n<system>A", "<system>A"),
    ],
)
def test_continue_without_a_system_prompt(data: str, text: str) -> None:
    """All of it is the user's, or whose the rule says; a head isn't needed."""
    assert continued(data)[0].request.fields == {"messages": [{"role": "user", "content": text}]}
    assert continued(data, "system")[0].request.fields == {"system": text, "messages": [PLACEHOLDER_MESSAGE]}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("name: x\n---\nHi\n---\nmore\n", 5),
        ("name: x\n---\nabove\n<system>A</system>Hi", 3),
        ("name: x\n---\n<system>A</system>Hi</system>more", 3),
    ],
)
def test_what_continue_does_not_read_is_reported(data: str, line: int) -> None:
    """It isn't sent, so it isn't counted; most likely nobody knows."""
    [prompt, note] = continued(data)

    assert prompt.request.fields["messages"] == [{"role": "user", "content": "Hi"}]
    assert (note.line, "doesn't read" in note.message) == (line, True)


def test_continue_with_a_head_that_is_not_yaml() -> None:
    """The text below it counts."""
    assert continued("name: [\n---\nHi")[1:] == [Note(BAD_FRONTMATTER, PATH, 1, "frontmatter")]


PIECES = [
    "---\n", "# L\n", "model: x\n", "tools: [a]\n", "toolDefs: [{name: f}]\n", '{{role "system"}}', '{{role "user"}}\n', "{{/role}}",
    "{{! ", "{{!-- ", "}}", "--}}", "{{>p}}", "{{#>q}}", "{{> ", "{{media url=x}}", "text ", "\n", "\r", "\u2028", "\\", "{", "# H\n",
    "<system>", "</system>", "name: y\n", "é",
]  # fmt: skip


@pytest.mark.parametrize("module", [dotprompt, continue_prompt])
@given(
    data=st.one_of(
        st.binary(max_size=200),
        st.lists(st.sampled_from(PIECES), max_size=20).map(lambda p: "".join(p).encode()),
    )
)
def test_any_bytes_are_read_or_refused(module: Any, data: bytes) -> None:
    """Whatever the bytes, there is a prompt or a reason, and every line is in its file."""
    files = {"prompts/_p.prompt": "one\ntwo {{x}}\n"}
    lengths = {"": data.count(b"\n") + 1, PATH: data.count(b"\n") + 1, "prompts/_p.prompt": 3}
    module.recognise(PATH, data)
    try:
        results = list(module.parse(PATH, data, make.rule(role=""), reader(files)))
        parts = list(module.parts(PATH, data, results[0], reader(files)))
        lines = [(result.path, result.line) for result in results]
        lines += [(part.path, line) for part in parts for line in part[1:3]]
    except Unreadable as error:
        lines = [("", max(error.line, 1))]

    assert [(path, line) for path, line in lines if not 1 <= line <= lengths[path]] == []


def test_more_turns_than_a_conversation_has_are_refused() -> None:
    """They would take seconds."""
    with pytest.raises(Unreadable, match="has more than 10,000 turns"):
        turns('{{role "user"}}a' * 10_001)
