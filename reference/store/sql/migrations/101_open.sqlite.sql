-- +goose Up

CREATE INDEX {p}orders_open ON {p}orders (place) WHERE place IS NOT NULL;
