"""Fields of companies, users, partners, products and messages: label, order of the model, and a table of its fields."""

from __future__ import annotations

MODELS = {
    "res.company": (
        "Companies",
        "sequence, name",
        """
name | char | Company Name | required
partner_id | many2one res.partner | Partner | required
currency_id | many2one res.currency | Currency | required
country_id | many2one res.country | Country
parent_id | many2one res.company | Parent Company
child_ids | one2many res.company.parent_id | Branches
vat | char | Tax ID
company_registry | char | Company ID
email | char | Email
phone | char | Phone
street | char | Street
city | char | City
zip | char | Zip
active | boolean | Active | since:16
sequence | integer | Sequence
period_lock_date | date | Journals Entries Lock Date | until:17
fiscalyear_lock_date | date | Global Lock Date
tax_lock_date | date | Tax Return Lock Date
sale_lock_date | date | Sales Lock Date | since:18
purchase_lock_date | date | Purchase Lock date | since:18
hard_lock_date | date | Hard Lock Date | since:18
account_fiscal_country_id | many2one res.country | Fiscal Country
account_sale_tax_id | many2one account.tax | Default Sale Tax
tax_calculation_rounding_method | selection round_per_line=Round per Line,round_globally=Round Globally | Tax Calculation Rounding Method
restrictive_audit_trail | boolean | Restrictive Audit Trail | since:19
""",  # noqa: E501
    ),
    "res.users": (
        "User",
        "name, login",
        """
name | char | Name
login | char | Login | required
email | char | Email
lang | selection en_US=English (US),de_DE=German / Deutsch | Language
tz | char | Timezone
active | boolean | Active
company_id | many2one res.company | Company | required
company_ids | many2many res.company | Companies
partner_id | many2one res.partner | Related Partner | required
groups_id | many2many res.groups | Groups | until:18
group_ids | many2many res.groups | Groups | since:19
share | boolean | Share User | readonly
""",
    ),
    "res.users.apikeys": (
        "Users API Keys",
        "id",
        "name | char | Description | required readonly\nuser_id | many2one res.users | User | required readonly\n"
        "scope | char | Scope | readonly\nexpiration_date | datetime | Expiration Date | readonly since:18",
    ),
    "res.groups": ("Access Groups", "name", "name | char | Name | required\nfull_name | char | Group Name | readonly"),
    "res.partner": (
        "Contact",
        "complete_name, name, id",
        """
name | char | Name
complete_name | char | Complete Name | readonly unstored since:17
is_company | boolean | Is a Company
parent_id | many2one res.partner | Related Company
child_ids | one2many res.partner.parent_id | Contact
commercial_partner_id | many2one res.partner | Commercial Entity | readonly
commercial_company_name | char | Company Name Entity | readonly unstored
company_id | many2one res.company | Company
category_id | many2many res.partner.category | Tags
ref | char | Reference
vat | char | Tax ID
company_registry | char | Company ID | since:16
street | char | Street
street2 | char | Street2
city | char | City
zip | char | Zip
country_id | many2one res.country | Country
country_code | char | Country Code | readonly unstored
email | char | Email
phone | char | Phone
mobile | char | Mobile | until:18
website | char | Website Link
comment | html | Notes
lang | selection en_US=English (US),de_DE=German / Deutsch | Language
tz | char | Timezone
user_id | many2one res.users | Salesperson
active | boolean | Active
type | selection contact=Contact,invoice=Invoice,delivery=Delivery,other=Other | Address Type
function | char | Job Position
color | integer | Color Index
credit_limit | float | Credit Limit
customer_rank | integer | Customer Rank
supplier_rank | integer | Supplier Rank
property_account_position_id | many2one account.fiscal.position | Fiscal Position
property_payment_term_id | many2one account.payment.term | Customer Payment Terms
property_account_receivable_id | many2one account.account | Account Receivable
message_ids | one2many mail.message.res_id | Messages | unstored
""",
    ),
    "res.partner.category": (
        "Partner Tags",
        "name, id",
        """
name | char | Name | required
parent_id | many2one res.partner.category | Category
child_ids | one2many res.partner.category.parent_id | Child Tags
color | integer | Color
active | boolean | Active
partner_ids | many2many res.partner | Partners | unstored
""",
    ),
    "res.country": (
        "Country",
        "name, id",
        "name | char | Country Name | required\ncode | char | Country Code | required\n"
        "currency_id | many2one res.currency | Currency\nphone_code | integer | Country Calling Code",
    ),
    "res.currency": (
        "Currency",
        "active desc, name",
        """
name | char | Currency | required
full_name | char | Name
symbol | char | Symbol | required
rounding | float | Rounding Factor
decimal_places | integer | Decimal Places | readonly
active | boolean | Active
position | selection after=After Amount,before=Before Amount | Symbol Position
rate_ids | one2many res.currency.rate.currency_id | Rates
""",
    ),
    "res.currency.rate": (
        "Currency Rate",
        "name desc, id",
        """
name | date | Date | required
rate | float | Technical Rate
company_rate | float | Company Rate | unstored
inverse_company_rate | float | Inverse Company Rate | unstored
currency_id | many2one res.currency | Currency | required
company_id | many2one res.company | Company
""",
    ),
    "res.lang": (
        "Languages",
        "active desc, name",
        """
name | char | Name | required
code | char | Locale Code | required
iso_code | char | ISO code
url_code | char | URL Code | required
active | boolean | Active
decimal_point | char | Decimal Separator | required
thousands_sep | char | Thousands Separator
""",
    ),
    "product.category": (
        "Product Category",
        "complete_name, id",
        """
name | char | Name | required
complete_name | char | Complete Name | readonly unstored
parent_id | many2one product.category | Parent Category
child_id | one2many product.category.parent_id | Child Categories
""",
    ),
    "uom.uom": (
        "Product Unit of Measure",
        "sequence, id",
        """
name | char | Unit Name | required
factor | float | Absolute Quantity
active | boolean | Active
relative_uom_id | many2one uom.uom | Reference Unit | since:19
relative_factor | float | Contains | since:19
category_id | many2one uom.category | Category | until:18
sequence | integer | Sequence
""",
    ),
    "uom.category until:18": ("Product UoM Categories", "id", "name | char | Unit of Measure Category | required"),
    "product.product": (
        "Product Variant",
        "default_code, name, id",
        """
name | char | Name | required
default_code | char | Internal Reference
barcode | char | Barcode
active | boolean | Active
list_price | float | Sales Price
lst_price | float | Sales Price | unstored
standard_price | float | Cost
categ_id | many2one product.category | Product Category
uom_id | many2one uom.uom | Unit | required
taxes_id | many2many account.tax | Sales Taxes
type | selection consu=Goods,service=Service,combo=Combo | Product Type | required
sale_ok | boolean | Sales
company_id | many2one res.company | Company
""",
    ),
    "mail.message": (
        "Message",
        "id desc",
        """
subject | char | Subject
date | datetime | Date
body | html | Contents
message_type | selection email=Incoming Email,comment=Comment,email_outgoing=Outgoing Email,notification=System notification,auto_comment=Automated Targeted Notification,out_of_office=Out-of-office Message,user_notification=User Specific Notification,sms=SMS,snailmail=Snailmail | Type | required
subtype_id | many2one mail.message.subtype | Subtype
model | char | Related Document Model
res_id | many2one_reference | Related Document ID
record_name | char | Message Record Name | readonly unstored
author_id | many2one res.partner | Author
email_from | char | From
message_id | char | Message-Id
parent_id | many2one mail.message | Parent Message
child_ids | one2many mail.message.parent_id | Child Messages
is_internal | boolean | Employee Only
""",  # noqa: E501
    ),
    "mail.message.subtype": (
        "Message subtypes",
        "sequence, id",
        "name | char | Message Type | required\ninternal | boolean | Internal Only\ndefault | boolean | Default\n"
        "sequence | integer | Sequence\nhidden | boolean | Hidden\nres_model | char | Model",
    ),
    "ir.model.data": (
        "Model Data",
        "module, model, name",
        """
name | char | External Identifier | required
complete_name | char | Complete ID | readonly
module | char | Module | required
model | char | Model Name | required
res_id | many2one_reference | Record ID
noupdate | boolean | Non Updatable
""",
    ),
    "ir.module.module": (
        "Module",
        "name",
        "name | char | Technical Name | required\n"
        "state | selection uninstalled=Not Installed,installed=Installed | Status | readonly",
    ),
}
