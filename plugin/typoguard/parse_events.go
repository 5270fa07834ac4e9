package typoguard

import (
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/coredns/caddy"

	"github.com/typoguard/coredns-typoguard/plugin/typoguard/args"
	"github.com/typoguard/coredns-typoguard/plugin/typoguard/sink"
)

// Defaults for event files.
const (
	defaultFileSize = 100 << 20
	defaultFileKeep = 10
	minFileSize     = 64 << 10
)

func parseLogEvents(c *caddy.Controller, p *policyConfig) (err error) {
	p.logEvents, err = args.Choice(c, "on", "off")
	return err
}

func parseDnstap(c *caddy.Controller, p *policyConfig) (err error) {
	p.dnstap, err = args.Choice(c, "on", "off")
	return err
}

// parseEvents reads a file name and settings.
func parseEvents(c *caddy.Controller, p *policyConfig) error {
	at := here(c)
	words, err := args.All(c, "a file name")
	if err != nil {
		return err
	}
	config := sink.FileConfig{Path: filepath.Clean(p.below(words[0])), Size: defaultFileSize, Keep: defaultFileKeep}
	err = args.Pairs(words[1:], map[string]func(string) error{
		"size": func(value string) (err error) {
			if config.Size, err = args.Size(value); err != nil || config.Size < minFileSize {
				return fmt.Errorf("size %q; expected at least 64KB, such as 100MB", value)
			}
			return nil
		},
		"keep": func(value string) (err error) {
			config.Keep, err = strconv.Atoi(value)
			if err != nil || config.Keep < 0 {
				return fmt.Errorf("keep %q; expected a number of files, or 0 for all", value)
			}
			return nil
		},
		"age": func(value string) (err error) {
			config.Age, err = args.Age(value)
			return err
		},
	})
	if err != nil {
		return err
	}
	if err := args.CheckFile(config.Path); err != nil {
		return err
	}
	return p.addSink(newSinkConfig("events", at, sink.Config{
		Name: config.Path, Settings: fmt.Sprintf("size %d keep %d age %s", config.Size, config.Keep, config.Age),
		Open: func() (sink.Target, error) {
			config.Host = sink.Hostname()
			return sink.NewFile(config), nil
		},
	}))
}
