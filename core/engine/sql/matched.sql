-- Every line once for each chosen program it counts in. The joins of the classes are left joins and keep lines of
-- accounts and items of which nothing is known on the day: those have class 0. Where the chosen programs treat all
-- accounts or all items alike, class 0 stands for them all.
SELECT
    f.document,
    f.line,
    f.account,
    {beneficiary} AS beneficiary,
    f.item,
    f.tax,
    f.net,
    f.tax_amount,
    f.quantity,
    f.sign,
    f.batch,
    f.day,
    d.month,
    r.span,
    r.period,
    r.measure,
    r.tier{shared}
FROM {fact} AS f
{accounts}
{items}
{rolled}
JOIN days AS d ON d.day = f.day
JOIN reach AS r
    ON r.account_class = {account_class} AND r.item_class = {item_class} AND r.slot = d.slot
