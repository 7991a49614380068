package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"hongbao/reference/server/auth"
	pb "hongbao/reference/server/hongbaopb"
	"hongbao/reference/wallet"
)

func isJSON(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Content-Type"), "application/json")
}

// read decodes a request. Protobuf's JSON accepts 64-bit numbers exactly, as strings and as numbers.
func read(r *http.Request, body []byte, m proto.Message) error {
	err := error(nil)
	if isJSON(r) {
		err = protojson.Unmarshal(body, m)
	} else {
		err = proto.Unmarshal(body, m)
	}
	if err != nil {
		return refusal(wallet.CodeInvalid, "malformed")
	}
	return nil
}

// refusal is an error of the contract that the Go API has no error value for.
func refusal(c wallet.Code, reason string) error {
	return fmt.Errorf("%s%w", reason, &wallet.Error{Code: c, Reason: reason})
}

// refuse writes an error in the form of the contract: Connect's JSON with an ErrorDetail, and the reason in a header.
func refuse(w http.ResponseWriter, status int, err error) {
	code := wallet.CodeOf(err)
	name, usual := wire(code)
	if a := (*auth.Error)(nil); errors.As(err, &a) && a.Unknown {
		name, usual = "unauthenticated", http.StatusUnauthorized
	}
	if status == 0 {
		status = usual
	}
	again := code == wallet.CodeOverloaded || code == wallet.CodeUnavailable || code == wallet.CodeUnknown
	detail, _ := proto.Marshal(&pb.ErrorDetail{Reason: wallet.ReasonOf(err), Code: code.String(), Message: err.Error(),
		Retryable: again, SameNumber: code == wallet.CodeUnknown})
	body, _ := json.Marshal(map[string]any{"code": name, "message": err.Error(),
		"details": []any{map[string]any{"type": "hongbao.v1.ErrorDetail", "value": base64.RawStdEncoding.EncodeToString(detail)}}})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Hongbao-Reason", wallet.ReasonOf(err))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// wire returns the codes of Connect and HTTP for an error code.
func wire(c wallet.Code) (string, int) {
	switch c {
	case wallet.CodeInvalid:
		return "invalid_argument", http.StatusBadRequest
	case wallet.CodeNotFound:
		return "not_found", http.StatusNotFound
	case wallet.CodeConflict:
		return "already_exists", http.StatusConflict
	case wallet.CodeRefused:
		return "failed_precondition", http.StatusBadRequest
	case wallet.CodeUnauthorised:
		return "permission_denied", http.StatusForbidden
	default:
		return "internal", http.StatusInternalServerError
	}
}
