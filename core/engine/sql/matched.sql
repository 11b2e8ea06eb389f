-- Every line once for each chosen program it counts in. The left joins keep lines of accounts and items of which
-- nothing is known on the day: those have class 0.
SELECT
    f.document,
    f.line,
    f.account,
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
    r.tier
FROM fact AS f
LEFT JOIN account_class AS a ON a.account = f.account AND f.day >= a.from_day AND f.day < a.to_day
LEFT JOIN item_class AS i ON i.item = f.item AND f.day >= i.from_day AND f.day < i.to_day
JOIN days AS d ON d.day = f.day
JOIN reach AS r
    ON r.account_class = COALESCE(a.class, 0) AND r.item_class = COALESCE(i.class, 0) AND r.slot = d.slot
