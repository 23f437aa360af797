from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CustomerKind(models.TextChoices):
    PERSON = "person", _("Person")
    ORGANISATION = "organisation", _("Organisation")


class Gender(models.TextChoices):
    MALE = "male", pgettext_lazy("salutation", "Mr")
    FEMALE = "female", pgettext_lazy("salutation", "Ms")


class Grade(models.TextChoices):
    """R-081, R-400 … R-402."""

    VIP = "vip", _("VIP")
    LEVEL_1 = "level_1", _("Level 1")
    LEVEL_2 = "level_2", _("Level 2")
    OTHER = "other", _("Other")


class PhoneKind(models.TextChoices):
    """The same words as core.phones.PhoneKind, with labels."""

    MOBILE = "MOBILE", _("Mobile")
    LANDLINE = "LANDLINE", _("Landline")
    SERVICE_400 = "SERVICE_400", _("400 number")


class ChannelKind(models.TextChoices):
    """Lead sources (domain.md section 6)."""

    WALK_IN = "walk_in", _("Walk-in")
    PHONE = "phone", _("Phone-in")
    ONLINE = "online", _("Online media")
    MANUFACTURER = "manufacturer", _("Manufacturer")
    REFERRAL = "referral", _("Owner referral")
    REPURCHASE = "repurchase", _("Repurchase and trade-in")
    ROADSHOW = "roadshow", _("Roadshow and outside event")
    KEY_ACCOUNT = "key_account", _("Key account")
    SECONDARY_DEALER = "secondary_dealer", _("Secondary dealer")
    OTHER = "other", _("Other")


class PreferredTime(models.TextChoices):
    """When the customer likes to be called; slots of R-837 and the ends of the day."""

    ANY = "", _("Any time")
    MORNING = "morning", _("Morning, about 10:00")
    AFTERNOON = "afternoon", _("Afternoon, about 15:30")
    EVENING = "evening", _("Evening, after 18:00")
    WEEKEND = "weekend", _("At the weekend")


class ConsentPurpose(models.TextChoices):
    CONTACT = "contact", _("Contact about this purchase")
    MARKETING = "marketing", _("Offers and invitations")


class ConsentChannel(models.TextChoices):
    ANY = "any", _("Any channel")
    PHONE = "phone", _("Phone")
    SMS = "sms", _("Text message")
    WECHAT = "wechat", _("WeChat")


class DataClass(models.TextChoices):
    """What a reason for looking is offered for (reliability.md 4.5: classes P2 and P3)."""

    PHONE = "phone", _("Phone numbers")
    IDENTITY = "identity", _("Numbers of documents")
    DOCUMENT = "document", _("Pictures of documents")


class IdentitySource(models.TextChoices):
    ORIGINAL = "original", _("Original seen")
    COPY = "copy", _("Copy or picture")
    TOLD = "told", _("Told by the customer")
    IMPORT = "import", _("Taken over")


class LicenceClass(models.TextChoices):
    """Classes that cover a car; what else stands on a licence is not needed."""

    A1 = "A1", _("A1 · coach")
    A2 = "A2", _("A2 · articulated lorry")
    A3 = "A3", _("A3 · city bus")
    B1 = "B1", _("B1 · medium bus")
    B2 = "B2", _("B2 · heavy lorry")
    C1 = "C1", _("C1 · car")
    C2 = "C2", _("C2 · automatic car")
    C5 = "C5", _("C5 · adapted car")


class DocumentKind(models.TextChoices):
    """Pictures that a customer leaves with the store."""

    ID_FRONT = "id_front", _("ID card, side with the portrait")
    ID_BACK = "id_back", _("ID card, side with the emblem")
    LICENCE = "licence", _("Driving licence")
    LICENCE_2 = "licence_2", _("Driving licence, second page")
    PASSPORT = "passport", _("Passport or permit")
    OTHER = "other", _("Other document")


class DocumentPurpose(models.TextChoices):
    """What the picture may be used for; written over it whenever it is shown (D-28)."""

    TEST_DRIVE = "test_drive", _("Only for the test drive")
    ORDER = "order", _("Only for the order and the invoice")
    REGISTRATION = "registration", _("Only for registration and insurance")
    FINANCE = "finance", _("Only for the loan application")
