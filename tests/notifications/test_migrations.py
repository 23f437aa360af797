"""What was written before the addresses were encrypted."""

from importlib import import_module

import pytest
from django.apps import apps

from tests.factories import OutboundMessageFactory, UserFactory
from tests.notifications.conftest import state_of

pytestmark = pytest.mark.django_db


def test_old_addresses_are_sealed_and_old_failures_are_given_up():
    old = OutboundMessageFactory(
        recipient="+8619900000001", address=None, state="failed", created_by=UserFactory(), store=None
    )
    new = OutboundMessageFactory(state="failed")
    migration = import_module("notifications.migrations.0007_outbox_addresses")

    for _time in range(2):
        migration.seal_addresses(apps, None)

    old.refresh_from_db()
    assert (old.address, old.recipient) == ("+8619900000001", "199****0001")
    assert (old.state, old.store) == ("dead", old.created_by.store)
    assert state_of(new)["state"] == "failed"
