-- The cells, in the order of their groups.
SELECT
    m.beneficiary,
    m.span,
    m.tax,
    {level} AS level,
    {document} AS document,
    {line} AS line,
    {more}
    CAST(SUM({measure}) AS BIGINT) AS measure,
    CAST(SUM(m.net) AS BIGINT) AS net,
    CAST(SUM({unknown}) AS BIGINT) AS unknown,
    CAST(SUM(m.sign) AS BIGINT) AS lines
FROM matched AS m
{joins}
{touched}
{known}
GROUP BY ALL
ORDER BY ALL
