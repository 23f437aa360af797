"""Planning and ending the callbacks of many opportunities at once, by the same rules as for one."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.db.models import OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from core import clock
from core.transactions import service
from followups.enums import CancelReason, FollowUpState, Step
from followups.models import FollowUp
from followups.selectors import rule_book
from followups.services.planning import promised
from notifications.services import notices_done
from opportunities.models import Opportunity
from staff.models import Store

BATCH = 1_000


@service
def followups_plan_many(*, opportunity_ids: Sequence[int], store_id: int, trigger: str, at: datetime) -> int:
    """What followups_plan does, for many opportunities of one store that were opened in this transaction.

    All opportunities of one level get the same promises, so each promise is one statement. Returns how many callbacks
    were planned. Raises DomainError when no rules are in force.
    """
    store = Store.objects.get(pk=store_id)
    book = rule_book(store_id=store_id, on=clock.local_date(at))
    opportunities = Opportunity.objects.filter(pk__in=opportunity_ids)
    planned = 0
    for level in opportunities.order_by("level").values_list("level", flat=True).distinct():
        like_all = Opportunity(store_id=store_id, level=level)
        ids = list(opportunities.filter(level=level).values_list("pk", flat=True))
        for row in promised(like_all, trigger=trigger, at=at, book=book, store=store):
            planned += _copy(row, ids)
    save_next_actions(opportunity_ids)
    return planned


def _copy(pattern: FollowUp, opportunity_ids: Sequence[int]) -> int:
    """Insert the pattern once for each opportunity, with its customer and owner; what is planned stays as it is."""
    of_opportunity = {"uid": "gen_random_uuid()", "opportunity_id": "id", "customer_id": "customer_id"}
    of_opportunity["assignee_id"] = "owner_id"
    columns, values, parameters = [], [], []
    for field in FollowUp._meta.concrete_fields:
        if field.primary_key:
            continue
        columns.append(connection.ops.quote_name(str(field.column)))
        if field.column in of_opportunity:
            values.append(of_opportunity[field.column])
        else:
            values.append("%s")
            parameters.append(field.get_db_prep_save(field.pre_save(pattern, add=True), connection))
    statement = (
        f"INSERT INTO followups_followup ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608 -- own columns
        "FROM opportunities_opportunity WHERE id = ANY(%s) ORDER BY id ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, list(opportunity_ids)])
        return int(cursor.rowcount)


@service
def followups_cancel_many(*, opportunity_ids: Sequence[int], reason: str = CancelReason.CLOSED) -> int:
    """End all pending callbacks of many closed opportunities; their lines leave the inboxes. Returns how many."""
    pending = FollowUp.objects.pending().filter(opportunity__in=opportunity_ids)
    ids = list(pending.values_list("pk", flat=True))
    FollowUp.objects.filter(pk__in=ids).update(
        state=FollowUpState.CANCELLED,
        cancel_reason=reason,
        remind_at=None,
        remind_step=Step.NONE,
        updated_at=clock.now(),
    )
    notices_done(subjects=[f"followups.FollowUp:{pk}" for pk in ids])
    save_next_actions(opportunity_ids)
    return len(ids)


def save_next_actions(opportunity_ids: Sequence[int]) -> None:
    """Store the next action of each from its pending callbacks; none when there are none."""
    first = FollowUp.objects.pending().filter(opportunity=OuterRef("pk")).order_by("due_at", "pk")
    for start in range(0, len(opportunity_ids), BATCH):
        Opportunity.objects.filter(pk__in=opportunity_ids[start : start + BATCH]).update(
            next_action_at=Subquery(first.values("due_at")[:1]),
            # An empty text, not NULL, when nothing is planned.
            next_action_label=Coalesce(Subquery(first.values("rule_code")[:1]), Value("")),
            updated_at=clock.now(),
        )
