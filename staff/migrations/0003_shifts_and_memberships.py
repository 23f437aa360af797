"""Stores that exist get the usual shifts, people the time since when they are in their team."""

from django.db import migrations
from django.db.models import F

from staff import defaults


def fill(apps, schema_editor):
    shift, store = apps.get_model("staff", "ShiftType"), apps.get_model("staff", "Store")
    for row in store.objects.exclude(pk__in=shift.objects.values("store")):
        defaults.ship(shift, row)
    user, membership = apps.get_model("staff", "User"), apps.get_model("staff", "TeamMembership")
    for person in user.objects.exclude(team=None).exclude(pk__in=membership.objects.values("user")).iterator():
        membership.objects.create(user=person, team_id=person.team_id, since_on=person.created_at.date())
    user.objects.filter(joined_on=None).update(joined_on=F("created_at__date"))


class Migration(migrations.Migration):
    dependencies = [("staff", "0002_people_roster_and_invitations")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
