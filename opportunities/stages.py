"""The journey: stages, outcomes, levels and what may follow what (architecture.md 4, domain.md 6)."""

from django.db import models
from django.utils.translation import pgettext_lazy

from core.state_machine import StateMachine


class Stage(models.TextChoices):
    LEAD = "lead", pgettext_lazy("sales stage", "Lead")
    RECEIVED = "received", pgettext_lazy("sales stage", "Received")
    NEEDS_ASSESSED = "needs_assessed", pgettext_lazy("sales stage", "Needs assessed")
    PRESENTED = "presented", pgettext_lazy("sales stage", "Presented")
    TEST_DRIVEN = "test_driven", pgettext_lazy("sales stage", "Test driven")
    NEGOTIATING = "negotiating", pgettext_lazy("sales stage", "Negotiating")
    CONTRACTED = "contracted", pgettext_lazy("sales stage", "Contracted")
    DELIVERED = "delivered", pgettext_lazy("sales stage", "Delivered")
    IN_CARE = "in_care", pgettext_lazy("sales stage", "In care")

    @property
    def number(self) -> int:
        return list(Stage).index(self) + 1


class Outcome(models.TextChoices):
    OPEN = "open", pgettext_lazy("outcome", "Open")
    WON = "won", pgettext_lazy("outcome", "Won")
    LOST = "lost", pgettext_lazy("outcome", "Lost")
    VOID = "void", pgettext_lazy("outcome", "Void")


# Which stage may be reached directly from which. Skipping is allowed where a customer may decline a step
# (no needs talk, no test drive); a contract and a delivery are never skipped.
_UP_TO_TALK = [Stage.RECEIVED, Stage.NEEDS_ASSESSED, Stage.PRESENTED, Stage.TEST_DRIVEN, Stage.NEGOTIATING]
STAGE_EDGES: dict[str, list[str]] = {
    Stage.LEAD: [*_UP_TO_TALK, Stage.CONTRACTED],
    Stage.RECEIVED: [*_UP_TO_TALK[1:], Stage.CONTRACTED],
    Stage.NEEDS_ASSESSED: [*_UP_TO_TALK[2:], Stage.CONTRACTED],
    Stage.PRESENTED: [*_UP_TO_TALK[3:], Stage.CONTRACTED],
    Stage.TEST_DRIVEN: [Stage.NEGOTIATING, Stage.CONTRACTED],
    Stage.NEGOTIATING: [Stage.CONTRACTED],
    Stage.CONTRACTED: [Stage.DELIVERED],
    Stage.DELIVERED: [Stage.IN_CARE],
    Stage.IN_CARE: [],
}
OUTCOME_EDGES: dict[str, list[str]] = {
    Outcome.OPEN: [Outcome.WON, Outcome.LOST, Outcome.VOID],
    Outcome.LOST: [],  # a lost customer who returns begins a new opportunity
    Outcome.WON: [],
    Outcome.VOID: [],
}

STAGE_MACHINE = StateMachine(Stage, STAGE_EDGES)
OUTCOME_MACHINE = StateMachine(Outcome, OUTCOME_EDGES)
