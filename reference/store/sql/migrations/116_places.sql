-- +goose Up

-- What is unfinished is walked through from place to place, as open orders are: from now on these columns hold an instant
-- times 4096 and, below it, some bits of the number. In rows that are here already these bits are all the same.
UPDATE {p}withdrawals SET due = due * 4096 + 1 WHERE due IS NOT NULL;
UPDATE {p}packets SET asked = asked * 4096 + 1 WHERE asked IS NOT NULL;
UPDATE {p}packets SET sent = sent * 4096 + 1 WHERE sent IS NOT NULL;
