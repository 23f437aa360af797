"""Once a day: an open opportunity without a next action gets one, and the log says so (invariant 1)."""

import logging

from django.db.models import Exists, OuterRef

from core import clock
from core.models import JobRun
from core.transactions import service
from followups.enums import RuleCode
from followups.models import FollowUp
from followups.selectors import rule_book
from followups.services.due import due_agreed
from followups.services.planning import build, next_occurrence, save_next_action
from opportunities.models import Opportunity

logger = logging.getLogger(__name__)

JOB = "followups.reconcile"
LIMIT = 1000  # a run of a worker ends; what is left is repaired in the next one


def followups_reconcile() -> int | None:
    """Repair what must not exist. Returns how many were repaired, None when today's run was done already.

    One opportunity per transaction, so that it may be killed and repeated at any time; the day counts as done only
    when nothing was left.
    """
    today = clock.today()
    if JobRun.objects.filter(job=JOB, local_on=today).exists():
        return None
    repaired = 0
    while repaired < LIMIT and _repair_next():
        repaired += 1
    if repaired < LIMIT:
        _close_day(repaired)
    if repaired:
        logger.warning("reconcile: %s opportunities without a next action repaired", repaired)
    return repaired


@service
def _repair_next() -> bool:
    """Give one orphan a callback for today. Returns False when there is none."""
    pending = FollowUp.objects.pending().filter(opportunity=OuterRef("pk"))
    opportunity = (
        Opportunity.objects.open()
        .filter(~Exists(pending))
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("store")
        .order_by("pk")
        .first()
    )
    if opportunity is None:
        return False
    # Read again under the lock: whoever held it before may have planned something.
    if not FollowUp.objects.pending().filter(opportunity=opportunity).exists():
        today = clock.today()
        book = rule_book(store_id=opportunity.store_id, on=today)
        occurrence = next_occurrence(opportunity, RuleCode.CADENCE)
        due = due_agreed(clock.end_of_day(today))
        build(opportunity, RuleCode.CADENCE, due, book=book, occurrence=occurrence).save(force_insert=True)
    save_next_action(opportunity)
    return True


@service
def _close_day(repaired: int) -> None:
    """Two runs in the same moment write one row."""
    row = JobRun(job=JOB, local_on=clock.today(), detail={"repaired": repaired})
    JobRun.objects.bulk_create([row], ignore_conflicts=True)
