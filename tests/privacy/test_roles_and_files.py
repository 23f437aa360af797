"""Erasure under the rights of production, and of pictures."""

import io
import zipfile

import pytest
from django.db import DatabaseError, connection, transaction

from approvals.models import ApprovalRequest
from approvals.services import approval_decide
from core import clock
from core.access_log import RequestMeta
from core.models import PrivateFile
from core.private_files import file_read
from customers.enums import DocumentKind, DocumentPurpose
from customers.models import Customer
from customers.services import document_add
from operations.services import roles_grant
from privacy.enums import RequestKind
from privacy.services import copy_take, request_record
from tests.factories import CustomerFactory, OpportunityFactory
from tests.uploads import picture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def case(people):
    customer = CustomerFactory(store=people.store, name="金雀花", phone="+8619911105550")
    return OpportunityFactory(customer=customer, owner=people.owner)


def approved(case, people, kind):
    row = request_record(
        customer_id=case.customer_id, kind=kind, asked_on=clock.today(), asked_how="到店", by=people.owner
    )
    request = ApprovalRequest.objects.get(subject_type="privacy.PrivacyRequest", subject_id=row.pk)
    approval_decide(request_id=request.pk, approve=True, comment="", by=people.manager)
    return row


def test_the_role_of_production_erases_but_changes_no_log(case, people):
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE trial_erase_role NOLOGIN")
        roles_grant(app="trial_erase_role", readonly="nobody_here")
        cursor.execute("SET LOCAL ROLE trial_erase_role")

        approved(case, people, RequestKind.ERASE)

        assert Customer.objects.get(pk=case.customer_id).erased_at == clock.now()
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            cursor.execute("UPDATE opportunities_journeyevent SET data = '{}'")
        cursor.execute("RESET ROLE")


def test_pictures_are_in_the_copy_and_shredded_by_the_erasure(case, people):
    added = document_add(
        customer_id=case.customer_id, kind=DocumentKind.OTHER, purpose=DocumentPurpose.values[0], name="a.jpg",
        content=picture(), by=people.owner, meta=RequestMeta(),
    )  # fmt: skip
    _name, content = copy_take(request_id=approved(case, people, RequestKind.COPY).pk, by=people.owner)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.read(f"documents/{added.pk}-other.jpg") == file_read(PrivateFile.objects.get(pk=added.pk))

    row = approved(case, people, RequestKind.ERASE)

    row.refresh_from_db()
    left = PrivateFile.objects.get(pk=added.pk)
    assert (left.wrapped_key, left.shredded_at) == (None, clock.now())
    assert row.evidence["pictures"] == 1
