"""`any_of` says the same as IN, in a form that an index below an OR can answer."""

import pytest
from django.db.models import Q

from core.lookups import any_of
from staff.models import User

pytestmark = pytest.mark.django_db


def test_any_of_is_in(people):
    team = User.objects.filter(team=people.team).values_list("pk", flat=True)

    by_array = User.objects.filter(Q(pk=people.dcc.pk) | any_of("pk", team))
    by_subquery = User.objects.filter(Q(pk=people.dcc.pk) | Q(pk__in=team))

    assert set(by_array) == set(by_subquery) == {people.dcc, people.supervisor, people.owner, people.colleague}


def test_any_of_nothing_is_nothing(people):
    nobody = User.objects.filter(name="").values_list("pk", flat=True)

    assert not User.objects.filter(any_of("pk", nobody)).exists()


def test_any_of_is_an_array_and_no_in(people):
    sql = str(User.objects.filter(any_of("pk", User.objects.values_list("pk", flat=True))).query)

    assert "= ANY(ARRAY(SELECT" in sql


def test_any_of_may_name_one_more(people):
    team = User.objects.filter(pk=people.owner.pk).values_list("pk", flat=True)

    assert set(User.objects.filter(any_of("pk", team, or_number=people.dcc.pk))) == {people.dcc, people.owner}
    assert set(User.objects.filter(any_of("pk", team.none(), or_number=people.dcc.pk))) == {people.dcc}
