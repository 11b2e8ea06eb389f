"""The way to prove who we are that the settings name."""

from __future__ import annotations

from connectors.declarative.auth import Authentication, Surroundings
from connectors.declarative.auth import authentication as over_http
from connectors.declarative.auth.fixed import Fixed
from connectors.soap_erp.auth.arguments import Arguments
from connectors.soap_erp.auth.fresh import Fresh
from connectors.soap_erp.auth.ntlm import Account
from connectors.soap_erp.auth.token_passport import Passport
from connectors.soap_erp.auth.username_token import SecurityToken
from connectors.soap_erp.auth_settings import InArguments, Ntlm, SoapAuth, TokenPassport, UsernameToken


def authentication(settings: SoapAuth, around: Surroundings) -> Authentication:
    """Makes no request and reads no secret. Raises ConfigError where a package is needed that is not installed."""
    match settings:
        case Ntlm():
            return Fixed(Account(settings), around.base)
        case UsernameToken():
            return Fixed(SecurityToken(settings, around.clock), around.base)
        case TokenPassport():
            return Fresh(Passport(settings, around.clock), around.base)
        case InArguments():
            return Fixed(Arguments(settings), around.base)
        case _:
            return over_http(settings, around)
