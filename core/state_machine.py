"""A table of allowed steps between the values of one status field (styleguide.md section 6)."""

from collections.abc import Iterable, Mapping

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from core.errors import TransitionNotAllowed


class StateMachine:
    """Which status may follow which. A step to the same status is a step like any other: allowed only if listed."""

    def __init__(self, states: type[TextChoices], edges: Mapping[str, Iterable[str]]) -> None:
        """Take the choices of the field and, for each status, the statuses it may go to (missing: an end).

        Raises ValueError for a status that the choices do not know: a typing mistake must not survive start-up.
        """
        self.states = states
        self._targets: dict[str, tuple[str, ...]] = {str(state): () for state in states.values}
        for current, targets in edges.items():
            self._targets[self._known(current)] = tuple(self._known(target) for target in targets)

    def can(self, current: str, target: str) -> bool:
        """Tell whether the table allows the step; False for a status that does not exist."""
        return str(target) in self._targets.get(str(current), ())

    def targets(self, current: str) -> tuple[str, ...]:
        """Return where one may go from here, in the order of the table."""
        return self._targets.get(str(current), ())

    def check(self, current: str, target: str) -> None:
        """Return when the step is allowed. Raises TransitionNotAllowed, naming both statuses, when it is not."""
        if self.can(current, target):
            return
        raise TransitionNotAllowed(
            _("This is not possible: the status is “%(current)s” and cannot become “%(target)s”."),
            params={"current": self._label(current), "target": self._label(target)},
        )

    def _known(self, state: str) -> str:
        if str(state) not in self._targets:
            raise ValueError(f"{state!r} is not one of {self.states.__name__}.")
        return str(state)

    def _label(self, state: str) -> str:
        return str(dict(self.states.choices).get(str(state), state))
