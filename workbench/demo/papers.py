"""Documents of invented people: numbers whose check digits are right, pictures drawn here and marked as samples."""

import io
from datetime import date, timedelta

from PIL import Image, ImageDraw

from core import clock, watermark
from core.access_log import RequestMeta
from core.enums import AccessResult
from core.identity_numbers import NumberKind
from customers.enums import DocumentKind, DocumentPurpose, IdentitySource, LicenceClass
from customers.models import Customer
from customers.selectors import documents_of
from customers.services import (
    IdentityEntry,
    access_refused_log,
    document_add,
    document_show,
    identity_reveal,
    identity_save,
)
from staff.models import User
from workbench.demo.story import Teller

TABLET = RequestMeta(ip="10.20.0.31", session="demo", device="展厅平板 2", user_agent="Chrome 142 · Android")
DESK = RequestMeta(ip="10.20.0.12", session="demo", user_agent="Edge 142 · Windows")
NAME = "王建国"
ID_NUMBER = "330106198805120015"
SIZE = (1012, 638)


def tell_papers(teller: Teller) -> None:
    """The first customer left ID card and licence for a test drive; they were looked at, once with a typing error."""
    customer = Customer.objects.filter(store=teller.store, name=NAME).order_by("pk").first()
    if customer is None:
        return
    owner, manager = teller.people["linyue"], teller.people["shenlifeng"]
    with clock.travel(clock.now() - timedelta(days=1, hours=2)):
        _numbers(customer, owner)
        _picture(customer, owner, DocumentKind.ID_FRONT, ["姓名 王建国", "性别 男  民族 汉", ID_NUMBER])
        _picture(customer, owner, DocumentKind.LICENCE, ["中华人民共和国机动车驾驶证", "王建国  准驾车型 C1", "样张"])
    with clock.travel(clock.now() - timedelta(hours=3)):
        _looks(customer, owner, manager)


def _numbers(customer: Customer, owner: User) -> None:
    card = IdentityEntry(
        number=ID_NUMBER, name_on_document=NAME, source=IdentitySource.ORIGINAL, valid_until=date(2036, 5, 12)
    )
    licence = IdentityEntry(
        number=ID_NUMBER,
        name_on_document=NAME,
        source=IdentitySource.ORIGINAL,
        licence_class=LicenceClass.C1,
        issued_on=date(2012, 7, 3),
        valid_until=date(2028, 7, 3),
    )
    for kind, entry in ((NumberKind.ID_CARD, card), (NumberKind.DRIVING_LICENCE, licence)):
        identity_save(customer_id=customer.pk, kind=kind, entry=entry, by=owner, meta=TABLET)


def _picture(customer: Customer, owner: User, kind: str, lines: list[str]) -> None:
    document_add(
        customer_id=customer.pk,
        kind=kind,
        purpose=DocumentPurpose.TEST_DRIVE,
        name="photo.jpg",
        content=_drawn(lines),
        by=owner,
        meta=TABLET,
    )


def _looks(customer: Customer, owner: User, manager: User) -> None:
    identity = customer.identities.get(kind=NumberKind.ID_CARD)
    access_refused_log(
        customer_id=customer.pk,
        action="reveal",
        field=NumberKind.ID_CARD,
        result=AccessResult.WRONG_PASSWORD,
        by=owner,
        meta=TABLET,
    )
    identity_reveal(identity_id=identity.pk, reason="test_drive", by=owner, meta=TABLET)
    identity_reveal(identity_id=identity.pk, reason="check", by=manager, meta=DESK)
    document = documents_of(customer.pk)[0]
    document_show(customer_id=customer.pk, file_id=document.pk, reason="test_drive", by=owner, meta=TABLET)


def _drawn(lines: list[str]) -> bytes:
    """A card of nobody: a portrait of two shapes and the words, in the letters of the watermarks."""
    card = Image.new("RGB", SIZE, (226, 236, 245))
    draw = ImageDraw.Draw(card)
    draw.rounded_rectangle((20, 20, SIZE[0] - 20, SIZE[1] - 20), 36, outline=(120, 150, 190), width=4)
    draw.ellipse((720, 120, 880, 290), fill=(150, 165, 185))
    draw.rounded_rectangle((680, 300, 920, 480), 60, fill=(150, 165, 185))
    font = watermark.font(40)
    for number, line in enumerate(lines):
        draw.text((70, 110 + number * 130), line, font=font, fill=(30, 40, 60))
    out = io.BytesIO()
    card.save(out, "JPEG", quality=88)
    return out.getvalue()
