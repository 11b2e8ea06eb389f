"""The preset for Salesforce against its stand-in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey

from connectors.conformance import Seed, cursor_of, ids_of, records_of, sample_request
from connectors.spi import AlreadyExists, Remote, Window, WriteRefused
from core.errors import FatalError, RetryableError
from tests.helpers.stand_ins.harness import FastConformance
from tests.helpers.stand_ins.salesforce import Salesforce, id_of
from tests.helpers.stand_ins.salesforce_harness import SalesforceHarness
from tests.helpers.stand_ins.salesforce_tokens import CLIENT, LOGIN, USER
from tests.helpers.stand_ins.whole_run import whole_run


class TestSalesforce(FastConformance):
    kinds = ("account_note", "tier")
    states = ("tier",)
    in_batches = ("tier",)

    @pytest.fixture
    def harness(self, tmp_path: Path) -> Iterator[SalesforceHarness]:
        with Salesforce() as salesforce:
            harness = SalesforceHarness(salesforce, tmp_path)
            yield harness
            harness.close()

    def test_everything_it_can_ask(self, harness: SalesforceHarness) -> None:
        whole_run(harness, missing=id_of("001", 77))

    def test_a_signed_assertion_lets_it_in_as_well(self, harness: SalesforceHarness) -> None:
        key = RSAKey.generate_key(2048)
        (harness.folder / "key.pem").write_bytes(key.as_pem(private=True))
        harness.salesforce.certificate = key.as_pem(private=False).decode()
        own = {"client_id": CLIENT, "client_secret": None, "user": USER, "audience": LOGIN}
        harness.more = {"auth": {"grant": "jwt_bearer", "private_key": {"file": "key.pem"}, **own}}
        whole_run(harness, missing=id_of("001", 77))

    def test_the_token_says_where_the_organisation_is(self, harness: SalesforceHarness) -> None:
        harness.seed([Seed("A")])
        with harness.proxied() as proxy:
            harness.salesforce.instance = harness.salesforce.url
            assert ids_of(self.pull(harness)) == {"A"}
            assert {passed.request.path for passed in proxy.passed} == {"/services/oauth2/token"}

    def test_a_token_that_ended_is_got_anew(self, harness: SalesforceHarness) -> None:
        harness.seed([Seed("A")])
        adapter = harness.build()
        list(adapter.pull("accounts", Window(harness.now()), {}))
        harness.salesforce.tokens.clear()
        adapter.create(sample_request("tier", 1, harness.account()))
        assert len(harness.salesforce.tokens) == 1

    def test_a_merged_account_names_its_master(self, harness: SalesforceHarness) -> None:
        harness.seed([Seed("KEPT"), Seed("GONE")])
        first, gone, kept = self.pull(harness), harness.rows["GONE"].id, harness.rows["KEPT"].id
        note = sample_request("account_note", 1, gone)
        created = harness.build().create(note)
        harness.salesforce.merge(harness.rows["GONE"], harness.rows["KEPT"])
        later = {record.external_id: record.fields for record in records_of(self.pull(harness, cursor_of(first)))}
        assert later["GONE"]["merged_into"] == kept and later["GONE"]["archived"] is True
        assert "merged_into" not in later["KEPT"]
        fetched = harness.build().fetch("counterpart", gone)
        assert fetched is not None and fetched.fields["merged_into"] == kept
        with pytest.raises(WriteRefused, match="deleted"):
            harness.build().create(sample_request("tier", 1, gone))
        assert harness.build().look_up("account_note", note.key) == (created,)

    def test_what_lies_in_the_recycle_bin_is_gone(self, harness: SalesforceHarness) -> None:
        harness.seed([Seed("A"), Seed("B")])
        first, gone = self.pull(harness), harness.rows["B"].id
        harness.delete("B")
        assert harness.build().fetch("counterpart", gone) is None
        until = harness.now() + timedelta(days=2)
        swept = list(harness.build().pull(harness.stream(), Window(until), cursor_of(first)))
        assert [page.seen for page in swept if page.coverage is not None and page.coverage.complete][-1] == {"A"}

    def test_columns_of_ones_own_are_read(self, harness: SalesforceHarness) -> None:
        harness.salesforce.add_field("Account", "VAT_Number__c")
        harness.seed([Seed("A")])
        harness.table.change(harness.rows["A"], {"VAT_Number__c": "DE123456789"})
        harness.more = {"values": {"vat_number": "VAT_Number__c", "customer_number": ""}}
        (record,) = records_of(self.pull(harness))
        assert record.fields["vat_number"] == "DE123456789" and "external_key" not in record.fields
        assert record.fields["domain"] == "https://first.example.com"

    def test_a_query_that_was_cut_off_is_not_taken_for_whole(self, harness: SalesforceHarness) -> None:
        harness.seed([Seed(name) for name in "ABCD"])
        harness.salesforce.most_in_a_reply = 1
        with pytest.raises(FatalError, match=r"lower read\.accounts\.pages\.size"):
            self.pull(harness)

    def test_a_day_that_is_used_up_puts_the_run_off(self, harness: SalesforceHarness) -> None:
        harness.seed([Seed("A")])
        harness.salesforce.requests_left = 0
        with pytest.raises(RetryableError, match="REQUEST_LIMIT_EXCEEDED") as caught:
            harness.build().create(sample_request("tier", 1, harness.account()))
        assert caught.value.after is not None and caught.value.after >= 600

    def test_a_locked_account_is_tried_again(self, harness: SalesforceHarness) -> None:
        requests = harness.batch("tier", 3)
        harness.salesforce.locked.add(requests[1].account)  # type: ignore[union-attr]
        with pytest.raises(RetryableError, match="UNABLE_TO_LOCK_ROW"):
            harness.build().create(requests[1])
        results = harness.build().create_many(requests)  # type: ignore[attr-defined]
        assert [type(result) for result in results] == [Remote, RetryableError, Remote]
        harness.salesforce.locked.clear()
        harness.build().create(requests[1])
        assert [harness.stored("tier", request.key) for request in requests] == [1, 1, 1]

    def test_two_tiers_of_one_account_in_a_batch_are_both_written(self, harness: SalesforceHarness) -> None:
        requests = [sample_request("tier", number, harness.account()) for number in (1, 2)]
        results = harness.build().create_many(requests)  # type: ignore[attr-defined]
        assert [result.key for result in results] == [request.key for request in requests]
        assert harness.stored("tier", requests[1].key) == 1

    def test_a_key_that_stands_on_two_tasks_makes_no_third(self, harness: SalesforceHarness) -> None:
        """Where the external id is not unique as well, somebody may have copied a task."""
        note = sample_request("account_note", 1, harness.account())
        created = harness.build().create(note)
        tasks = harness.salesforce.tables["Task"]
        (task,) = tasks
        tasks.add(task.values)
        with pytest.raises(AlreadyExists):
            harness.build().create(note)
        found = harness.build().look_up("account_note", note.key)
        assert len(found) == 2 and created in found

    def test_missing_fields_are_found_by_check(self, harness: SalesforceHarness) -> None:
        del harness.salesforce.types["Account"]["Rebated_Paid__c"]
        harness.salesforce.unique = None
        wrong = [finding for finding in harness.build().check() if finding.level == "error"]
        assert [finding.what for finding in wrong] == ["paid", "external id"]
        with pytest.raises(WriteRefused, match="Rebated_Paid__c"):
            harness.build().create(sample_request("tier", 1, harness.account()))
        with pytest.raises(WriteRefused, match="Rebated_Key__c"):
            harness.build().create(sample_request("account_note", 1, harness.account()))
