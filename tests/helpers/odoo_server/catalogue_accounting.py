"""Fields of journals, accounts, taxes and fiscal positions: label, order of the model, and a table of its fields."""

from __future__ import annotations

ACCOUNT_TYPES = ",".join(
    (
        "asset_receivable=Receivable",
        "asset_cash=Bank and Cash",
        "asset_current=Current Assets",
        "liability_payable=Payable",
        "liability_current=Current Liabilities",
        "income=Income",
        "income_other=Other Income",
        "expense=Expenses",
    )
)
INTERNAL_TYPES = "other=Regular,receivable=Receivable,payable=Payable,liquidity=Liquidity"

MODELS = {
    "account.journal": (
        "Journal",
        "sequence, type, code",
        """
name | char | Journal Name | required
code | char | Sequence Prefix | required
type | selection sale=Sales,purchase=Purchase,cash=Cash,bank=Bank,general=Miscellaneous | Type | required
active | boolean | Active
sequence | integer | Sequence
company_id | many2one res.company | Company | required readonly
currency_id | many2one res.currency | Currency
default_account_id | many2one account.account | Default Account
refund_sequence | boolean | Dedicated Credit Note Sequence
""",
    ),
    "account.account": (
        "Account",
        "code, id",
        f"""
name | char | Account Name | required
code | char | Code
account_type | selection {ACCOUNT_TYPES} | Type | required since:16
user_type_id | many2one account.account.type | Type | required until:15
internal_type | selection {INTERNAL_TYPES} | Internal Type | readonly until:15
internal_group | selection equity=Equity,asset=Asset,liability=Liability,income=Income,expense=Expense | Internal Group
active | boolean | Active | since:19
deprecated | boolean | Deprecated | until:18
reconcile | boolean | Allow Reconciliation
company_ids | many2many res.company | Companies | required since:18
company_id | many2one res.company | Company | required until:17
tax_ids | many2many account.tax | Default Taxes
""",
    ),
    "account.account.type until:15": ("Account Type", "id", "name | char | Account Type | required"),
    "account.tax.group": (
        "Tax Group",
        "sequence, id",
        "name | char | Name | required\nsequence | integer | Sequence\n"
        "company_id | many2one res.company | Company | since:16\n"
        "country_id | many2one res.country | Country | since:15",
    ),
    "account.tax": (
        "Tax",
        "sequence, id",
        """
name | char | Tax Name | required
amount | float | Amount | required
amount_type | selection group=Group of Taxes,fixed=Fixed,percent=Percentage,division=Percentage Tax Included | Tax Computation | required
type_tax_use | selection sale=Sales,purchase=Purchases,none=None | Tax Type | required
tax_scope | selection service=Services,consu=Goods | Tax Scope
price_include | boolean | Price Include
price_include_override | selection tax_included=Tax Included,tax_excluded=Tax Excluded | Included in Price | since:18
include_base_amount | boolean | Affect Base of Subsequent Taxes
is_base_affected | boolean | Base Affected by Previous Taxes | since:15
invoice_repartition_line_ids | one2many account.tax.repartition.line.tax_id | Distribution for Invoices
active | boolean | Active
company_id | many2one res.company | Company | required readonly
country_id | many2one res.country | Country | required since:15
tax_group_id | many2one account.tax.group | Tax Group | required
children_tax_ids | many2many account.tax | Children Taxes
sequence | integer | Sequence | required
description | char | Label on Invoices
invoice_label | char | Label on Invoices | since:18
invoice_legal_notes | html | Legal Notes | since:18
fiscal_position_ids | many2many account.fiscal.position | Fiscal Position | since:19
is_domestic | boolean | Is Domestic | readonly since:19
original_tax_ids | many2many account.tax | Replaces | since:19
ubl_cii_tax_category_code | selection AE=AE,E=E,S=S,Z=Z,G=G,O=O,K=K,L=L,M=M | Tax Category Code | since:18
ubl_cii_tax_exemption_reason_code | char | Tax Exemption Reason Code | since:18
""",  # noqa: E501
    ),
    "account.tax.repartition.line": (
        "Tax Repartition Line",
        "id",
        """
tax_id | many2one account.tax | Tax
repartition_type | selection base=Base,tax=of tax | Based On | required
factor_percent | float | %
account_id | many2one account.account | Account
company_id | many2one res.company | Company
""",
    ),
    "account.fiscal.position": (
        "Fiscal Position",
        "sequence, id",
        """
name | char | Fiscal Position | required
sequence | integer | Sequence
active | boolean | Active
company_id | many2one res.company | Company | required readonly
country_id | many2one res.country | Country
auto_apply | boolean | Detect Automatically
vat_required | boolean | VAT required
note | html | Notes
tax_ids | many2many account.tax | Taxes | since:19
tax_map | binary | Tax Map | readonly unstored since:19
tax_ids | one2many account.fiscal.position.tax.position_id | Tax Mapping | until:18
foreign_vat | char | Foreign Tax ID | since:15
""",
    ),
    "account.fiscal.position.tax until:18": (
        "Tax Mapping of Fiscal Position",
        "id",
        "position_id | many2one account.fiscal.position | Fiscal Position | required\n"
        "tax_src_id | many2one account.tax | Tax on Product | required\n"
        "tax_dest_id | many2one account.tax | Tax to Apply",
    ),
    "account.analytic.plan since:16": ("Analytic Plans", "id", "name | char | Name | required"),
    "account.analytic.account": (
        "Analytic Account",
        "code, name, id",
        """
name | char | Analytic Account | required
code | char | Reference
active | boolean | Active
company_id | many2one res.company | Company
partner_id | many2one res.partner | Customer
plan_id | many2one account.analytic.plan | Plan | required since:16
""",
    ),
    "account.payment.term": (
        "Payment Terms",
        "id",
        "name | char | Payment Terms | required\nactive | boolean | Active\n"
        "company_id | many2one res.company | Company\nnote | html | Description on the Invoice",
    ),
}
