"""Lost and void in two steps (R-072, D-27)."""

import pytest
from django.core.exceptions import PermissionDenied

from approvals.models import ApprovalRequest
from core import events
from core.errors import Conflict, DomainError, TransitionNotAllowed
from followups.models import FollowUp
from notifications.enums import NoticeKind
from notifications.models import Notification
from opportunities.enums import CLOSE, LEVEL, EventKind
from opportunities.events import CloseRequested, OpportunityClosed
from opportunities.models import JourneyEvent, Opportunity
from opportunities.services import (
    close_request,
    facts_update,
    level_set,
    opportunity_assign,
    opportunity_returned,
    proposal_withdraw,
)
from tests.conftest import NOON
from tests.factories import LeaveFactory, UserFactory
from tests.journeys import decide, open_one, sweep

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
        decide(proposed, CLOSE, people.supervisor)

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

    decide(proposed, CLOSE, people.manager)

    assert inbox(people.owner) == [NoticeKind.CLOSE_DECIDED]


@pytest.mark.parametrize("who", ["supervisor", "manager", "general_manager"])
@pytest.mark.parametrize("approve", [True, False])
def test_leaders_decide(people, proposed, who, approve):
    decide(proposed, CLOSE, getattr(people, who), approve=approve)

    assert Opportunity.objects.get(pk=proposed.pk).is_open is not approve


@pytest.mark.parametrize("who", ["owner", "colleague", "dcc", "stranger_manager", "administrator"])
@pytest.mark.parametrize("approve", [True, False])
def test_nobody_else_decides(people, proposed, who, approve):
    before = head(proposed)

    with pytest.raises(PermissionDenied):
        decide(proposed, CLOSE, getattr(people, who), approve=approve)

    assert head(proposed) == before


@pytest.mark.req("D-27")
@pytest.mark.parametrize("is_owner", [True, False])
def test_a_leader_does_not_decide_the_own_customer_or_proposal(people, noon, is_owner):
    selling = UserFactory(store=people.store, team=people.team, roles=["sales_supervisor", "sales_consultant"])
    opportunity = open_one(people, owner=selling if is_owner else people.owner)
    propose(opportunity, people.dcc if is_owner else selling)

    with pytest.raises(PermissionDenied):
        decide(opportunity, CLOSE, selling)

    decide(opportunity, CLOSE, people.manager)
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
    decide(proposed, CLOSE, people.supervisor, approve=False)

    row = Opportunity.objects.get(pk=proposed.pk)
    assert (row.close_requested, row.close_reason, row.close_note, row.close_requested_by) == ("", "", "", None)
    assert FollowUp.objects.pending().count() == 3
    told = Notification.objects.get(recipient=people.owner)
    assert (told.data["is_accepted"], told.data["comment"]) == (False, "再跟一跟")
    logged = JourneyEvent.objects.get(kind=EventKind.CLOSE_REFUSED)
    assert (logged.actor, logged.data) == (people.supervisor, {"outcome": "lost", "comment": "再跟一跟"})


def test_withdrawing_takes_it_out_of_the_leaders_inbox(people, proposed):
    proposal_withdraw(opportunity_id=proposed.pk, kind=CLOSE, by=people.owner)

    assert Opportunity.objects.get(pk=proposed.pk).close_requested == ""
    assert inbox(people.supervisor) == []


@pytest.mark.parametrize("who", ["dcc", "supervisor", "stranger"])
def test_only_the_proposer_withdraws(people, proposed, who):
    before = head(proposed)

    with pytest.raises(PermissionDenied):
        proposal_withdraw(opportunity_id=proposed.pk, kind=CLOSE, by=getattr(people, who))

    assert head(proposed) == before


@pytest.mark.parametrize("approve", [True, False])
def test_what_was_decided_is_not_decided_again(people, proposed, approve):
    decide(proposed, CLOSE, people.supervisor)
    before = head(proposed)

    with pytest.raises(DomainError) as refused:
        decide(proposed, CLOSE, people.manager, approve=approve)

    assert refused.value.code == "decided"
    assert head(proposed) == before


def test_nothing_proposed_is_nothing_to_withdraw(people, opportunity):
    with pytest.raises(DomainError) as refused:
        proposal_withdraw(opportunity_id=opportunity.pk, kind=CLOSE, by=people.owner)

    assert refused.value.code == "decided"


def test_what_is_closed_is_neither_proposed_nor_withdrawn(people, proposed):
    decide(proposed, CLOSE, people.supervisor)
    before = head(proposed)

    with pytest.raises(DomainError) as refused:
        propose(proposed, people.owner)
    assert refused.value.code == "closed"
    with pytest.raises(DomainError) as refused:
        proposal_withdraw(opportunity_id=proposed.pk, kind=CLOSE, by=people.owner)
    assert refused.value.code == "decided"

    assert head(proposed) == before


def test_the_close_settles_a_level_that_waits(people, proposed):
    level_set(opportunity_id=proposed.pk, level="C", by=people.owner)

    decide(proposed, CLOSE, people.supervisor)

    row = Opportunity.objects.get(pk=proposed.pk)
    assert (row.level, row.requested_level, row.level_requested_by) == ("B", "", None)
    assert inbox(people.supervisor) == []
    with pytest.raises(DomainError):
        decide(proposed, LEVEL, people.supervisor)


# ---- what was proposed is about what everybody saw ---------------------------------------------------------------


def _change_facts(people, opportunity):
    facts_update(opportunity_id=opportunity.pk, version=opportunity.version, by=people.owner, colour="白")


def _hand_over(people, opportunity):
    opportunity_assign(opportunity_id=opportunity.pk, owner_id=people.colleague.pk, by=people.manager, reason="调整")


def _come_back(people, opportunity):
    opportunity_returned(opportunity_id=opportunity.pk, occurred_at=NOON, by=people.dcc)


def _grow_hotter(people, opportunity):
    level_set(opportunity_id=opportunity.pk, level="H", by=people.owner)


@pytest.mark.parametrize("change", [_change_facts, _hand_over, _come_back, _grow_hotter])
def test_a_change_makes_the_proposal_void_and_the_proposer_hears_of_it(people, proposed, change):
    change(people, proposed)

    row = Opportunity.objects.get(pk=proposed.pk)
    assert (row.is_open, row.close_requested, row.close_requested_by) == (True, "", None)
    assert ApprovalRequest.objects.values_list("state", "cause").get() == ("void", "changed")
    assert NoticeKind.APPROVAL_VOID in inbox(people.owner)
    assert inbox(people.supervisor) == []
    with pytest.raises(Conflict):
        decide(proposed, CLOSE, people.supervisor)


def test_a_change_behind_the_services_is_noticed_when_it_is_confirmed(people, proposed):
    Opportunity.objects.filter(pk=proposed.pk).update(version=7)

    with pytest.raises(Conflict) as conflict:
        decide(proposed, CLOSE, people.supervisor)

    assert conflict.value.code == "changed"
    row = Opportunity.objects.get(pk=proposed.pk)
    assert (row.is_open, row.close_requested) == (True, "")


def test_an_agreed_level_leaves_the_other_proposal_as_it_is(people, proposed):
    level_set(opportunity_id=proposed.pk, level="C", by=people.owner)

    decide(proposed, LEVEL, people.supervisor)
    decide(proposed, CLOSE, people.supervisor)

    assert Opportunity.objects.values_list("level", "outcome").get(pk=proposed.pk) == ("C", "lost")
