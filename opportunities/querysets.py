"""Which opportunities somebody may see and in which order they are worked."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from core import clock
from core.lookups import any_of

if TYPE_CHECKING:
    from staff.models import User


class OpportunityQuerySet(models.QuerySet):
    def open(self) -> Self:
        return self.filter(outcome="open")

    def unassigned(self) -> Self:
        return self.filter(owner=None, outcome="open")

    def visible_to(self, user: "User") -> Self:
        """Deny by default: the widest scope among the person's roles decides (staff.enums.ROLE_SCOPE).

        OWN and TEAM also cover what the person registered (`User.sight_of_registered`) and the customers of a colleague
        whom the person stands in for today.
        """
        match user.scope:
            case "group" if user.store_id is not None:
                return self.filter(store__group__stores=user.store_id)
            case "store" if user.store_id is not None:
                return self.filter(store=user.store_id)
            case "team" if user.store_id is not None:
                return self.filter(store=user.store_id).filter(
                    any_of("owner", user.team_member_ids())
                    | Q(owner=None)
                    | user.sight_of_registered()
                    | any_of("owner", user.covered_user_ids(at=clock.sql_now()))
                )
            case "own" if user.store_id is not None:
                return self.filter(store=user.store_id).filter(
                    Q(owner=user)
                    | user.sight_of_registered()
                    | any_of("owner", user.covered_user_ids(at=clock.sql_now()))
                )
        return self.none()
