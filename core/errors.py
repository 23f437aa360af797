"""What a service may refuse. All are ValidationErrors, so a form can show them (core.forms.report_errors)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class DomainError(ValidationError):
    """A business rule says no.

    `message` is a translated sentence for the user, `params` its named values, `field` the name of the input it is
    about (None: the whole form), `code` a stable word for tests and the API.
    """

    default_code = "refused"

    def __init__(
        self,
        message: "str | _StrPromise",
        *,
        field: str | None = None,
        code: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, code=code or self.default_code, params=dict(params) if params else None)
        self.field = field

    @property
    def text(self) -> str:
        """The sentence in the language of the reader, values filled in."""
        return str(self.messages[0])


class TransitionNotAllowed(DomainError):
    """The status of the thing does not allow this step."""

    default_code = "transition"


class LimitReached(DomainError):
    """Something may be done only so often or for so many, and that is used up."""

    default_code = "limit"


class Conflict(DomainError):
    """Somebody else changed the thing meanwhile; `current` is what it is now (None: not known)."""

    default_code = "conflict"

    def __init__(
        self,
        message: "str | _StrPromise",
        *,
        current: object = None,
        field: str | None = None,
        code: str | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, field=field, code=code, params=params)
        self.current = current
