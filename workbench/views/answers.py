"""How the pages around one opportunity answer after a write."""

from functools import partial
from typing import Any

from core import answers

CHANGED = "opportunity:changed"  # the cards of the page behind read themselves again

saved = partial(answers.saved, event=CHANGED)
refused = partial(answers.refused, event=CHANGED)


def status_of(form: Any) -> int:
    return 422 if form.errors else 200
