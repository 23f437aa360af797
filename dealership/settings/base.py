"""What every environment shares. Everything that differs between machines comes from the environment."""

from datetime import timedelta
from pathlib import Path

import environ
import pghistory
from csp.constants import NONCE, NONE, SELF
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()

DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# How many proxies of ours stand in front. They overwrite X-Forwarded-For and X-Forwarded-Proto of the client.
PROXY_COUNT = env.int("PROXY_COUNT", default=0)

LOCAL_APPS = [
    "core",
    "staff",
    "notifications",
    "approvals",
    "customers",
    "vehicles",
    "opportunities",
    "followups",
    "leads",
    "workbench",
    "privacy",
    "operations",
]

INSTALLED_APPS = [
    *LOCAL_APPS,
    "dealership.apps.SupportConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "crispy_forms",
    "crispy_bootstrap5",
    "django_htmx",
    "django_filters",
    "pgtrigger",
    "pghistory",
    "axes",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "core.middleware.RequestIdMiddleware",
    "operations.middleware.RequestMetricsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.HtmxResponseMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "staff.middleware.ScreenLockMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "staff.middleware.SessionLimitMiddleware",
    "staff.middleware.TemporaryPasswordMiddleware",
    "staff.middleware.SecondFactorMiddleware",
    "staff.middleware.PreferencesMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "dealership.urls"
WSGI_APPLICATION = "dealership.wsgi.application"

PREPARED_TEMPLATES = True  # core/rendering; False: Django's own renderer, the same pages
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "core.rendering.nodes.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "workbench.context_processors.shell",
            ],
            "builtins": ["core.templatetags.ui"],
        },
    }
]

# One database everywhere (architecture.md 7): PostgreSQL 15 or newer.
DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///shuncheng")}
DATABASES["default"].update(
    ENGINE="django.db.backends.postgresql",
    ATOMIC_REQUESTS=False,
    CONN_MAX_AGE=60,
    CONN_HEALTH_CHECKS=True,
)
DATABASES["default"].setdefault("OPTIONS", {}).update(
    connect_timeout=5,
    options="-c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=30s"
    " -c random_page_cost=1.1"  # SSD; with the default of 4 the planner reads tables instead of the search indexes
    # Our queries are short: to compile one, to start a second process for it or to try every order of ten joins takes
    # longer (3 to 30 ms) than to run it.
    " -c jit=off -c max_parallel_workers_per_gather=0 -c join_collapse_limit=4",
)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "staff.backends.StaffBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("employee_number", "name", "phone")},
    },
    {"NAME": "core.passwords.LongPasswordValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "staff.passwords.ContextWordsValidator",
        "OPTIONS": {
            "words": [
                "shuncheng", "顺程", "qiche", "汽车", "4s店", "4s", "xiaoshou", "销售", "dealer", "dealership", "sales",
                "password", "mima", "密码", "admin",
            ]
        },
    },
]  # fmt: skip
LOGIN_URL = "staff:login"
LOGIN_REDIRECT_URL = "workbench:home"
LOGOUT_REDIRECT_URL = "staff:login"

# Lock-out: five wrong passwords for one user from one address (a showroom sits behind one address).
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_USERNAME_CALLABLE = "staff.lockout.login_name"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # trying on does not make the quarter of an hour longer
AXES_LOCKOUT_CALLABLE = "staff.lockout.locked_out"
AXES_CLIENT_IP_CALLABLE = "core.client_ip.client_ip"
AXES_SENSITIVE_PARAMETERS = ["username", "password"]
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False

# How often in how many seconds (reliability.md 4.6). The environment may change some: RATE_LIMITS=search=200/60,…
RATE_LIMITS: dict[str, tuple[int, int]] = {
    "login_ip": (50, 900),  # wrong passwords from one address: a showroom sits behind one
    "login": (10, 900),  # passwords compared for one person from one address, also at the same moment
    "second_factor": (5, 900),
    "pairing": (10, 900),
    "search": (120, 60),
    "lookup": (120, 60),
    "export": (5, 86_400),
    "upload": (60, 3600),
    "csp_report": (30, 3600),  # from one address: a broken page reports itself again and again
}
for _name, _equals, _limit in (part.partition("=") for part in env.list("RATE_LIMITS", default=[])):
    RATE_LIMITS[_name] = (int(_limit.partition("/")[0]), int(_limit.partition("/")[2]))
