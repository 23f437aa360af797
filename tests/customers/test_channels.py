"""The channels that administrators keep: added, renamed, switched off, never lost."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from core import history
from core.errors import DomainError
from customers.models import Channel
from customers.services import channel_add, channel_change
from tests.factories import CustomerFactory

pytestmark = pytest.mark.django_db
NEW = {"name_zh": "小红书", "name_en": "Xiaohongshu", "kind": "online", "aliases": ["红书", "RED"], "is_active": True}


@pytest.fixture
def admin(client, people):
    client.force_login(people.administrator)
    return client


def test_a_new_channel_stands_at_the_end(people):
    last = Channel.objects.order_by("sort_order").last()

    channel = channel_add(values=NEW, by=people.administrator)

    assert (channel.aliases, channel.sort_order) == (["红书", "RED"], last.sort_order + 10)
    assert Channel.objects.order_by("sort_order").last() == channel


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name_zh": "抖音"}, "name_zh"), ({"aliases": ["来电"]}, "aliases"), ({"aliases": ["DOUYIN"]}, "aliases")],
)
def test_a_word_belongs_to_one_channel(people, changed, field):
    before = Channel.objects.count()

    with pytest.raises(DomainError) as refused:
        channel_add(values=NEW | changed, by=people.administrator)

    assert (refused.value.field, refused.value.code) == (field, "taken")
    assert Channel.objects.count() == before


@pytest.mark.parametrize("person", ["manager", "dcc", "owner"])
def test_only_administrators_keep_the_list(people, person):
    with pytest.raises(PermissionDenied):
        channel_add(values=NEW, by=getattr(people, person))


def test_switched_off_it_stays_with_who_came_by_it(people):
    channel = Channel.objects.get(code="douyin")
    customer = CustomerFactory(store=people.store, channel=channel)

    channel_change(channel_id=channel.pk, values={"is_active": False}, by=people.administrator)

    customer.refresh_from_db()
    channel.refresh_from_db()
    assert (customer.channel, channel.is_active, channel.name_zh) == (channel, False, "抖音")


def test_the_page_saves_and_tells_the_past(admin, people):
    channel = Channel.objects.get(code="douyin")
    url = reverse("customers:channel-edit", args=[channel.pk])
    sent = {
        "name_zh": "抖音短视频",
        "name_en": "Douyin",
        "kind": "online",
        "aliases": "抖音，douyin、抖音留资",
        "is_active": "on",
    }

    assert admin.post(url, sent).status_code == 302
    assert admin.post(url, sent | {"name_zh": ""}).status_code == 422

    channel.refresh_from_db()
    assert (channel.name_zh, channel.aliases) == ("抖音短视频", ["抖音", "douyin", "抖音留资"])
    change = history.changes(user=people.administrator, key="channels")[0]
    assert [(value.before, value.after) for value in change.values] == [("抖音", "抖音短视频")]
    assert "抖音短视频" in admin.get(reverse("customers:channel-list"), {"channel": channel.pk}).content.decode()


def test_the_list_costs_the_same_for_one_and_three_customers(admin, people, django_assert_max_num_queries):
    channels = list(Channel.objects.all()[:3])
    url = reverse("customers:channel-list")
    CustomerFactory(store=people.store, channel=channels[0])
    admin.get(url)
    with django_assert_max_num_queries(20) as one:
        admin.get(url)
    for channel in channels[1:]:
        CustomerFactory(store=people.store, channel=channel)
    with django_assert_max_num_queries(20) as three:
        admin.get(url)

    assert len(one.captured_queries) == len(three.captured_queries)
