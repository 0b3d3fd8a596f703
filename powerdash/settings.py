"""Every setting, read from the environment once, by the specification's names.

A plain module: both planes read it, so it loads neither Django nor a driver. Each name
is in `.env.example` and `docs/reference/settings.md` too; a test compares the three.
"""

import hashlib
import hmac
import json
from pathlib import Path

from powerdash.lib import datadir, env

_env = env.load(Path.cwd())
READ = _env.read

# --- the installation -----------------------------------------------------------------
DATA_DIR = Path(_env.text("POWERDASH_DATA_DIR", str(datadir.default()))).absolute()
SECRET_KEY = _env.secret("SECRET_KEY") or _env.made(
    "SECRET_KEY", datadir.secret_key(DATA_DIR), datadir.secret_key_file(DATA_DIR)
)
DEBUG = _env.boolean("DEBUG", False)
ALLOWED_HOSTS = list(_env.words("ALLOWED_HOSTS", ("*",)))
CSRF_TRUSTED_ORIGINS = list(_env.words("CSRF_TRUSTED_ORIGINS", check=env.origin))
SECURE_COOKIES = _env.boolean("SECURE_COOKIES", False)
TRUSTED_PROXIES = list(_env.words("TRUSTED_PROXIES", check=env.network))
LOG_LEVEL = _env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))


def derived_key(purpose: str) -> str:
    """Derive a key for one purpose from `SECRET_KEY`, so every process agrees on it."""
    return hmac.digest(
        SECRET_KEY.encode(), f"powerdash/{purpose}".encode(), hashlib.sha256
    ).hex()


# --- PostgreSQL: the embedded one unless DB_HOST is set -------------------------------
_env.choice("DB_CONNECTION", "pgsql", ("pgsql",))
DB_HOST = _env.text("DB_HOST")
DB_EMBEDDED = not DB_HOST
DB_PORT = _env.integer("DB_PORT", 5432, least=1, most=65535)
DB_DATABASE = _env.text("DB_DATABASE", "power_dashboard")
DB_USERNAME = _env.text("DB_USERNAME", "powerdash" if DB_EMBEDDED else "postgres")
DB_PASSWORD = _env.secret("DB_PASSWORD")
DB_SERVER = str(datadir.socket_dir(DATA_DIR)) if DB_EMBEDDED else DB_HOST

# --- Redis, RabbitMQ: used when their host is set -------------------------------------
REDIS_HOST = _env.text("REDIS_HOST")
REDIS_PORT = _env.integer("REDIS_PORT", 6379, least=1, most=65535)
REDIS_PASSWORD = _env.secret("REDIS_PASSWORD")
RABBITMQ_HOST = _env.text("RABBITMQ_HOST")
RABBITMQ_PORT = _env.integer("RABBITMQ_PORT", 5672, least=1, most=65535)
RABBITMQ_USER = _env.text("RABBITMQ_USER", "guest")
RABBITMQ_PASSWORD = _env.secret("RABBITMQ_PASSWORD", "guest")
RABBITMQ_VHOST = _env.text("RABBITMQ_VHOST", "/")

# --- Pusher protocol: our own server unless PUSHER_HOST is set ------------------------
PUSHER_APP_ID = _env.text("PUSHER_APP_ID", "1", shape=env.NAME)
PUSHER_APP_KEY = _env.text(
    "PUSHER_APP_KEY", derived_key("pusher key")[:20], shape=env.NAME
)
PUSHER_APP_SECRET = _env.secret("PUSHER_APP_SECRET", derived_key("pusher secret"))
PUSHER_HOST = _env.text("PUSHER_HOST")
PUSHER_PORT = _env.integer("PUSHER_PORT", 443, least=1, most=65535)
PUSHER_SCHEME = _env.choice("PUSHER_SCHEME", "https", ("http", "https"))
PUSHER_APP_CLUSTER = _env.text("PUSHER_APP_CLUSTER", "mt1")

# --- devices --------------------------------------------------------------------------
OFFLINE_SLA_SECONDS = _env.integer("OFFLINE_SLA_SECONDS", 120, least=1, most=604_800)
# Keys the hash of every device secret; changing it makes every secret invalid.
DEVICE_SECRET_PEPPER = _env.secret("DEVICE_SECRET_PEPPER", derived_key("device secret"))

