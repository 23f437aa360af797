"""Periods of keeping: a dry run that counts and changes nothing, a day's work that may be repeated, evidence."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from approvals.models import ApprovalRequest
from approvals.services import approval_decide
from core import clock
from core.access_log import log_access
from core.enums import AccessAction
from core.errors import DomainError
from core.models import AccessLogEntry
from customers.models import Customer
from notifications.models import Notification
from opportunities.models import Opportunity
from privacy.enums import DataClass, RunState
from privacy.models import Erasure, RetentionRule, RetentionRun
from privacy.selectors import SOURCES, retention_preview, rule_in_force
from privacy.services import retention_change, retention_run_daily, retention_work_next
from privacy.services.retention import REMOVERS
from staff.models import UserSession
from staff.tasks import sign_ins_sweep
from tests.factories import CustomerFactory, NotificationFactory, OpportunityFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]

LONG_AGO = timedelta(days=400)


def lost(people, name, ago=LONG_AGO, **fields):
    when = clock.now() - ago
    customer = CustomerFactory(store=people.store, name=name)
    opportunity = OpportunityFactory(customer=customer, owner=people.owner)
    Customer.objects.filter(pk=customer.pk).update(created_at=when)
    values = {"outcome": "lost", "closed_at": when, "opened_at": when, "last_contact_at": when} | fields
    opportunity.follow_ups.update(state="cancelled", cancel_reason="closed", remind_at=None)
    Opportunity.objects.filter(pk=opportunity.pk).update(**values)
    return customer


def test_every_class_has_a_rule_a_dry_run_and_somebody_who_removes():
    assert set(SOURCES) == set(DataClass.values)
    assert set(REMOVERS) == set(DataClass.values) - {DataClass.LOST_CUSTOMERS}
    for data_class in DataClass.values:
        rule = rule_in_force(data_class, clock.today())
        assert rule is not None
        assert retention_preview(data_class, rule.keep_days).count >= 0


def test_the_dry_run_counts_and_changes_nothing(people):
    lost(people, "很久以前")
    lost(people, "上个月", ago=timedelta(days=30))
    lost(people, "成交的", outcome="won")

    preview = retention_preview(DataClass.LOST_CUSTOMERS, 365)

    assert (preview.count, preview.oldest) == (1, clock.now() - LONG_AGO)
    assert Customer.objects.exclude(erased_at=None).count() == 0
    assert RetentionRun.objects.count() == 0


def test_customers_wait_on_a_list_until_a_manager_has_seen_it(people):
    old = lost(people, "很久以前")

    assert retention_run_daily()[DataClass.LOST_CUSTOMERS] == 1
    assert retention_run_daily()[DataClass.LOST_CUSTOMERS] == 0  # the same day, the same list
    assert retention_work_next() is False
    request = ApprovalRequest.objects.get(kind="retention")
    assert request.requested_by == people.administrator

    approval_decide(request_id=request.pk, approve=True, comment="", by=people.manager)
    while retention_work_next():
        pass

    run = RetentionRun.objects.get(data_class=DataClass.LOST_CUSTOMERS)
    old.refresh_from_db()
    assert (run.state, run.found_count, run.removed_count) == (RunState.DONE, 1, 1)
    assert old.erased_at == clock.now()
    assert Erasure.objects.get(customer=old).run == run


def test_who_came_back_meanwhile_stays(people):
    old = lost(people, "又来了")
    retention_run_daily()
    request = ApprovalRequest.objects.get(kind="retention")
    approval_decide(request_id=request.pk, approve=True, comment="", by=people.manager)
    OpportunityFactory(customer=old, owner=people.owner)

    while retention_work_next():
        pass

    old.refresh_from_db()
    run = RetentionRun.objects.get(data_class=DataClass.LOST_CUSTOMERS)
    assert (old.erased_at, old.name) == (None, "又来了")
    assert (run.removed_count, run.items.get().kept_because) == (0, "changed")


def test_a_list_that_was_sent_back_touches_nobody(people):
    old = lost(people, "很久以前")
    retention_run_daily()

    request = ApprovalRequest.objects.get(kind="retention")
    approval_decide(request_id=request.pk, approve=False, comment="先不动", by=people.manager)

    assert retention_work_next() is False
    old.refresh_from_db()
    assert old.erased_at is None


def test_old_notices_go_once_a_day_with_evidence(people):
    done = NotificationFactory(recipient=people.owner, done_at=clock.now())
    kept = NotificationFactory(recipient=people.owner)
    Notification.objects.update(created_at=clock.now() - LONG_AGO)

    first, second = retention_run_daily(), retention_run_daily()

    assert (first[DataClass.NOTICES], DataClass.NOTICES in second) == (1, False)
    assert list(Notification.objects.filter(pk__in=[done.pk, kept.pk])) == [kept]
    run = RetentionRun.objects.get(data_class=DataClass.NOTICES)
    assert (run.removed_count, run.evidence["keep_days"]) == (1, 180)


def test_ended_sessions_stay_for_their_period_and_go_with_evidence(people, client):
    client.force_login(people.owner)
    session = UserSession.objects.get()
    with clock.travel(session.expire_date + timedelta(days=29)):
        sign_ins_sweep()
        retention_run_daily()
        kept = UserSession.objects.count()
    with clock.travel(session.expire_date + timedelta(days=31)):
        done = retention_run_daily()

    assert (kept, done[DataClass.SESSIONS], UserSession.objects.count()) == (1, 1, 0)
    run = RetentionRun.objects.filter(data_class=DataClass.SESSIONS).latest("local_on")
    assert (run.removed_count, run.evidence) == (1, {"keep_days": 30, "oldest": session.expire_date.isoformat()})


def log_entry(people, ago):
    with clock.travel(clock.now() - ago):
        log_access(actor=people.owner, action=AccessAction.VIEW, customer_id=1)


def test_the_access_log_gives_up_only_what_its_own_rule_allows(people):
    log_entry(people, timedelta(days=1200))
    log_entry(people, timedelta(days=1000))

    assert retention_run_daily()[DataClass.ACCESS_LOG] == 1
    assert AccessLogEntry.objects.count() == 1
    with pytest.raises(DatabaseError), transaction.atomic():
        AccessLogEntry.objects.all().delete()
    RetentionRule.objects.filter(data_class=DataClass.ACCESS_LOG).update(is_active=False)
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_log_forget(1000)")
        assert cursor.fetchone()[0] == 0


def test_a_period_changes_from_a_day_on_and_keeps_the_old_version(people):
    tomorrow = clock.today() + timedelta(days=1)
    change = {"is_active": True, "is_legally_checked": True, "source": "法务", "by": people.administrator}

    retention_change(data_class=DataClass.NOTICES, keep_days=90, valid_from=tomorrow, **change)
    retention_change(data_class=DataClass.NOTICES, keep_days=60, valid_from=tomorrow, **change)

    rows = RetentionRule.objects.filter(data_class=DataClass.NOTICES).order_by("valid_from")
    assert [(row.keep_days, row.valid_to) for row in rows] == [(180, tomorrow), (60, None)]
    assert rule_in_force(DataClass.NOTICES, clock.today()).keep_days == 180
    with pytest.raises(DomainError):
        retention_change(data_class=DataClass.NOTICES, keep_days=1, valid_from=clock.today(), **change)
    with pytest.raises(PermissionDenied):
        retention_change(
            data_class=DataClass.NOTICES, keep_days=1, valid_from=tomorrow, **change | {"by": people.manager}
        )
