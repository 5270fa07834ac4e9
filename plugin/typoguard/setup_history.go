package typoguard

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// defaults of the options of a history and its page.
const (
	defaultHistoryAge    = 90 * 24 * time.Hour
	defaultHistorySize   = 1 << 30
	minHistorySize       = 1 << 20
	defaultReviewAddress = "127.0.0.1:8053"
)

// sqliteScheme is how the DSN of a file begins.
const sqliteScheme = "sqlite://"

// errNoHistories says how to get what keeps histories.
var errNoHistories = errors.New("this program is built without it; expected one that imports " +
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory, as coredns-typoguard does")

// parseHistory reads the DSN of a database, and pairs of a setting and its value.
func parseHistory(c *caddy.Controller, s *stanza) error {
	at := here(c)
	if histories == nil {
		return errNoHistories
	}
	args, err := arguments(c, "a database such as sqlite:///var/lib/typoguard/events.db or postgres://user@host/database")
	if err != nil {
		return err
	}
	config := HistoryConfig{Age: defaultHistoryAge, Size: defaultHistorySize}
	if config.DSN, err = absoluteDSN(s.root, args[0]); err != nil {
		return err
	}
	err = parsePairs(args[1:], map[string]func(string) error{
		"age": func(value string) (err error) {
			config.Age, err = parseHistoryAge(value)
			return err
		},
		"size": func(value string) (err error) {
			config.Size, err = parseHistorySize(value)
			return err
		},
	})
	if err != nil {
		return err
	}
	name, err := histories.Check(config.DSN)
	if err != nil {
		return err
	}
	if path, ok := sqlitePath(config.DSN); ok {
		if err := checkFile(path); err != nil {
			return err
		}
	}
	s.dsn, s.historyName, s.policy.history = config.DSN, name, true
	return s.addSink(&sinkConfig{
		name: name, settings: fmt.Sprintf("age %s size %d", config.Age, config.Size), secret: config.DSN, option: "history", at: at,
		open: func(host string) (sink.Target, error) {
			config.Host, config.Logger = host, newLogger(log)
			return histories.Open(config)
		},
	})
}

// absoluteDSN returns a DSN with the path of a file made absolute, if it is relative to a directory, which may be relative
// to the working directory itself.
func absoluteDSN(root, dsn string) (string, error) {
	path, ok := sqlitePath(dsn)
	if !ok || path == "" || filepath.IsAbs(path) {
		return dsn, nil
	}
	path, err := filepath.Abs(filepath.Join(root, path))
	return sqliteScheme + path, err
}

// sqlitePath returns the path of the file that a DSN names, and false if it names none.
func sqlitePath(dsn string) (string, bool) { return strings.CutPrefix(dsn, sqliteScheme) }

// parseHistoryAge is parseAge, where 0 is for ever.
func parseHistoryAge(value string) (time.Duration, error) {
	if value == "0" {
		return 0, nil
	}
	return parseAge(value)
}

// parseHistorySize is parseSize, where 0 is no bound, and nothing else is below what an empty database needs.
func parseHistorySize(value string) (int64, error) {
	if value == "0" {
		return 0, nil
	}
	size, err := parseSize(value)
	if err != nil || size < minHistorySize {
		return 0, fmt.Errorf("size %q; expected at least 1MB, such as 1GB, or 0 for no bound", value)
	}
	return size, nil
}

// parseReview reads an address, if there is one, and pairs of a setting and its value.
func parseReview(c *caddy.Controller, s *stanza) error {
	at := here(c)
	if histories == nil {
		return errNoHistories
	}
	args := c.RemainingArgs()
	config := ReviewConfig{Address: defaultReviewAddress, Version: caddy.AppVersion}
	if len(args)%2 == 1 {
		config.Address, args = args[0], args[1:]
	}
	err := parsePairs(args, map[string]func(string) error{
		"web_config": func(value string) error {
			if config.WebConfig = value; !filepath.IsAbs(value) {
				config.WebConfig = filepath.Join(s.root, value)
			}
			return nil
		},
		"host": func(value string) error { config.Host = value; return nil },
	})
	if err != nil {
		return err
	}
	s.review = &reviewPage{config: config, at: at}
	return histories.CheckReview(config)
}

// checkReview completes the stanza's page with the history that it shows.
func (s *stanza) checkReview() error {
	if s.review == nil {
		return nil
	}
	if !s.policy.history {
		return s.review.at.errorf("review: the policy keeps no history; expected one in the same stanza, such as history sqlite:///var/lib/typoguard/events.db")
	}
	s.review.config.DSN, s.review.history = s.dsn, s.historyName
	return nil
}