# --- ingest ---------------------------------------------------------------------------
INGEST_MAX_CURRENT_A = _env.number("INGEST_MAX_CURRENT_A", 100_000.0, least=1)
INGEST_MAX_VOLTAGE_V = _env.number("INGEST_MAX_VOLTAGE_V", 1_000_000.0, least=1)
INGEST_WINDOW_DAYS = _env.integer("INGEST_WINDOW_DAYS", 30 * 365, least=1, most=36_500)
INGEST_FUTURE_SECONDS = _env.integer("INGEST_FUTURE_SECONDS", 300, most=86_400)
INGEST_EVENTS = _env.choice("INGEST_EVENTS", "minute", ("minute", "request"))
INGEST_QUEUE_READINGS = _env.integer("INGEST_QUEUE_READINGS", 100_000, least=5_000)

# --- retention: days, 0 is for ever; organizations may have rules of their own --------
RETENTION_RAW_DAYS = _env.days("RETENTION_RAW_DAYS", 7)
RETENTION_5M_DAYS = _env.days("RETENTION_5M_DAYS", 400, finer=RETENTION_RAW_DAYS)
RETENTION_1H_DAYS = _env.days("RETENTION_1H_DAYS", 3650, finer=RETENTION_5M_DAYS)
RETENTION_1D_DAYS = _env.days("RETENTION_1D_DAYS", 0, finer=RETENTION_1H_DAYS)

# Days after which a day's readings are kept by column, a tenth of the size; 0: never.
COMPRESS_AFTER_DAYS = _env.integer("COMPRESS_AFTER_DAYS", 1, most=36_500)

# --- demo: weeks of readings behind a new one -----------------------------------------
DEMO_WEEKS = _env.integer("DEMO_WEEKS", 4, most=52)

# --- tokens of an OpenID provider: read and checked; the API takes none yet ----------
OAUTH_ISSUER_URL = _env.text("OAUTH_ISSUER_URL", shape=env.URL)
OAUTH_AUDIENCE = _env.text("OAUTH_AUDIENCE", "power-dashboard")
OAUTH_JWKS_URI = _env.text("OAUTH_JWKS_URI", shape=env.URL)

# --- Django ---------------------------------------------------------------------------
ROOT_URLCONF = "powerdash.urls"
ASGI_APPLICATION = "powerdash.asgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-us"
USE_I18N = False
APPEND_SLASH = False
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_vite",
    "inertia",
    "ninja",
    "powerdash.events",
    "powerdash.accounts",
    "powerdash.devices",
    "powerdash.telemetry",
    "powerdash.alerts",
    "powerdash.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "powerdash.web.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "powerdash.web.packing.Packing",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "inertia.middleware.InertiaMiddleware",
    "powerdash.web.middleware.refusals",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"]
        },
    }
]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": DB_SERVER,
        "PORT": DB_PORT,
        "NAME": DB_DATABASE,
        "USER": DB_USERNAME,
        "PASSWORD": DB_PASSWORD,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}

if REDIS_HOST:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": f"redis://{REDIS_HOST}:{REDIS_PORT}/0",
            "OPTIONS": {"password": REDIS_PASSWORD or None},
        }
    }
    SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
else:
    CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    SESSION_ENGINE = "django.contrib.sessions.backends.db"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
# Inertia's HTTP client reads this cookie and sends this header by itself.
CSRF_COOKIE_NAME = "XSRF-TOKEN"
CSRF_HEADER_NAME = "HTTP_X_XSRF_TOKEN"
CSRF_FAILURE_VIEW = "powerdash.web.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]


def build_of(manifest: Path) -> str:
    """Return the name of the frontend's build, or `none` when it is not built."""
    if not manifest.exists():
        return "none"
    return hashlib.sha256(manifest.read_bytes()).hexdigest()[:16]


_DIST = Path(__file__).parent / "web" / "static" / "dist"
STATIC_URL = "/static/"
STATICFILES_DIRS = [Path(__file__).parent / "web" / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600
WHITENOISE_IMMUTABLE_FILE_TEST = "^/static/dist/assets/"  # their names hold their hash
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": _DIST / "manifest.json",
        "static_url_prefix": "dist",
    }
}

INERTIA_LAYOUT = "web/app.html"
# The package's own encoder serialises whole models, secrets too; this refuses them.
INERTIA_JSON_ENCODER = json.JSONEncoder
# Browsers with an older build of the frontend load the page anew.
INERTIA_VERSION = build_of(_DIST / "manifest.json")

LOGGING_CONFIG = None  # lib.logs configures logging in each door
