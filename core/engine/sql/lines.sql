-- The lines of some accounts on some days as they stand now, whether they count or not.
SELECT
    f.document,
    f.line,
    f.account,
    f.item,
    f.tax,
    f.day,
    CAST(SUM(f.net) AS BIGINT) AS net,
    CAST(SUM(f.quantity) AS BIGINT) AS quantity
FROM {fact} AS f
WHERE f.account IN (SELECT n.account FROM named AS n) AND f.day >= $first AND f.day < $end {known}
GROUP BY ALL
HAVING SUM(f.sign) > 0
ORDER BY ALL
