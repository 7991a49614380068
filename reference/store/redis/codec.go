package redis

import (
	"fmt"
	"strconv"
	"strings"

	"hongbao/reference/wallet"
)

// Stored values are text with a space between parts, so that an operator can read them and no number is ever a float.

// creditText writes "order amount opened".
func creditText(c wallet.Credit) string {
	b := append(c.Order.Append(make([]byte, 0, 96)), ' ')
	b = append(strconv.AppendInt(b, int64(c.Amount), 10), ' ')
	return string(strconv.AppendInt(b, int64(c.Opened), 10))
}

func parseCredit(s string) (wallet.Credit, error) {
	order, rest, _ := strings.Cut(s, " ")
	no, err := wallet.ParseOrderNo(order)
	if err != nil {
		return wallet.Credit{}, err
	}
	n, err := parseInts(rest, 2)
	if err != nil {
		return wallet.Credit{}, err
	}
	return wallet.Credit{Order: no, Amount: wallet.Money(n[0]), Opened: wallet.Instant(n[1])}, nil
}

// tokenText formats a token without its number and status: "app amount opened activity".
func tokenText(t wallet.Token) string {
	b := append(strconv.AppendUint(make([]byte, 0, 96), uint64(t.App), 10), ' ')
	b = append(strconv.AppendInt(b, int64(t.Amount), 10), ' ')
	b = append(strconv.AppendInt(b, int64(t.Opened), 10), ' ')
	return string(append(b, t.Activity...))
}

func parseToken(order, s string) (wallet.Token, error) {
	no, err := wallet.ParseOrderNo(order)
	if err != nil {
		return wallet.Token{}, err
	}
	part := strings.SplitN(s, " ", 4)
	if len(part) != 4 {
		return wallet.Token{}, fmt.Errorf("redis: stored token %s has %d parts", no, len(part))
	}
	n, err := parseInts(strings.Join(part[:3], " "), 3)
	if err != nil {
		return wallet.Token{}, err
	}
	app := wallet.App(n[0])
	if int64(app) != n[0] || !app.Valid() {
		return wallet.Token{}, fmt.Errorf("redis: stored token %s has app %d", no, n[0])
	}
	return wallet.Token{App: app, Order: no, Amount: wallet.Money(n[1]), Opened: wallet.Instant(n[2]), Activity: wallet.ActivityID(part[3])}, nil
}

// orderText formats an order without its number: "state amount opened created". The state comes first and is one
// digit, so that a script can change it.
func orderText(o wallet.Order) string {
	b := append(strconv.AppendUint(make([]byte, 0, 64), uint64(o.State), 10), ' ')
	b = append(strconv.AppendInt(b, int64(o.Amount), 10), ' ')
	b = append(strconv.AppendInt(b, int64(o.Opened), 10), ' ')
	return string(strconv.AppendInt(b, int64(o.Created), 10))
}

func parseOrder(order, s string) (wallet.Order, error) {
	no, err := wallet.ParseOrderNo(order)
	if err != nil {
		return wallet.Order{}, err
	}
	n, err := parseInts(s, 4)
	if err != nil {
		return wallet.Order{}, err
	}
	if n[0] < 0 || n[0] > int64(wallet.OrderMoved) {
		return wallet.Order{}, fmt.Errorf("redis: stored order %s has state %d", no, n[0])
	}
	return wallet.Order{No: no, State: wallet.OrderState(n[0]), Amount: wallet.Money(n[1]), Opened: wallet.Instant(n[2]), Created: wallet.Instant(n[3])}, nil
}

// parseInts parses exactly the given number of integers.
func parseInts(s string, want int) ([]int64, error) {
	part := strings.Split(s, " ")
	if len(part) != want {
		return nil, fmt.Errorf("redis: stored value has %d numbers, not %d", len(part), want)
	}
	out := make([]int64, want)
	for i, p := range part {
		n, err := strconv.ParseInt(p, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("redis: stored number: %w", err)
		}
		out[i] = n
	}
	return out, nil
}
