//go:build wrongclock

package main

import (
	_ "github.com/typoguard/coredns-typoguard/test/kit/wrongclock" // lets test/soak set the clock of this process
)
