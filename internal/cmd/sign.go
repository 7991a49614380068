package cmd

import (
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hongbao/reference/server/auth"
	"hongbao/reference/wallet"
)

// Bounds of hongbao sign.
const (
	maxSignedBody = 1 << 20             // the service's limit, in bytes
	maxSession    = 30 * 24 * time.Hour // longer than a festival
)

// signFlags are the flags of hongbao sign.
type signFlags struct {
	data, keys, caller, operator, session, body string
	loadTest                                    bool
	lasts                                       time.Duration
}

func signCommand() *cobra.Command {
	var f signFlags
	cmd := &cobra.Command{
		Use:   "sign [SERVICE/METHOD]",
		Short: "Print the Authorization header for a request with curl",
		Long: `Prints the Authorization header of a request to the service: a signature with the key of an upstream or an operator, or
the session of a user. The keys are in the data folder of the service, so run this command where that folder is.

A signature covers the method and the body, and is valid for one request within five minutes. A session is valid for all
requests of its user until it expires.`,
		Example: `  BODY='{"app":"APP_DOUYIN","user":7,"activity":"spring-festival","scene":"rain","rain":1,"award":"AWARD_TYPE_CASH",
    "amount_fen":88,"opened_us":'$(date +%s)000000'}'
  curl -H "$(hongbao sign --body "$BODY" hongbao.v1.GrantService/Grant)" \
    --json "$BODY" http://127.0.0.1:8080/hongbao.v1.GrantService/Grant
  curl -H "$(hongbao sign --session douyin:7)" --json '{}' http://127.0.0.1:8080/hongbao.v1.WalletService/WalletPage
  curl -H "$(hongbao sign --operator viewer --body '{}' hongbao.v1.OperatorService/Status)" \
    --json '{}' http://127.0.0.1:8080/hongbao.v1.OperatorService/Status`,
		Args: arguments(0, 1, "at most one method"),
		RunE: func(cmd *cobra.Command, args []string) error { return sign(cmd, args, f) },
	}
	cmd.Flags().StringVar(&f.data, "data", "data", "data folder of the service, where keys.json is")
	cmd.Flags().StringVar(&f.keys, "keys", "", "keys file (default DATA/keys.json)")
	cmd.Flags().StringVar(&f.caller, "caller", "demo", "sign as this upstream")
	cmd.Flags().StringVar(&f.operator, "operator", "", "sign as this operator instead of an upstream")
	cmd.Flags().StringVar(&f.session, "session", "", "print a session of this user instead of a signature: APP:USER, such as douyin:7")
	cmd.Flags().StringVar(&f.body, "body", "", "body of the request; @FILE reads it from a file, @- from standard input")
	cmd.Flags().BoolVar(&f.loadTest, "load-test", false, "sign a request with the header "+auth.HeaderLoadTest+": 1")
	cmd.Flags().DurationVar(&f.lasts, "for", 24*time.Hour, "validity of a session")
	cmd.MarkFlagsMutuallyExclusive("caller", "operator", "session")
	cmd.MarkFlagsMutuallyExclusive("session", "body")
	return cmd
}

// sign prints the Authorization header.
func sign(cmd *cobra.Command, args []string, f signFlags) error {
	keys, err := loadKeys(f.keys, f.data)
	if err != nil {
		return err
	}
	var header string
	if f.session != "" {
		header, err = session(keys, args, f)
	} else {
		header, err = signature(cmd.InOrStdin(), keys, args, f)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(cmd.OutOrStdout(), "Authorization: "+header)
	return err
}

// loadKeys reads the keys file; "" is the one in the data folder.
func loadKeys(file, data string) (auth.Keys, error) {
	if file == "" {
		file = filepath.Join(data, "keys.json")
	}
	keys, err := auth.Load(file)
	if err != nil {
		err = usage("%w\n  hint: hongbao serve creates the keys in its data folder; give that folder with --data", err)
	}
	return keys, err
}

// session returns the Authorization of a user's session.
func session(keys auth.Keys, args []string, f signFlags) (string, error) {
	if len(args) > 0 {
		return "", usage("a session is valid for every method: remove the argument %s", args[0])
	}
	name, number, _ := strings.Cut(f.session, ":")
	app, ok := wallet.ParseApp(name)
	user, err := strconv.ParseInt(number, 10, 64)
	if !ok || err != nil || user <= 0 {
		return "", usage("--session %q: write an app and a user's number, such as douyin:7", f.session)
	}
	if err := checkDuration("for", f.lasts, maxSession); err != nil {
		return "", err
	}
	return auth.SchemeBearer + auth.Session(keys.SessionKey, app, wallet.UserID(user), time.Now().Add(f.lasts)), nil
}

// signature returns the Authorization of one signed request.
func signature(stdin io.Reader, keys auth.Keys, args []string, f signFlags) (string, error) {
	if len(args) == 0 {
		return "", usage("no method: give the method to sign, such as hongbao.v1.GrantService/Grant")
	}
	key, err := signingKey(keys, f)
	if err != nil {
		return "", err
	}
	body, err := signedBody(stdin, f.body)
	if err != nil {
		return "", err
	}
	path := "/" + strings.TrimPrefix(args[0], "/")
	if service, method, ok := strings.Cut(path[1:], "/"); !ok || service == "" || method == "" || strings.ContainsAny(path, " ?#\n") {
		return "", usage("%q is not SERVICE/METHOD, such as hongbao.v1.GrantService/Grant", args[0])
	}
	return auth.Sign(key, auth.Request{Method: "POST", Path: path, Body: body, LoadTest: f.loadTest}, time.Now(), auth.NewNonce()), nil
}

// signingKey returns the key of the operator, or of the upstream if no operator is given.
func signingKey(keys auth.Keys, f signFlags) (auth.Key, error) {
	if f.operator != "" {
		if o, ok := keys.Operator(f.operator); ok {
			return o.Key, nil
		}
		var names []string
		for _, o := range keys.Operators {
			names = append(names, o.ID)
		}
		return auth.Key{}, usage("unknown operator %q; the operators are: %s", f.operator, strings.Join(names, ", "))
	}
	if c, ok := keys.Caller(f.caller); ok {
		return c.Key, nil
	}
	return auth.Key{}, unknownCaller(keys, f.caller)
}

// unknownCaller is the error of a --caller that the keys file does not have.
func unknownCaller(keys auth.Keys, name string) error {
	var names []string
	for _, c := range keys.Callers {
		names = append(names, c.ID)
	}
	return usage("unknown caller %q; the callers are: %s", name, strings.Join(names, ", "))
}

// signedBody returns the bytes given by --body: the text, a file, or standard input.
func signedBody(stdin io.Reader, body string) ([]byte, error) {
	name, isFile := strings.CutPrefix(body, "@")
	if !isFile {
		return []byte(body), nil
	}
	var b []byte
	var err error
	if name == "-" {
		b, err = io.ReadAll(io.LimitReader(stdin, maxSignedBody+1))
	} else {
		b, err = readFile(name, maxSignedBody)
	}
	if err != nil {
		return nil, usage("--body: %w", err)
	}
	if len(b) > maxSignedBody {
		return nil, usage("--body: larger than the service's limit of %d bytes", maxSignedBody)
	}
	return b, nil
}
