-- +goose Up

-- Entries are immutable (F1). MySQL asks for a privilege before it lets one create triggers; there, grant the service
-- no UPDATE and no DELETE on these tables but for the no-op of an insert, and a test reads our statements.
-- +goose StatementBegin
CREATE TRIGGER {p}ledger_grants_stay BEFORE UPDATE ON {p}ledger_grants BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER {p}ledger_grants_keep BEFORE DELETE ON {p}ledger_grants BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER {p}ledger_debits_stay BEFORE UPDATE ON {p}ledger_debits BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER {p}ledger_debits_keep BEFORE DELETE ON {p}ledger_debits BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER {p}ledger_legs_stay BEFORE UPDATE ON {p}ledger_legs BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER {p}ledger_legs_keep BEFORE DELETE ON {p}ledger_legs BEGIN SELECT RAISE(ABORT, 'entries are immutable'); END;
-- +goose StatementEnd
