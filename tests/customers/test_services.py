"""Customers, numbers, consent, and the logged look at a number."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import translation

from core import clock
from core.access_log import RequestMeta
from core.errors import Conflict, DomainError
from core.models import AccessLogEntry
from core.phones import normalize_phone
from customers.models import Channel, Consent, Customer, CustomerPhone
from customers.policies import can_change
from customers.selectors import channels_in_use, phone_find
from customers.services import (
    PhoneTaken,
    consent_give,
    consent_withdraw,
    customer_create,
    customer_update,
    do_not_contact_set,
    phone_add,
    phone_lookup_log,
    phone_reveal,
)
from tests.conftest import NOON
from tests.factories import ChannelFactory, CustomerFactory, StoreFactory, UserFactory

pytestmark = pytest.mark.django_db
PHONE = normalize_phone("13800001111")
META = RequestMeta(ip="10.0.0.1", session="5e55", user_agent="Chrome 130 · Android")
OTHER_PHONE = normalize_phone("0571-88886666")


def sql(statement, *values):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def create(people, **changes):
    values = {"store_id": people.store.pk, "name": "王建国", "phone": PHONE, "by": people.dcc} | changes
    return customer_create(**values)


@pytest.fixture
def customer(people):
    return CustomerFactory(store=people.store)


def row_of(customer) -> dict[str, object]:
    return Customer.objects.filter(pk=customer.pk).values().get()


@pytest.mark.req("R-081")
def test_a_customer_is_found_by_characters_pinyin_initials_and_digits(people):
    customer = create(people, name=" 欧阳\u200b娜娜 ", gender="female", area="滨江")

    assert (customer.name, customer.registered_by, customer.version) == ("欧阳娜娜", people.dcc, 1)
    for text in ("欧阳", "娜娜", "ouyang", "oynn", "1111", "138 0000 1111", "+8613800001111"):
        assert list(Customer.objects.matching(text)) == [customer], text
    for text in ("王", "11", "", "9999"):
        assert not Customer.objects.matching(text).exists(), text


def test_the_number_is_the_main_one_in_its_normal_form(people):
    phone = create(people, phone=normalize_phone("+86 138-0000-1111")).phones.get()

    assert (phone.number, phone.kind, phone.is_primary, phone.store) == ("+8613800001111", "MOBILE", True, people.store)


def test_a_number_belongs_to_one_customer_of_a_store(people):
    first = create(people)

    with pytest.raises(PhoneTaken) as refused:
        create(people, name="李四")

    assert (refused.value.current.customer, refused.value.field) == (first, "phone")
    assert Customer.objects.count() == 1
    assert create(people, store_id=people.other_store.pk).store == people.other_store
    assert phone_find(store_id=people.store.pk, number=PHONE.e164).customer == first
    assert phone_find(store_id=people.store.pk, number=OTHER_PHONE.e164) is None


def test_another_refusal_of_the_database_is_not_called_a_taken_number(people):
    with pytest.raises(IntegrityError, match="phone_is_e164"):
        create(people, phone=replace(PHONE, e164="0571"))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " \u200b"}, "name"),
        ({"name": "长" * 61}, "name"),
        ({"gender": "other"}, "gender"),
        ({"area": "长" * 61}, "area"),
    ],
)
def test_a_bad_field_is_refused_by_its_name(people, changes, field):
    with pytest.raises(ValidationError) as refused:
        create(people, **changes)

    assert set(refused.value.message_dict) == {field}
    assert not Customer.objects.exists()


@pytest.mark.parametrize("name", ["𠮷野家", "👨‍👩‍👧 一家", "O'Brien; DROP TABLE", "<script>alert(1)</script>", "=1+1"])
def test_rare_characters_and_mischief_are_only_text(people, name):
    assert Customer.objects.get(pk=create(people, name=name).pk).name == name


# ---- changing -----------------------------------------------------------------------------------------------------


def update(customer, by, version=1, **changes):
    return customer_update(customer_id=customer.pk, version=version, by=by, **changes)


def test_a_new_name_is_found_and_the_old_one_is_not(people, customer):
    update(customer, people.owner, name="李小龙", area=" 萧山 ")

    customer.refresh_from_db()
    assert (customer.name, customer.area, customer.version) == ("李小龙", "萧山", 2)
    assert list(Customer.objects.matching("lxl")) == [customer]
    assert not Customer.objects.matching("wangjianguo").exists()


def test_other_facts_leave_the_search_keys(people, customer):
    update(customer, people.owner, grade="vip", channel_id=ChannelFactory().pk)

    row = row_of(customer)
    assert (row["grade"], row["pinyin"]) == ("vip", customer.pinyin)


def test_two_people_do_not_overwrite_each_other(people, customer):
    update(customer, people.owner, area="滨江")
    before = row_of(customer)

    with pytest.raises(Conflict) as refused:
        update(customer, people.supervisor, area="余杭")

    assert refused.value.current.area == "滨江"
    assert row_of(customer) == before


@pytest.mark.parametrize("field", ["store_id", "registered_by", "is_do_not_contact", "pinyin"])
def test_only_listed_fields_are_changed(people, customer, field):
    with pytest.raises(ValueError, match="not editable"):
        update(customer, people.owner, **{field: 2})


def test_an_empty_name_is_refused(people, customer):
    with pytest.raises(ValidationError):
        update(customer, people.owner, name=" ")

    assert row_of(customer)["name"] == "王建国"


def test_a_further_number(people, customer):
    row = phone_add(customer_id=customer.pk, phone=OTHER_PHONE, label="公司", by=people.owner)

    assert (row.number, row.kind, row.is_primary, row.label) == (OTHER_PHONE.e164, "LANDLINE", False, "公司")


def test_a_further_number_of_somebody_else_is_refused(people, customer):
    other = create(people)

    with pytest.raises(PhoneTaken) as refused:
        phone_add(customer_id=customer.pk, phone=PHONE, by=people.owner)

    assert refused.value.current.customer == other
    assert customer.phones.count() == 1


def test_contact_is_not_wanted_and_wanted_again(people, customer):
    states = [
        do_not_contact_set(customer_id=customer.pk, is_do_not_contact=wish, by=people.owner).is_do_not_contact
        for wish in (True, False)
    ]

    assert (states, row_of(customer)["version"]) == ([True, False], 3)


def test_the_same_wish_again_is_refused(people, customer):
    with pytest.raises(DomainError):
        do_not_contact_set(customer_id=customer.pk, is_do_not_contact=False, by=people.owner)

    assert row_of(customer)["version"] == 1


# ---- who ----------------------------------------------------------------------------------------------------------


def attempts(customer, by):
    phone = customer.phones.get()
    return (
        lambda: update(customer, by, area="x"),
        lambda: phone_add(customer_id=customer.pk, phone=OTHER_PHONE, by=by),
        lambda: do_not_contact_set(customer_id=customer.pk, is_do_not_contact=True, by=by),
        lambda: consent_withdraw(customer_id=customer.pk, purpose="contact", by=by),
        lambda: phone_reveal(phone_id=phone.pk, by=by, meta=META),
    )


@pytest.mark.parametrize("who", ["stranger", "stranger_manager", "finance", "administrator"])
def test_another_store_and_people_without_customers_change_nothing(people, customer, who):
    before = row_of(customer)

    for attempt in attempts(customer, getattr(people, who)):
        with pytest.raises(PermissionDenied):
            attempt()

    assert row_of(customer) == before
    assert not AccessLogEntry.objects.exists()


def test_an_unknown_customer_is_nobodys(people):
    with pytest.raises(PermissionDenied):
        consent_withdraw(customer_id=0, purpose="contact", by=people.owner)


def test_the_group_changes_in_its_own_stores(people, customer):
    group = UserFactory(store=people.other_store, roles=["general_manager"], scope_override="group")
    foreign = UserFactory(store=StoreFactory(code="foreign", group__name="别家"), scope_override="group")
    homeless = UserFactory(store=None, is_superuser=True, scope_override="group")
    gone = UserFactory(store=people.store, is_active=False)

    assert [can_change(user, customer) for user in (group, foreign, homeless, gone)] == [True, False, False, False]


# ---- looking at a number --------------------------------------------------------------------------------------------


def test_a_revealed_number_is_logged_first(people, customer):
    phone = phone_reveal(phone_id=customer.phones.get().pk, by=people.owner, meta=META)

    entry = AccessLogEntry.objects.get()
    assert phone.number.startswith("+86")
    assert (entry.actor, entry.action, entry.customer_id, entry.field, entry.ip, entry.reason) == (
        people.owner,
        "reveal",
        customer.pk,
        "phone",
        "10.0.0.1",
        "contact",
    )
    assert (entry.store_id, entry.session, entry.user_agent) == (people.store.pk, "5e55", "Chrome 130 · Android")


def test_without_the_log_there_is_no_number(people, customer):
    sql("ALTER TABLE core_accesslogentry ADD CONSTRAINT full_up CHECK (false) NOT VALID")

    with pytest.raises(IntegrityError):
        phone_reveal(phone_id=customer.phones.get().pk, by=people.owner, meta=META)


def test_asking_who_holds_a_number_is_logged(people, customer):
    phone_lookup_log(customer_id=customer.pk, by=people.receptionist, meta=META)

    assert AccessLogEntry.objects.get().action == "lookup"


@pytest.mark.parametrize("verb", ["UPDATE core_accesslogentry SET reason = 'x'", "DELETE FROM core_accesslogentry"])
def test_the_access_log_is_append_only_even_for_raw_sql(people, customer, verb):
    phone_lookup_log(customer_id=customer.pk, by=people.owner, meta=META)

    with pytest.raises(DatabaseError, match="Cannot update or delete"):
        sql(verb)

    assert AccessLogEntry.objects.get().reason == ""


# ---- consent --------------------------------------------------------------------------------------------------------


def give(customer, by, **changes):
    values = {"text_version": "2026-01", "source": "来电", "given_at": NOON, "by": by} | changes
    return consent_give(customer_id=customer.pk, **values)


def test_a_consent_is_given_once_and_withdrawn(people, customer, noon):
    first, again = give(customer, people.dcc), give(customer, people.owner, text_version="2027-01")

    assert (again, again.text_version, again.recorded_by) == (first, "2026-01", people.dcc)
    with clock.travel(NOON + timedelta(days=1)):
        assert consent_withdraw(customer_id=customer.pk, purpose="contact", by=people.owner) == 1
    assert Consent.objects.get().withdrawn_at == NOON + timedelta(days=1)
    assert give(customer, people.dcc).pk != first.pk


def test_purposes_are_withdrawn_one_by_one(people, customer):
    give(customer, None)
    give(customer, None, purpose="marketing")

    assert consent_withdraw(customer_id=customer.pk, purpose="marketing", by=people.owner) == 1

    assert Consent.objects.get(withdrawn_at=None).purpose == "contact"


# ---- the database ---------------------------------------------------------------------------------------------------


COPY_PHONE = (
    "INSERT INTO customers_customerphone (uid, created_at, updated_at, store_id, customer_id, kind, label, number,"
    " is_primary) SELECT gen_random_uuid(), created_at, updated_at, store_id, customer_id, kind, label, %s, %s"
    " FROM customers_customerphone"
)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE customers_customer SET name = ''", "customer_has_a_name"),
        ("UPDATE customers_customerphone SET number = '13800001111'", "phone_is_e164"),
        (COPY_PHONE % ("number", "false"), "phone_once_per_store"),
        (COPY_PHONE % ("'+8613800009999'", "true"), "phone_one_primary_per_customer"),
    ],
)
def test_the_database_refuses(customer, statement, constraint):
    with pytest.raises(IntegrityError, match=constraint):
        sql(statement)


def test_every_change_leaves_the_row_as_it_was_also_without_the_service(customer):
    Customer.objects.filter(pk=customer.pk).update(area="余杭")
    sql("UPDATE customers_customer SET grade = 'vip'")

    kept = customer.history.order_by("pgh_id").values_list("area", "grade")
    assert list(kept) == [("滨江", "other"), ("余杭", "other")]


def test_channels_in_both_languages(people):
    channel = Channel.objects.get(code="douyin")
    Channel.objects.filter(code="other").update(is_active=False)

    for language, name in (("zh-hans", "抖音"), ("en", "Douyin")):
        with translation.override(language):
            assert str(channel) == name
    assert "other" not in channels_in_use().values_list("code", flat=True)
    assert CustomerPhone.objects.count() == 0


@pytest.mark.req("R-060", "R-062", "R-064", "R-065")
def test_the_shipped_channels_cover_every_way_to_a_customer():
    kinds = set(Channel.objects.filter(is_active=True).values_list("kind", flat=True))

    assert kinds >= {"walk_in", "phone", "online", "referral", "repurchase", "roadshow", "key_account", "manufacturer"}
    assert Channel.objects.filter(kind="online", is_active=True).count() >= 5
