"""What is kept of a WSDL that was loaded: never a page to log in, and nothing damaged; and nothing tells its query."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

import pytest

from connectors.soap_erp.wsdl.documents import Documents
from connectors.soap_erp.wsdl.service import service_of
from core.errors import ConfigError
from tests.unit.soap_erp.vouchers import WSDL

ADDRESS = "https://erp.example.com/ws?wsdl&token=s3cr3t"
TEXT = WSDL.read_bytes()


def loaded(folder: Path, content: bytes) -> Documents:
    return Documents(ADDRESS, cache=folder, fetch=lambda address: content)


@pytest.mark.parametrize("page", [b"<html><body>Log in</body></html>", b"<a/>", b"<wsdl:x xmlns:wsdl='urn:x'/>"])
def test_a_page_to_log_in_is_not_kept_as_a_wsdl(tmp_path, page):
    with pytest.raises(ConfigError, match="no WSDL") as caught:
        loaded(tmp_path, page)
    assert "s3cr3t" not in str(caught.value) and list(tmp_path.iterdir()) == []
    assert service_of(loaded(tmp_path, TEXT)).operations


@pytest.mark.parametrize("damaged", [b"", TEXT[:500], b"<html/>", b"\0" * 100])
def test_what_is_kept_and_damaged_is_loaded_again(tmp_path, damaged):
    loaded(tmp_path, TEXT)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damaged)
    with pytest.raises(ConfigError, match="is not kept here"):
        Documents(ADDRESS, cache=tmp_path)
    assert service_of(loaded(tmp_path, TEXT)).operations
    assert kept.read_bytes() == TEXT


def test_what_zeep_says_of_a_wsdl_does_not_tell_its_query(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(ConfigError, match="Unable to resolve type") as caught:
        service_of(loaded(tmp_path, TEXT.replace(b'type="tns:Voucher"', b'type="tns:Nothing"', 1)))
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "erp.example.com/ws?…" in told and "s3cr3t" not in told
