"""Fields of journal entries, invoices among them, and of what matches them: label, order, and a table of fields."""

from __future__ import annotations

from tests.helpers.odoo_server.catalogue_accounting import ACCOUNT_TYPES

MOVE_TYPES = ",".join(
    (
        "entry=Journal Entry",
        "out_invoice=Customer Invoice",
        "out_refund=Customer Credit Note",
        "in_invoice=Vendor Bill",
        "in_refund=Vendor Credit Note",
        "out_receipt=Sales Receipt",
        "in_receipt=Purchase Receipt",
    )
)
STATES = "draft=Draft,posted=Posted,cancel=Cancelled"
PAYMENT = "not_paid=Not Paid,in_payment=In Payment,paid=Paid,partial=Partially Paid,reversed=Reversed"
LINE_TYPES = ",".join(
    (
        "product=Product",
        "cogs=Cost of Goods Sold",
        "tax=Tax",
        "discount=Discount",
        "rounding=Rounding",
        "payment_term=Payment Term",
        "line_section=Section",
        "line_subsection=Subsection",
        "line_note=Note",
        "epd=Early Payment Discount",
    )
)

MODELS = {
    "account.move": (
        "Journal Entry",
        "date desc, name desc, invoice_date desc, id desc",
        f"""
name | char | Number
ref | char | Reference
move_type | selection {MOVE_TYPES} | Type | required readonly
state | selection {STATES} | Status | required readonly
date | date | Date | required
invoice_date | date | Invoice/Bill Date
invoice_date_due | date | Due Date
delivery_date | date | Delivery Date | since:17
partner_id | many2one res.partner | Partner
commercial_partner_id | many2one res.partner | Commercial Entity | readonly
partner_shipping_id | many2one res.partner | Delivery Address
company_id | many2one res.company | Company
company_currency_id | many2one res.currency | Company Currency | readonly unstored
currency_id | many2one res.currency | Currency | required
invoice_currency_rate | float | Currency Rate | since:18
journal_id | many2one account.journal | Journal | required
fiscal_position_id | many2one account.fiscal.position | Fiscal Position
invoice_payment_term_id | many2one account.payment.term | Payment Terms
invoice_user_id | many2one res.users | Salesperson
line_ids | one2many account.move.line.move_id | Journal Items
invoice_line_ids | one2many account.move.line.move_id | Invoice lines
amount_untaxed | monetary | Untaxed Amount | readonly
amount_tax | monetary | Tax | readonly
amount_total | monetary | Total | readonly
amount_residual | monetary | Amount Due | readonly
amount_untaxed_signed | monetary | Untaxed Amount Signed | readonly
amount_tax_signed | monetary | Tax Signed | readonly
amount_total_signed | monetary | Total Signed | readonly
amount_residual_signed | monetary | Amount Due Signed | readonly
amount_total_in_currency_signed | monetary | Total in Currency Signed | readonly since:15
payment_state | selection {PAYMENT},invoicing_legacy=Invoicing App Legacy | Payment Status | readonly
status_in_payment | selection {PAYMENT},{STATES},sent=Sent | Status In Payment | readonly unstored since:18
payment_reference | char | Payment Reference
invoice_origin | char | Origin | readonly
narration | html | Terms and Conditions | since:15
narration | text | Terms and Conditions | until:14
reversed_entry_id | many2one account.move | Reversal of | readonly
reversal_move_ids | one2many account.move.reversed_entry_id | Reversal Move | since:18
reversal_move_id | one2many account.move.reversed_entry_id | Reversal Move | until:17
posted_before | boolean | Posted Before
sequence_prefix | char | Sequence Prefix | readonly
sequence_number | integer | Sequence Number | readonly
auto_post | selection no=No,at_date=At Date,monthly=Monthly | Auto-post | required since:16
auto_post | boolean | Post Automatically | until:15
inalterable_hash | char | Inalterability Hash | readonly
invoice_partner_display_name | char | Invoice Partner Display Name | readonly
invoice_outstanding_credits_debits_widget | binary | Invoice Outstanding Credits Debits Widget | readonly unstored
invoice_has_outstanding | boolean | Invoice Has Outstanding | readonly unstored
message_ids | one2many mail.message.res_id | Messages | unstored
""",
    ),
    "account.move.line": (
        "Journal Item",
        "date desc, move_name desc, id",
        f"""
name | char | Label
move_id | many2one account.move | Journal Entry | required readonly
move_name | char | Number | readonly
move_type | selection {MOVE_TYPES} | Type | readonly unstored
parent_state | selection {STATES} | Status | readonly
display_type | selection {LINE_TYPES} | Display Type | required since:16
display_type | selection line_section=Section,line_note=Note | Display Type | until:15
exclude_from_invoice_tab | boolean | Exclude From Invoice Tab | until:15
sequence | integer | Sequence
quantity | float | Quantity
price_unit | float | Unit Price
discount | float | Discount (%)
price_subtotal | monetary | Subtotal | readonly
price_total | monetary | Total | readonly
tax_ids | many2many account.tax | Taxes
tax_line_id | many2one account.tax | Originator Tax | readonly
tax_group_id | many2one account.tax.group | Originator tax group | readonly
tax_base_amount | monetary | Base Amount | readonly
product_id | many2one product.product | Product
product_uom_id | many2one uom.uom | Unit
account_id | many2one account.account | Account
account_type | selection {ACCOUNT_TYPES} | Internal Type | readonly unstored since:16
partner_id | many2one res.partner | Partner
company_id | many2one res.company | Company | readonly
company_currency_id | many2one res.currency | Company Currency | readonly unstored
currency_id | many2one res.currency | Currency | required
journal_id | many2one account.journal | Journal | readonly
debit | monetary | Debit
credit | monetary | Credit
balance | monetary | Balance
amount_currency | monetary | Amount in Currency
amount_residual | monetary | Residual Amount | readonly
amount_residual_currency | monetary | Residual Amount in Currency | readonly
reconciled | boolean | Reconciled | readonly
matched_debit_ids | one2many account.partial.reconcile.credit_move_id | Matched Debits | readonly
matched_credit_ids | one2many account.partial.reconcile.debit_move_id | Matched Credits | readonly
full_reconcile_id | many2one account.full.reconcile | Matching | readonly
analytic_distribution | json | Analytic Distribution | since:16
analytic_account_id | many2one account.analytic.account | Analytic Account | until:15
date | date | Date | readonly
date_maturity | date | Due Date
ref | char | Reference | readonly
""",
    ),
    "account.partial.reconcile": (
        "Partial Reconcile",
        "id",
        """
debit_move_id | many2one account.move.line | Debit Move | required
credit_move_id | many2one account.move.line | Credit Move | required
full_reconcile_id | many2one account.full.reconcile | Full Reconcile
amount | monetary | Amount
debit_amount_currency | monetary | Debit Amount Currency
credit_amount_currency | monetary | Credit Amount Currency
debit_currency_id | many2one res.currency | Currency of the debit journal item. | readonly
credit_currency_id | many2one res.currency | Currency of the credit journal item. | readonly
company_id | many2one res.company | Company
max_date | date | Max Date of Matched Lines | readonly
""",
    ),
    "account.full.reconcile": (
        "Full Reconcile",
        "id",
        "partial_reconcile_ids | one2many account.partial.reconcile.full_reconcile_id | Reconciliation Parts\n"
        "reconciled_line_ids | one2many account.move.line.full_reconcile_id | Matched Journal Items",
    ),
}
