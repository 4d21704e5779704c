"""JSON documents by their schemas; each schema is read and checked once, which takes longer than a validation."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema.validators import validator_for
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from jsonschema.protocols import Validator

DOCS = ROOT / "docs"


def validate(document: Any, schema: Path) -> None:
    """Raise `ValidationError` where `document` isn't as the schema in a file has it."""
    _load_validator(schema).validate(document)


@cache
def _load_validator(path: Path) -> Validator:
    schema = json.loads(path.read_text(encoding="utf-8"))
    kind = validator_for(schema)
    kind.check_schema(schema)
    return kind(schema)
