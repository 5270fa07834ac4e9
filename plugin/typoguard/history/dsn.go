package history

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// expected says what a valid DSN looks like.
const expected = "expected sqlite:///PATH or postgres://USER@HOST/DATABASE"

// Check returns the name of a DSN for logs and metrics, or an error if it is invalid. Neither contains the password. Check opens
// nothing. The path of an SQLite database, as ParseSQLite returns it, must be absolute.
func Check(dsn string) (name string, err error) {
	if path, ok := ParseSQLite(dsn); ok {
		if !filepath.IsAbs(path) {
			return "", fmt.Errorf("%q is not an absolute path; %s", dsn, expected)
		}
		return SQLite(path), nil
	}
	switch scheme, _, ok := strings.Cut(dsn, "://"); {
	case !ok:
		return "", fmt.Errorf("not a database URL; %s", expected)
	case scheme != "postgres" && scheme != "postgresql":
		return "", fmt.Errorf("unknown database \"%s://…\"; %s", scheme, expected)
	}
	config, err := parsePostgres(dsn)
	if err != nil {
		return "", fmt.Errorf("invalid PostgreSQL URL: %w; %s", err, expected)
	}
	u := url.URL{Scheme: "postgres", Host: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), Path: "/" + config.Database}
	if config.User != "" {
		u.User = url.User(config.User)
	}
	return u.String(), nil
}

// optionName matches the names of options in a PostgreSQL DSN.
var optionName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// WithoutPassword returns a DSN without its passwords, for commands: everything else stays, so that they reach the same database as safely, and
// take the password from where the client has it. It returns "" for a DSN that Check refuses.
func WithoutPassword(dsn string) string {
	if _, err := Check(dsn); err != nil {
		return ""
	}
	if _, ok := ParseSQLite(dsn); ok {
		return dsn
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return ""
	}
	if user := u.User.Username(); user != "" {
		u.User = url.User(user)
	} else {
		u.User = nil
	}
	var options []string
	for option := range strings.SplitSeq(u.RawQuery, "&") {
		if isShown(option) {
			options = append(options, option)
		}
	}
	u.RawQuery = strings.Join(options, "&")
	return u.String()
}

// isShown reports whether an option as it is in a DSN has no password. If the user or password has a ? that is not percent-encoded, they are in
// what looks like options, with an @ or another ? in it.
func isShown(option string) bool {
	escaped, _, _ := strings.Cut(option, "=")
	name, err := url.QueryUnescape(escaped)
	return err == nil && optionName.MatchString(name) && !strings.ContainsAny(option, "@?;") &&
		!slices.Contains([]string{"password", "sslpassword"}, strings.ToLower(name))
}

// ParseSQLite returns the path in an SQLite DSN: /var/lib/typoguard/events.db for sqlite:///var/lib/typoguard/events.db. It
// reports false for other DSNs.
func ParseSQLite(dsn string) (path string, ok bool) {
	path, ok = strings.CutPrefix(dsn, "sqlite://")
	return path, ok && path != ""
}

// SQLite returns the DSN of an SQLite database.
func SQLite(path string) string { return "sqlite://" + path }

// hostTimeout is how many seconds one of several servers has to answer, of the time that a change may take.
const hostTimeout = 3

// parameter is one of a PostgreSQL DSN.
type parameter struct{ name, value string }

// withDefaults completes a PostgreSQL DSN. Of several servers only one takes events, and one that is dead must not keep the others waiting.
// If only cryptography that FIPS 140-3 approves is allowed, a server that asks for MD5 must not be answered, because that would end the process.
func withDefaults(dsn string, approvedOnly bool) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn
	}
	var defaults []parameter
	if strings.Contains(u.Host+u.Query().Get("host"), ",") {
		defaults = append(defaults, parameter{"target_session_attrs", "read-write"}, parameter{"connect_timeout", strconv.Itoa(hostTimeout)})
	}
	if approvedOnly {
		defaults = append(defaults, parameter{"require_auth", "!md5"})
	}
	separator := "?"
	if strings.Contains(dsn, "?") {
		separator = "&"
	}
	for _, option := range defaults {
		if !u.Query().Has(option.name) {
			dsn += separator + option.name + "=" + option.value
			separator = "&"
		}
	}
	return dsn
}

// parsePostgres parses a PostgreSQL DSN. Its errors repeat nothing that may be part of the password.
func parsePostgres(dsn string) (*pgx.ConnConfig, error) {
	u, err := url.Parse(dsn)
	if err != nil {
		return nil, errors.New("it cannot be parsed; a special character may need to be percent-encoded")
	}
	if strings.Contains(u.Host+u.Path, "@") || strings.Contains(dsn, "#") {
		return nil, errors.New("it contains a #, or an @ in the host or database; percent-encode /, @ and # in the user and password")
	}
	config, err := pgx.ParseConfig(dsn)
	if err == nil {
		return config, nil
	}
	_, hasPassword := u.User.Password()
	if inner := errors.Unwrap(err); inner != nil && !hasPassword && !strings.Contains(dsn, "password") && strings.Count(dsn, "@") < 2 {
		return nil, inner
	}
	return nil, errors.New("it has an invalid option or address (not shown, because it may contain the password)")
}
