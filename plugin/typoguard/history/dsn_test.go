package history

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
)

func TestCheck(t *testing.T) {
	for name, tt := range map[string]struct{ dsn, called, err string }{
		"file":            {"sqlite:///var/lib/typoguard/events.db", "sqlite:///var/lib/typoguard/events.db", ""},
		"relative file":   {"sqlite://events.db", "", `"sqlite://events.db" is not an absolute path; ` + expected},
		"no file":         {"sqlite://", "", `unknown database "sqlite://…"; ` + expected},
		"server":          {"postgres://typoguard@db.corp.example/typoguard", "postgres://typoguard@db.corp.example:5432/typoguard", ""},
		"other scheme":    {"postgresql://a@db.corp.example:5433/b?sslmode=verify-full", "postgres://a@db.corp.example:5433/b", ""},
		"password":        {"postgres://a:secret@[2001:db8::1]/b?password=secret", "postgres://a@[2001:db8::1]:5432/b", ""},
		"escaped":         {"postgres://a:secret%40@db/b", "postgres://a@db:5432/b", ""},
		"several servers": {"postgres://a:secret@db1,db2/b", "postgres://a@db1:5432/b", ""},
		"bad option":      {"postgres://a:secret@db/b?sslmode=maybe", "", `invalid PostgreSQL URL: `},
		"bad port":        {"postgres://a:secret@db:x/b", "", `invalid PostgreSQL URL: it cannot be parsed; a special character may need to be percent-encoded; ` + expected},
		"not escaped":     {"postgres://a:sec/ret@db/b", "", `invalid PostgreSQL URL: it cannot be parsed`},
		"slash in user":   {"postgres://corp/a:secret@db/b", "", `invalid PostgreSQL URL: it contains a #, or an @ in the host or database`},
		"other database":  {"mysql://a:secret@db/b", "", `unknown database "mysql://…"; ` + expected},
		"nothing":         {"", "", `not a database URL; ` + expected},
		"name of a file":  {"events.db", "", `not a database URL; ` + expected},
		"keys and values": {"host=db password=secret", "", `not a database URL; ` + expected},
	} {
		t.Run(name, func(t *testing.T) {
			called, err := Check(tt.dsn)
			if tt.err == "" {
				require.NoError(t, err)
				assert.Equal(t, tt.called, called)
				return
			}
			require.ErrorContains(t, err, tt.err)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// TestWithoutPassword: a command gets everything of a DSN but the passwords.
func TestWithoutPassword(t *testing.T) {
	for dsn, want := range map[string]string{
		"sqlite:///var/lib/typoguard/events.db":                             "sqlite:///var/lib/typoguard/events.db",
		"postgres://u@/typoguard?host=/var/run/postgresql":                  "postgres://u@/typoguard?host=/var/run/postgresql",
		"postgres:///typoguard?host=/var/run/postgresql":                    "postgres:///typoguard?host=/var/run/postgresql",
		"postgres://db/typoguard":                                           "postgres://db/typoguard",
		"postgres://:secret@db/typoguard":                                   "postgres://db/typoguard",
		"postgresql://a:secret%40@db:5433/b?sslmode=disable":                "postgresql://a@db:5433/b?sslmode=disable",
		"postgres://a%40b:secret@[2001:db8::1]/b%20c?sslmode=disable":       "postgres://a%40b@[2001:db8::1]/b%20c?sslmode=disable",
		"postgres://a:secret@db1:5432,db2:5433/b?target_session_attrs=any":  "postgres://a@db1:5432,db2:5433/b?target_session_attrs=any",
		"postgres://a@db/b?password=secret":                                 "postgres://a@db/b",
		"postgres://db/b?user=a&passwor%64=secret&sslmode=disable":          "postgres://db/b?user=a&sslmode=disable",
		"postgres://a@db/b?sslmode=disable&sslpassword=secret&password=s@e": "postgres://a@db/b?sslmode=disable",
		"postgres://a?b:secret@db/c?sslmode=disable":                        "postgres://a",
		"postgres://a?b=c:secret@db/d?sslmode=disable":                      "postgres://a",
		"postgres://a:secret@db/b?sslmode=maybe":                            "",
		"mysql://a:secret@db/b":                                             "",
		"":                                                                  "",
	} {
		found := WithoutPassword(dsn)
		assert.Equal(t, want, found, dsn)
		if want != "" {
			_, err := Check(found)
			require.NoError(t, err, dsn)
		}
	}
}

// TestWithDefaults: of several servers the one is found that takes events, whatever the others do.
func TestWithDefaults(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://a@db/b":                                                 "postgres://a@db/b",
		"postgres://a@db/b?application_name=x,y":                            "postgres://a@db/b?application_name=x,y",
		"postgres://a@db1,db2:5433/b":                                       "postgres://a@db1,db2:5433/b?target_session_attrs=read-write&connect_timeout=3",
		"postgres://a@db1:5432,db2:5433/b?sslmode=disable":                  "postgres://a@db1:5432,db2:5433/b?sslmode=disable&target_session_attrs=read-write&connect_timeout=3",
		"postgres://a@/b?host=db1,db2":                                      "postgres://a@/b?host=db1,db2&target_session_attrs=read-write&connect_timeout=3",
		"postgres://a@db1,db2/b?target_session_attrs=any":                   "postgres://a@db1,db2/b?target_session_attrs=any&connect_timeout=3",
		"postgres://a@db1,db2/b?connect_timeout=9&target_session_attrs=any": "postgres://a@db1,db2/b?connect_timeout=9&target_session_attrs=any",
	} {
		assert.Equal(t, want, withDefaults(dsn, false))
		_, err := parsePostgres(withDefaults(dsn, false))
		require.NoError(t, err, dsn)
	}
}

// TestWithoutMD5: where MD5 would end the process, a server that asks for it is refused.
func TestWithoutMD5(t *testing.T) {
	for dsn, want := range map[string]string{
		"postgres://a@db/b":                            "!md5",
		"postgres://a@db1,db2/b?sslmode=disable":       "!md5",
		"postgres://a@db/b?require_auth=scram-sha-256": "scram-sha-256",
	} {
		config, err := parsePostgres(withDefaults(dsn, true))
		require.NoError(t, err, dsn)
		assert.Equal(t, want, config.RequireAuth, dsn)
	}
}

// FuzzCheck: a password never shows, whatever it is, in the name or in an error; and what is accepted can be opened.
func FuzzCheck(f *testing.F) {
	f.Add("typoguard", "secret", "db.corp.example", "typoguard")
	f.Add("a:b@c", "/?#[]@", "[::1]:5432", "a/b?sslmode=x")
	f.Add("", "\x00\xff%", "\n", "")
	f.Fuzz(func(t *testing.T, user, password, host, database string) {
		const mark = "pa55word"
		for _, dsn := range []string{
			(&url.URL{Scheme: "postgres", User: url.UserPassword(user, mark+password), Host: host, Path: "/" + database}).String(),
			"postgres://" + strings.Trim(user, "@/?#") + ":" + mark + "@" + strings.Trim(host, "@/?#") + "/x?password=" + mark + url.QueryEscape(password),
		} {
			if strings.Contains(user+host+database, mark) {
				continue
			}
			name, err := Check(dsn)
			if err != nil {
				require.NotContains(t, err.Error(), mark, dsn)
				continue
			}
			require.NotContains(t, name, mark, dsn)
			require.NotContains(t, WithoutPassword(dsn), mark, dsn)
			s, err := Open(historyconfig.Store{DSN: dsn})
			require.NoError(t, err)
			require.NoError(t, s.Close())
		}
	})
}

// FuzzCursor: any cursor is refused, or is one that a page has.
func FuzzCursor(f *testing.F) {
	for _, order := range Orders {
		values := []any{int64(1), int64(2)}
		if order != ByTime {
			values = append([]any{int64(3)}, values...)
		}
		f.Add((&cursor{Order: order, Values: values}).encode(), string(order), false)
	}
	f.Add((&cursor{Order: ByName, Reverse: true, Before: true, Values: []any{"a", int64(1), int64(2), int64(3)}}).encode(), string(ByName), true)
	f.Fuzz(func(t *testing.T, text, order string, reverse bool) {
		c, err := decodeCursor(&Page{Cursor: text, Order: Order(order), Reverse: reverse})
		if err != nil {
			require.ErrorIs(t, err, ErrCursor)
			return
		}
		require.Len(t, c.Values, len(keys[Order(order)]))
		again, err := decodeCursor(&Page{Cursor: c.encode(), Order: Order(order), Reverse: reverse})
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}
