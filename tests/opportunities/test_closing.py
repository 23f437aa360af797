"""Lost and void in two steps (R-072, D-27)."""

import pytest
from django.core.exceptions import PermissionDenied

from core import events
from core.errors import DomainError, TransitionNotAllowed
from followups.models import FollowUp
from notifications.enums import NoticeKind
from notifications.models import Notification
from opportunities.enums import EventKind
from opportunities.events import CloseRequested, OpportunityClosed
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import (
    close_confirm,
    close_request,
    close_send_back,
    close_withdraw,
    level_decide,
    level_set,
)
from tests.factories import LeaveFactory, UserFactory
from tests.journeys import open_one, sweep

pytestmark = [pytest.mark.django_db, pytest.mark.req("R-072")]


@pytest.fixture
def opportunity(people, noon):
    return open_one(people)


@pytest.fixture
def proposed(people, opportunity):
    return propose(opportunity, people.owner)


def propose(opportunity, by, **changes):
    values = {"outcome": "lost", "reason": "price", "note": "别家便宜"} | changes
    return close_request(opportunity_id=opportunity.pk, by=by, **values)


def head(opportunity) -> dict[str, object]:
    return Opportunity.objects.filter(pk=opportunity.pk).values().get()


def inbox(person) -> list[str]:
    return list(Notification.objects.filter(recipient=person, done_at=None).values_list("kind", flat=True))


def test_proposing_keeps_customer_and_callbacks(people, opportunity):
    heard = []
    with events.isolated_registry(is_empty=False):
        events.on(CloseRequested)(heard.append)
        propose(opportunity, people.owner)

    row = Opportunity.objects.get(pk=opportunity.pk)
    assert (row.outcome, row.close_requested, row.close_reason, row.close_note) == ("open", "lost", "price", "别家便宜")
    assert (row.close_requested_by, row.owner) == (people.owner, people.owner)
    assert FollowUp.objects.pending().count() == 3
    assert inbox(people.supervisor) == [NoticeKind.CLOSE_REQUESTED]
    assert [(event.outcome, event.reason, event.by_id) for event in heard] == [("lost", "price", people.owner.pk)]


@pytest.mark.parametrize(
    ("outcome", "reason", "error"),
    [
        ("lost", "", DomainError),
        ("lost", "wrong_number", DomainError),
        ("void", "price", DomainError),
        ("won", "price", DomainError),
        ("open", "price", TransitionNotAllowed),
        ("nonsense", "price", TransitionNotAllowed),
    ],
)
def test_a_proposal_needs_an_outcome_and_one_of_its_reasons(people, opportunity, outcome, reason, error):
    before = head(opportunity)

    with pytest.raises(error):
        propose(opportunity, people.owner, outcome=outcome, reason=reason)

    assert head(opportunity) == before


@pytest.mark.parametrize("who", ["colleague", "finance", "administrator", "stranger", "stranger_manager"])
def test_a_stranger_proposes_nothing(people, opportunity, who):
    before = head(opportunity)

    with pytest.raises(PermissionDenied):
        propose(opportunity, getattr(people, who))

    assert head(opportunity) == before


def test_a_leader_confirms(people, proposed):
    heard = []
    with events.isolated_registry(is_empty=False):
        events.on(OpportunityClosed)(heard.append)
        close_confirm(opportunity_id=proposed.pk, by=people.supervisor)

    row = Opportunity.objects.get(pk=proposed.pk)
    assert (row.outcome, row.closed_by, row.closed_at is not None, row.version) == ("lost", people.supervisor, True, 2)
    assert [event.outcome for event in heard] == ["lost"]
    assert not FollowUp.objects.pending().exists()
    assert row.next_action_at is None
    event = JourneyEvent.objects.get(kind=EventKind.CLOSED)
    assert (event.actor, event.data) == (people.supervisor, {"outcome": "lost", "reason": "price"})
    assert inbox(people.supervisor) == []
    assert inbox(people.owner) == [NoticeKind.CLOSE_DECIDED]


def test_reminders_leave_every_inbox_with_the_close(people, proposed):
    FollowUp.objects.filter(rule_code="first_callback").update(remind_at=proposed.opened_at)
    sweep()
    assert NoticeKind.FOLLOW_UP_SOON in inbox(people.owner)

    close_confirm(opportunity_id=proposed.pk, by=people.manager)

    assert inbox(people.owner) == [NoticeKind.CLOSE_DECIDED]


@pytest.mark.parametrize("who", ["supervisor", "manager", "general_manager"])
@pytest.mark.parametrize("decide", [close_confirm, close_send_back])
def test_leaders_decide(people, proposed, who, decide):
    decide(opportunity_id=proposed.pk, by=getattr(people, who))

    assert Opportunity.objects.get(pk=proposed.pk).is_open is (decide is close_send_back)


