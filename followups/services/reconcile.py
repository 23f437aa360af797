"""Once a day: an open opportunity without a next action gets one, and the manager hears of it (invariant 1)."""

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
from opportunities.services import opportunity_lock

logger = logging.getLogger(__name__)


@service
def followups_reconcile() -> int | None:
    """Repair what must not exist. Returns how many were repaired, None when today's run was done already."""
    today = clock.today()
    _run, is_first = JobRun.objects.get_or_create(job="followups.reconcile", local_on=today)
    if not is_first:
        return None
    pending = FollowUp.objects.pending().filter(opportunity=OuterRef("pk"))
    orphans = Opportunity.objects.open().filter(~Exists(pending)).order_by("pk").values_list("pk", flat=True)[:1000]
    repaired = 0
    for pk in orphans:
        opportunity = opportunity_lock(pk, by=None)
        book = rule_book(store_id=opportunity.store_id, on=today)
        due = due_agreed(clock.end_of_day(today))
        occurrence = next_occurrence(opportunity, RuleCode.CADENCE)
        build(opportunity, RuleCode.CADENCE, due, book=book, occurrence=occurrence).save(force_insert=True)
        save_next_action(opportunity)
        repaired += 1
    logger.info("reconcile: %s opportunities without a next action repaired", repaired)
    return repaired
