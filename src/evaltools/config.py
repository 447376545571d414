"""`campaign.toml` as a frozen model: what an evaluation is made of, checked key by key."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from evaltools.errors import CampaignError
from evaltools.faults import SettingError, read_faults
from evaltools.text import Lang

MAX_BYTES = 1_000_000

BankType = Literal["state_owned", "joint_stock", "city", "rural", "village", "policy", "other"]
Role = Literal[
    "bank", "branch", "collector", "consent", "duration", "enterprise", "event_date", "form_version", "ip",
    "psu", "scenario", "shopper", "started_at", "stratum", "submitted_at", "weight",
]  # fmt: skip


def _localised(value: object) -> object:
    return {"zh": value, "en": value} if isinstance(value, str) else value


def _inside(pattern: str) -> str:
    path = PurePosixPath(pattern)
    if path.is_absolute() or ".." in path.parts or "\\" in pattern or re.match(r"[A-Za-z]:", pattern):
        raise SettingError("pattern-outside")
    if not path.parts or "\0" in pattern:
        raise SettingError("pattern-empty")
    return pattern


_SERVER = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[\w-]{1,63}(\.[\w-]{1,63})*)(:[0-9]{1,5})?/?", re.ASCII)


def _server(url: str) -> str:
    try:
        parts = urlsplit(url) if _SERVER.fullmatch(url) else None
        host = parts.hostname if parts and parts.port != 0 else None
    except ValueError:
        host = None
    if not host:
        raise SettingError("live-url")
    if url.startswith("http:") and not _is_loopback(host):
        raise SettingError("live-url-https")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _like(pattern: str, code: str) -> AfterValidator:
    """Check a text's form; the fault does not repeat the text, which may be a secret in the wrong place."""

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise SettingError(code)
        return value

    return AfterValidator(check)


Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,32}$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
RelativePattern = Annotated[str, AfterValidator(_inside)]
_IN_A_NAME = r"[^/\\:*?\"<>|\[\]\x00-\x1f]"
RawFolder = Annotated[str, AfterValidator(_inside), _like(rf"raw(/(?!\.){_IN_A_NAME}+(?<![. ]))*", "live-folder")]
# names of other programs' secrets are refused: a campaign file may come from somebody else, who also names the server
Variable = Annotated[str, _like(r"(EVALTOOLS|KOBO|ODK|CENTRAL)[A-Z0-9_]{0,60}", "live-variable")]
Service = Annotated[str, _like(r"evaltools[a-z0-9_-]{0,60}", "live-service")]
AssetUid = Annotated[str, _like(r"[A-Za-z0-9]{1,64}", "live-asset")]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class LocalText(_Table):
    """A text in Chinese and English; a plain string serves for both."""

    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)

    def in_lang(self, lang: Lang) -> str:
        """Return the text in one language."""
        return self.zh if lang == "zh" else self.en


Text = Annotated[LocalText, BeforeValidator(_localised)]


class Wave(_Table):
    """A round of collection, first and last day included."""

    start: date
    end: date
    label: Text | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.end < self.start:
            raise SettingError("wave-order", start=self.start, end=self.end)
        return self


class Bank(_Table):
    """A provider that is scored."""

    id: Identifier
    name: Text
    type: BankType
    aliases: tuple[str, ...] = ()


class ColumnRef(_Table):
    """A column whose header stands more than once: the header and which of them, from 1."""

    header: str
    nth: int = Field(default=1, ge=1)


class Source(_Table):
    """Files of one kind: which instrument, wave and mode they hold, and where their columns differ from it.

    `version` names an older version of the instrument; `rescale` gives, by question, the newest version's choice for
    each of its choices.
    """

    pattern: RelativePattern
    instrument: Name
    version: Name | None = None
    wave: Identifier
    mode: Literal["self", "interviewer", "visit", "record"]
    channel: Identifier
    tool: Identifier | None = None
    reader: Identifier | None = None
    sheet: str | None = None
    columns: dict[str, str | ColumnRef] = {}
    absent: tuple[str, ...] = ()
    recode: dict[str, dict[str, str]] = {}
    dates: dict[str, Literal["dmy", "mdy"]] = {}
    units: dict[str, str] = {}
    comparability: dict[str, Literal["same", "rescaled", "reworded", "not_comparable"]] = {}
    rescale: dict[str, dict[str, str]] = {}

    @property
    def form(self) -> str:
        """Name of the instrument as it is looked up: of an older version ``name@version``."""
        return f"{self.instrument}@{self.version}" if self.version else self.instrument