@pytest.mark.parametrize("who", ["owner", "colleague", "dcc", "stranger_manager", "administrator"])
@pytest.mark.parametrize("decide", [close_confirm, close_send_back])
def test_nobody_else_decides(people, proposed, who, decide):
    before = head(proposed)

    with pytest.raises(PermissionDenied):
        decide(opportunity_id=proposed.pk, by=getattr(people, who))

    assert head(proposed) == before


@pytest.mark.req("D-27")
@pytest.mark.parametrize("is_owner", [True, False])
def test_a_leader_does_not_decide_the_own_customer_or_proposal(people, noon, is_owner):
    selling = UserFactory(store=people.store, team=people.team, roles=["sales_supervisor", "sales_consultant"])
    opportunity = open_one(people, owner=selling if is_owner else people.owner)
    propose(opportunity, people.dcc if is_owner else selling)

    with pytest.raises(PermissionDenied):
        close_confirm(opportunity_id=opportunity.pk, by=selling)

    close_confirm(opportunity_id=opportunity.pk, by=people.manager)
    assert Opportunity.objects.get(pk=opportunity.pk).outcome == "lost"


@pytest.mark.req("D-27")
def test_when_the_supervisor_is_away_the_manager_is_asked(people, opportunity):
    LeaveFactory(user=people.supervisor)

    propose(opportunity, people.owner)

    assert inbox(people.manager) == [NoticeKind.CLOSE_REQUESTED]
    assert inbox(people.supervisor) == []


def test_a_supervisor_who_proposes_asks_the_manager(people, opportunity):
    propose(opportunity, people.supervisor)

    assert inbox(people.manager) == [NoticeKind.CLOSE_REQUESTED]


def test_with_no_other_leader_nobody_is_asked(people, opportunity):
    people.manager.is_active = people.general_manager.is_active = False
    people.manager.save()
    people.general_manager.save()

    propose(opportunity, people.supervisor)

    assert not Notification.objects.exists()


def test_sending_back_goes_on_as_before(people, proposed):
    close_send_back(opportunity_id=proposed.pk, by=people.supervisor)

    row = Opportunity.objects.get(pk=proposed.pk)
    assert (row.close_requested, row.close_reason, row.close_note, row.close_requested_by) == ("", "", "", None)
    assert FollowUp.objects.pending().count() == 3
    assert Notification.objects.get(recipient=people.owner).data["is_accepted"] is False


def test_withdrawing_takes_it_out_of_the_leaders_inbox(people, proposed):
    close_withdraw(opportunity_id=proposed.pk, by=people.owner)

    assert Opportunity.objects.get(pk=proposed.pk).close_requested == ""
    assert inbox(people.supervisor) == []


@pytest.mark.parametrize("who", ["dcc", "supervisor", "stranger"])
def test_only_the_proposer_withdraws(people, proposed, who):
    before = head(proposed)

    with pytest.raises(PermissionDenied):
        close_withdraw(opportunity_id=proposed.pk, by=getattr(people, who))

    assert head(proposed) == before


@pytest.mark.parametrize("decide", [close_confirm, close_send_back])
def test_what_was_decided_is_not_decided_again(people, proposed, decide):
    close_confirm(opportunity_id=proposed.pk, by=people.supervisor)
    before = head(proposed)

    with pytest.raises(DomainError) as refused:
        decide(opportunity_id=proposed.pk, by=people.manager)

    assert refused.value.code == "decided"
    assert head(proposed) == before


def test_nothing_proposed_is_nothing_to_decide(people, opportunity):
    with pytest.raises(DomainError) as refused:
        close_confirm(opportunity_id=opportunity.pk, by=people.supervisor)

    assert refused.value.code == "decided"


def test_what_is_closed_is_neither_proposed_nor_withdrawn(people, proposed):
    close_confirm(opportunity_id=proposed.pk, by=people.supervisor)
    before = head(proposed)

    with pytest.raises(DomainError) as refused:
        propose(proposed, people.owner)
    assert refused.value.code == "closed"
    with pytest.raises(DomainError) as refused:
        close_withdraw(opportunity_id=proposed.pk, by=people.owner)
    assert refused.value.code == "decided"

    assert head(proposed) == before


def test_the_close_settles_a_level_that_waits(people, proposed):
    level_set(opportunity_id=proposed.pk, level="C", by=people.owner)

    close_confirm(opportunity_id=proposed.pk, by=people.supervisor)

    row = Opportunity.objects.get(pk=proposed.pk)
    assert (row.level, row.requested_level, row.level_requested_by) == ("B", "", None)
    assert inbox(people.supervisor) == []
    with pytest.raises(DomainError):
        level_decide(opportunity_id=proposed.pk, is_accepted=True, by=people.supervisor)
