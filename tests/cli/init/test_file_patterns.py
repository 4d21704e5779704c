"""Paths as patterns."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from prompt_lint.cli.init.config_text import render_scalar
from prompt_lint.cli.init.file_patterns import escape_path, write_path_pattern
from prompt_lint.text import patterns, yaml_reader


@given(
    path=st.lists(st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=8), min_size=1).map(
        "/".join
    )
)
def test_a_path_as_a_pattern_matches_it(path: str) -> None:
    """Through the YAML and the pattern back to the path, whatever is in it; and not a path beside it."""
    assume(not {".", ".."} & set(path.split("/")))

    pattern = write_path_pattern(path)

    read = yaml_reader.parse_yaml(f"- {render_scalar(pattern)}\n").data[0]
    assert read == yaml_reader.parse_yaml(f"[{render_scalar(pattern)}, a]\n").data[0] == pattern
    assert patterns.compile_patterns([read])(path)
    # Longer than any name there is: what can't be read is a `?`, which matches other characters, too.
    assert not patterns.compile_patterns([read])(f"other folder/{path}")


@given(name=st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=8))
def test_a_name_inside_a_pattern_is_taken_literally(name: str) -> None:
    """Only what can't be written stands for any one character."""
    assume(name not in {".", ".."})

    matches = patterns.compile_patterns([f"a/{escape_path(name)}/b"])

    assert matches(f"a/{name}/b")
    assert "?" in escape_path(name) or not any(
        matches(f"a/{name[:i]}\u00e5{name[i + 1 :]}/b") for i in range(len(name)) if name[i] != "\u00e5"
    )
