-- +goose Up

-- Which block pays for an order that was recorded with its reservation; 0: none. NULL: the reservation is apart.
ALTER TABLE {p}orders ADD COLUMN block {long};