# Without the database nobody passes these; everybody passes the others.
RATE_LIMITS_CLOSED = {"login_ip", "login", "second_factor", "pairing"}

SESSION_ENGINE = "staff.sessions"  # in the database, with whose it is and where
SESSION_COOKIE_AGE = 10 * 3600  # one shift
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "core.views.csrf_failure"
SESSION_IDLE_SECONDS = env.int("SESSION_IDLE_SECONDS", default=30 * 60)
SHARED_IDLE_SECONDS = env.int("SHARED_IDLE_SECONDS", default=5 * 60)  # on a registered shared tablet: the screen locks
DEVICE_COOKIE_NAME = "device"
DEVICE_COOKIE_AGE = 400 * 86_400  # as long as browsers allow; renewed by every sign-in

# Who needs a code besides the password (reliability.md 4.4). The trial leaves it to each person; production asks.
REQUIRE_SECOND_FACTOR = env.bool("REQUIRE_SECOND_FACTOR", default=False)
SECOND_FACTOR_ROLES = env.list(
    "SECOND_FACTOR_ROLES", default=["administrator", "sales_manager", "general_manager", "finance"]
)

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
        "report-uri": ["/csp-report/"],
    }
}
# A note of 10 MB is refused by its form, next to the field and with everything else kept; beyond this by a page.
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 10
FILE_UPLOAD_PERMISSIONS = 0o600

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
# Third-party front-end files are copied to var/vendor at set-up (never committed).
STATICFILES_DIRS = [BASE_DIR / "static", ("vendor", VAR_DIR / "vendor")]

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# History rows are found by their object; further indexes would only slow every change down.
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")  # a GET changes nothing
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)

# What sends where no integration is set up: "console" (a line in the log) in the trial; "" lets messages wait for one.
OUTBOX_PROVIDER = env.str("OUTBOX_PROVIDER", default="")
# Networks of the own house that integrations may call ("10.20.0.0/16"); everything else must be a public address.
OUTBOX_ALLOWED_NETWORKS = env.list("OUTBOX_ALLOWED_NETWORKS", default=[])

# Encrypted fields (core.encryption): "id:base64,id:base64", 32 random bytes each, the first one writes. INDEX_KEY is
# the base64 of 32 other bytes. Kept apart from the backups of the database: without them its protected fields are lost.
FIELD_KEYS = env.str("FIELD_KEYS", default="")
INDEX_KEY = env.str("INDEX_KEY", default="")

# Celery messages are wake-ups only; PostgreSQL is the truth (reliability.md 4.1, 4.2).
CELERY_BROKER_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
# Short sweeps and long work apart: an import must not delay a reminder. A worker without -Q takes both.
CELERY_TASK_QUEUES: dict[str, dict[str, str]] = {"tick": {}, "heavy": {}}
CELERY_TASK_DEFAULT_QUEUE = "tick"
CELERY_TASK_ROUTES = {"leads.import_run": {"queue": "heavy"}, "workbench.export_build": {"queue": "heavy"}}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_ENABLE_UTC = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = 2
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 250_000
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_TIME_LIMIT = 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "socket_connect_timeout": 3,
    "health_check_interval": 25,
    "socket_keepalive": True,
    "unacked_restore_interval": 10,
    "global_keyprefix": "shuncheng:",
}

# Encrypted files of customers; never below a directory that a web server shows.
PRIVATE_FILES_DIR = Path(env.str("PRIVATE_FILES_DIR", default=str(VAR_DIR / "private")))
# An upload never lies on the disk as it came; what is larger than core.uploads allows is refused unseen.
FILE_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
# unix:///run/clamav/clamd.ctl or tcp://clamav:3310; empty: no virus scanner.
CLAMD_URL = env.str("CLAMD_URL", default="")
# The Chinese letters of watermarks.
FONT_FILE = env.str("FONT_FILE", default=str(VAR_DIR / "fonts" / "NotoSansSC_400Regular.ttf"))

# Whoever sends it as a bearer token reads /metrics; empty: there is no such page.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "core.logs.RequestIdFilter"},
        "personal_data": {"()": "core.logs.PersonalDataFilter"},
    },
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"},
        "json": {"()": "core.logs.json_formatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id", "personal_data"],
        },
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Every wake-up and every short sweep that went well would be four lines each 15 seconds.
        "celery.beat": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "operations.requests": {"level": "WARNING"},
    },
}
