"""Settings of every connection that speaks HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class HttpSettings(BaseModel):
    """How requests are made. TLS is always verified."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    connect_timeout: float = Field(default=10, gt=0, le=300, description="seconds to wait for a connection")
    read_timeout: float = Field(default=60, gt=0, le=3600, description="seconds to wait for the next piece of a reply")
    total_timeout: float = Field(
        default=120, gt=0, le=7200, description="seconds a whole request may take, however slowly its reply drips"
    )
    ca_file: Path | None = Field(
        default=None, description="file of certificate authorities to trust instead of the public ones (PEM)"
    )
    client_certificate: Path | None = Field(
        default=None, description="file of the certificate that proves who we are (PEM), where the server asks for one"
    )
    client_key: Path | None = Field(
        default=None, description="file of its key (PEM, without a passphrase), where it is not in the same file"
    )
    proxy: str = Field(
        default="",
        max_length=500,
        description="URL of a proxy, without credentials; empty: none, not even the system's",
    )
    max_reply_megabytes: int = Field(
        default=256, ge=1, le=4096, description="size of a reply that is refused as too large"
    )
    allow_plain_http: bool = Field(
        default=False,
        description="whether a URL without TLS may be used beyond this machine; credentials travel in clear",
    )

    @model_validator(mode="after")
    def _key_has_certificate(self) -> Self:
        if self.client_key is not None and self.client_certificate is None:
            raise ValueError("client_key needs client_certificate")
        return self

    @field_validator("proxy")
    @classmethod
    def _without_credentials(cls, proxy: str) -> str:
        if not proxy:
            return proxy
        parts = urlsplit(proxy)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("not the address of a proxy such as http://proxy.example.com:3128")
        if parts.username is not None or parts.password is not None:
            raise ValueError("credentials do not stand in a URL")
        return proxy
