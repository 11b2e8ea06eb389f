-- Which lines count where: by the classes of account and item and the slot of the day.
SELECT
    a.class AS account_class,
    i.class AS item_class,
    c.slot,
    c.program,
    c.span,
    c.period,
    c.measure,
    c.tier
FROM chosen AS p
JOIN account_member AS a ON a.program = p.program
JOIN item_member AS i ON i.program = p.program
JOIN calendar AS c ON c.program = p.program
