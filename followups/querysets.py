from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from core import clock
from core.lookups import any_of
from opportunities.models import Opportunity

if TYPE_CHECKING:
    from staff.models import User


class FollowUpQuerySet(models.QuerySet):
    def pending(self) -> Self:
        return self.filter(state="pending")

    def overdue(self) -> Self:
        """Past the deadline. That it is past the due time follows, but lets the index by due time be used."""
        now = clock.now()
        return self.pending().filter(deadline_at__lt=now, due_at__lt=now)

    def reminder_due(self) -> Self:
        """By the clock of the database, so a wrong clock on one machine fires nothing early (reliability.md 2.1)."""
        return self.filter(remind_at__lte=clock.sql_now())

    def work_of(self, user: "User") -> Self:
        """Callbacks the person has to make today: the own ones and those of colleagues the person stands in for."""
        covered = user.covered_user_ids(at=clock.sql_now())
        return self.pending().filter(any_of("assignee", covered, or_number=user.pk))

    def visible_to(self, user: "User") -> Self:
        match user.scope:
            case "group" if user.store_id is not None:
                return self.filter(store__group__stores=user.store_id)
            case "store" if user.store_id is not None:
                return self.filter(store=user.store_id)
            case "team" if user.store_id is not None:
                return self.filter(store=user.store_id).filter(
                    any_of("assignee", user.team_member_ids())
                    | Q(assignee=None)
                    # Not a join: that would read all opportunities, this asks for the few rows of somebody else.
                    | Exists(Opportunity.objects.filter(user.sight_of_registered(), pk=OuterRef("opportunity")))
                    | any_of("assignee", user.covered_user_ids(at=clock.sql_now()))
                )
            case "own" if user.store_id is not None:
                return self.filter(store=user.store_id).filter(
                    Q(assignee=user)
                    | user.sight_of_registered("opportunity__")
                    | any_of("assignee", user.covered_user_ids(at=clock.sql_now()))
                )
        return self.none()
