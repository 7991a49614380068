package operator

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"hongbao/reference/wallet"
)

// maxFaults bounds the faults reported for one list. A list with more is probably the wrong file.
const maxFaults = 1000

// The header of a list. The column "reason" may be absent.
const (
	Header       = short + ",reason"
	short        = "app,user,scene,award,amount_fen"
	reasonColumn = 5 // index of the reason's column
)

// list is the state of reading a list.
type list struct {
	rows   []wallet.BulkRow
	faults []wallet.BulkLineError
	seen   map[rewardKey]int // the line of its first occurrence
}

// rewardKey identifies the account and the reward of a row: it determines the order number before the wallet is known.
type rewardKey struct {
	wallet.Account
	scene wallet.SceneID
	award wallet.AwardType
}

// readList reads a list strictly. Every error is a fault with its line, and all faults are reported up to MaxFaults. A
// byte order mark at the beginning and CRLF line ends are accepted, because spreadsheets write them.
func readList(text []byte) ([]wallet.BulkRow, []wallet.BulkLineError) {
	l := &list{seen: map[rewardKey]int{}}
	l.read(text)
	if len(l.faults) == 0 && len(l.rows) == 0 {
		l.fault(0, "the list has only a header")
	}
	slices.SortStableFunc(l.faults, func(a, b wallet.BulkLineError) int { return a.Line - b.Line })
	return l.rows, l.faults
}

// fault records a fault and reports whether there is room for more.
func (l *list) fault(line int, format string, args ...any) bool {
	if len(l.faults) == maxFaults {
		l.faults[maxFaults-1] = wallet.BulkLineError{Text: "there are more faults than are listed"}
		return false
	}
	l.faults = append(l.faults, wallet.BulkLineError{Line: line, Text: fmt.Sprintf(format, args...)})
	return true
}

func (l *list) read(text []byte) {
	switch {
	case len(text) > wallet.MaxBulkBytes:
		l.fault(0, "the list has %d bytes, at most %d", len(text), wallet.MaxBulkBytes)
		return
	case !utf8.Valid(text):
		l.fault(0, "the list is not UTF-8")
		return
	}
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	r.ReuseRecord, r.FieldsPerRecord = true, -1
	header, err := r.Read()
	if names := strings.Join(header, ","); err != nil || names != short && names != Header {
		l.fault(1, "the first line is not %s", Header)
		return
	}
	columns := len(header)
	for {
		record, err := r.Read()
		if err == io.EOF {
			return
		}
		if broken := (*csv.ParseError)(nil); errors.As(err, &broken) {
			if !l.fault(broken.StartLine, "column %d: %v", broken.Column, broken.Err) {
				return
			}
			continue
		}
		line, _ := r.FieldPos(0)
		if len(record) != columns {
			err = fmt.Errorf("%d columns, not %d", len(record), columns)
		} else {
			err = l.row(line, record)
		}
		if err != nil && !l.fault(line, "%v", err) {
			return
		}
		if len(l.rows) > wallet.MaxBulkRows {
			l.fault(line, "there are more than %d lines", wallet.MaxBulkRows)
			return
		}
	}
}

// row reads one line. Texts that are kept are copied.
func (l *list) row(line int, record []string) error {
	row := wallet.BulkRow{Line: line}
	var known bool
	if row.App, known = wallet.ParseApp(record[0]); !known {
		return fmt.Errorf("app %.40q is unknown: use douyin, douyin-huoshan, douyin-lite, xigua, toutiao, toutiao-lite, fanqie-novel and fanqie-audio", record[0])
	}
	user, err := parseNumber(record[1])
	if err != nil || user == 0 {
		return fmt.Errorf("user %.40q is not a number above zero", record[1])
	}
	row.User, row.Scene = wallet.UserID(user), wallet.SceneID(strings.Clone(record[2]))
	if !row.Scene.Valid() {
		return fmt.Errorf("scene %.40q is not a scene id", record[2])
	}
	if row.Award, known = wallet.ParseAwardType(record[3]); !known {
		return fmt.Errorf("award %.40q is not a reward type", record[3])
	}
	if row.Award != wallet.Cash && record[4] == "" {
		record[4] = "0"
	}
	amount, err := parseNumber(record[4])
	if err != nil || row.Award == wallet.Cash != (amount > 0) {
		return fmt.Errorf("amount_fen %.40q: must be whole fen above zero for cash, and 0 or empty for any other reward", record[4])
	}
	row.Amount = wallet.Money(amount)
	if len(record) > reasonColumn {
		row.Reason = strings.Clone(record[reasonColumn])
	}
	if len(row.Reason) > wallet.MaxBulkReason || strings.ContainsFunc(row.Reason, unicode.IsControl) {
		return fmt.Errorf("reason of %d bytes: at most %d, in one line", len(row.Reason), wallet.MaxBulkReason)
	}
	who := rewardKey{wallet.AccountOf(row.App, row.User), row.Scene, row.Award}
	if first, duplicate := l.seen[who]; duplicate {
		return fmt.Errorf("the same person and scene as line %d", first)
	}
	l.seen[who] = line
	l.rows = append(l.rows, row)
	return nil
}

// errNumber means that a text is not a number in canonical form.
var errNumber = errors.New("operator: not a number")

// parseNumber parses a non-negative integer in canonical form.
func parseNumber(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, errNumber
	}
	return n, nil
}
