"""The way to prove who we are that the settings name."""

from __future__ import annotations

from connectors.declarative.auth.base import Authentication
from connectors.declarative.auth.fixed import Fixed, FixedToken, Key, Nothing, UserAndPassword
from connectors.declarative.auth.oauth2 import Tokens
from connectors.declarative.auth.session_login import LogIn
from connectors.declarative.auth.signature import Signature
from connectors.declarative.auth.surroundings import Surroundings
from connectors.declarative.settings.auth import ApiKey, Auth, Basic, Bearer, Hmac, NoAuth, OAuth2, SessionLogin

__all__ = ["Surroundings", "authentication"]


def authentication(settings: Auth, around: Surroundings) -> Authentication:
    """Makes no request and reads no secret."""
    match settings:
        case ApiKey():
            return Fixed(Key(settings), around.base)
        case Basic():
            return Fixed(UserAndPassword(settings), around.base)
        case Bearer():
            return Fixed(FixedToken(settings), around.base)
        case OAuth2():
            return Tokens(settings, around)
        case Hmac():
            return Signature(settings, around)
        case SessionLogin():
            return LogIn(settings, around)
        case NoAuth():
            return Fixed(Nothing(), around.base)
