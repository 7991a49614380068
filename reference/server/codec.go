package server

import (
	"fmt"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	pb "hongbao/reference/server/hongbaopb"
)

// unreadable is the number of a field that no message of this API has. A body that cannot be decoded becomes a message
// with this field, which holds the reason: an error of the codec itself would reach the caller without a code and
// reason.
const unreadable = protowire.MaxValidNumber

// codec reads and writes one format.
type codec struct {
	name  string
	write func([]byte, proto.Message) ([]byte, error)
	read  func([]byte, proto.Message) error
}

// codecs are the formats of the API. JSON also writes zero values, under the schema's own names. It refuses unknown
// fields: a misspelt amount must not be read as an absent amount.
func codecs() []connect.Codec {
	writeJSON := protojson.MarshalOptions{UseProtoNames: true, EmitDefaultValues: true}.MarshalAppend
	return []connect.Codec{
		codec{"proto", proto.MarshalOptions{}.MarshalAppend, proto.Unmarshal},
		codec{"json", writeJSON, protojson.Unmarshal},
		codec{"json; charset=utf-8", writeJSON, protojson.Unmarshal},
	}
}

// Name implements connect.Codec.
func (c codec) Name() string { return c.name }

// Marshal implements connect.Codec.
func (c codec) Marshal(m any) ([]byte, error) { return c.MarshalAppend(nil, m) }

// MarshalAppend saves Connect a copy.
func (c codec) MarshalAppend(b []byte, m any) ([]byte, error) {
	p, ok := m.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("server: %T is not a message", m)
	}
	return c.write(b, p)
}

// Unmarshal implements connect.Codec. checkReadable refuses the message later.
func (c codec) Unmarshal(b []byte, m any) error {
	p, ok := m.(proto.Message)
	if !ok {
		return fmt.Errorf("server: %T is not a message", m)
	}
	if err := c.read(b, p); err != nil {
		why := protowire.AppendTag(nil, unreadable, protowire.BytesType)
		p.ProtoReflect().SetUnknown(protowire.AppendString(why, err.Error()))
	}
	return nil
}

// checkReadable returns errMalformed for a request that could not be decoded, or that has unknown fields: an ignored
// field may be an important one.
func checkReadable(m any) error {
	p, ok := m.(proto.Message)
	if !ok {
		return fmt.Errorf("server: %T is not a message", m)
	}
	if err := checkUnknownFields(p); err != nil {
		return err
	}
	for _, within := range nestedMessages(p) {
		if err := checkUnknownFields(within); err != nil {
			return err
		}
	}
	return nil
}

// nestedMessages returns the messages within a request.
func nestedMessages(m proto.Message) []proto.Message {
	switch m := m.(type) {
	case *pb.BatchGrantRequest:
		return messages(m.Grants)
	case *pb.SendPacketRequest:
		if m.Who != nil {
			return append(messages(m.To), m.Who)
		}
		return messages(m.To)
	case *pb.OpenPacketRequest:
		var within []proto.Message
		if m.Who != nil {
			within = append(within, m.Who)
		}
		if m.For != nil {
			within = append(within, m.For)
		}
		return within
	case *pb.ChangeSettingsRequest:
		if m.Settings != nil {
			return []proto.Message{m.Settings}
		}
	case *pb.AnnounceRequest:
		if m.Announcement != nil {
			return []proto.Message{m.Announcement}
		}
	case interface{ GetWho() *pb.User }:
		if who := m.GetWho(); who != nil {
			return []proto.Message{who}
		}
	}
	return nil
}

func messages[M proto.Message](ms []M) []proto.Message {
	out := make([]proto.Message, len(ms))
	for i, m := range ms {
		out[i] = m
	}
	return out
}

// checkUnknownFields checks one message, without the messages within it.
func checkUnknownFields(p proto.Message) error {
	extra := p.ProtoReflect().GetUnknown()
	if len(extra) == 0 {
		return nil
	}
	number, _, n := protowire.ConsumeTag(extra)
	if n > 0 && number == unreadable {
		if why, n := protowire.ConsumeString(extra[n:]); n > 0 {
			return fmt.Errorf("%w: %s", errMalformed, why)
		}
	}
	return fmt.Errorf("%w: field %d is unknown", errMalformed, number)
}
