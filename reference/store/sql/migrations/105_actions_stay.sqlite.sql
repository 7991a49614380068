-- +goose Up

-- +goose StatementBegin
CREATE TRIGGER {p}actions_stay BEFORE UPDATE ON {p}actions BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER {p}actions_keep BEFORE DELETE ON {p}actions BEGIN SELECT RAISE(ABORT, 'the audit log is never changed'); END;
-- +goose StatementEnd
