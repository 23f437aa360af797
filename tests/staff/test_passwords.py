"""What a password must be (ASVS 5.0, 6.2)."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from tests.factories import StoreFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return UserFactory(
        employee_number="linyue",
        name="林悦",
        phone="+8613805715621",
        store=StoreFactory(name="杭州滨江店", brand_name="远岚汽车"),
    )


@pytest.mark.parametrize(
    "word",
    [
        "shuncheng2026!", "Shuncheng-2026-1", "顺程顺程顺程顺程顺程顺程", "远岚汽车远岚汽车2026", "yuanlanqiche2026",
        "binjiang-4s-123456", "ＳＨＵＮＣＨＥＮＧ－２０２６",
        "汽车4S店销售20261121", "password1234", "admin-admin-2026",
        "linyue20261121", "13805715621138", "short", "123456789012",
    ],
)  # fmt: skip
def test_what_everybody_would_try_is_refused(person, word):
    with pytest.raises(ValidationError):
        validate_password(word, person)


@pytest.mark.parametrize(
    "word",
    [
        "七月的云慢慢走过西湖边",
        "my cat sleeps in the yuanlan",
        "w4-Kd9-fLq2-xx",
        "correct horse battery staple",
        "x7" * 128,
    ],
)
def test_a_short_sentence_is_good(person, word):
    validate_password(word.ljust(12, "。"), person)


def test_the_reason_stands_next_to_the_field(client, person):
    client.force_login(person)

    answer = client.post(
        "/staff/password/",
        {
            "old_password": "a-long-enough-password",
            "new_password1": "shuncheng2026!",
            "new_password2": "shuncheng2026!",
        },
    )

    assert answer.status_code == 422
    assert "new_password2" in answer.context["form"].errors


@pytest.mark.parametrize("length", [64, 128, 512])
def test_long_passwords_are_taken_as_a_whole(client, person, length):
    word = ("q7-" * length)[:length]
    client.force_login(person)
    data = {"old_password": "a-long-enough-password", "new_password1": word, "new_password2": word}

    answer = client.post("/staff/password/", data)

    person.refresh_from_db()
    assert answer.status_code == 302
    assert person.check_password(word)
    assert not person.check_password(word[:-1])


def test_nothing_keeps_people_from_pasting(client, person):
    client.force_login(person)

    text = client.get("/staff/password/").text + client.get("/staff/login/").text

    assert "onpaste" not in text
    assert 'autocomplete="new-password"' in text
