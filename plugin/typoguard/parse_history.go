package typoguard

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/historyconfig"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/metrics"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// Defaults for histories and review pages.
const (
	defaultHistoryAge    = 90 * 24 * time.Hour
	defaultHistorySize   = 1 << 30
	minHistorySize       = 1 << 20
	defaultReviewAddress = "127.0.0.1:8053"
)

// sqliteScheme is the prefix of a file's DSN.
const sqliteScheme = "sqlite://"

// errNoHistories says how to build a program with histories.
var errNoHistories = errors.New("this program was built without it; expected one that imports " +
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/withhistory, as coredns-typoguard does")

// parseHistory reads a database's DSN and settings.
func parseHistory(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	if histories == nil {
		return errNoHistories
	}
	words, err := args.All(c, "a database such as sqlite:///var/lib/typoguard/events.db or postgres://user@host/database")
	if err != nil {
		return err
	}
	config := historyconfig.Store{Age: defaultHistoryAge, Size: defaultHistorySize}
	if config.DSN, err = absoluteDSN(p.root, words[0]); err != nil {
		return err
	}
	err = args.Pairs(words[1:], map[string]func(string) error{
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
		if err := args.CheckFile(path); err != nil {
			return err
		}
	}
	p.history, p.Candidates = historyConfig{config.DSN, name}, true
	return p.addSink(newSinkConfig(historyOption, at, sink.Config{
		Name: name, Settings: fmt.Sprintf("age %s size %d", config.Age, config.Size), Secret: config.DSN,
		Open: func() (sink.Target, error) {
			config.Host, config.Logger, config.Observer = sink.Hostname(), newLogger(log), metrics.NewHistory(name)
			return histories.Open(config)
		},
	}))
}

// absoluteDSN returns a DSN with an absolute path. A relative path is below root, which may itself be relative to the working
// directory.
func absoluteDSN(root, dsn string) (string, error) {
	path, ok := sqlitePath(dsn)
	if !ok || path == "" || filepath.IsAbs(path) {
		return dsn, nil
	}
	path, err := filepath.Abs(filepath.Join(root, path))
	return sqliteScheme + path, err
}

// sqlitePath returns the path in the DSN of a file, and false for other DSNs.
func sqlitePath(dsn string) (string, bool) { return strings.CutPrefix(dsn, sqliteScheme) }

// parseHistoryAge reads an age, where 0 means forever.
func parseHistoryAge(value string) (time.Duration, error) {
	if value == "0" {
		return 0, nil
	}
	return args.Age(value)
}

// parseHistorySize reads a size, where 0 means no limit. Smaller sizes than an empty database needs are errors.
func parseHistorySize(value string) (int64, error) {
	size, err := args.Size(value)
	if err != nil || (size != 0 && size < minHistorySize) {
		return 0, fmt.Errorf("size %q; expected at least 1MB, such as 1GB, or 0 for no limit", value)
	}
	return size, nil
}

// editorsSetting is the name of the setting of a page that has all further arguments.
const editorsSetting = "editors"

// parseReview reads an optional address, and settings.
func parseReview(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	if histories == nil {
		return errNoHistories
	}
	words := c.RemainingArgs()
	config := historyconfig.Page{Address: defaultReviewAddress, Version: caddy.AppVersion}
	if i := slices.Index(words, editorsSetting); i >= 0 {
		config.Editors = strings.Join(words[i+1:], "\n")
		if words = words[:i]; config.Editors == "" {
			return fmt.Errorf("%s without a value; expected users", editorsSetting)
		}
	}
	if len(words)%2 == 1 {
		config.Address, words = words[0], words[1:]
	}
	err := args.Pairs(words, map[string]func(string) error{
		"web_config":   func(value string) error { config.WebConfig = p.below(value); return nil },
		"host":         func(value string) error { config.Host = value; return nil },
		"clients_file": func(value string) error { config.ClientsFile = p.below(value); return nil },
		"clients_ptr":  func(value string) error { config.ClientsPTR = value; return nil },
	})
	if err != nil {
		return err
	}
	p.review = &reviewConfig{Page: config, at: at}
	return histories.CheckReview(config)
}
