"""The list of what happened around signing in: own stores only, filters, keyset pages, masked addresses."""

import pytest
from django.urls import reverse

from core.client_ip import masked_ip
from staff.enums import SecurityEventKind as Kind
from staff.models import SecurityEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
PAGE = reverse("staff:security-events")


@pytest.fixture
def admin(client, people):
    client.force_login(people.administrator)
    return client


def event(user, kind=Kind.SIGNED_IN, **fields):
    return SecurityEvent.objects.create(kind=kind, user=user, actor=fields.pop("actor", user), **fields)


def shown(answer):
    return [row for row, _address in answer.context["lines"]]


def test_an_administrator_reads_the_own_stores_latest_first(admin, people):
    first = event(people.owner, ip="10.1.2.34")
    event(people.stranger_manager)
    reset = event(people.manager, Kind.FACTOR_RESET, actor=people.administrator, reason="手机丢了")

    answer = admin.get(PAGE)

    html = answer.content.decode()
    assert shown(answer) == [reset, first]
    assert ("10.1.2.•" in html, "10.1.2.34" in html, "手机丢了" in html) == (True, False, True)
    assert people.stranger_manager.name not in html


def test_it_is_narrowed_to_a_kind_and_a_person(admin, people):
    wanted = event(people.owner, Kind.CODE_WRONG)
    event(people.owner)
    event(people.manager, Kind.CODE_WRONG)

    answer = admin.get(PAGE, {"kind": Kind.CODE_WRONG, "person": people.owner.pk})
    elsewhere = admin.get(PAGE, {"person": people.stranger_manager.pk})

    assert shown(answer) == [wanted]
    assert elsewhere.context["form"].errors


@pytest.mark.parametrize("number", [1, 3])
def test_the_page_costs_the_same_for_one_and_for_three(admin, people, number, django_assert_num_queries):
    for _row in range(number):
        event(people.owner, actor=people.administrator)
    admin.get(PAGE)

    with django_assert_num_queries(6):
        admin.get(PAGE)


@pytest.mark.parametrize(
    ("address", "masked"),
    [(None, ""), ("192.168.7.21", "192.168.7.•"), ("2001:db8:12::1", "2001:db8:12:•"), ("::1", "0:0:0:•")],
)
def test_an_address_keeps_the_net_only(address, masked):
    assert masked_ip(address) == masked
