"""The known models, with their context windows and tokenizers, and what an id may look like. Data and pure functions.

Sources, November 2026: the API's documentation for windows, generations and the dates of ids; for tokenizers and hidden
tool prompts recorded requests to the real API (docs/accuracy.md says how many).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from prompt_lint.model.families import CLAUDE_3, CLAUDE_4, NEWEST, OPUS_4_7, Generation
from prompt_lint.model.nearest import find_nearest
from prompt_lint.model.recorded_requests import RECORDED_REQUESTS

# Whether counts of the model were measured, or its documentation says that they are those of
# the model before it, or neither.
Basis = Literal["measured", "documented", "assumed"]

_MILLION = 1_000_000
_OLDER_WINDOW = 200_000


class Model(NamedTuple):
    r"""One model. `context_window` is in tokens.

    `tool_prompt_tokens` are what the API adds to a request with tools: with an automatic choice, with a forced one, which
    is None where the model refuses it. Where nobody knows either, there is no pair.
    `has_system_line`: the system prompt starts on a line of its own. `escapes_tools`: it reads characters of tools beyond
    ASCII as `\uXXXX`. `dates` are those of its dated ids.
    """

    id: str
    generation: Generation
    context_window: int
    basis: Basis
    tool_prompt_tokens: tuple[int, int | None] | None
    has_system_line: bool = True
    escapes_tools: bool = False
    dates: tuple[str, ...] = ()

    @property
    def tokenizer_family(self) -> str:
        return self.generation.family.name

    @property
    def recorded_requests(self) -> int:
        """With how many recorded requests offline counts were compared; 0 unless the basis is `measured`."""
        return RECORDED_REQUESTS.get(self.id, 0) if self.basis == "measured" else 0


def _make_newer(name: str, basis: Basis, tool_prompt: tuple[int, int | None] | None) -> Model:
    return Model(name, NEWEST, _MILLION, basis, tool_prompt)


def _make_older(name: str, generation: Generation, tool_prompt: tuple[int, int], *dates: str) -> Model:
    return Model(
        name, generation, _OLDER_WINDOW, "measured", tool_prompt,
        has_system_line=False, escapes_tools=True, dates=dates,
    )  # fmt: skip


# Newest first: the order in which names are suggested.
MODELS = (
    _make_newer("claude-fable-5-2", "assumed", None),
    _make_newer("claude-opus-5-5", "documented", (286, None)),
    _make_newer("claude-sonnet-5-5", "documented", (286, None)),
    _make_newer("claude-haiku-5-5", "documented", (286, 406)),
    _make_newer("claude-fable-5-1", "documented", (290, None)),
    _make_newer("claude-fable-5", "measured", (290, 410)),
    _make_newer("claude-opus-5", "measured", (286, 406)),
    _make_newer("claude-sonnet-5", "measured", (354, 474)),
    _make_newer("claude-opus-4-8", "measured", (290, 410)),
    Model("claude-opus-4-7", OPUS_4_7, _MILLION, "measured", (675, 804)),
    Model("claude-opus-4-6", CLAUDE_4, _MILLION, "measured", (497, 589)),
    Model("claude-sonnet-4-6", CLAUDE_4, _MILLION, "measured", (497, 589)),
    _make_older("claude-opus-4-5", CLAUDE_4, (496, 588), "20251101"),
    _make_older("claude-sonnet-4-5", CLAUDE_4, (496, 588), "20250929"),
    _make_older("claude-haiku-4-5", CLAUDE_4, (496, 588), "20251001"),
    _make_older("claude-opus-4-1", CLAUDE_4, (313, 315), "20250805"),
    _make_older("claude-opus-4", CLAUDE_4, (313, 315), "20250514"),
    _make_older("claude-sonnet-4", CLAUDE_4, (313, 315), "20250514"),
    _make_older("claude-3-7-sonnet", CLAUDE_3, (313, 314), "20250219"),
    _make_older("claude-3-5-sonnet", CLAUDE_3, (313, 314), "20240620", "20241022"),
    _make_older("claude-3-5-haiku", CLAUDE_3, (264, 355), "20241022"),
    _make_older("claude-3-opus", CLAUDE_3, (533, 281), "20240229"),
    _make_older("claude-3-sonnet", CLAUDE_3, (159, 235), "20240229"),
    _make_older("claude-3-haiku", CLAUDE_3, (264, 355), "20240307"),
)
# The newest Sonnet whose counts are documented or measured: it stands for a model where nobody names one.
DEFAULT_MODEL = next(model.id for model in MODELS if "-sonnet-" in model.id and model.basis != "assumed")
KNOWN_IDS = tuple(model.id for model in MODELS)
# Counts as the newest: a new model is likelier to count more tokens than fewer.
UNKNOWN_MODEL = Model("", NEWEST, 0, "assumed", None)

# The API takes two more spellings of the fourth generation (recorded requests, 2025 and 2026).
_ALIASES = {
    alias: f"claude-{line}-4"
    for line in ("opus", "sonnet")
    for alias in (f"claude-{line}-4-0", f"claude-4-{line}")
}
_BY_ID = {model.id: model for model in MODELS}
_BY_ID |= {alias: _BY_ID[model_id] for alias, model_id in _ALIASES.items()}
_LINES = tuple({word: None for known in KNOWN_IDS for word in known.split("-")[1:] if word.isalpha()})

# What an id is made of. The schema of the configuration has the same expression.
ID = r"(?=.{1,128}$)([A-Za-z0-9._:@/-]*[./])?claude-[A-Za-z0-9._:@-]+"
# Ids as the resellers write them: anthropic/…, us.anthropic.…-v1:0, …@20250929, publishers/anthropic/models/….
_PREFIX = r"^(?:.*/)?(?:[a-z-]+\.)*(?=claude-)"
_SUFFIX = r"(?:[-@](?P<date>\d{8})|-latest|@latest|@default)?(?:-v\d+(?::\d+[a-z]*)?)?(?:\[1m\])?$"
# A new model has a name and a version; perhaps a further word, as `preview`.
_PLAIN_ID = r"claude(?=.*-[a-z])(?=.*-\d)(?!(?:.*-\d){3})(?:-[a-z]+|-\d{1,2})+"
_DATED_PROMPT = {"claude-3-5-sonnet-20240620": (294, 261)}


def find_model(model_id: str) -> Model | None:
    """Return the model that an id names, as the API or a reseller writes it; None for an unknown one.

    A date that isn't known of the model may be another snapshot's, whose counts are assumed.
    """
    undecorated, plain, date = _split_id(model_id)
    model = _BY_ID.get(plain)
    if model is None:
        return None
    if date and date not in model.dates:
        return model._replace(basis="assumed")
    return model._replace(tool_prompt_tokens=_DATED_PROMPT.get(undecorated, model.tool_prompt_tokens))


def assume_model(model_id: str) -> Model:
    """Return the model that an id names, or what an unknown one counts as."""
    return find_model(model_id) or UNKNOWN_MODEL


def _split_id(model_id: str) -> tuple[str, str, str]:
    """Return an id without what a reseller puts before it, without all that follows the version, and its date."""
    text = model_id[:200]
    undecorated = re.sub(_PREFIX, "", text)
    if "/" in text:  # OpenRouter and others write versions with a dot: anthropic/claude-sonnet-4.5
        undecorated = undecorated.replace(".", "-")
    suffix = re.search(_SUFFIX, undecorated)
    end, date = (suffix.start(), suffix["date"] or "") if suffix else (len(undecorated), "")
    return undecorated, undecorated[:end], date


def explain_id(model_id: str) -> str:
    """Return why a text can't be the id of a model, to follow it in a sentence; "" for an id.

    An unknown id is one if a newer model may have it: in words and version it looks like the known ones, and isn't a slip
    of one of them.
    """
    if "," in model_id:
        return "is more than one id: give each by itself, as in `--model A --model B` or `models: [A, B]`"
    plain = _split_id(model_id)[1]
    if re.fullmatch(ID, model_id, re.ASCII) and (
        plain in _BY_ID or (re.fullmatch(_PLAIN_ID, plain) and not _is_slip(plain))
    ):
        return ""
    nearest = _find_nearest_id(plain)
    return f"isn't the id of a Claude model{nearest and f'; did you mean `{nearest}`?'}"


def _is_slip(plain: str) -> bool:
    """Return whether a word is nearly the name of a line, or the parts of a known id are in another order."""
    words, digits = _list_parts(plain)
    if any((words, digits) == _list_parts(known) for known in _BY_ID):
        return True
    return any(word not in {"claude", *_LINES} and find_nearest(word, _LINES) for word in words)


def _find_nearest_id(plain: str) -> str:
    """Return the known id that was probably meant, "" where nothing tells: of the same line, and the nearest version."""
    words, digits = _list_parts(plain.lower())
    lines = [line for word in words if (line := find_nearest(word, _LINES))]
    if words and not lines and not any(find_nearest(word, ["claude"]) for word in words):
        return ""  # another vendor's
    versions = {known: _list_parts(known)[1] for known in KNOWN_IDS if not lines or lines[0] in known}
    if not lines:
        return next((known for known, version in versions.items() if version == digits), "")
    return max(
        versions,
        key=lambda known: (
            versions[known] == digits, digits.startswith(versions[known]), versions[known][0] == digits[:1]
        ),
    )  # fmt: skip


def _list_parts(plain: str) -> tuple[list[str], str]:
    """Return the words of an id in the order of the alphabet, and the digits of its version."""
    return sorted(re.findall("[a-z]+", plain)), "".join(re.findall(r"\d", plain))
