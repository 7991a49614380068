package token

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/proto"

	"hongbao/reference/token/tokenpb"
	"hongbao/reference/wallet"
)

//go:generate protoc --proto_path=tokenpb --go_out=tokenpb --go_opt=paths=source_relative token.proto

// message returns the token with the source's field names and numbers (T3).
func message(t wallet.Token) *tokenpb.Token {
	return &tokenpb.Token{
		AppID:      int64(t.App),
		ActID:      int64(t.Order.ActID),
		ActivityID: string(t.Activity),
		SceneID:    string(t.Order.Scene),
		Amount:     int64(t.Amount),
		OutTradeNo: t.Order.String(),
		OpenTime:   int64(t.Opened),
		RainID:     t.Order.Rain,
		Status:     int64(t.Status),
	}
}

// appendSigned appends the protobuf bytes that are signed: all fields of T3 but the status, which only the server has
// (T4).
func appendSigned(b []byte, t wallet.Token) ([]byte, error) {
	t.Status = wallet.TokenIssued // zero, so that proto3 leaves the field out
	b, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(b, message(t))
	if err != nil {
		return nil, fmt.Errorf("%w: token: %v", wallet.ErrInvalid, err)
	}
	return b, nil
}

// decodeSigned is the inverse of appendSigned. It returns ErrTokenUnreadable for anything else: fields that contradict the
// order number, unknown fields, a status. The bytes need not be in canonical order: they are sent as they were signed
// and never re-encoded, so nothing depends on the version of the encoder.
func decodeSigned(b []byte) (wallet.Token, error) {
	var m tokenpb.Token
	if err := proto.Unmarshal(b, &m); err != nil {
		return wallet.Token{}, fmt.Errorf("%w: %v", wallet.ErrTokenUnreadable, err)
	}
	no, err := wallet.ParseOrderNo(m.OutTradeNo)
	if err != nil {
		return wallet.Token{}, fmt.Errorf("%w: %v", wallet.ErrTokenUnreadable, err)
	}
	same := m.ActID == int64(no.ActID) && m.SceneID == string(no.Scene) && m.RainID == no.Rain
	if !same || m.Status != 0 || len(m.ProtoReflect().GetUnknown()) > 0 || m.AppID < 0 || m.AppID > wallet.Apps {
		return wallet.Token{}, fmt.Errorf("%w: fields that no token has", wallet.ErrTokenUnreadable)
	}
	t := wallet.Token{App: wallet.App(m.AppID), Activity: wallet.ActivityID(m.ActivityID), Order: no,
		Amount: wallet.Money(m.Amount), Opened: wallet.Instant(m.OpenTime)}
	if err := validate(t); err != nil {
		return wallet.Token{}, fmt.Errorf("%w: %v", wallet.ErrTokenUnreadable, err)
	}
	return t, nil
}

// jsonToken is the token as JSON, with the same field names.
type jsonToken struct {
	AppID      int64
	ActID      int64
	ActivityID string
	SceneID    string
	Amount     int64
	OutTradeNo string
	OpenTime   int64
	RainID     int32
	Status     int64
}

// EncodedSizes returns the token's size in bytes as protobuf and as JSON, status included: T3 claims about half. It
// panics on a token that Seal refuses.
func EncodedSizes(t wallet.Token) (protobuf, jsonBytes int) {
	if err := validate(t); err != nil {
		panic(err)
	}
	m := message(t)
	j, err := json.Marshal(jsonToken{m.AppID, m.ActID, m.ActivityID, m.SceneID, m.Amount, m.OutTradeNo, m.OpenTime, m.RainID, m.Status})
	if err != nil {
		panic(err) // Integers and strings always have a JSON form.
	}
	return proto.Size(m), len(j)
}