class LiveSource(_Table):
    """A server that submissions can be pulled from on request. What lets us in stands outside the campaign's files."""

    name: Identifier
    kind: Literal["kobo", "odk_central"]
    url: Annotated[str, AfterValidator(_server)]
    folder: RawFolder
    asset: AssetUid | None = None
    project: int | None = Field(default=None, ge=1)
    form: str | None = Field(default=None, min_length=1, max_length=200)
    token_env: Variable | None = None
    email_env: Variable | None = None
    password_env: Variable | None = None
    keyring: Service | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        kobo = self.kind == "kobo"
        given = (self.asset is not None, self.project is not None, self.form is not None)
        if given != (kobo, not kobo, not kobo):
            raise SettingError("live-form-kobo" if kobo else "live-form-central")
        ways = {name for name in ("token_env", "email_env", "password_env", "keyring") if getattr(self, name)}
        login = not kobo and ways in ({"email_env", "password_env"}, {"email_env", "keyring"})
        if not login and ways not in ({"token_env"}, {"keyring"}):
            raise SettingError("live-way-in-kobo" if kobo else "live-way-in-central")
        return self

    @property
    def form_id(self) -> str:
        """What the server calls the form: the asset, or project and form."""
        return self.asset or f"{self.project}/{self.form}"

    @property
    def host(self) -> str:
        """Name and port of the server."""
        return urlsplit(self.url).netloc

    @property
    def is_local(self) -> bool:
        """Whether the server runs on this machine."""
        return _is_loopback(urlsplit(self.url).hostname or "")


class DesignSettings(_Table):
    """How variance is computed in scoring (the defaults are the rules of the methods page).

    `margins` gives the number of firms of each stratum in the population, neighbours next to each other: with them the
    change at one mix of firms is told beside the raw one.
    """

    overlap: Literal["union", "pattern"] = "pattern"
    df: Literal["design", "domain"] = "domain"
    strata_order: tuple[str, ...] = ()
    margins: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}


class CampaignConfig(_Table):
    """One evaluation. Read it with :func:`read_config`."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    id: Identifier
    title: Text
    region: Text
    language: Lang = "zh"
    demo: bool = False
    public_demo_key: str | None = None
    start: date
    framework: Name
    headline: Literal["raw", "standardised"] = "raw"
    exclusions: tuple[Name, ...] = ()
    selection: Literal["probability", "convenience"]
    seed: int = Field(ge=0, lt=2**63)
    quarantine_max_share: float = Field(default=0.10, ge=0, le=1)
    waves: dict[Identifier, Wave] = Field(min_length=1)
    banks: tuple[Bank, ...] = Field(min_length=1, max_length=2000)
    sources: tuple[Source, ...] = Field(min_length=1)
    roles: dict[Name, dict[Role, str | tuple[str, ...]]] = {}
    live: tuple[LiveSource, ...] = ()
    design: DesignSettings = DesignSettings()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [bank.id for bank in self.banks]
        for bank_id in {one for one in ids if ids.count(one) > 1}:
            raise SettingError("bank-twice", bank=bank_id)
        for number, source in enumerate(self.sources, start=1):
            if source.wave not in self.waves:
                raise SettingError("source-wave", number=number, wave=source.wave)
        for name in self.roles.keys() - {source.instrument for source in self.sources}:
            raise SettingError("roles-unknown", name=name)
        names = [one.name for one in self.live]
        for name in {one for one in names if names.count(one) > 1}:
            raise SettingError("live-twice", name=name)
        for before, after in pairwise(self.waves):
            if self.waves[after].start < self.waves[before].start:
                raise SettingError("waves-order", after=after, before=before)
        if self.headline == "standardised" and not self.design.margins:
            raise SettingError("headline-margins")
        if self.public_demo_key is not None and not self.demo:
            raise SettingError("public-key")
        return self

    @property
    def bank_ids(self) -> tuple[str, ...]:
        """Ids of the banks in the order of the file."""
        return tuple(bank.id for bank in self.banks)


def read_config(folder: Path) -> CampaignConfig:
    """Read and check ``campaign.toml`` of a campaign's folder.

    Raises
    ------
    CampaignError
        ``campaign-missing``, ``campaign-too-large``, ``campaign-encoding``, ``campaign-toml`` or
        ``campaign-invalid``; the last lists every fault with its key and the mend.
    """
    path = folder / "campaign.toml"
    if not path.is_file():
        raise CampaignError("campaign-missing", path=folder.as_posix())
    if path.stat().st_size > MAX_BYTES:
        raise CampaignError("campaign-too-large", path=path.as_posix())
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))  # some editors put a mark in front of UTF-8
    except UnicodeDecodeError:
        raise CampaignError("campaign-encoding", path=path.as_posix()) from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
        raise CampaignError("campaign-toml", path=path.as_posix(), problem=problem) from None
    try:
        return CampaignConfig.model_validate(raw)
    except ValidationError as error:
        faults = read_faults(error, key_of=_key, known_keys=_known_keys)
        raise CampaignError("campaign-invalid", path=path.as_posix(), count=len(faults), problems=faults) from None


def _key(loc: tuple[int | str, ...]) -> str:
    parts = [f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).lstrip(".") or "campaign.toml"


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    model: Any = CampaignConfig
    inner: dict[str, Any] = {
        "waves": Wave, "banks": Bank, "sources": Source, "live": LiveSource, "design": DesignSettings,
    }  # fmt: skip
    for part in loc[:-1]:
        model = inner.get(str(part), model)
    return [field.alias or name for name, field in model.model_fields.items()]
