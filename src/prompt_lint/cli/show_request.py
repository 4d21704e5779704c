"""What `--show-request` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prompt_lint.request.for_model import adapt_request
from prompt_lint.text.escape import dump_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prompt_lint.model.values import Prompt


def render_requests(prompts: Iterable[Prompt], models: Sequence[str]) -> str:
    """Return a line of JSON for each prompt and model: the body to send to `count_tokens`."""
    bodies = (
        {"model": model, **adapt_request(prompt.request, model).ordered_fields()}
        for prompt in prompts
        if prompt.request
        for model in models
    )
    return "".join(dump_json(body, indent=None) for body in bodies)
